"""Dead letters: the events that nobody took, kept until a person has looked at them.

Triggers name the sink by its Service; the application here is that Service on one machine. `GET /deadletters` lists
them, `GET /deadletters/<number>` gives one as an event that can be sent again as it is.
"""

import base64
import binascii
import json
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from infra.local.broker import events
from infra.local.broker.events import ARRIVAL_TIME, TTL, Event, NotAnEvent

ERROR_ATTRIBUTES = ("knativeerrordest", "knativeerrorcode", "knativeerrordata")

SCHEMA = """
create table if not exists dead_letters (
  number integer primary key autoincrement, kept text not null, attributes text not null, body blob not null
)
"""


class DeadLetter(Struct, frozen=True):
    """One event that was given up. What is said of its failure may be missing, as it may on a cluster.

    `kept`: RFC 3339. `destination`: who did not take it. `code`: its last HTTP status. `error`: its last words.
    """

    number: int
    kept: str
    event: dict[str, str]
    destination: str
    code: str
    error: str
    size: int


class DeadLetters:
    """The kept events. `database` None: in memory."""

    def __init__(self, database: Path | None, *, clock: Callable[[], datetime] = events.utc_now) -> None:
        self._clock = clock
        self._connection = sqlite3.connect(database or ":memory:", isolation_level=None)
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = normal")
        self._connection.execute(SCHEMA)

    def keep(self, event: Event) -> None:
        """Keeps one event."""
        row = (events.timestamp(self._clock()), json.dumps(dict(event.attributes)), event.body)
        self._connection.execute("insert into dead_letters (kept, attributes, body) values (?, ?, ?)", row)

    def list(self) -> list[DeadLetter]:
        """All that is kept, oldest first."""
        rows = self._connection.execute(
            "select number, kept, attributes, length(body) from dead_letters order by number"
        )
        return [_dead_letter(*row) for row in rows]

    def event(self, number: int) -> Event | None:
        """One kept event, ready to be sent again: without what earlier deliveries wrote into it."""
        row = self._connection.execute(
            "select attributes, body from dead_letters where number = ?", (number,)
        ).fetchone()
        if row is None:
            return None
        attributes, body = row
        return Event(json.loads(attributes), body).without(TTL, ARRIVAL_TIME, *ERROR_ATTRIBUTES)

    def remove(self, number: int) -> None:
        """Forgets one."""
        self._connection.execute("delete from dead_letters where number = ?", (number,))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The sink as an ASGI application: POST keeps, GET lists or shows, DELETE forgets."""
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method == "POST":
            try:
                self.keep(events.parse(dict(request.headers), await request.body()))
            except NotAnEvent as error:
                return Response(str(error), status_code=400)
            return Response(status_code=202)
        last = request.url.path.rpartition("/")[2]
        if not last.isdecimal():
            return Response(msgspec.json.encode(self.list()), media_type="application/json")
        event = self.event(int(last))
        if event is None:
            return Response(status_code=404)
        if request.method == "DELETE":
            self.remove(int(last))
            return Response(status_code=204)
        headers, body = events.structured(event)
        return Response(body, headers=headers)


def _dead_letter(number: int, kept: str, attributes: str, size: int) -> DeadLetter:
    event = Event(json.loads(attributes))
    destination, code, encoded = (event.attributes.get(name, "") for name in ERROR_ATTRIBUTES)
    try:
        error = base64.b64decode(encoded).decode(errors="replace")
    except binascii.Error:
        error = encoded
    own = dict(event.without(*ERROR_ATTRIBUTES).attributes)
    return DeadLetter(number, kept, own, destination, code, error, size)
