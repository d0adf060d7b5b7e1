"""One request to the REST API: who asks, for what, with which arguments; and how answers, pages and errors look.

Handlers are plain functions from a `Call` to an `Answer`. What they need (a level of access, an App's permission)
stands in their `Route`, so that it is checked in one place.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar
from urllib.parse import urlencode

import msgspec

from infra.local.github import records as r
from infra.local.github.access import Actor, Level, actor_level
from infra.local.github.errors import Forbidden, Invalid, NotFound, Refusal
from infra.local.github.hub import Hub
from infra.local.github.rates import Rates

T = TypeVar("T")
PAGE = 30
LARGEST_PAGE = 100
WRITABLE_WHEN_ARCHIVED = frozenset({"/repos/{owner}/{repo}", "/repos/{owner}/{repo}/forks"})
"""What may be sent to an archived repository: the change that ends this, and the wish for a fork."""


class Answer(NamedTuple):
    """What a handler gives back; bytes go out as they are, anything else as JSON, None as an empty body."""

    status: int
    body: object = None
    headers: Mapping[str, str] = {}


@dataclass(slots=True)
class Call:
    """One request. `here` is the repository that the path names, once access to it is granted."""

    hub: Hub
    rates: Rates
    actor: Actor
    path: str
    args: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    repository: r.Repository | None = None
    links: dict[str, str] = field(default_factory=dict)

    @property
    def here(self) -> r.Repository:
        if self.repository is None:
            raise NotFound
        return self.repository

    @property
    def me(self) -> r.Account:
        """The account that acts; 401 for nobody."""
        if self.actor.account is None:
            raise Refusal(401, "Requires authentication")
        return self.actor.account

    def number(self, name: str) -> int:
        """A whole number from the path; anything else does not exist."""
        text = self.args[name]
        if not text.isdecimal() or len(text) > 15:
            raise NotFound
        return int(text)

    def issue(self) -> r.Issue:
        found = self.hub.issue(self.here, self.number("number"))
        if found is None:
            raise NotFound
        return found

    def pull(self) -> r.Issue:
        return self.hub.pull(self.here, self.number("number"))[0]

    def read(self, shape: type[T]) -> T:
        """The JSON body in this shape; 400 for what is no JSON, 422 for what does not fit, in a sentence."""
        try:
            return msgspec.json.decode(self.body or b"{}", type=shape)
        except msgspec.ValidationError as error:
            raise Invalid(f"Invalid request.\n\n{error}.") from error
        except msgspec.DecodeError as error:
            raise Refusal(400, "Problems parsing JSON") from error

    def level(self, repository: r.Repository | None = None) -> Level:
        return actor_level(self.hub, repository or self.here, self.actor)

    def visible(self, repositories: Iterable[r.Repository]) -> list[r.Repository]:
        """Those that the actor may read."""
        return [row for row in repositories if actor_level(self.hub, row, self.actor) >= Level.READ]

    def page(self, rows: Sequence[T]) -> list[T]:
        """The rows of the page that is asked for; the Link header is made from what is left out."""
        size = min(max(_whole(self.query.get("per_page"), PAGE), 1), LARGEST_PAGE)
        page = max(_whole(self.query.get("page"), 1), 1)
        last = max((len(rows) + size - 1) // size, 1)
        if page > 1:
            self.links |= {"prev": self._link(min(page - 1, last)), "first": self._link(1)}
        if page < last:
            self.links |= {"next": self._link(page + 1), "last": self._link(last)}
        return list(rows[(page - 1) * size : page * size])

    def listed(self, rows: Sequence[T], form: Callable[[Hub, T], object]) -> Answer:
        """200 with one page of the rows."""
        return Answer(200, [form(self.hub, row) for row in self.page(rows)])

    def _link(self, page: int) -> str:
        return f"{self.hub.api}{self.path}?{urlencode({**self.query, 'page': page})}"


class Route(NamedTuple):
    """A method and path with its handler, the level of access it needs in the repository its path names, and the
    permissions ("issues:write") of which an App needs one."""

    method: str
    path: str
    handler: Callable[[Call], Answer]
    level: Level = Level.READ
    app: tuple[str, ...] = ()


class Routes:
    """Finds the route of a request by walking its path's parts; a part in braces matches any, `{path*}` the rest."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        self.all = list(routes)
        for route in self.all:
            self._root.add(route)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route and its arguments; None is 404."""
        parts = path.strip("/").split("/")
        args: dict[str, str] = {}
        node = self._root.walk(parts, 0, method, args)
        return None if node is None else (node, args)


class _Node:
    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        self.parts: dict[str, _Node] = {}
        self.named: dict[str, _Node] = {}
        self.rest: dict[str, tuple[str, Route]] = {}

    def add(self, route: Route) -> None:
        node = self
        for part in route.path.strip("/").split("/"):
            if part.endswith("*}"):
                node.rest[route.method] = (part[1:-2], route)
                return
            below = node.named if part.startswith("{") else node.parts
            node = below.setdefault(part, _Node())
        node.routes[route.method] = route

    def walk(self, parts: Sequence[str], at: int, method: str, args: dict[str, str]) -> Route | None:
        if at == len(parts):
            return self.routes.get(method)
        below = self.parts.get(parts[at])
        found = below.walk(parts, at + 1, method, args) if below else None
        if found is not None:
            return found
        for name, node in self.named.items():
            found = node.walk(parts, at + 1, method, args)
            if found is not None:
                args[name[1:-1]] = parts[at]
                return found
        if method in self.rest:
            name, route = self.rest[method]
            args[name] = "/".join(parts[at:])
            return route
        return None


def check_access(call: Call, route: Route) -> None:
    """401, 403 or 404 where the actor may not; otherwise the call knows its repository."""
    actor = call.actor
    if route.path.startswith("/repos/{owner}/{repo}"):
        found = call.hub.repository(f"{call.args['owner']}/{call.args['repo']}")
        level = actor_level(call.hub, found, actor) if found else Level.NONE
        if found is None or level < Level.READ:
            raise NotFound
        call.repository = found
        if route.level > Level.READ and actor.kind == "anonymous":
            raise Refusal(401, "Requires authentication")
        if level < route.level:
            kind = "admin rights to Repository" if route.level == Level.ADMIN else "push access to repository"
            raise Forbidden(_integration(actor) or f"Must have {kind}.")
        if found.is_archived and route.method != "GET" and route.path not in WRITABLE_WHEN_ARCHIVED:
            raise Forbidden("Repository was archived so is read-only.")
    if route.method != "GET" and actor.kind == "anonymous":
        raise Refusal(401, "Requires authentication")
    if actor.kind == "installation" and route.app and not _has_permission(actor, route.app):
        raise Forbidden("Resource not accessible by integration")


def _integration(actor: Actor) -> str | None:
    return "Resource not accessible by integration" if actor.kind == "installation" else None


def _has_permission(actor: Actor, wanted: Sequence[str]) -> bool:
    granted = actor.token.permissions if actor.token and actor.token.permissions is not None else None
    if granted is None:
        granted = actor.installation.permissions if actor.installation else {}
    order = ("read", "write", "admin")
    for one in wanted:
        name, _, level = one.partition(":")
        if name in granted and order.index(granted[name]) >= order.index(level):
            return True
    return False


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else default
