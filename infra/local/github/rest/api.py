"""The REST API as a whole: a request in, an answer out, with rate limits, ETags and errors as GitHub has them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

import msgspec

from infra.local.github.access import Actor
from infra.local.github.errors import NotFound, Refusal
from infra.local.github.hub import Hub
from infra.local.github.rates import LIMITS, Rates
from infra.local.github.rest import (
    accounts,
    actions,
    apps,
    code,
    issues,
    labels,
    pulls,
    refs,
    repositories,
    reviews,
    search,
    statuses,
    teams,
)
from infra.local.github.rest.calls import Answer, Call, Route, Routes, check_access
from infra.local.github.signin import ANONYMOUS, actor_of

PREFIX = "/api/v3"
Header = tuple[bytes, bytes]


class Request(NamedTuple):
    """An HTTP request to the API; `raw_path` is still percent-encoded and has no prefix."""

    method: str
    raw_path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Response(NamedTuple):
    status: int
    headers: list[Header]
    body: bytes


@dataclass
class Planned:
    """Answers that a test wants instead of the real ones: in turn, the last one again and again if `is_lasting`."""

    answers: list[Answer]
    is_lasting: bool = True

    def next(self) -> Answer | None:
        if len(self.answers) == 1 and self.is_lasting:
            return self.answers[0]
        return self.answers.pop(0) if self.answers else None


@dataclass
class Rest:
    """The API over one hub."""

    hub: Hub
    rates: Rates
    planned: dict[tuple[str, str], Planned] = field(default_factory=dict)

    @property
    def routes(self) -> Routes:
        return _routes()

    def answer(self, request: Request) -> Response:
        """Carry a request out in one transaction; whatever goes wrong is undone and answered."""
        try:
            actor = actor_of(self.hub, request.headers)
        except Refusal as refusal:
            return _finished(refusal.status, refusal.body(), [])
        resource = "search" if request.raw_path.startswith("/search/") else "core"
        bucket = self.rates.bucket(actor.rate_key, resource, is_anonymous=actor.kind == "anonymous")
        if bucket.remaining == 0 and request.raw_path != "/rate_limit":
            body = Refusal(403, f"API rate limit exceeded for {actor.rate_key}.").body()
            return _finished(403, body, Rates.headers(bucket, resource))
        call = Call(
            hub=self.hub,
            rates=self.rates,
            actor=actor,
            path=request.raw_path,
            args={},
            query=dict(parse_qsl(request.query, keep_blank_values=True)),
            headers=request.headers,
            body=request.body,
        )
        response = _finish(call, request, self._carry_out(call, request.method))
        if response.status != 304 and request.raw_path != "/rate_limit":
            bucket.used += 1
        response.headers.extend(Rates.headers(bucket, resource) + _scopes(actor))
        return response

    def _carry_out(self, call: Call, method: str) -> Answer:
        planned = self.planned.get((method, unquote(call.path)))
        instead = planned.next() if planned else None
        if instead is not None:
            return instead
        try:
            found = self.routes.find(method, call.path)
            if found is None:
                raise NotFound
            route, args = found
            call.args = {name: unquote(value) for name, value in args.items()}
            check_access(call, route)
            with self.hub.store.transaction():
                return route.handler(call)
        except Refusal as refusal:
            return Answer(refusal.status, refusal.body())


@cache
def _routes() -> Routes:
    """All routes, put in order once a process."""
    people = (accounts, apps, teams)
    work = (issues, labels, pulls, reviews, search)
    git = (actions, code, refs, repositories, statuses)
    routes = [route for module in (*people, *work, *git) for route in module.ROUTES]
    return Routes([Route("GET", "/rate_limit", _rate_limit), Route("GET", "/meta", _meta), *routes])


def _rate_limit(call: Call) -> Answer:
    actor = call.actor
    resources = {
        name: call.rates.bucket(actor.rate_key, name, is_anonymous=actor.kind == "anonymous").form(name)
        for name in LIMITS
    }
    return Answer(200, {"resources": resources, "rate": resources["core"]})


def _finish(call: Call, request: Request, answer: Answer) -> Response:
    headers: list[Header] = []
    if call.links:
        links = ", ".join(f'<{url}>; rel="{name}"' for name, url in call.links.items())
        headers.append((b"link", links.encode()))
    headers += [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    response = _finished(answer.status, answer.body, headers)
    if request.method != "GET" or response.status != 200:
        return response
    etag = f'W/"{hashlib.sha256(response.body, usedforsecurity=False).hexdigest()}"'
    response.headers.append((b"etag", etag.encode()))
    response.headers.append((b"cache-control", b"private, max-age=60, s-maxage=60"))
    if etag in request.headers.get("if-none-match", ""):
        return Response(304, response.headers, b"")
    return response


def _finished(status: int, body: object, headers: list[Header]) -> Response:
    if body is None:
        return Response(status, headers, b"")
    if isinstance(body, bytes):
        return Response(status, headers, body)
    headers = [(b"content-type", b"application/json; charset=utf-8"), (b"x-github-media-type", b"github.v3"), *headers]
    return Response(status, headers, msgspec.json.encode(body))


def _scopes(actor: Actor) -> list[Header]:
    if actor is ANONYMOUS or actor.kind != "user" or actor.token is None:
        return []
    return [(b"x-oauth-scopes", ", ".join(actor.token.scopes).encode()), (b"x-accepted-oauth-scopes", b"")]


def _meta(call: Call) -> Answer:
    return Answer(200, {"verifiable_password_authentication": False, "installed_version": "3.99.0"})
