"""Jobs that a repository brings along itself: where it may, and which of its files count.

They stand in the folder `.prow`, or else in the file `.prow.yaml`; `own_jobs` reads them.
Source: sigs.k8s.io/prow pkg/config (inrepoconfig.go).
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cutwater.config.findings import ConfigError, Finding, Source
from cutwater.config.prow import InRepoConfig
from cutwater.config.prowignore import NAME as IGNORE
from cutwater.config.prowignore import Ignored

FILE, FOLDER = ".prow.yaml", ".prow"
ROOT = (FILE, FOLDER, IGNORE)
"""The names at a repository's root that its own jobs depend on."""
MOST_FILES, MOST_BYTES = 1000, 8 * 1024 * 1024
"""How much is read, of one repository: as many jobs as all of Kubernetes has."""
_YAML = (".yaml", ".yml")
_GZIP = b"\x1f\x8b"


class OwnFile(NamedTuple):
    """A file of the repository. What a link leads to is not followed."""

    content: bytes
    is_link: bool = False


def is_enabled(config: InRepoConfig, org: str, repo: str) -> bool:
    """Whether a repository may bring jobs: the first of `org/repo`, `org` and `*` that is there decides."""
    return next((config.enabled[key] for key in _keys(org, repo) if key in config.enabled), False)


def allowed_clusters(config: InRepoConfig, org: str, repo: str) -> frozenset[str]:
    """The build clusters that its own jobs may run on: any level may allow one."""
    return frozenset(cluster for key in _keys(org, repo) for cluster in config.allowed_clusters.get(key, ()))


def may_change_jobs(paths: Iterable[str]) -> bool:
    """Whether a change of these files may change the repository's own jobs."""
    return any(path == FILE or path.startswith(f"{FOLDER}/") for path in paths)


def matters(path: str) -> bool:
    """Whether a repository's own jobs may depend on this file."""
    if path.startswith(f"{FOLDER}/"):
        return path.endswith(_YAML) or path.rpartition("/")[2] == IGNORE
    return path in (FILE, IGNORE)


def check_sizes(sizes: Mapping[str, int]) -> None:
    """Raises ConfigError where there is more than is read. `sizes`: bytes, by path."""
    if len(sizes) > MOST_FILES:
        raise ConfigError([Finding(FOLDER, 0, "", f"has {len(sizes)} files, of which {MOST_FILES} at most are read")])
    total = sum(sizes.values())
    if total > MOST_BYTES:
        largest = max(sizes, key=lambda path: sizes[path])
        message = f"is too large: {total} bytes in all are more than the {MOST_BYTES} that are read"
        raise ConfigError([Finding(largest, 0, "", message)])


def sources_of(files: Mapping[str, OwnFile], *, has_folder: bool) -> list[Source]:
    """The files with jobs, in the order in which they count. `files`: those that matter.

    A folder makes the file of no account. Raises ConfigError for links and compressed files.
    """
    ignored = _ignored(files) if has_folder else Ignored({})
    paths = [
        path
        for path in sorted(files, key=lambda path: path.split("/"))
        if path.startswith(f"{FOLDER}/") == has_folder and path.endswith(_YAML) and path not in ignored
    ]
    unreadable = [finding for path in paths if (finding := _unreadable(path, files[path])) is not None]
    if unreadable:
        raise ConfigError(unreadable)
    return [Source(path, files[path].content) for path in paths]


def _ignored(files: Mapping[str, OwnFile]) -> Ignored:
    lists = {path.rpartition("/")[0]: file for path, file in files.items() if path.rpartition("/")[2] == IGNORE}
    texts = {folder: file.content.decode(errors="replace") for folder, file in lists.items() if not file.is_link}
    try:
        return Ignored(texts)
    except ValueError as error:
        raise ConfigError([Finding(IGNORE, 0, "", str(error))]) from error


def _unreadable(path: str, file: OwnFile) -> Finding | None:
    if file.is_link:
        return Finding(path, 0, "", "is a symbolic link, which is not followed")
    if file.content.startswith(_GZIP):
        return Finding(path, 0, "", "is compressed")
    return None


def _keys(org: str, repo: str) -> tuple[str, ...]:
    """Gerrit's organisations are known with their scheme and without it."""
    names = (f"{org}/{repo}", org)
    bare = tuple(name.removeprefix("https://").removeprefix("http://") for name in names)
    return tuple(dict.fromkeys((names[0], bare[0], names[1], bare[1], "*")))
