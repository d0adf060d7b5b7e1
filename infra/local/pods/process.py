"""One process of a container: started, waited for, stopped."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from infra.local.pods.sandbox import Box, bubblewrap_arguments, rewritten

KILLED = 128 + signal.SIGKILL
STARTING = 3.0
"""Seconds that a program may take until it catches SIGTERM."""
TAIL_BYTES, TAIL_LINES = 2048, 80


class NotStarted(Exception):
    """The command could not be executed; the message says why, as a container runtime would."""


class _Told(Struct, frozen=True, kw_only=True, rename="kebab"):
    """One document of bubblewrap's --json-status-fd."""

    child_pid: int | None = None
    exit_code: int | None = None


class Keeper(Struct, frozen=True, kw_only=True):
    """How containers are kept on this machine: by the program `bubblewrap`, or (None) as plain processes."""

    bubblewrap: Path | None
    shown: tuple[Path, ...]
    hidden: tuple[Path, ...]

    async def start(self, box: Box, log: Path) -> "Process":
        """Start the box's command; its output goes to `log`, which begins anew. Raises NotStarted."""
        for place in ("tmp", "var-tmp", "home"):
            (box.scratch / place).mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        with log.open("ab", buffering=0) as output:
            if self.bubblewrap is None:
                return await _start_plain(rewritten(box, self.shown), output, log)
            words = bubblewrap_arguments(box, shown=self.shown, hidden=self.hidden)
            return await _start_boxed(self.bubblewrap, words, box.command, output, log)


class Process:
    """A running process. `status` is where bubblewrap tells what became of it; None for a plain process."""

    def __init__(self, process: asyncio.subprocess.Process, command: str, log: Path, status: int | None) -> None:
        self._process, self._program, self._log, self._status = process, command, log, status
        self._told = b""
        self._is_stopping = False
        self._began = asyncio.get_running_loop().time()
        self._ended = asyncio.ensure_future(self._end())

    async def wait(self) -> int:
        """The exit code, 128 + the signal for a process that was killed. Raises NotStarted."""
        return await asyncio.shield(self._ended)

    async def stop(self, grace: float) -> None:
        """SIGTERM to the command, after `grace` seconds SIGKILL to all; done when nothing of it is left."""
        self._is_stopping = True
        if grace > 0:
            until = asyncio.get_running_loop().time() + grace
            await self._terminate(until - grace / 2)
            await asyncio.wait([self._ended], timeout=max(0.0, until - asyncio.get_running_loop().time()))
        if not self._ended.done():
            self.kill()
            await asyncio.wait([self._ended])

    def kill(self) -> None:
        """End it at once; bubblewrap takes all that it holds with it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def _end(self) -> int:
        code = await self._process.wait()
        if self._status is None:
            self.kill()  # what the command left behind in its group
            return code if code >= 0 else 128 - code
        told = [document.exit_code for document in self._documents() if document.exit_code is not None]
        os.close(self._status)
        if told:
            return told[0]
        if self._is_stopping or code == -signal.SIGKILL:
            return KILLED
        raise NotStarted(f'exec: "{self._program}": {_complaint(self._log)}')

    async def _terminate(self, until: float) -> None:
        """SIGTERM to the command alone: what it started is its own concern, as in a container elsewhere.

        There it is process 1, which the kernel spares until it catches the signal. So one that is still starting is
        given time to do so, until `until` (of the loop's clock) at most.
        """
        until = min(until, self._began + STARTING)
        while not self._ended.done():
            command, is_late = self._command_id(), asyncio.get_running_loop().time() >= until
            if command is not None and (is_late or _catches(command, signal.SIGTERM)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(command, signal.SIGTERM)
                return
            await asyncio.sleep(0.005)

    def _command_id(self) -> int | None:
        """The command's process: in bubblewrap the first child of the first process of its namespace."""
        if self._status is None:
            return self._process.pid
        first = next((told.child_pid for told in self._documents() if told.child_pid), None)
        if first is None:
            return None
        try:
            children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        except OSError:
            return None
        return int(children[0]) if children else None

    def _documents(self) -> list[_Told]:
        if self._status is not None:
            with contextlib.suppress(BlockingIOError):
                self._told += os.read(self._status, 4096)
        return [msgspec.json.decode(line, type=_Told) for line in self._told.splitlines() if line.endswith(b"}")]


def _catches(process: int, number: signal.Signals) -> bool:
    """Whether the process has a handler for the signal."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False
    caught = next((line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")), "0")
    return bool(int(caught, 16) >> (number - 1) & 1)


async def _start_plain(box: Box, output: IO[bytes], log: Path) -> Process:
    try:
        if any(Path(box.folder).is_relative_to(mount.source) for mount in box.mounts):
            Path(box.folder).mkdir(parents=True, exist_ok=True)
        process = await asyncio.create_subprocess_exec(
            *box.command,
            env={"TMPDIR": str(box.scratch / "tmp"), **box.variables},
            cwd=box.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise NotStarted(f'exec: "{box.command[0]}": {_reason(error)}') from error
    return Process(process, box.command[0], log, None)


async def _start_boxed(
    program: Path, words: Iterable[str], command: tuple[str, ...], output: IO[bytes], log: Path
) -> Process:
    """The variables go through a file in memory: on bubblewrap's own command line everybody could read them."""
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    with os.fdopen(os.memfd_create("arguments", 0), "wb", buffering=0) as arguments:
        arguments.write(b"".join(os.fsencode(word) + b"\0" for word in words))
        arguments.seek(0)
        try:
            process = await asyncio.create_subprocess_exec(
                program,
                *("--json-status-fd", str(write_end), "--args", str(arguments.fileno()), "--"),
                *command,
                env={},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=(write_end, arguments.fileno()),
            )
        except (OSError, ValueError) as error:
            os.close(read_end)
            raise NotStarted(f'exec: "{command[0]}": {_reason(error)}') from error
        finally:
            os.close(write_end)
    return Process(process, command[0], log, read_end)


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)


def _complaint(log: Path) -> str:
    """Why bubblewrap gave up: its last words, which went to the log."""
    words = tail(log).decode(errors="replace").splitlines()[-1:]
    last = words[0] if words else ""
    if last.startswith("bwrap: execvp "):
        return last.rpartition(": ")[2].lower()
    return last.removeprefix("bwrap: ") or "the command cannot be started"


def tail(log: Path) -> bytes:
    """The end of a log that fits into a status."""
    with log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - TAIL_BYTES))
        text = file.read()
    return b"".join(text.splitlines(keepends=True)[-TAIL_LINES:])


def leftovers(folder: Path) -> list[int]:
    """Plain processes of containers below `folder` that outlived their runner: their temporary files lie there."""
    marks = tuple(os.fsencode(f"{name}={folder}/") for name in ("TMPDIR", "HOME"))
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if any(part.startswith(marks) for part in entry.read_bytes().split(b"\0")):
                found.append(int(entry.parent.name))
    return found
