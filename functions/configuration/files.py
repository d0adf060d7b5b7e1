"""Files that were read from somewhere else than a disk, put together by the rules for folders."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from cutwater.config.findings import ConfigError, Finding
from cutwater.config.sources import Sources
from cutwater.events.configuration import Files
from cutwater.events.origin import Places


class Gathering(Protocol):
    """Where the sources are. Its methods raise Later and Refused."""

    async def version(self) -> str:
        """What is another as soon as one of the files may be."""

    async def read(self, version: str) -> Sources:
        """The files of that version. Raises ConfigError where they are not what is asked for."""


def sources_in(contents: Mapping[str, bytes], places: Places, folders: Iterable[str] = ()) -> Sources:
    """The sources among files that are given by their paths, in which findings name them. Raises ConfigError.

    For a moment they lie on the disk, as where they are mounted or cloned: so one set of rules says what is read.
    `folders` are there even where nothing is in them.
    """
    with TemporaryDirectory(prefix="cutwater-") as name:
        root = Path(name).resolve()
        for folder in folders:
            (root / folder).mkdir(parents=True, exist_ok=True)
        for path, content in contents.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        try:
            found = _files(root, places).sources()
        except ConfigError as error:
            raise ConfigError(_relative(finding, root) for finding in error.findings) from error
        except OSError as error:
            path = str(Path(error.filename or root).relative_to(root))
            raise ConfigError([Finding(path, 0, "", f"cannot be read: {error.strerror}")]) from error
        return found.below(str(root))


def _files(root: Path, places: Places) -> Files:
    return Files(
        config=root / places.config,
        jobs=tuple(root / path for path in places.jobs),
        plugins=root / places.plugins if places.plugins else None,
        supplemental=tuple(root / path for path in places.supplemental),
        supplemental_plugins=tuple(root / path for path in places.supplemental_plugins),
        strict=places.strict,
    )


def _relative(finding: Finding, root: Path) -> Finding:
    return Finding(finding.file.removeprefix(f"{root}/"), finding.line, finding.where, finding.message, finding.kind)
