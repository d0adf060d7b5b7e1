"""Marker files: one number that says how a test container ended.

Standard library alone: the entrypoint, which must start at once, uses it.
Source: sigs.k8s.io/prow pkg/entrypoint, pkg/pod-utils/wrapper.
"""

import os
from typing import NamedTuple

from cutwater.podutils import gotext

INTERNAL_ERROR = 127
"""The command did not start, or did not end in time."""
ABORTED = 130
"""The command was stopped by a signal from outside."""
PREVIOUS_FAILED = 1130
"""The command was not run because an earlier one failed."""


class Marker(NamedTuple):
    """What a marker says: the code (-1 where it cannot be known), and why it cannot be known."""

    code: int
    error: str = ""


def exists(path: str) -> bool:
    """Whether something stands there, even if it cannot be read."""
    try:
        os.stat(path)  # noqa: PTH116 - pathlib costs the entrypoint its quick start
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def read(path: str) -> Marker:
    """The marker at this path."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            text = file.read().decode("utf-8", "replace").strip(gotext.SPACE)
    except IsADirectoryError as error:
        return Marker(-1, f"bad read: {gotext.refusal('read', error, path)}")
    except OSError as error:
        return Marker(-1, f"bad read: {gotext.refusal('open', error, path)}")
    try:
        return Marker(gotext.whole_number(text))
    except ValueError as error:
        return Marker(-1, f"invalid return code: {error}")


def write(path: str, code: int, container: str = "") -> None:
    """Write a marker in one step, so that nobody reads half of it. Raises OSError, its `filename` where it failed."""
    parent = os.path.dirname(path) or "."  # noqa: PTH120
    os.stat(parent)  # noqa: PTH116 - a folder that is missing is named as such
    folder = os.path.join(parent, f"{container}{os.urandom(5).hex()}")  # noqa: PTH118
    os.mkdir(folder, 0o700)  # noqa: PTH102
    draft = os.path.join(folder, "temp-marker")  # noqa: PTH118
    with open(draft, "wb") as file:  # noqa: PTH123
        file.write(str(code).encode())
        file.flush()
        os.fsync(file.fileno())
    os.chmod(draft, 0o777)  # noqa: PTH101, S103 - the sidecar may run as another user
    os.rename(draft, path)  # noqa: PTH104
