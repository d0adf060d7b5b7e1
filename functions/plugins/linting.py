"""Programs that read what a pull request changes, and say in a review what they find.

A program sees a folder with the changed files alone, without a shell, a home or a secret, and for a short time. What it
says goes into the receipt: whoever takes over reviews the same.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec
from msgspec import Struct

from cutwater.events.look import Look
from cutwater.github.effects import AddComment, Subject
from cutwater.github.types import PullFile
from functions.plugins.files import texts_at
from functions.plugins.generated import generated_by
from functions.plugins.kit import Comment

SECONDS, ALL_SECONDS = 10.0, 45.0
"""How long a program may take for one file, and for all of them."""
MOST_FILES = 200
LONGEST_FILE = 1024 * 1024
"""Bytes of a file that a program is given; longer ones are passed over."""
MOST_SAID = 64 * 1024
"""Bytes of what it says of one file that are read."""
ENVIRONMENT = {"PATH": os.defpath, "HOME": os.devnull, "LC_ALL": "C.UTF-8"}

aside = asyncio.to_thread
"""Has work done that takes its time: in a thread, which a virtual clock would not wait for."""


class Said(Struct, frozen=True, kw_only=True):
    """What a program says of one file, and how it ended."""

    path: str
    code: int
    output: str = ""
    errors: str = ""


async def files_of(look: Look, subject: Subject, head: str, wanted: Callable[[str], bool]) -> list[PullFile]:
    """What a pull request changes, and somebody wrote: neither removed nor renamed nor generated."""
    changed = await look.github.files(subject.org, subject.repo, subject.number)
    found = [file for file in changed if wanted(file.filename) and file.status not in {"removed", "renamed"}]
    if not found:
        return []
    is_generated = await generated_by(look, subject.org, subject.repo, head)
    return [file for file in found if not is_generated(file.filename)]


async def texts_of(look: Look, subject: Subject, head: str, files: Iterable[PullFile]) -> dict[str, bytes]:
    """What stands in files at the head, as far as a program is given it."""
    paths = [file.filename for file in files if not {"..", "/"} & {*PurePosixPath(file.filename).parts}]
    found = await texts_at(look, subject.org, subject.repo, head, paths[:MOST_FILES])
    return {path: text for path, text in found.items() if len(text) <= LONGEST_FILE}


def absence(comment: Comment, program: str) -> AddComment | None:
    """The answer where a program is not there; None where it is."""
    if shutil.which(program):
        return None
    return comment.reply(f"The program `{program}` is not installed where I run, so that nothing was checked.")


async def said_of(look: Look, command: Sequence[str], head: str, texts: Mapping[str, bytes]) -> list[Said]:
    """What a program says of each of these files; those that it had no time for are left out.

    `command`: the program and its arguments, to which the path of one file is added.
    """

    async def ask() -> object:
        return msgspec.to_builtins(await aside(_run_on_each, command, texts))

    return msgspec.convert(await look.reads.once(f"{' '.join(command)} at {head}", ask), list[Said])


def _run_on_each(command: Sequence[str], texts: Mapping[str, bytes]) -> list[Said]:
    until, said = time.monotonic() + ALL_SECONDS, list[Said]()
    with tempfile.TemporaryDirectory(prefix="lint-") as folder:
        for path, text in texts.items():
            if time.monotonic() > until:
                break
            file = Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text)
            said.append(_run([*command, f"./{path}"], folder, path))
    return said


def _run(command: Sequence[str], folder: str, path: str) -> Said:
    running = subprocess.Popen(
        [shutil.which(command[0]) or command[0], *command[1:]],
        cwd=folder,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    limit = threading.Timer(SECONDS, _stop, [running])
    limit.start()
    try:
        with running:
            assert running.stdout is not None and running.stderr is not None
            output = _start_of(running.stdout, running)
            errors = _start_of(running.stderr, running)
    finally:
        limit.cancel()
    return Said(path=path, code=running.returncode, output=output, errors=errors)


def _stop(running: "subprocess.Popen[bytes]") -> None:
    """End it, with what it has started: that may go on after it, and keeps us waiting for more words."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)


def _start_of(pipe: IO[bytes], running: "subprocess.Popen[bytes]") -> str:
    """What it says; who says too much is stopped."""
    said = pipe.read(MOST_SAID)
    if len(said) == MOST_SAID:
        _stop(running)
    return said.decode(errors="replace")


def left_out(count: int) -> str:
    """What a review says of files that were not looked at."""
    return f" {count} file{'' if count == 1 else 's'} could not be looked at." if count else ""
