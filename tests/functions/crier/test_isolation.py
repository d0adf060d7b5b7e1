"""One reporter that fails holds back no other, and repeats none: the whole of cutwater, and receivers that are down."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cutwater.errors import Refused
from cutwater.events.edges import Edges
from cutwater.events.effect import Effect, apply
from cutwater.events.serve import level_role
from cutwater.github.effects import AddComment, SetStatus
from cutwater.kube.effects import MarkReported
from cutwater.outgoing.effects import PostCloudEvent, PostToSlack, PostWebhook
from cutwater.prowjob.reporting import GITHUB, PODINFO, SLACK, STORAGE, note_key, reporters_of
from cutwater.storage.artifacts import WriteArtifact
from functions.crier import function
from functions.crier.scope import Scope
from tests.functions.crier.receiver import Receiver
from tests.functions.crier.test_conversations import pull_request
from tests.world import CONFIG, World, configuration

pytestmark = pytest.mark.virtual

AUDIT, LAKE = "webhook/audit", "cloudevents/lake"
ALL = ",".join([GITHUB, STORAGE, PODINFO, SLACK, AUDIT, LAKE])
HOUR = 3600
ENDS = CONFIG + (
    "slack_reporter_configs:\n"
    "  '*': {channel: c, job_types_to_report: [presubmit], job_states_to_report: [success, failure]}\n"
    "prow_ignored:\n"
    "  cutwater:\n"
    "    webhooks: {audit: {url: 'http://audit', secret: audit, states: [success, failure]}}\n"
    "    cloudevents: {lake: {url: 'http://lake', states: [success, failure]}}\n"
)


class Told:
    """Carries effects out, and counts those that tell somebody of an end."""

    def __init__(self) -> None:
        self.of_ends: Counter[str] = Counter()
        self.is_bucket_gone = False

    async def __call__(self, effect: Effect[object], edges: Edges) -> object:
        if isinstance(effect, WriteArtifact) and self.is_bucket_gone:
            raise Refused("NoSuchBucket: the bucket is gone")
        result = await apply(effect, edges)
        if isinstance(effect, SetStatus) and effect.state in {"success", "failure"}:
            self.of_ends[GITHUB] += 1
        if isinstance(effect, MarkReported) and effect.state in {"success", "failure"}:
            self.of_ends[f"{effect.reporter} marked"] += 1
        if isinstance(effect, AddComment | PostToSlack | PostWebhook | PostCloudEvent):
            self.of_ends[type(effect).__name__] += 1
        return result


@asynccontextmanager
async def everything(monkeypatch: pytest.MonkeyPatch, receiver: Receiver, told: Told) -> AsyncIterator[World]:
    """A world in which every reporter is at work."""
    monkeypatch.setenv("CUTWATER_REPORTERS", ALL)
    scope = Scope(reporters=reporters_of({"CUTWATER_REPORTERS": ALL}))
    monkeypatch.setattr(function, "role", level_role(function.crier(scope)))
    async with World(configuration(ENDS), apply=told, outgoing=lambda: receiver.way) as world:
        yield world


async def end(world: World) -> None:
    """Both tests end: one fails."""
    jobs = await world.jobs()
    await world.end_pod(jobs["unit"], phase="Failed")
    await world.end_pod(jobs["flight"])


async def test_all_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    receiver, told = Receiver(), Told()
    async with everything(monkeypatch, receiver, told) as world:
        await pull_request(world)
        await end(world)
        await world.settle(150)
        marked = {f"{reporter} marked": 2 for reporter in ALL.split(",")}
        assert told.of_ends == {
            GITHUB: 2,
            "AddComment": 1,
            "PostToSlack": 2,
            "PostWebhook": 2,
            "PostCloudEvent": 2,
            **marked,
        }


@pytest.mark.slow
async def test_slack_is_down_for_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    receiver, told = Receiver(), Told()
    receiver.answers["slack"] = 503, b""
    async with everything(monkeypatch, receiver, told) as world:
        await pull_request(world)
        await end(world)
        await world.settle(30)
        others = {GITHUB: 2, "AddComment": 1, "PostWebhook": 2, "PostCloudEvent": 2}
        others |= {f"{reporter} marked": 2 for reporter in ALL.split(",") if reporter != SLACK}
        assert told.of_ends == others, "all but Slack know within seconds"
        await world.settle(HOUR)
        assert told.of_ends == others, "nobody is told twice"
        del receiver.answers["slack"]
        await world.settle(20 * 60)
        assert told.of_ends == others | {"PostToSlack": 2, f"{SLACK} marked": 2}


async def test_the_bucket_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    receiver, told = Receiver(), Told()
    async with everything(monkeypatch, receiver, told) as world:
        await pull_request(world)
        told.is_bucket_gone = True
        await end(world)
        await world.settle(150)
        others = {GITHUB: 2, "AddComment": 1, "PostToSlack": 2, "PostWebhook": 2, "PostCloudEvent": 2}
        others |= {f"{reporter} marked": 2 for reporter in ALL.split(",") if reporter not in {STORAGE, PODINFO}}
        assert told.of_ends == others
        for job in (await world.jobs()).values():
            for reporter in (STORAGE, PODINFO):
                note = job.metadata.annotations[note_key(reporter)]
                assert note == f"{job.status.state}: NoSuchBucket: the bucket is gone"
        told.is_bucket_gone = False
        await world.settle(10 * 60)
        assert told.of_ends == others | {f"{STORAGE} marked": 2, f"{PODINFO} marked": 2}
        assert not [job for job in (await world.jobs()).values() if note_key(STORAGE) in job.metadata.annotations]
