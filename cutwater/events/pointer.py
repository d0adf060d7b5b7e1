"""The pointer: the ConfigMap that says which compiled configuration is in force, and what became of the last change.

Functions see it as a folder with a file a key, so that hook and deck need no Kubernetes for it. They read one key, the
SHA-256 of the file in force; the others are for the role `configuration`, for `cutwater config use`, and for people.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

NAME = "cutwater-configuration"
NAMESPACE = "cutwater"
"""Where it is: beside the functions that mount it."""
IN_FORCE, BEFORE = "in-force", "before"
ARTIFACTS = "configuration/"
"""Below it the compiled configurations lie in the state bucket, each under its SHA-256."""
MOST_BEFORE = 5
"""How many former ones can be gone back to at any age: sinker leaves them."""


def key_of(sha: str) -> str:
    """Where a compiled configuration lies in the state bucket."""
    return f"{ARTIFACTS}{sha}"


class Pointer(Struct, frozen=True, kw_only=True):
    """What it says. The SHA-256s are in hex.

    `in_force`: of the file; "" before the first. `before`: of those that were in force earlier, the last first.
    `since` and `by`: when it was put in force, and by whom. `seen`: the version of the sources at the last look;
    `considered`: the digest of what was in them; `told`: of what the world was last told. `refused`: why what was
    considered is not in force, in the words of its findings.
    """

    in_force: str = ""
    before: tuple[str, ...] = ()
    since: str = ""
    by: str = ""
    seen: str = ""
    considered: str = ""
    told: str = ""
    refused: str = ""

    def to(self, sha: str, *, by: str, since: str) -> "Pointer":
        """The same with another file in force; as it is where that one is in force already."""
        if sha == self.in_force:
            return self
        former = [one for one in dict.fromkeys((self.in_force, *self.before)) if one and one != sha]
        return replace(self, in_force=sha, before=tuple(former[:MOST_BEFORE]), since=since, by=by)

    @property
    def keys(self) -> dict[str, str]:
        """As the ConfigMap has it."""
        return {
            IN_FORCE: self.in_force,
            BEFORE: "\n".join(self.before),
            "since": self.since,
            "by": self.by,
            "seen": self.seen,
            "considered": self.considered,
            "told": self.told,
            "refused": self.refused,
        }


def pointer_of(found: Mapping[str, Any]) -> Pointer:
    """What a ConfigMap says; what it does not say is empty."""
    keys = found.get("data") or {}
    named = {name: keys.get(key, "") for name, key in _NAMES.items()}
    return Pointer(before=tuple(keys.get(BEFORE, "").split()), **named)


_NAMES = {"in_force": IN_FORCE, **{name: name for name in ("since", "by", "seen", "considered", "told", "refused")}}


def sha_in_force(folder: Path) -> str:
    """What the mounted pointer names; "" where nothing is in force. Raises OSError where it is not mounted."""
    path = folder / IN_FORCE
    if not path.exists() and folder.is_dir():
        return ""
    return path.read_text().strip()


def former_ones(folder: Path) -> tuple[str, ...]:
    """Those that were in force before, by the mounted pointer."""
    path = folder / BEFORE
    return tuple(path.read_text().split()) if path.exists() else ()
