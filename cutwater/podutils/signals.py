"""The signals that tell a program to stop, kept until it asks for them.

Standard library alone: the entrypoint, which must start at once, uses it.
"""

import os
import signal


class Signals:
    """SIGINT and SIGTERM; the pipe `wakeup` can be waited for, and is readable when a child ends, too."""

    def __init__(self) -> None:
        self.wakeup, self._write = os.pipe()
        os.set_blocking(self.wakeup, False)
        os.set_blocking(self._write, False)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)

    def taken(self) -> signal.Signals | None:
        """The first signal to stop that came since the last look."""
        try:
            arrived = os.read(self.wakeup, 4096)
        except BlockingIOError:
            return None
        return next((signal.Signals(n) for n in arrived if n in {signal.SIGINT, signal.SIGTERM}), None)
