"""git as a program: one command in a folder, with nothing of this machine's or its user's configuration."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

SECONDS = 30
"""How long one command may take where it is not said otherwise."""
ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C.UTF-8",
}


class GitError(OSError):
    """git did not succeed; the text is what it said."""


class Ended(Struct, frozen=True):
    """How a command ended, and what it said."""

    code: int
    output: bytes
    errors: bytes

    @property
    def words(self) -> str:
        """What it complained of."""
        return self.errors.decode(errors="replace").strip()


class Git:
    """git in one folder. `configuration`: what it is told for each command, in its environment and so on no disk.

    `environment`: what else stands there. `until`: by when all commands are to be done, in `time.monotonic()`; each may
    then take what is left, if it is not said otherwise.
    """

    def __init__(
        self,
        folder: Path,
        configuration: Mapping[str, str] | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        until: float | None = None,
    ) -> None:
        self.folder, self._until = folder, until
        told = {"GIT_CONFIG_COUNT": str(len(configuration or {}))}
        for number, (key, value) in enumerate((configuration or {}).items()):
            told |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        self._environment = {**ENVIRONMENT, **told, **(environment or {})}

    def attempt(
        self,
        *command: str,
        stdin: bytes = b"",
        seconds: float | None = None,
        environment: Mapping[str, str] | None = None,
        is_joined: bool = False,
    ) -> Ended:
        """How the command ended. `is_joined`: its errors stand in its output, where they came.

        Raises GitError where it took too long; then nothing of it is left behind.
        """
        allowed = self._allowed if seconds is None else seconds
        running = subprocess.Popen(
            ["git", *command],
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if is_joined else subprocess.PIPE,
            env={**self._environment, **(environment or {})},
            start_new_session=True,
        )
        with running:
            try:
                output, errors = running.communicate(stdin, timeout=allowed)
            except subprocess.TimeoutExpired as error:
                os.killpg(running.pid, signal.SIGKILL)  # what it has started, too
                raise GitError(f"git {command[0]}: not done in {allowed:.0f} s") from error
        return Ended(running.returncode, output, errors or b"")

    def run(self, *command: str, stdin: bytes = b"", seconds: float | None = None) -> bytes:
        """What the command prints. Raises GitError where it fails."""
        ended = self.attempt(*command, stdin=stdin, seconds=seconds)
        if ended.code:
            raise GitError(f"git {command[0]}: {ended.words}")
        return ended.output

    @property
    def _allowed(self) -> float:
        """How many seconds a command may take of which nothing is said."""
        return SECONDS if self._until is None else max(self._until - time.monotonic(), 0.001)
