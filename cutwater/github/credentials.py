"""Who we are to GitHub. A place is whose token a call needs: `acme/rocket`, an account, or "" for none."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from cutwater.github.wire import Wire


class Identity(Struct, frozen=True):
    """Whom GitHub takes us for: `counted` names those who share a limit, `sees` those who may see the same."""

    counted: str
    sees: str


class Credentials(Protocol):
    """What calls are made with. `own` gives a way to make those that only an App itself may make."""

    @property
    def is_app(self) -> bool: ...

    async def token(self, place: str, own: "Callable[[str], Wire]") -> str:
        """The token for a place; "" for none. Raises Refused where there is none to be had."""

    def forget(self, place: str) -> None:
        """GitHub does not take the token any more."""

    def identity(self, place: str, token: str) -> Identity: ...

    def jwt(self) -> str | None:
        """What an App proves with that it is the App; None for what is none. Raises Later."""


class Tokens:
    """A bot's token, asked for each time: its file may have been replaced."""

    is_app = False

    def __init__(self, token: Callable[[str], Awaitable[str]]) -> None:
        self._token = token

    async def token(self, place: str, own: "Callable[[str], Wire]") -> str:
        return await self._token(place)

    def forget(self, place: str) -> None:
        """Nothing is kept."""

    def identity(self, place: str, token: str) -> Identity:
        digest = hashlib.sha256(token.encode()).hexdigest()
        return Identity(counted=digest, sees=digest)

    def jwt(self) -> str | None:
        return None
