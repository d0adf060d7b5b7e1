"""The configuration in force: the last good one that the user's files held, compiled, beside a pointer to it.

Functions load it there, as they do on a cluster: one that starts while a file holds a mistake goes on with what was in
force before.
"""

import hashlib

from cutwater.config import compiled
from cutwater.config.configuration import Configuration
from cutwater.events.configuration import Files, Stamp
from cutwater.events.pointer import IN_FORCE, sha_in_force
from functions.plugins.sections import SECTIONS
from infra.local.settings import Settings

SECONDS = 1.0
"""How often the user's files are looked at."""


class InForce:
    """Puts what the user's files hold in force. Not to be asked by two at once."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.in_force
        self._files = Files(settings.config, (settings.jobs,) if settings.jobs else (), settings.plugins)
        self._seen: Stamp | None = None

    def follow(self) -> Configuration | None:
        """The configuration that was put in force; None where the files are as they were at the last call.

        Raises ConfigError and OSError; then the one before stays in force.
        """
        stamp = self._files.stamp()
        if stamp == self._seen:
            return None
        self._seen = stamp
        found = self._files.read(SECTIONS)
        self._put(compiled.write(found, sections=SECTIONS))
        return found

    def _put(self, content: bytes) -> None:
        """Write the file, then have the pointer name it: whoever reads meanwhile reads a whole one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        sha, before = hashlib.sha256(content).hexdigest(), sha_in_force(self._folder)
        (self._folder / sha).write_bytes(content)
        following = self._folder / "next"
        following.write_text(sha)
        following.replace(self._folder / IN_FORCE)
        for old in self._folder.iterdir():
            if old.name not in {IN_FORCE, sha, before}:
                old.unlink()
