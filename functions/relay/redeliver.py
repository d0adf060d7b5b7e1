"""GitHub never delivers a failed webhook again by itself: every ten minutes it is asked to, for three days back.

Webhooks belong to a repository, to an organisation, or to the App that we are.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from cutwater.config.configuration import Configuration
from cutwater.errors import Refused
from cutwater.events.edges import Edges
from cutwater.events.ledger import JSON
from cutwater.github.asking import permitted
from cutwater.github.client import GitHub
from cutwater.github.permissions import reading_and

BACK = timedelta(days=3)
ASKED = "redeliver/asked"
"""The failed attempts that were asked for again, by id, and when: one that fails anew is another attempt."""
OF_APP = "/app/hook"
WRITES = ("organization_hooks", "repository_hooks")
"""What an App must be permitted, to read and repeat what its accounts' own webhooks have delivered."""
AT_ONCE = 25
"""So many are asked for before it is written down: who is killed asks for these once more."""
Asked = dict[int, datetime]
Hook = tuple[str, dict[str, str | int]]
"""A webhook's path, and its parts."""


async def redeliver(edges: Edges) -> str:
    """Have failed deliveries sent again. One hook that we may not read holds back no other."""
    config, now = await edges.configuration(), edges.clock()
    asked = _Noted(edges, await _asked(edges, now - BACK), now)
    owners = [*([OF_APP] if edges.github.is_app else []), *_owners(config)]
    try:
        with permitted(reading_and(WRITES)):
            for name in owners:
                try:
                    await _of_one(edges.github, name, now, asked)
                except Refused:
                    continue  # webhooks of this one are not ours to read
    finally:
        await asked.write()
    return f"{asked.count} deliveries asked for again"


class _Noted:
    """What was asked for again, by us and before, written down as it grows."""

    def __init__(self, edges: Edges, before: Asked, now: datetime) -> None:
        self._edges, self._asked, self._now = edges, before, now
        self._unwritten = self.count = 0

    def __contains__(self, delivery: int) -> bool:
        return delivery in self._asked

    async def add(self, delivery: int) -> None:
        self._asked[delivery] = self._now
        self._unwritten, self.count = self._unwritten + 1, self.count + 1
        if self._unwritten == AT_ONCE:
            await self.write()

    async def write(self) -> None:
        if self._unwritten:
            self._unwritten = 0
            await self._edges.state.put(ASKED, msgspec.json.encode(self._asked), content_type=JSON)


async def _asked(edges: Edges, since: datetime) -> Asked:
    """What was asked for again since then. What is not known is asked for once more, which changes nothing."""
    found = await edges.state.get(ASKED)
    try:
        asked = msgspec.json.decode(found.body, type=Asked) if found else {}
    except msgspec.DecodeError:
        return {}
    return {delivery: time for delivery, time in asked.items() if time >= since}


def _owners(config: Configuration) -> list[str]:
    """The organisations and repositories that plugins.yaml names: where our webhooks are."""
    return sorted(config.plugins.general.plugins)


async def _of_one(github: GitHub, name: str, now: datetime, asked: _Noted) -> None:
    """Ask for those of one organisation, of one repository, or of the App; `asked` gets them."""
    async for path, parts in _hooks(github, name):
        for delivery in failed(await github.pages(f"{path}/deliveries?status=failure", **parts), now - BACK):
            if delivery["id"] not in asked:
                again = f"{path}/deliveries/{{delivery}}/attempts"
                await github.send("POST", again, {}, delivery=delivery["id"], **parts)
                await asked.add(delivery["id"])


async def _hooks(github: GitHub, name: str) -> AsyncIterator[Hook]:
    if name == OF_APP:
        yield OF_APP, {}
        return
    org, _, repo = name.partition("/")
    path, parts = (
        ("/repos/{org}/{repo}/hooks", {"org": org, "repo": repo}) if repo else ("/orgs/{org}/hooks", {"org": org})
    )
    for hook in await github.pages(path, **parts):
        yield f"{path}/{{hook}}", {"hook": hook["id"], **parts}


def failed(deliveries: list[Any], since: datetime) -> list[Any]:
    """The newest attempt of each webhook none of whose attempts has succeeded."""
    by_guid: dict[str, list[Any]] = {}
    for delivery in deliveries:
        if datetime.fromisoformat(delivery["delivered_at"].replace("Z", "+00:00")) >= since:
            by_guid.setdefault(delivery["guid"], []).append(delivery)
    lost = [tries for tries in by_guid.values() if not any(200 <= one["status_code"] < 300 for one in tries)]
    return [max(tries, key=lambda one: str(one["delivered_at"])) for tries in lost]
