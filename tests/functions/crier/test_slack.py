"""What is announced to Slack: which runs, once each, whatever fails."""

import asyncio
from typing import Any

import httpx2
import pytest

from cutwater.config.prow import ProwConfig, SlackReporter
from cutwater.errors import Later, Refused
from cutwater.prowjob.reporting import SLACK, claim_key, note_key
from cutwater.prowjob.types import (
    JobType,
    ObjectMeta,
    ProwJob,
    ProwJobSpec,
    ProwJobStatus,
    Refs,
    ReporterConfig,
    SlackReporterConfig,
    State,
)
from functions.crier import slack
from functions.crier.scope import Scope
from tests.functions.crier.alone import Alone, alone
from tests.functions.kubernetes import Dying, Killed
from tests.world import CONFIG

ANNOUNCING = CONFIG + (
    "slack_reporter_configs:\n"
    "  acme: {channel: rockets, job_types_to_report: [presubmit], job_states_to_report: [failure, error]}\n"
)
TO_SLACK = Scope(reporters=(SLACK,))


def job(state: State, *, kind: JobType = "presubmit", refs: Refs | None = None, **own: Any) -> ProwJob:
    wishes = ReporterConfig(slack=SlackReporterConfig(**own)) if own else None
    spec = ProwJobSpec(type=kind, job="unit", reporter_config=wishes, refs=refs)
    return ProwJob(metadata=ObjectMeta(name="a"), spec=spec, status=ProwJobStatus(state=state))


def config(**said: Any) -> ProwConfig:
    return ProwConfig(slack_reporter_configs={"*": SlackReporter(**said)} if said else {})


PRESUBMITS = {"job_types_to_report": ("presubmit",), "job_states_to_report": ("success",)}


@pytest.mark.parametrize(
    ("run", "said", "is_announced"),
    [
        pytest.param(job("success"), PRESUBMITS, True, id="type and state"),
        pytest.param(job("success", kind="postsubmit"), PRESUBMITS, False, id="another type"),
        pytest.param(job("pending"), PRESUBMITS, False, id="another state"),
        pytest.param(job("success"), PRESUBMITS | {"report": False}, False, id="turned off"),
        pytest.param(job("success"), PRESUBMITS | {"report": True}, True, id="turned on"),
        pytest.param(job("success", report=False), PRESUBMITS, False, id="the job says no"),
        pytest.param(job("success", report=True), PRESUBMITS | {"report": False}, True, id="the job says yes"),
        pytest.param(job("success", job_states_to_report=()), PRESUBMITS, False, id="the job wants no state"),
        pytest.param(job("failure", job_states_to_report=("failure",)), PRESUBMITS, True, id="the job's own states"),
        pytest.param(job("success", kind="batch", channel="c"), PRESUBMITS, True, id="the job's channel: any type"),
        pytest.param(job("failure", channel="c"), PRESUBMITS, False, id="the job's channel: the state still counts"),
        pytest.param(job("success", channel="c"), {}, False, id="no states at all"),
    ],
)
def test_what_is_announced(run: ProwJob, said: dict[str, Any], is_announced: bool) -> None:
    assert slack.concerns(run, config(**said)) == is_announced


@pytest.mark.parametrize(
    ("refs", "channel"),
    [
        pytest.param(Refs(org="acme", repo="rocket"), "the repository's", id="repository"),
        pytest.param(Refs(org="acme", repo="boat"), "the organisation's", id="organisation"),
        pytest.param(Refs(org="umbrella", repo="x"), "everybody's", id="anybody else"),
        pytest.param(None, "everybody's", id="no repository"),
    ],
)
def test_whose_word_holds(refs: Refs | None, channel: str) -> None:
    said = {"acme/rocket": "the repository's", "acme": "the organisation's", "*": "everybody's"}
    prow = ProwConfig(slack_reporter_configs={key: SlackReporter(channel=value) for key, value in said.items()})
    assert slack.message(job("success", refs=refs), prow).channel == channel


