"""Repositories as git reaches them: where they are, and with what right."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

PUBLIC = "https://github.com"
USER = "x-access-token"
"""The user name that GitHub wants beside a token."""
Result = TypeVar("Result")


class Run(Protocol):
    """Has work done that takes its time, and gives its result."""

    async def __call__(self, work: Callable[[], Result], /) -> Result: ...


@dataclass(frozen=True, slots=True)
class Remote:
    """One repository. `authorization` is an HTTP header's value, which is never shown; "" where none is needed."""

    url: str
    authorization: str = field(default="", repr=False)

    @property
    def configuration(self) -> dict[str, str]:
        """What git must be told to be let in: it is given to git's environment alone, no command line and no file."""
        if not self.authorization:
            return {}
        return {f"http.{self.url}.extraHeader": f"Authorization: {self.authorization}"}


class Remotes:
    """The repositories of one GitHub. `address`: where it is, `https://github.com`; or where each repository is.

    `token` answers with the token for an organisation and a repository, "" for none. `run` has work done, in a
    thread where it is not said otherwise.
    """

    def __init__(
        self,
        address: str | Callable[[str, str], str],
        token: Callable[[str, str], Awaitable[str]],
        run: Run = asyncio.to_thread,
    ) -> None:
        self._address, self._token, self.run = address, token, run

    async def of(self, org: str, repo: str) -> Remote:
        """A repository, and our right to it. Raises Refused and Later where there is none to be had."""
        address = self._address
        url = f"{address.rstrip('/')}/{org}/{repo}.git" if isinstance(address, str) else address(org, repo)
        token = await self._token(org, repo)
        return Remote(url, _basic(token) if token else "")


def _basic(token: str) -> str:
    return "Basic " + base64.b64encode(f"{USER}:{token}".encode()).decode()
