"""Who put the labels of an issue or a pull request there."""

from collections.abc import Mapping

from cutwater.events.look import Look
from cutwater.github.effects import Subject


async def put_last_by(look: Look, subject: Subject) -> Mapping[str, str]:
    """The logins by the labels, in lower case; "" for somebody who is gone."""
    events = await look.github.pages("/repos/{org}/{repo}/issues/{number}/events", **subject.parts)
    return {
        str(event["label"]["name"]).lower(): str((event["actor"] or {}).get("login", ""))
        for event in events
        if event["event"] == "labeled"
    }
