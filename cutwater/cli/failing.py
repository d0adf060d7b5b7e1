"""How a command says that it cannot do what was asked: one line a reason on stderr, and an exit status."""

import functools
import os
import sys
from argparse import Namespace
from collections.abc import Callable

from cutwater.config.findings import ConfigError
from cutwater.errors import Later, Refused

Run = Callable[[Namespace], int]


class Failed(Exception):
    """The command cannot go on; the message says why, and what would be right."""


def explained(command: str, *, status: int = 1) -> Callable[[Run], Run]:
    """A command whose failures are told to its user under its name and end it with `status`."""

    def around(run: Run) -> Run:
        @functools.wraps(run)
        def told(chosen: Namespace) -> int:
            try:
                return run(chosen)
            except ConfigError as error:
                print(f"cutwater {command}: the configuration is wrong\n{error}", file=sys.stderr)
            except BrokenPipeError:
                # Whoever read it has had enough. Python writes what is left at its end: not to a pipe that is gone.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            except OSError as error:
                place = f"{error.filename}: " if error.filename else ""
                print(f"cutwater {command}: {place}{error.strerror or error}", file=sys.stderr)
            except (Failed, Refused, Later) as error:
                print(f"cutwater {command}: {error}", file=sys.stderr)
            return status

        return told

    return around