async def announcing() -> Alone:
    world = await alone(ANNOUNCING)
    await world.run("unit", "failure")
    return world


async def report(world: Alone) -> None:
    await world.report("unit", SLACK, scope=TO_SLACK)


async def notes(world: Alone) -> tuple[str | None, str | None]:
    """What the ProwJob says of a claim and of what came in the way."""
    annotations = (await world.read("unit")).metadata.annotations
    return annotations.get(claim_key(SLACK)), annotations.get(note_key(SLACK))


@pytest.mark.virtual
async def test_a_failure_is_announced_once() -> None:
    world = await announcing()
    await report(world)
    await report(world)
    [got] = world.receiver.got
    assert got.form == {
        "username": "prow",
        "icon_emoji": ":prow:",
        "token": "token of *",
        "channel": "rockets",
        "text": "Job unit of type presubmit ended with state failure. <http://deck/unit|View logs>",
    }
    assert await world.told("unit", SLACK) == "failure"
    assert await notes(world) == (None, None)


@pytest.mark.virtual
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((503, b""), id="503"),
        pytest.param((429, b""), id="429"),
        pytest.param((200, b'{"ok": false, "error": "ratelimited"}'), id="too many messages"),
    ],
)
async def test_what_slack_does_not_take_now_is_sent_later(answer: tuple[int, bytes]) -> None:
    world = await announcing()
    good, world.receiver.answer = world.receiver.answer, answer
    with pytest.raises(Later):
        await report(world)
    assert (await world.told("unit", SLACK), await notes(world)) == ("", (None, None))
    world.receiver.answer = good
    await report(world)
    assert (len(world.receiver.got), await world.told("unit", SLACK)) == (2, "failure")


@pytest.mark.virtual
async def test_what_nobody_has_heard_is_sent_later() -> None:
    world = await announcing()
    world.receiver.is_deaf = True
    with pytest.raises(Later):
        await report(world)
    world.receiver.is_deaf = False
    await report(world)
    assert (len(world.receiver.got), await world.told("unit", SLACK)) == (1, "failure")


@pytest.mark.virtual
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(httpx2.ReadTimeout("no answer"), id="no answer"),
        pytest.param((504, b""), id="somebody behind it did not answer"),
        pytest.param((200, b"oops"), id="an answer that cannot be read"),
        pytest.param((200, b'{"ok": false, "error": "fatal_error"}'), id="something went wrong in Slack"),
    ],
)
async def test_what_may_have_been_posted_is_not_sent_again(answer: tuple[int, bytes] | Exception) -> None:
    world = await announcing()
    world.receiver.answer = answer
    await report(world)
    await report(world)
    assert (len(world.receiver.got), await world.told("unit", SLACK)) == (1, "failure")
    claim, note = await notes(world)
    assert claim is None and note is not None and note.startswith("failure: unknown")


@pytest.mark.virtual
async def test_a_refusal_stands_on_the_prowjob_until_it_is_lifted() -> None:
    world = await announcing()
    world.receiver.answer = 200, b'{"ok": false, "error": "channel_not_found"}'
    with pytest.raises(Refused, match="channel_not_found"):
        await report(world)
    assert await notes(world) == (None, "failure: Slack does not post to rockets: channel_not_found")
    world.receiver.answer = 200, b'{"ok": true}'
    await report(world)
    assert (await world.told("unit", SLACK), await notes(world)) == ("failure", (None, None))


@pytest.mark.virtual
@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
@pytest.mark.parametrize("number", range(3))
async def test_killed_at_an_effect(number: int, *, after: bool) -> None:
    world = await announcing()
    with pytest.raises(Killed):
        await world.report("unit", SLACK, scope=TO_SLACK, apply=Dying(number, after=after))
    await asyncio.sleep(90)
    await report(world)
    assert await world.told("unit", SLACK) == "failure"
    claim, note = await notes(world)
    assert len(world.receiver.got) == 1 or (not world.receiver.got and note), "sent once, or people are told"
    assert claim is None
