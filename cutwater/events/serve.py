"""From an HTTP request to a role and back: what every function has in common at its front.

204: done, or it can never succeed and the record says why. 503: may succeed later. 400: no event of ours. 500: a
bug. Bodies of errors stay short: a long one crashes Knative's dispatcher.
"""

import logging
import os
import socket
import time
import traceback
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from cutwater.errors import Later, Refused
from cutwater.events import level, log, once, own_looks
from cutwater.events.edges import Edges
from cutwater.events.effect import Apply, apply
from cutwater.events.event import Event, NotAnEvent, from_request
from cutwater.events.level import LevelRole
from cutwater.events.receipt import Step
from cutwater.github.asking import Spent, asking, permitted
from cutwater.github.permissions import needed_by, reading_and

Respond = Callable[[Request], Awaitable[Response]]
ERROR_BYTES = 400
LARGEST_EVENT = 8 * 1024 * 1024
"""Bytes of an event that a function reads. Ours are below a kilobyte, those of an ApiServerSource hold an object."""


class Role(Protocol):
    """What a role's module declares: how it is opened on the world."""

    @property
    def name(self) -> str: ...

    def open(self, edges: Edges, apply: Apply = apply) -> Respond:
        """The role at work: answers to requests."""


def owner() -> str:
    """Who holds what this process has taken: unlike every other holder's name."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


class OnEvents:
    """A role that is woken by events alone. `handle` answers to one; what it returns goes into the log."""

    def __init__(self, name: str, handle: "Handle") -> None:
        self.name, self._handle = name, handle

    def open(self, edges: Edges, apply: Apply = apply) -> Respond:
        me = owner()

        async def respond(request: Request) -> Response:
            return await answer(request, self.name, lambda event: self._handle(event, edges, me, apply))

        return respond


Handle = Callable[[Event, Edges, str, Apply], Awaitable[str]]


def level_role(role: LevelRole) -> OnEvents:
    """A level role, ready to be served."""

    async def handle(event: Event, edges: Edges, me: str, apply: Apply) -> str:
        with permitted(reading_and(role.writes)):
            return _done(await level.look_again(role, event, edges, owner=me, apply=apply))

    return OnEvents(role.name, handle)


def _done(steps: Sequence[Step]) -> str:
    return ", ".join(f"{step.effect['type']} {step.state}" for step in steps) or "nothing"


def _no_looks(name: str) -> LevelRole | None:
    return None


def event_role(
    name: str,
    decisions: Callable[[str], once.Decision | None],
    looks: Callable[[str], LevelRole | None] = _no_looks,
) -> OnEvents:
    """The role of the plugins: `decisions` finds one by its name, `looks` what that one does of its own accord."""

    async def handle(event: Event, edges: Edges, me: str, apply: Apply) -> str:
        own = looks(event["role"]) if event["role"] else None
        if own is not None:
            with permitted(reading_and(own.writes)):
                return _done(await own_looks.look_again(own, event, edges, owner=me, apply=apply))
        decision = decisions(event["plugin"])
        if decision is None:
            raise NotAnEvent(f'there is no plugin "{event["plugin"]}" here')
        with permitted(needed_by(decision.effects, reads=decision.reads)):
            return await once.answer(decision, event, edges, owner=me, apply=apply) or "in hand elsewhere"

    return OnEvents(name, handle)


async def answer(request: Request, role: str, handle: Callable[[Event], Awaitable[str]]) -> Response:
    """The role's answer to the event in a request."""
    started = time.perf_counter()
    event: Event | None = None
    spent = Spent()
    try:
        event = await _event(request)
        with asking(event["plugin"] or event["role"] or role, event.time) as spent:
            done = await handle(event)
        response = Response(status_code=204)
    except NotAnEvent as error:
        done, response = f"no event of ours: {error}", _error(400, str(error))
    except Later as later:
        headers = {"retry-after": str(round(later.seconds))} if later.seconds else {}
        done, response = f"later: {later}", _error(503, str(later), headers)
    except Refused as refused:
        done, response = f"refused: {refused}", Response(status_code=204)
    except Exception as bug:
        done, response = traceback.format_exc(), _error(500, f"{type(bug).__name__} in {role}; its log says more")
    milliseconds = (time.perf_counter() - started) * 1000
    level = logging.ERROR if response.status_code == 500 else logging.INFO
    log.event(level, role, event, status=response.status_code, done=done, milliseconds=milliseconds, github=spent)
    return response


async def _event(request: Request) -> Event:
    if request.method != "POST":
        raise NotAnEvent(f"{request.method} carries no event")
    return from_request(dict(request.headers), await body_of(request, LARGEST_EVENT))


class TooLong(NotAnEvent):
    """The body is longer than the role reads."""


async def body_of(request: Request, limit: int) -> bytes:
    """The body. Raises TooLong as soon as it is longer than `limit` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLong(f"the body is longer than {limit} bytes")
    return bytes(body)


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    short = message.encode()[:ERROR_BYTES].decode(errors="ignore")
    return PlainTextResponse(short, status_code=status, headers=headers)
