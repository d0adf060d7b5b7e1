"""Slack hears of mentions and of merges by hand, each once, whoever dies over it."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import msgspec
import pytest
from starlette.types import Receive, Scope, Send

from cutwater.config.sections import MergeWarning
from cutwater.events.edges import Edges
from cutwater.events.effect import Effect
from cutwater.events.receipt import RECEIPTS, Receipt
from functions.plugins.configured import configured
from functions.plugins.slackevents import warning_for
from tests import mortal
from tests.functions.crier.receiver import POSTED, Receiver
from tests.functions.plugins.scene import configuration
from tests.functions.plugins.talk import MEMBER, NUMBER, ORG, REPO, STRANGER, Talk
from tests.world import BOT, CONFIG, JOBS, World
from tests.world import configuration as of_world

pytestmark = pytest.mark.virtual

MENTIONS = "slack: {mentionchannels: [sig-node, sig-cli]}"
WARNING = "{repos: [acme], channels: [all, ops], exempt_users: [Robot], exempt_branches: {topic: ['@alice']}}"
WARNINGS = f"slack: {{mergewarnings: [{WARNING}]}}"
OWN = f"slack: {{mergewarnings: [{WARNING}, {{repos: [acme/rocket], channels: [rocket]}}]}}"
COMPARE = "https://github.com/acme/rocket/compare/a...b"


def texts(receiver: Receiver) -> list[tuple[str, str]]:
    return [(got.form["channel"], got.form["text"]) for got in receiver.got]


@pytest.mark.parametrize(
    "who, says, channels",
    [
        pytest.param(STRANGER, "@kubernetes/sig-node-bugs", ["sig-node"], id="one"),
        pytest.param(
            STRANGER,
            "@kubernetes/sig-node-bugs @kubernetes/sig-cli-misc\n@kubernetes/sig-node-misc",
            ["sig-node", "sig-cli", "sig-node"],
            id="as often as it is mentioned",
        ),
        pytest.param(STRANGER, "@kubernetes/sig-auth-bugs", [], id="a channel that is not configured"),
        pytest.param(STRANGER, "@kubernetes/sig-node-owners", [], id="no such kind of team"),
        pytest.param(BOT, "@kubernetes/sig-node-bugs", [], id="by the bot"),
    ],
)
async def test_mentions(who: str, says: str, channels: list[str]) -> None:
    receiver = Receiver()
    async with Talk("slackevents", MENTIONS, on="issue", outgoing=lambda: receiver.way) as talk:
        await talk.say(who, says)
    assert [channel for channel, _ in texts(receiver)] == channels


async def test_what_is_said_of_a_mention() -> None:
    receiver = Receiver()
    async with Talk("slackevents", MENTIONS, on="issue", outgoing=lambda: receiver.way) as talk:
        await talk.say(STRANGER, "@kubernetes/sig-node-bugs & <!channel>")
    (got,) = receiver.got
    url = got.form["text"].partition("(https")[2].partition(")")[0]
    assert got.form == {
        "username": "prow",
        "icon_emoji": ":prow:",
        "token": "token of *",
        "channel": "sig-node",
        "text": f"sig-node was mentioned by {STRANGER} (<@{STRANGER}>) on GitHub. (https{url})\n"
        ">>>@kubernetes/sig-node-bugs &amp; &lt;!channel&gt;",
    }
    assert f"/{ORG}/{REPO}/issues/{NUMBER}#issuecomment-" in url


def push(**what: Any) -> bytes:
    place = {"name": REPO, "full_name": f"{ORG}/{REPO}", "owner": {"login": ORG, "name": ORG}}
    usual = {"ref": "refs/heads/main", "after": "b" * 40, "compare": COMPARE, "commits": [{"id": "b"}, {"id": "c"}]}
    people = {"sender": {"login": MEMBER}, "pusher": {"name": MEMBER}}
    return json.dumps({"repository": place} | usual | people | what).encode()


SAYS = f"*Warning:* {MEMBER} (<@{MEMBER}>) "


@pytest.mark.parametrize(
    "settings, what, said",
    [
        pytest.param(WARNINGS, {}, f"manually merged 2 commit(s) into main: {COMPARE}", id="by hand"),
        pytest.param(WARNINGS, {"forced": True}, f"*force* merged 2 commit(s) into main: {COMPARE}", id="by force"),
        pytest.param(
            WARNINGS,
            {"created": True, "forced": True, "ref": "refs/tags/v1"},
            f"pushed a new branch (v1): {COMPARE}",
            id="a new one",
        ),
        pytest.param(WARNINGS, {"deleted": True}, f"deleted a branch (main): {COMPARE}", id="deleted"),
        pytest.param(WARNINGS, {"pusher": {"name": "@ROBOT"}}, "", id="by somebody who may"),
        pytest.param(WARNINGS, {"ref": "refs/heads/topic"}, "", id="to a branch where they may"),
        pytest.param("", {}, "", id="not configured"),
    ],
)
async def test_pushes(settings: str, what: Mapping[str, Any], said: str) -> None:
    receiver = Receiver()
    async with Talk("slackevents", settings, outgoing=lambda: receiver.way) as talk:
        await talk.scene.deliver("push", "a-push", push(**what))
    assert texts(receiver) == ([("all", SAYS + said), ("ops", SAYS + said)] if said else [])


async def test_a_channel_that_slack_refuses_does_not_stop_the_others() -> None:
    receiver = Receiver()
    receiver.answer = 200, b'{"ok": false, "error": "channel_not_found"}'
    async with Talk("slackevents", WARNINGS, outgoing=lambda: receiver.way) as talk:
        await talk.scene.deliver("push", "a-push", push())
        (receipt,) = await talk.receipts()
    assert [channel for channel, _ in texts(receiver)] == ["all", "ops"]
    assert [(step.state, step.result) for step in receipt.plan] == [
        ("refused", f"Slack does not post to {name}: channel_not_found") for name in ("all", "ops")
    ]


@pytest.mark.parametrize(
    "settings, channels", [(WARNINGS, ("all", "ops")), (OWN, ("rocket",)), ("slack: {mergewarnings: []}", None)]
)
def test_the_repository_comes_before_its_organisation(settings: str, channels: tuple[str, ...] | None) -> None:
    found: MergeWarning | None = warning_for(configuration(settings), ORG, REPO)
    assert (found and found.channels) == channels


def test_its_help() -> None:
    config = configuration(f"slack: {{mentionchannels: [sig-node], mergewarnings: [{WARNING}]}}")
    said = configured("slackevents", config, [(ORG, REPO), ("other", REPO)])
    assert said[""] == "SIG mentions on GitHub are reiterated for the following SIG Slack channels: sig-node."
    assert said[f"{ORG}/{REPO}"].endswith("all, ops. Those who may: Robot, @alice on <code>topic</code>.")
    assert said[f"other/{REPO}"] == "There are no manual merge warnings configured for this repo."


# Nothing is said twice


@asynccontextmanager
async def dying(receiver: Receiver, killer: mortal.Killer) -> AsyncIterator[World]:
    """A world in which a function dies over its first message to Slack."""

    async def apply(effect: Effect[object], edges: Edges) -> object:
        return await killer.apply(effect, edges)

    how: dict[str, Any] = {"before_github": mortal.through, "before_api_server": mortal.through}
    config = of_world(CONFIG, JOBS, f"plugins: {{acme/rocket: {{plugins: [slackevents]}}}}\n{WARNINGS}")
    world = World(
        config, apply=apply, around=mortal.around, store=mortal.MortalStore, outgoing=lambda: receiver.way, **how
    )
    async with world:
        await world.github.push(world.rocket, "main", {"a": "b"}, author="bob")
        await world.settle(600)
        yield world


async def receipts(world: World) -> list[Receipt]:
    kept = [await world.state.get(entry.key) async for entry in world.state.list(RECEIPTS)]
    return [msgspec.json.decode(one.body, type=Receipt) for one in kept if one is not None]


@pytest.mark.parametrize("after, told", [(False, ["ops"]), (True, ["all", "ops"])], ids=["before", "after"])
async def test_who_takes_over_does_not_say_it_again(after: bool, told: list[str]) -> None:
    receiver = Receiver()
    async with dying(receiver, mortal.Killer(0, after=after)) as world:
        states = [step.state for one in await receipts(world) for step in one.plan]
    assert [channel for channel, _ in texts(receiver)] == told
    assert states == ["unknown", "done"]


class Busy(Receiver):
    """A Slack that takes nothing at first."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.answer = (200, POSTED) if self.got else (503, b"")
        await super().__call__(scope, receive, send)


async def test_what_slack_has_not_taken_is_said_later() -> None:
    receiver = Busy()
    async with Talk("slackevents", WARNINGS, outgoing=lambda: receiver.way) as talk:
        await talk.scene.deliver("push", "a-push", push())
        (receipt,) = await talk.receipts()
    assert [channel for channel, _ in texts(receiver)] == ["all", "all", "ops"]
    assert [step.state for step in receipt.plan] == ["done", "done"]


async def test_a_break_in_the_middle_is_recorded_as_unknown() -> None:
    receiver = Receiver()
    receiver.answer = httpx2.ReadError("gone")
    async with Talk("slackevents", WARNINGS, outgoing=lambda: receiver.way) as talk:
        await talk.scene.deliver("push", "a-push", push())
        (receipt,) = await talk.receipts()
    assert [step.state for step in receipt.plan] == ["unknown", "unknown"]
    assert len(receiver.got) == 2
