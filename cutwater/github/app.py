"""A GitHub App: it proves who it is by its private key, and acts by tokens that are made for one place, for an hour.

Tokens are kept in the process alone. Each is made for its repository, and for the permissions that its caller needs.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from msgspec import Struct

from cutwater.errors import Later, Refused
from cutwater.github.asking import caller
from cutwater.github.credentials import Identity
from cutwater.github.permissions import Permissions, within
from cutwater.github.types import read

if TYPE_CHECKING:
    from cutwater.github.wire import Wire

LIFE = timedelta(minutes=9)
"""Of a proof. GitHub takes none that is valid for longer than ten minutes."""
CLOCKS = timedelta(minutes=1)
"""How far our clock may be ahead of GitHub's."""
RENEWED = timedelta(minutes=5)
"""So long before its end a token is not used any more."""
NOTHING_MORE = {"metadata": "read"}
"""For a caller that needs nothing of what was granted: every App may read this."""
MOST = 500
"""How many tokens a process keeps."""


KNOWN = timedelta(hours=1)
"""How long it is taken for granted where the App is installed, and what it was granted there."""


class Installation(Struct, frozen=True):
    """Where the App is installed, and what it may do there."""

    id: int
    permissions: dict[str, str] = {}


class Made(Struct, frozen=True):
    """A token as GitHub gives it."""

    token: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Made(expires_at={self.expires_at})"


@dataclass(frozen=True, slots=True, repr=False)
class Proof:
    """A proof by this key, to be used until then: to sign one takes 40 ms."""

    key: str
    text: str
    until: datetime


class App:
    """Credentials of a GitHub App.

    `key` reads its private key (PEM). A token has the permissions that its caller needs, none above `limit` where there
    is one, and none that the App was not granted.
    """

    is_app = True

    def __init__(
        self,
        app_id: str,
        key: Callable[[], str],
        *,
        clock: Callable[[], datetime],
        limit: Permissions | None = None,
    ) -> None:
        self._id, self._key, self._clock, self._limit = app_id, key, clock, limit
        self._proof: Proof | None = None
        self._made: OrderedDict[str, Made] = OrderedDict()
        self._installations: dict[str, tuple[Installation, datetime]] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def jwt(self) -> str:
        """A proof for the next minutes. Raises Later for what is no key: it may be put right."""
        key, now = self._key(), self._clock()
        if self._proof is not None and self._proof.key == key and now < self._proof.until:
            return self._proof.text
        self._proof = Proof(key=key, text=self._sign(key, now), until=now + LIFE / 2)
        return self._proof.text

    def _sign(self, key: str, now: datetime) -> str:
        import jwt

        claims = {"iss": self._id, "iat": int((now - CLOCKS).timestamp()), "exp": int((now + LIFE).timestamp())}
        try:
            return jwt.encode(claims, key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            raise Later("the GitHub App's private key is no RSA key in PEM") from None

    async def token(self, place: str, own: "Callable[[str], Wire]") -> str:
        if not place:
            raise Refused("a GitHub App acts for an account: this call names none")
        name = self._name(place)
        lock = self._locks.setdefault(name, asyncio.Lock())
        async with lock:
            made = self._made.get(name)
            if made is None or made.expires_at - RENEWED <= self._clock():
                made = self._made[name] = await self._make(place, own)
            self._made.move_to_end(name)
            if len(self._made) > MOST:
                self._made.popitem(last=False)
            return made.token

    def forget(self, place: str) -> None:
        self._made.pop(self._name(place), None)

    def identity(self, place: str, token: str) -> Identity:
        counted = f"app {self._id} {_owner(place)}"
        return Identity(counted=counted, sees=f"{counted} {self._name(place)}")

    def _name(self, place: str) -> str:
        """What a token is kept under: its place, and what it is for."""
        wanted = self._wanted()
        named = "all" if wanted is None else ",".join(f"{name}={level}" for name, level in sorted(wanted.items()))
        return f"{place.lower()} {named}"

    def _wanted(self) -> Permissions | None:
        """What the caller needs, within the limit; None for all that the App has."""
        needed = caller().permissions
        if needed is None or self._limit is None:
            return self._limit if needed is None else needed
        return within(needed, self._limit)

    async def _make(self, place: str, own: "Callable[[str], Wire]") -> Made:
        from gidgethub import BadRequest

        known, until = self._installations.get(_owner(place), (None, self._clock()))
        try:
            if known is not None and self._clock() < until:
                return await self._made_by(known, place, own)
        except BadRequest as error:
            if int(error.status_code) not in {404, 422}:
                raise _none_for(place, error) from error
        # Not known yet, or installed anew since, or with other permissions.
        found = await self._installation(place, own)
        self._installations[_owner(place)] = found, self._clock() + KNOWN
        try:
            return await self._made_by(found, place, own)
        except BadRequest as error:
            raise _none_for(place, error) from error

    async def _made_by(self, installation: Installation, place: str, own: "Callable[[str], Wire]") -> Made:
        path = "/app/installations/{id}/access_tokens"
        repository, wanted = place.partition("/")[2], self._wanted()
        scope: dict[str, object] = {"repositories": [repository]} if repository else {}
        scope |= {} if wanted is None else {"permissions": within(wanted, installation.permissions) or NOTHING_MORE}
        return read(await own(f"POST {path}").post(path, {"id": str(installation.id)}, data=scope), Made)

    async def _installation(self, place: str, own: "Callable[[str], Wire]") -> Installation:
        from gidgethub import BadRequest

        paths = ["/repos/{org}/{repo}/installation"] if "/" in place else list(_OF_ACCOUNT)
        org, _, repo = place.partition("/")
        for path in paths:
            try:
                found = await own(f"GET {path}").getitem(path, {"org": org, "repo": repo})
            except BadRequest as error:
                if int(error.status_code) != 404:
                    raise
            else:
                return read(found, Installation)
        raise Refused(f"the GitHub App is not installed for {place}")


_OF_ACCOUNT = ("/orgs/{org}/installation", "/users/{org}/installation")


def _owner(place: str) -> str:
    return place.partition("/")[0].lower()


def _none_for(place: str, error: Exception) -> Exception:
    """What it means that GitHub makes no token. A limit stays one, and so does a proof that is not taken."""
    status = int(getattr(error, "status_code", 0))
    if status in {404, 422}:
        return Refused(f"GitHub makes no token for {place}: {error}")
    return error
