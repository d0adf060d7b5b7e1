"""`/command-help` and `/plugins`: what people may type, and what the plugins of a repository do; `/plugin-help.js`."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cutwater.errors import Later
from cutwater.events.edges import Edges
from functions.deck import pages
from functions.deck.help import Help, commands_of, plugins_of, without
from functions.deck.objects import script

FRESH = timedelta(minutes=1)
"""How long hook's answer is shown again."""
LONGEST = 200
"""Characters of a filter that are read."""


class HelpPages:
    """The pages. What hook has said is kept for a minute; everybody who looks at that moment shares it."""

    def __init__(self, edges: Edges) -> None:
        self._edges = edges
        self._said: tuple[datetime, Help] | None = None
        self._asking = asyncio.Lock()

    async def commands(self, request: Request) -> Response:
        repository, word = wanted(request.query_params)
        found = await self._help()
        listed = commands_of(plugins_of(found, repository), word)
        return pages.html("commands.html", rows=listed, repos=found.all_repos or (), repo=repository, word=word)

    async def plugins(self, request: Request) -> Response:
        repository, _ = wanted(request.query_params)
        found = await self._help()
        listed = plugins_of(found, repository)
        return pages.html("plugins.html", plugins=listed, repos=found.all_repos or (), repo=repository)

    async def data(self, request: Request) -> Response:
        """For programs, as hook says it."""
        return script(msgspec.to_builtins(await self._help()), request.query_params.get("var", ""))

    async def moved(self, request: Request) -> Response:
        return RedirectResponse("/command-help", status_code=301)

    async def _help(self) -> Help:
        """Raises Later and Refused where hook cannot be asked."""
        async with self._asking:
            now = self._edges.clock()
            if self._said is None or now - self._said[0] >= FRESH:
                try:
                    self._said = (now, msgspec.json.decode(await self._edges.plugin_help(), type=Help))
                except msgspec.DecodeError as error:
                    raise Later(f"hook's answer cannot be read: {error}") from error
        config = (await self._edges.configuration()).prow
        return without(self._said[1], config.deck.hidden_repos)


def wanted(query: Mapping[str, str]) -> tuple[str, str]:
    """Repository and word that somebody asks for."""
    repository, word = (query.get(name, "").strip()[:LONGEST] for name in ("repo", "q"))
    return repository, word
