"""tot, the service that counts the builds of each job: its next number, where one is configured.

Source: sigs.k8s.io/prow pkg/pjutil (tot.go) and cmd/tot.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar, Protocol
from urllib.parse import quote, urlsplit

from msgspec import Struct

from cutwater.errors import Later

TRIES = 10
FIRST_PAUSE = 0.1
"""Seconds before the second try; before each further one it is twice as long."""
TRY_SECONDS = 5
ALL_SECONDS = 60
"""How long all tries may last together: whoever asks may hold the Lease of a limit meanwhile."""

Ask = Callable[[str], tuple[int, str]]
"""GETs an address: status and body. Raises OSError where nobody answers."""


class Tot:
    """The tot at an address. `ask` blocks, and is called in a thread."""

    def __init__(
        self, address: str, ask: Ask | None = None, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._address, self._ask, self._pause = address, ask or _get, pause

    async def next_number(self, job: str) -> str:
        """The number of the job's next build, as tot says it. Raises Later where it says none."""
        address, pause = self._place(job), FIRST_PAUSE
        try:
            async with asyncio.timeout(ALL_SECONDS):
                for attempt in range(TRIES):
                    if attempt:
                        await self._pause(pause)
                        pause *= 2
                    try:
                        status, body = await asyncio.to_thread(self._ask, address)
                    except OSError as error:
                        why = f"{type(error).__name__}: {error}"
                        continue
                    if status == HTTPStatus.OK:
                        return body
                    why = f"got unexpected response from tot: {status}"
        except TimeoutError as error:
            raise Later(f"error getting build ID: tot takes more than {ALL_SECONDS} s") from error
        raise Later(f"error getting build ID: {why}")

    def _place(self, job: str) -> str:
        try:
            parts = urlsplit(self._address)
            parts.port  # noqa: B018 - raises for what is none
        except ValueError as error:
            raise Later(f"error getting build ID: invalid tot url {self._address}: {error}") from error
        return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/vend/{quote(job)}"


class HasTot(Protocol):
    """What counting needs of the world."""

    @property
    def tot(self) -> Tot | None:
        """The tot that is configured, if one is."""


class CountBuild(Struct, frozen=True, kw_only=True, tag=True):
    """Take the next number of a job. One that is not used in the end is missing from the row, as in Prow."""

    job: str
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasTot) -> str:
        if world.tot is None:
            raise Later("error getting build ID: no tot is configured")
        return await world.tot.next_number(self.job)

    async def stands(self, world: HasTot, since: datetime) -> str | None:
        return None


@functools.cache
def _pool() -> Any:
    from urllib3 import PoolManager, Timeout

    return PoolManager(timeout=Timeout(TRY_SECONDS), retries=False)


def _get(address: str) -> tuple[int, str]:
    from urllib3.exceptions import HTTPError

    try:
        answer = _pool().request("GET", address)
    except HTTPError as error:
        raise OSError(str(error)) from error
    return answer.status, answer.data.decode(errors="replace")
