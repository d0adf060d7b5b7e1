"""Which artifacts are censored: the globs of include_directories and exclude_directories."""

from collections.abc import Iterable

from cutwater.config.globs import matches


def is_censored(path: str, *, include: Iterable[str], exclude: Iterable[str]) -> bool:
    """Whether the file of this path, relative to its item, is censored: exclusion counts first."""
    if any(matches(pattern, path) for pattern in exclude):
        return False
    wanted = tuple(include)
    return not wanted or any(matches(pattern, path) for pattern in wanted)
