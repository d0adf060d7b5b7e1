"""Talks about pull requests that conflict, or do not any more."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from cutwater.events import receipt
from cutwater.events.publish import look_event
from infra.local.github import Answer
from tests.functions.plugins.talk import AUTHOR, MEMBER, NUMBER, ORG, REPO, Talk
from tests.world import BOT

pytestmark = pytest.mark.virtual

LABEL = "needs-rebase"
TEXT = "PR needs rebase."
SAID = (BOT, f"{TEXT}\n\n<details>x</details>")
FIRST = "/repos/acme/rocket/pulls/7"


async def told_by_github(talk: Talk) -> dict[str, Any]:
    """The pull request as GitHub tells of it."""
    pull: dict[str, Any] = await talk.scene.functions.edges.github.get(FIRST) or {}
    return pull


async def receipts(talk: Talk) -> list[str]:
    """The outcomes, and what went wrong."""
    found = []
    async for entry in talk.scene.state.list(receipt.RECEIPTS):
        kept = await talk.scene.state.get(entry.key)
        assert kept is not None
        one = msgspec.json.decode(kept.body, type=receipt.Receipt)
        found.append(f"{one.outcome}: {one.error}" if one.error else one.outcome)
    return found


@pytest.mark.parametrize(
    ("mergeable", "labels", "said", "after", "answers"),
    [
        pytest.param(False, [], [], {LABEL}, [TEXT], id="it conflicts"),
        pytest.param(False, [LABEL], [SAID], {LABEL}, [TEXT], id="it still conflicts"),
        pytest.param(True, [LABEL], [SAID, (MEMBER, TEXT), SAID], set(), [], id="it does not any more"),
        pytest.param(True, [], [SAID], set(), [TEXT], id="it never did"),
        pytest.param(True, ["Needs-Rebase"], [], set(), [], id="a label in another case"),
    ],
)
@pytest.mark.parametrize("event", ["opened", "synchronize", "reopened", "a comment"])
async def test_what_github_finds_is_told(
    mergeable: bool, labels: list[str], said: list[tuple[str, str]], after: set[str], answers: list[str], event: str
) -> None:
    async with Talk(LABEL, labels=labels, said=said, mergeable=mergeable) as talk:
        await (talk.say(MEMBER, "Hello") if event == "a comment" else talk.happens(event))
        assert (talk.labels, talk.answers) == (after, answers)


@pytest.mark.parametrize("event", ["edited", "labeled", "closed"])
async def test_other_events_are_nothing(event: str) -> None:
    async with Talk(LABEL, mergeable=False) as talk:
        await talk.happens(event)
        assert (talk.labels, talk.answers) == (set(), [])


@pytest.mark.parametrize(
    "given", [{"on": "issue"}, {"state": "closed", "mergeable": False}], ids=["an issue", "closed"]
)
async def test_other_places_are_nothing(given: dict[str, Any]) -> None:
    async with Talk(LABEL, **given) as talk:
        await talk.say(MEMBER, "Hello")
        assert (talk.labels, talk.answers, await receipts(talk)) == (set(), [], [])


async def test_what_was_closed_meanwhile_is_nothing() -> None:
    async with Talk(LABEL, mergeable=False) as talk:
        pull = await told_by_github(talk)
        talk.scene.github.plan("GET", FIRST, Answer(200, pull | {"state": "closed"}))
        await talk.say(MEMBER, "Hello")
        assert (talk.labels, await receipts(talk)) == (set(), ["nothing"])


async def test_github_is_given_time_to_find_out() -> None:
    async with Talk(LABEL, mergeable=False) as talk:
        pull = await told_by_github(talk)
        unknown = Answer(200, pull | {"mergeable": None})
        talk.scene.github.plan("GET", FIRST, *[unknown] * 3, Answer(200, pull), is_lasting=False)
        await talk.happens("opened")
        assert talk.labels == {LABEL}


async def test_its_patience_ends() -> None:
    async with Talk(LABEL, mergeable=None) as talk:
        row = talk.issue.record
        past = row.updated_at - timedelta(minutes=3)
        with talk.scene.github.hub.store.transaction():
            talk.scene.github.hub.issues.put(replace(row, updated_at=past))
        await talk.happens("opened")
        assert talk.labels == set()
        assert await receipts(talk) == ["refused: GitHub does not find out whether acme/rocket#7 can be merged"]


async def test_a_head_that_moved_is_another_event_s() -> None:
    async with Talk(LABEL, mergeable=False) as talk:
        pull = await told_by_github(talk)
        talk.scene.github.plan("GET", FIRST, Answer(200, pull | {"head": pull["head"] | {"sha": "newer"}}))
        await talk.happens("synchronize")
        assert talk.labels == set()
        (outcome,) = await receipts(talk)
        assert outcome == "refused: pull request head changed while checking mergeability (head -> newer)"


async def test_a_label_that_cannot_be_set_leaves_nothing_to_say() -> None:
    async with Talk(LABEL, mergeable=False) as talk:
        talk.scene.github.plan("POST", "/repos/acme/rocket/issues/7/labels", Answer(403, {"message": "no"}))
        await talk.happens("opened")
        assert talk.answers == []


async def test_dependabot_is_told_in_its_own_words() -> None:
    async with Talk(LABEL, mergeable=False) as talk:
        row = talk.issue.record
        talk.scene.github.world().account("dependabot[bot]")
        with talk.scene.github.hub.store.transaction():
            talk.scene.github.hub.issues.put(replace(row, author="dependabot[bot]"))
        await talk.say(AUTHOR, "Hello")
        assert talk.answers == ["rebase"]


@pytest.mark.parametrize(
    ("given", "after"),
    [
        pytest.param({"mergeable": False}, {LABEL}, id="it conflicts by now"),
        pytest.param({"mergeable": True, "labels": [LABEL]}, set(), id="it does not any more"),
        pytest.param({"mergeable": None, "labels": [LABEL]}, {LABEL}, id="GitHub does not know"),
        pytest.param({"mergeable": False, "state": "closed"}, set(), id="closed"),
    ],
)
async def test_the_sweep_finds_what_no_event_tells_of(given: dict[str, Any], after: set[str]) -> None:
    async with Talk(LABEL, **given) as talk:
        tick = replace(
            look_event(LABEL, ""), type="dev.knative.sources.ping", extensions={"role": LABEL, "tick": "sweep"}
        )
        await talk.scene.functions.edges.publish(tick)
        await talk.settle()
        assert talk.labels == after
        assert talk.answers == ([TEXT] if after == {LABEL} and given["mergeable"] is False else [])


async def test_a_look_waits_for_the_answer_to_a_webhook() -> None:
    """Both see that it conflicts; one of them says so."""
    async with Talk(LABEL, mergeable=False) as talk:
        await talk.scene.functions.edges.publish(look_event(LABEL, f"{ORG}/{REPO}#{NUMBER}"))
        await talk.say(MEMBER, "Hello")
        assert (talk.labels, talk.answers) == ({LABEL}, [TEXT])
