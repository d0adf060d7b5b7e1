"""The two questions that a source asks of a Kubernetes API server: what is there, and what changes."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from cutwater.errors import Later, Refused
from cutwater.kube.transport import Transport

Json = dict[str, Any]


class Change(Struct, frozen=True):
    """One line of a watch: ADDED, MODIFIED, DELETED, BOOKMARK or ERROR, with the object."""

    type: str
    object: Json


class Kube(Protocol):
    """A Kubernetes API server. Both questions raise Later where it does not answer, and Refused where it says no."""

    async def list(self, path: str, query: Mapping[str, str]) -> Json:
        """The list at a path."""

    def watch(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Change]:
        """Changes as they come, until the server ends it."""


class Watched:
    """The API server that a transport leads to."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self, path: str, query: Mapping[str, str]) -> Json:
        """The list at a path."""
        answer = await self._transport.request("GET", path, query=query)
        if answer.status != 200:
            why = f"{answer.status} {answer.body[:300].decode(errors='replace')}"
            raise Later(why) if answer.status == 429 or answer.status >= 500 else Refused(why)
        return msgspec.json.decode(answer.body, type=Json)

    async def watch(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Change]:
        """Changes as they come."""
        rest = b""
        async for chunk in self._transport.stream(path, query={**query, "watch": "true"}):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in filter(None, lines):
                yield msgspec.json.decode(line, type=Change)
        if rest:
            raise Later(f"the watch broke off in the middle of a line of {len(rest)} bytes")
