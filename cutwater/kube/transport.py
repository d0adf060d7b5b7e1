"""How a request reaches an API server. The thinking part of the edge knows only this."""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from msgspec import Struct

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""A list of objects without their insides."""


class Answer(Struct, frozen=True):
    """What the API server said."""

    status: int
    body: bytes


class Transport(Protocol):
    """One API server, under one identity."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> Answer:
        """One request. Raises Later where the server cannot be reached or does not answer in time."""

    def stream(self, path: str, *, query: Mapping[str, str] | None = None) -> AsyncIterator[bytes]:
        """The body of a GET as it comes (a pod's log). Raises Later, and Refused for an answer that is no 200."""
