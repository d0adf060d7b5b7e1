"""Where the build clusters are said to be: kubeconfig files, or folders of them, each context a cluster by its name.

Source: sigs.k8s.io/prow pkg/kube (config.go). A file that cannot be read now may be half written: its clusters are not
known to be gone, so that is Later, not Refused.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from cutwater.errors import Later, Refused
from cutwater.kube.official import contexts


def files(setting: str) -> list[str]:
    """The files that a setting names: paths between colons, a folder standing for the files in it.

    What begins with two dots in a folder is Kubernetes' own, where it mounts a Secret. Raises Later for a path that is
    not there.
    """
    return [str(file) for path in setting.split(os.pathsep) if path for file in _files_at(Path(path))]


def places(setting: str) -> Mapping[str, str]:
    """The file that each context stands in. Raises Later for what cannot be read, and for a name that stands twice."""
    found: dict[str, str] = {}
    for file in files(setting):
        try:
            names = contexts(file)
        except Refused as refused:
            raise Later(str(refused)) from refused
        for name in sorted(names):
            if name in found:
                raise Later(f'the build cluster "{name}" stands in {found[name]} and in {file}')
            found[name] = file
    return found


def _files_at(path: Path) -> Iterator[Path]:
    try:
        if not path.is_dir():
            yield path
            return
        yield from sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith(".."))
    except OSError as error:
        raise Later(f"{path} cannot be read: {error.strerror}") from error
