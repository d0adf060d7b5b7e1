"""What the plugins do, as data: made of their declarations, and of what external plugins say of themselves.

Source: sigs.k8s.io/prow pkg/pluginhelp (hook, externalplugins).
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from cutwater.config.configuration import Configuration
from cutwater.config.plugins import ExternalPlugin
from cutwater.errors import Later, Refused
from cutwater.events.edges import Edges
from cutwater.github.asking import asking
from cutwater.github.read import Reader
from cutwater.outgoing.client import Outgoing, Unknown
from functions.plugins.every import PLUGINS
from functions.plugins.plugin_help import PluginHelp, Repositories, help_for

CALLER = "plugin-help"
JSON = "application/json"
EXTERNAL_SECONDS = 1.0
"""How long all external plugins are waited for together: somebody is looking at an empty page."""
LONGEST_HELP = 1024 * 1024
"""Bytes of one external plugin's help."""
FRESH = timedelta(minutes=1)
"""How long an answer is given again: whoever reloads a page asks no external plugin."""
KNOWN_FOR = timedelta(hours=1)
"""How long it may take until a new repository of an organisation is seen."""


class OrgRepo(Struct, frozen=True, rename="pascal"):
    """A repository, as external plugins are told of it."""

    org: str
    repo: str


class Made(Struct, frozen=True):
    """An answer, and what it was made under."""

    body: bytes
    digest: str
    at: datetime


class Listed(Struct, frozen=True):
    """The repositories of an organisation."""

    names: tuple[str, ...]
    at: datetime


class Helps:
    """The answers at /plugin-help. What is known is kept for a while, and asked for once however many want it."""

    def __init__(self, edges: Edges) -> None:
        self._edges = edges
        self._made: Made | None = None
        self._listed: dict[str, Listed] = {}
        self._making = asyncio.Lock()

    async def answer(self, request: Request) -> Response:
        headers = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}
        if request.method != "GET":
            return PlainTextResponse("405 Method not allowed\n", status_code=405, headers=headers)
        try:
            async with self._making:
                made = await self._current()
        except (Later, Refused) as error:
            text = f"503 Service Unavailable: {error}\n"
            return PlainTextResponse(text, status_code=503, headers=headers)
        return Response(made.body, media_type=JSON, headers=headers)

    async def _current(self) -> Made:
        config, now = await self._edges.configuration(), self._edges.clock()
        if self._made is None or self._made.digest != config.digest or now - self._made.at >= FRESH:
            known = await self._known(config, now)
            external = await self._external(config, Repositories(config, known))
            body = msgspec.json.encode(help_for(config, PLUGINS, known=known, external=external))
            self._made = Made(body, config.digest, now)
        return self._made

    async def _known(self, config: Configuration, now: datetime) -> Mapping[str, Sequence[str]]:
        """The repositories of the organisations that plugins.yaml names. One that cannot be asked for is left out."""
        general = config.plugins.general
        orgs = sorted({key for key in (*general.plugins, *general.external_plugins) if key and "/" not in key})
        due = [org for org in orgs if org not in self._listed or now - self._listed[org].at >= KNOWN_FOR]
        with asking(CALLER, now):
            found = await asyncio.gather(*(self._repositories_of(org) for org in due))
        self._listed |= {org: Listed(names, now) for org, names in zip(due, found, strict=True) if names is not None}
        return {org: self._listed[org].names for org in orgs if org in self._listed}

    async def _repositories_of(self, org: str) -> tuple[str, ...] | None:
        try:
            return tuple(await Reader(self._edges.github).repositories_of(org))
        except (Later, Refused):
            return None

    async def _external(self, config: Configuration, repositories: Repositories) -> Mapping[str, PluginHelp]:
        """What the external plugins say that answer in time. One with several addresses is asked at the first."""
        entries: dict[str, ExternalPlugin] = {}
        for _, listed in sorted(config.plugins.general.external_plugins.items()):
            for entry in listed:
                if not entry.is_ours:
                    entries.setdefault(entry.name, entry)
        asked = [self._help_of(entry, repositories) for entry in entries.values()]
        found = await asyncio.gather(*asked)
        return {name: said for name, said in zip(entries, found, strict=True) if said is not None}

    async def _help_of(self, entry: ExternalPlugin, repositories: Repositories) -> PluginHelp | None:
        enabled = [OrgRepo(org, repo) for org, repo in repositories.with_external(entry.name)]
        try:
            said = await _asked(self._edges.outgoing, entry.address, enabled)
        except (Later, Refused, Unknown, ValueError):
            return None
        return replace(said, events=entry.events or None)


async def _asked(way: Outgoing, address: str, enabled: Sequence[OrgRepo]) -> PluginHelp:
    """Raises ValueError for an answer that is no help, Unknown for none in time, and what `post` raises."""
    parts = urlsplit(address)
    place = urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/help"))
    body = msgspec.json.encode(enabled or None)
    headers = {"content-type": JSON}
    answer = await way.post(place, headers=headers, body=body, seconds=EXTERNAL_SECONDS, most=LONGEST_HELP)
    if not 200 <= answer.status < 300:
        raise Refused(f"{place} answers {answer.shown}")
    return msgspec.json.decode(answer.body, type=PluginHelp)
