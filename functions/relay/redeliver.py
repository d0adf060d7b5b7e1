"""GitHub never delivers a failed webhook again by itself: every ten minutes it is asked to, for three days back."""

from datetime import datetime, timedelta
from typing import Any

from cutwater.config.configuration import Configuration
from cutwater.errors import Refused
from cutwater.events.edges import Edges
from cutwater.github.client import GitHub

BACK = timedelta(days=3)
MOST = 100
"""How many deliveries of one hook are looked at: GitHub's answer holds so many."""


async def redeliver(edges: Edges) -> str:
    """Have failed deliveries sent again. One hook that we may not read holds back no other."""
    config = await edges.configuration()
    asked = 0
    for name in _owners(config):
        try:
            asked += await _of_one(edges.github, name, edges.clock())
        except Refused:
            continue  # webhooks of this one are not ours to read
    return f"{asked} deliveries asked for again"


def _owners(config: Configuration) -> list[str]:
    """The organisations and repositories that plugins.yaml names: where our webhooks are."""
    return sorted(config.plugins.general.plugins)


async def _of_one(github: GitHub, name: str, now: datetime) -> int:
    org, _, repo = name.partition("/")
    root, parts = ("/repos/{org}/{repo}", {"org": org, "repo": repo}) if repo else ("/orgs/{org}", {"org": org})
    asked = 0
    for hook in await github.pages(f"{root}/hooks", **parts):
        found = await github.get(f"{root}/hooks/{{hook}}/deliveries?per_page={MOST}", hook=hook["id"], **parts)
        for delivery in failed(found or [], now - BACK):
            path = f"{root}/hooks/{{hook}}/deliveries/{{delivery}}/attempts"
            await github.send("POST", path, {}, hook=hook["id"], delivery=delivery["id"], **parts)
            asked += 1
    return asked


def failed(deliveries: list[Any], since: datetime) -> list[Any]:
    """The newest attempt of each webhook none of whose attempts has succeeded."""
    by_guid: dict[str, list[Any]] = {}
    for delivery in deliveries:
        if datetime.fromisoformat(delivery["delivered_at"].replace("Z", "+00:00")) >= since:
            by_guid.setdefault(delivery["guid"], []).append(delivery)
    lost = [tries for tries in by_guid.values() if not any(200 <= one["status_code"] < 300 for one in tries)]
    return [max(tries, key=lambda one: str(one["delivered_at"])) for tries in lost]
