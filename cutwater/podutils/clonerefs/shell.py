"""What of the machine the cloning needs."""

import shutil
import subprocess
import time
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from cutwater.podutils import gotext
from cutwater.podutils.gotext import quoted, refusal


class Ended(NamedTuple):
    """What a command said, and why it failed, if it did."""

    output: str
    error: str = ""


class Shell(Protocol):
    """What of the machine the cloning needs."""

    def run(self, argv: Sequence[str], *, directory: str | None, env: Sequence[str]) -> Ended:
        """Run a command to its end. `env` replaces the environment, unless it is empty."""

    def which(self, program: str) -> str | None:
        """Where the program lies."""

    def clock(self) -> int:
        """Nanoseconds since some moment."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class Machine:
    """The real one."""

    def run(self, argv: Sequence[str], *, directory: str | None, env: Sequence[str]) -> Ended:
        program = self.which(argv[0])
        if program is None:
            return Ended("", f"exec: {quoted(argv[0])}: executable file not found in $PATH")
        try:
            ended = subprocess.run(
                [program, *argv[1:]],
                cwd=directory,
                env=dict(variable.split("=", 1) for variable in env) if env else None,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
        except OSError as error:
            return Ended("", refusal("fork/exec", error, str(error.filename)))
        output = ended.stdout.decode("utf-8", "replace")
        return Ended(output, gotext.exit_status(ended.returncode) if ended.returncode else "")

    def which(self, program: str) -> str | None:
        return shutil.which(program)

    def clock(self) -> int:
        return time.monotonic_ns()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
