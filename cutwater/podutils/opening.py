"""Opening what a test left behind, and nothing else.

The sidecar sees what a test does not: the credentials of the bucket, secrets of other containers. A test that puts a
link where its log or an artifact is looked for must not find them in its results; and a pipe to which nobody writes
must not hold the sidecar up. What is opened is what is judged, so it does not help to exchange it in between.
"""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def opened(path: Path, root: Path) -> BinaryIO:
    """A plain file, to be read. Raises OSError, too, where it is none, or lies outside of `root` by way of a link."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "not a plain file", str(path))
        if not lies_inside(_place(handle, path), root):
            raise OSError(errno.EPERM, f"it leads out of {root}", str(path))
    except OSError:
        os.close(handle)
        raise
    return os.fdopen(handle, "rb")


def lies_inside(path: Path, root: Path) -> bool:
    """Whether the path, with all links followed, is below the folder. The folder itself must not be a link."""
    return not root.is_symlink() and path.resolve().is_relative_to(root.resolve())


def _place(handle: int, path: Path) -> Path:
    """Where the file that is open really lies, where the system says so."""
    known = Path(f"/proc/self/fd/{handle}")
    return known.readlink() if known.is_symlink() else path
