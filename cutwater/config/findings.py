"""What is wrong in a configuration, and where: file, line, field, value, and what would be right."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct

Path = tuple[str | int, ...]
"""A way through a document: keys of mappings and indices of lists."""

_PLAIN_KEY = re.compile(r"[A-Za-z_][\w-]*")


class Source(NamedTuple):
    """One file as its reader found it: the name that findings show, and its bytes (gzip is unpacked)."""

    name: str
    content: bytes


class Origin(Struct, frozen=True):
    """Where a job stands: the file, the line it begins on (from 1), and its path in the file."""

    file: str
    line: int
    path: Path = ()


class Finding(Struct, frozen=True, order=True):
    """One thing that is wrong, or only odd. `line` is 0 where none can be named. `kind`: the name of a warning."""

    file: str
    line: int
    where: str
    message: str
    kind: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (place, self.where, self.message) if part)


class ConfigError(Exception):
    """The configuration cannot be used. Holds everything that was found, not only the first."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(map(str, self.findings)))


def written(path: Path) -> str:
    """The path as people write it: `presubmits["acme/rocket"][2].max_concurrency`."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif _PLAIN_KEY.fullmatch(step):
            parts.append(f".{step}" if parts else step)
        else:
            parts.append(f'["{step}"]')
    return "".join(parts)
