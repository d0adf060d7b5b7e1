"""GitHub never delivers a failed webhook again by itself: every ten minutes it is asked to, for three days back."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from cutwater.config.configuration import Configuration
from cutwater.errors import Refused
from cutwater.events.edges import Edges
from cutwater.events.ledger import JSON
from cutwater.github.client import GitHub

BACK = timedelta(days=3)
ASKED = "redeliver/asked"
"""The failed attempts that were asked for again, by id, and when: one that fails anew is another attempt."""
Asked = dict[int, datetime]


async def redeliver(edges: Edges) -> str:
    """Have failed deliveries sent again. One hook that we may not read holds back no other."""
    config, now = await edges.configuration(), edges.clock()
    before = await _asked(edges, now - BACK)
    asked: Asked = {}
    try:
        for name in _owners(config):
            try:
                await _of_one(edges.github, name, now, before, asked)
            except Refused:
                continue  # webhooks of this one are not ours to read
    finally:
        if asked:
            await edges.state.put(ASKED, msgspec.json.encode(before | asked), content_type=JSON)
    return f"{len(asked)} deliveries asked for again"


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


async def _of_one(github: GitHub, name: str, now: datetime, before: Asked, asked: Asked) -> None:
    """Ask for those of one organisation or repository; `asked` gets them."""
    org, _, repo = name.partition("/")
    root, parts = ("/repos/{org}/{repo}", {"org": org, "repo": repo}) if repo else ("/orgs/{org}", {"org": org})
    for hook in await github.pages(f"{root}/hooks", **parts):
        found = await github.pages(f"{root}/hooks/{{hook}}/deliveries?status=failure", hook=hook["id"], **parts)
        for delivery in failed(found, now - BACK):
            if delivery["id"] not in before:
                path = f"{root}/hooks/{{hook}}/deliveries/{{delivery}}/attempts"
                await github.send("POST", path, {}, hook=hook["id"], delivery=delivery["id"], **parts)
                asked[delivery["id"]] = now


def failed(deliveries: list[Any], since: datetime) -> list[Any]:
    """The newest attempt of each webhook none of whose attempts has succeeded."""
    by_guid: dict[str, list[Any]] = {}
    for delivery in deliveries:
        if datetime.fromisoformat(delivery["delivered_at"].replace("Z", "+00:00")) >= since:
            by_guid.setdefault(delivery["guid"], []).append(delivery)
    lost = [tries for tries in by_guid.values() if not any(200 <= one["status_code"] < 300 for one in tries)]
    return [max(tries, key=lambda one: str(one["delivered_at"])) for tries in lost]
