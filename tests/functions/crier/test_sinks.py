"""What receivers of one's own are told."""

import asyncio
from typing import Any

import httpx2
import msgspec
import pytest

from cutwater.errors import Later, Refused
from cutwater.kube.client import PROWJOB
from cutwater.outgoing.effects import DELIVERY, SIGNATURE, signature
from cutwater.prowjob.reporting import note_key
from functions.crier.scope import Scope
from tests.functions.crier.alone import END, Alone, alone
from tests.functions.crier.receiver import KEY
from tests.functions.kubernetes import NAMESPACE, Dying, Killed
from tests.world import CONFIG

pytestmark = pytest.mark.virtual

AUDIT, TOPICS, VOTES = "webhook/audit", "webhook/topics", "webhook/votes"
LAKE, STREAM = "cloudevents/lake", "cloudevents/stream"
TELLING = (
    CONFIG
    + """
prow_ignored:
  cutwater:
    webhooks:
      audit: {url: "http://audit/prow", secret: audit, states: [success, failure], repos: [acme]}
      topics: {url: "http://bridge", in_place_of: pubsub-reporter}
      votes: {url: "http://bridge", in_place_of: gerrit-reporter}
    cloudevents:
      lake: {url: "http://lake"}
      stream: {url: "http://stream", mode: structured, types: [periodic]}
"""
)
SCOPE = Scope(reporters=(AUDIT, LAKE, STREAM, TOPICS, VOTES, "webhook/nobody"))


async def ended(state: str = "failure", **more: Any) -> Alone:
    world = await alone(TELLING)
    await world.run("unit", state, **more)
    return world


async def report(world: Alone, reporter: str) -> None:
    await world.report("unit", reporter, scope=SCOPE)


async def test_a_webhook_is_signed() -> None:
    world = await ended()
    await report(world, AUDIT)
    await report(world, AUDIT)
    [got] = world.receiver.got
    assert got.headers[SIGNATURE.lower()] == signature(KEY, got.body)
    assert len(got.headers[DELIVERY.lower()]) == 36
    said = msgspec.json.decode(got.body)
    assert {key: said[key] for key in ("name", "job_name", "job_type", "status", "url", "build_id")} == {
        "name": "unit",
        "job_name": "unit",
        "job_type": "presubmit",
        "status": "failure",
        "url": "http://deck/unit",
        "build_id": "7",
    }
    assert said["refs"][0]["pulls"][0]["author"] == "bob"
    assert await world.told("unit", AUDIT) == "failure"


@pytest.mark.parametrize(
    ("reporter", "state", "labels", "messages"),
    [
        pytest.param(AUDIT, "success", {}, 1, id="a state that is wanted"),
        pytest.param(AUDIT, "pending", {}, 0, id="a state that is not"),
        pytest.param(STREAM, "success", {}, 0, id="a type that is not wanted"),
        pytest.param(LAKE, "triggered", {}, 1, id="everything"),
        pytest.param(TOPICS, "success", {}, 0, id="no topic"),
        pytest.param(
            TOPICS, "success", {"prow.k8s.io/pubsub.project": "p", "prow.k8s.io/pubsub.topic": "t"}, 1, id="a topic"
        ),
    ],
)
async def test_who_is_told(reporter: str, state: str, labels: dict[str, str], messages: int) -> None:
    world = await ended(state, labels=labels)
    await report(world, reporter)
    assert (len(world.receiver.got), await world.told("unit", reporter)) == (messages, state if messages else "")


async def test_gerrit_hears_of_a_vote_once_all_have_ended() -> None:
    labels = {"prow.k8s.io/gerrit-revision": "r", "prow.k8s.io/gerrit-report-label": "Verified"}
    change = {"prow.k8s.io/gerrit-id": "i", "prow.k8s.io/gerrit-instance": "https://g"}
    world = await ended("success", labels=labels)
    await world.run("e2e", "pending", labels=labels)
    await world.kube.merge(PROWJOB, NAMESPACE, "unit", {"metadata": {"annotations": change}})
    await report(world, VOTES)
    assert (len(world.receiver.got), await world.told("unit", VOTES)) == (0, "")
    await world.set("e2e", state="failure", completionTime=END)
    await report(world, VOTES)
    assert (len(world.receiver.got), await world.told("unit", VOTES)) == (1, "success")


async def test_a_cloudevent() -> None:
    world = await ended()
    await report(world, LAKE)
    [got] = world.receiver.got
    uid = (await world.read("unit")).metadata.uid
    assert {name: value for name, value in got.headers.items() if name.startswith("ce-")} == {
        "ce-specversion": "1.0",
        "ce-id": f"{uid}.failure",
        "ce-source": "/apis/prow.k8s.io/v1/namespaces/default/prowjobs",
        "ce-type": "dev.cutwater.prowjob.failure",
        "ce-subject": "unit",
        "ce-time": "2026-03-02T11:59:30Z",
    }
    assert msgspec.json.decode(got.body)["status"] == "failure"


async def test_a_cloudevent_that_may_have_arrived_comes_again_under_its_id() -> None:
    world = await ended()
    good, world.receiver.answer = world.receiver.answer, httpx2.ReadTimeout("no answer")
    with pytest.raises(Later):
        await report(world, LAKE)
    world.receiver.answer = good
    await report(world, LAKE)
    first, second = world.receiver.got
    assert first.headers["ce-id"] == second.headers["ce-id"]
    assert await world.told("unit", LAKE) == "failure"


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
@pytest.mark.parametrize("number", range(3))
async def test_a_webhook_killed_at_an_effect(number: int, *, after: bool) -> None:
    world = await ended()
    with pytest.raises(Killed):
        await world.report("unit", AUDIT, scope=SCOPE, apply=Dying(number, after=after))
    await asyncio.sleep(90)
    await report(world, AUDIT)
    note = (await world.read("unit")).metadata.annotations.get(note_key(AUDIT))
    assert len(world.receiver.got) == 1 or (not world.receiver.got and note), "sent once, or people are told"
    assert await world.told("unit", AUDIT) == "failure"


@pytest.mark.parametrize(
    ("reporter", "answer", "words"),
    [
        pytest.param(AUDIT, (410, b"closed"), "failure: the receiver answers 410 closed", id="gone"),
        pytest.param(LAKE, (302, b""), "failure: the receiver answers 302 Found", id="a redirection"),
        pytest.param("webhook/nobody", (200, b""), "failure: CUTWATER_REPORTERS names webhook/nobody", id="no address"),
    ],
)
async def test_a_refusal_stands_on_the_prowjob(reporter: str, answer: tuple[int, bytes], words: str) -> None:
    world = await ended()
    world.receiver.answer = answer
    with pytest.raises(Refused):
        await report(world, reporter)
    assert (await world.read("unit")).metadata.annotations[note_key(reporter)].startswith(words)
