"""What is said of a repository, where it may be said of its organisation or of all as well."""

from collections.abc import Mapping
from typing import TypeVar

V = TypeVar("V")


def setting(settings: Mapping[str, V], org: str, repo: str, default: V) -> V:
    """The value for a repository out of a map whose keys are `org/repo`, `org` and `*`, in this order."""
    for key in (f"{org}/{repo}", org, "*"):
        if key in settings:
            return settings[key]
    return default


def means(said: str, repository: str) -> bool:
    """Whether an entry's `repo` means the repository: it is empty, `*`, `org/repo` or `org`.

    Gerrit's are known without their scheme, and by the host of the code: `some-review.org/repo` is `some.org/repo`.
    """
    if said in ("", "*", repository):
        return True
    first, dot, rest = repository.partition(".")
    bare = first.removesuffix("-review") + dot + rest if dot else repository
    bare = bare.removeprefix("https://").removeprefix("http://")
    return said in (bare, bare.partition("/")[0])
