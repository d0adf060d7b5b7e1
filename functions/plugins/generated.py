"""Which files of a repository are generated: its `.generated_files` and `.gitattributes` say so.

Source: sigs.k8s.io/prow pkg/genfiles and pkg/gitattributes.
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from msgspec import Struct, field

from cutwater.config.patterns import Pattern, compiled
from cutwater.errors import Refused
from cutwater.events.look import Look
from functions.plugins.files import file_at

GENERATED_FILES, ATTRIBUTES = ".generated_files", ".gitattributes"


async def generated_by(look: Look, org: str, repo: str, sha: str) -> Callable[[str], bool]:
    """Whether a path is generated, as the repository says at this commit.

    Raises Refused for a list of paths that is not there, and for a pattern that git forbids.
    """
    listed = read_generated_files(await file_at(look, org, repo, GENERATED_FILES, sha) or b"")
    paths = set[str]()
    for name in listed.lists:
        content = await file_at(look, org, repo, name, sha)
        if content is None:
            raise Refused(f"{org}/{repo}/{name} @ {sha} not found")
        paths |= set(_lines(content))
    patterns = read_attributes(await file_at(look, org, repo, ATTRIBUTES, sha) or b"")
    return lambda path: path in paths or listed.has(path) or any(matches(pattern, path) for pattern in patterns)


class GeneratedFiles(Struct, frozen=True, kw_only=True):
    """What `.generated_files` says. `lists`: files that name paths, one a line."""

    path_prefixes: tuple[str, ...] = ()
    file_prefixes: tuple[str, ...] = ()
    file_names: frozenset[str] = field(default_factory=frozenset)
    lists: tuple[str, ...] = ()

    def has(self, path: str) -> bool:
        """Whether a path or its last part is named."""
        name = posixpath.basename(path)
        return path.startswith(self.path_prefixes) or name in self.file_names or name.startswith(self.file_prefixes)


def read_generated_files(content: bytes) -> GeneratedFiles:
    """Read `.generated_files`. What is below a line that cannot be read does not count, as upstream meant it."""
    found: dict[str, list[str]] = {}
    for line in _lines(content):
        words = line.split()
        if len(words) != 2 or words[0] not in _KEYWORDS:
            break
        found.setdefault(_KEYWORDS[words[0]], []).append(words[1])
    return GeneratedFiles(
        path_prefixes=tuple(found.get("path_prefixes", ())),
        file_prefixes=tuple(found.get("file_prefixes", ())),
        file_names=frozenset(found.get("file_names", ())),
        lists=tuple(found.get("lists", ())),
    )


_KEYWORDS = {
    "prefix": "path_prefixes",
    "path-prefix": "path_prefixes",
    "file-prefix": "file_prefixes",
    "file-name": "file_names",
    "path": "file_names",
    "paths-from-repo": "lists",
}


def read_attributes(content: bytes) -> list[str]:
    """The patterns of the generated files in `.gitattributes`. Raises Refused for one that git forbids there."""
    patterns = []
    for line in _lines(content):
        pattern, *attributes = line.split()
        if "linguist-generated=true" not in attributes:
            continue
        if pattern.startswith("!"):
            raise Refused(f"error parsing pattern: negative patterns are forbidden: <{pattern}>")
        if pattern.endswith("/"):
            raise Refused(f"error parsing pattern: directories are matched by path/** instead: <{pattern}>")
        patterns.append(pattern)
    return patterns


def _lines(content: bytes) -> Iterable[str]:
    """The lines that say something."""
    lines = (line.strip() for line in content.decode(errors="replace").split("\n"))
    return [line for line in lines if line and not line.startswith("#")]


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern of `.gitattributes` names the path: any part of it, or where it has a slash, from the top."""
    parts = path.split("/")
    if "/" not in pattern:
        return any(_glob(pattern, part) for part in parts)
    return _match_parts(pattern.split("/"), parts)


def _match_parts(patterns: Sequence[str], parts: list[str]) -> bool:
    """`**` stands for any number of folders; at the end it wants nothing more.

    A pattern that ends before the path does names it all the same.
    """
    is_matched = may_skip = False
    for index, pattern in enumerate(patterns):
        if pattern == "":
            may_skip = False
        elif pattern == "**":
            if index == len(patterns) - 1:
                break
            may_skip = True
        elif "**" in pattern or not parts:
            return False
        elif may_skip:
            may_skip = False
            found = next((at for at, part in enumerate(parts) if _glob(pattern, part)), None)
            is_matched = found is not None
            parts = [] if found is None else parts[found + 1 :]
        elif _glob(pattern, parts[0]):
            is_matched, parts = True, parts[1:]
        else:
            return False
    return is_matched


def _glob(pattern: str, name: str) -> bool:
    found = _compiled(pattern)
    return found is not None and found.search(name) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Pattern | None:
    """A shell pattern as Go reads it; None for one that it cannot read. RE2: whoever opens a pull request writes it."""
    found = re.fullmatch(r"(?:\\.|\[\^?(?:\\.|[^\]\\])+\]|[^\\\[])*", pattern, re.DOTALL)
    if found is None:
        return None
    pieces = re.findall(r"\\.|\[\^?(?:\\.|[^\]\\])+\]|.", pattern, re.DOTALL)
    try:
        return compiled(rf"(?s)\A{''.join(_piece(piece) for piece in pieces)}\z")
    except ValueError:
        return None


def _piece(piece: str) -> str:
    if piece == "*":
        return "[^/]*"
    if piece == "?":
        return "[^/]"
    if piece.startswith("["):
        within = re.sub(r"\\(.)|\[", lambda found: re.escape(found[1] or "["), piece[1:-1], flags=re.DOTALL)
        return f"[{within}]"
    return re.escape(piece.removeprefix("\\") if len(piece) == 2 else piece)
