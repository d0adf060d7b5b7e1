"""What stands in for container images: the command that a name stands for, and what is on its PATH.

There are no images on one machine. The pod utilities are our own programs; every other image is the machine itself.
"""

import os
import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path

from msgspec import Struct

import cutwater

_PART = "[a-z0-9]+(?:(?:[.]|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?{_PART}(?:/{_PART})*(?::[\w][\w.-]{{0,127}})?"
    r"(?:@[A-Za-z0-9_+.-]+:[0-9A-Fa-f]{32,})?",
    re.ASCII,
)
"""What names an image. Source: github.com/distribution/reference."""
UTILITIES = ("clonerefs", "initupload", "entrypoint", "sidecar")
HOMES = tuple(dict.fromkeys(Path(os.path.realpath(home)) for home in ("/root", "/home", Path.home())))
"""Whose files no container sees: people's folders."""


class Image(Struct, frozen=True):
    """What an image stands for. `entrypoint` runs where the container has no command of its own."""

    pattern: str
    entrypoint: tuple[str, ...] = ()

    def matches(self, name: str) -> bool:
        """Whether `name` (without tag and digest) is meant by the pattern, whole or from some slash on."""
        parts = name.split("/")
        return any(fnmatchcase("/".join(parts[start:]), self.pattern) for start in range(len(parts)))


class Images(Struct, frozen=True, kw_only=True):
    """The table of images, first match first, and what of the machine is shown although it lies in somebody's home.

    `shown` are folders (an interpreter, a toolchain); their `bin` is on the PATH.
    """

    table: tuple[Image, ...]
    shown: tuple[Path, ...]

    def entrypoint(self, image: str) -> tuple[str, ...]:
        """The command of an image, empty for one that is the machine itself."""
        name = repository(image)
        return next((entry.entrypoint for entry in self.table if entry.matches(name)), ())

    def path(self) -> str:
        """The PATH of a container: the machine's own without people's homes, then the folders that are shown."""
        own = [entry for entry in os.environ.get("PATH", os.defpath).split(os.pathsep) if self._is_seen(Path(entry))]
        bins = [str(folder / "bin") for folder in self.shown if (folder / "bin").is_dir()]
        return os.pathsep.join(dict.fromkeys(own + bins))

    def _is_seen(self, entry: Path) -> bool:
        if any(entry.is_relative_to(folder) for folder in self.shown):
            return True
        return entry.is_absolute() and not any(entry.is_relative_to(home) for home in HOMES)


def repository(image: str) -> str:
    """An image's name without tag and digest: `registry:5000/a/b:tag@sha256:…` is `registry:5000/a/b`."""
    name = image.partition("@")[0]
    folder, slash, last = name.rpartition("/")
    return folder + slash + last.partition(":")[0]


def is_reference(image: str) -> bool:
    """Whether an image may be called so."""
    return _REFERENCE.fullmatch(image) is not None


def local_images(*, more: tuple[Image, ...] = (), shown: tuple[Path, ...] = ()) -> Images:
    """The usual table: Prow's pod utilities are cutwater's programs, run by this interpreter. `more` comes first."""
    # The destination is entrypoint's default; spelled out, it follows when /tools lies elsewhere.
    flags = {"entrypoint": ("--copy-destination=/tools/entrypoint",)}
    utilities = (
        Image(name, (sys.executable, "-P", "-m", f"cutwater.podutils.{name}", *flags.get(name, ())))
        for name in UTILITIES
    )
    interpreter = (Path(sys.prefix), Path(sys.base_prefix), _own_code())
    return Images(table=(*more, *utilities), shown=tuple(dict.fromkeys(interpreter + shown)))


def _own_code() -> Path:
    return Path(cutwater.__path__[0])
