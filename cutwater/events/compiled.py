"""The compiled configuration in force: what the pointer names, from beside it or from the state bucket."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from cutwater.config import compiled
from cutwater.config.configuration import Configuration
from cutwater.errors import Later, Refused
from cutwater.events import log
from cutwater.events.pointer import NAME, key_of, sha_in_force
from cutwater.storage.store import Store


class CompiledConfiguration:
    """The configuration in force. What is loaded stays until the pointer names another, which can be loaded.

    `folder`: where the pointer is mounted. The file lies in it under its SHA-256, or else in the state bucket.
    """

    def __init__(self, folder: Path, state: Callable[[], Store]) -> None:
        self._folder, self._state = folder, state
        self._current: Configuration | None = None
        self._sha = ""
        self._complained = ""
        self._loading = asyncio.Lock()

    async def current(self) -> Configuration:
        """The configuration in force. Raises Later where there is none, or none can be loaded."""
        async with self._loading:
            try:
                await self._follow()
            except (Later, Refused, OSError, ValueError) as error:
                if self._current is None:
                    raise Later(f"no configuration can be loaded: {error}") from error
                self._complain(f"{self._sha} stays in force, since its successor cannot be loaded: {error}")
        if self._current is None:
            raise Later(f"no configuration is in force yet: ConfigMap {NAME} says why")
        return self._current

    async def _follow(self) -> None:
        """Raises OSError, Later, Refused and ValueError."""
        sha = sha_in_force(self._folder)
        if sha and sha != self._sha:
            self._current = compiled.opened(await self._content(sha), sha)
            self._sha = sha

    def _complain(self, what: str) -> None:
        """Say it, once: it is tried again for every event."""
        if what != self._complained:
            log.event(log.WARNING, "configuration", None, status=503, done=what, milliseconds=0)
            self._complained = what

    async def _content(self, sha: str) -> bytes:
        beside = self._folder / sha
        if beside.exists():
            return await asyncio.to_thread(beside.read_bytes)
        found = await self._state().get(key_of(sha))
        if found is None:
            raise Refused(f"the state bucket has no {key_of(sha)}")
        return found.body
