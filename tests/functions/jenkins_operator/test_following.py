"""What is done next, by what the ProwJob says and what Jenkins has. The cases are upstream's, and more."""

from datetime import timedelta
from typing import Any

import pytest

from cutwater.jenkins.types import Action, Build, Parameter, Queued
from cutwater.prowjob.types import ObjectMeta, ProwJob, ProwJobSpec, ProwJobStatus, State
from functions.jenkins_operator.asked import PATIENCE, Start, unseen
from functions.jenkins_operator.following import AskAgain, Begin, End, Say, Step, Wait, next_step
from functions.jenkins_operator.world import among
from tests.virtual_time import BEGINNING as NOW

ASKED, TAKEN = Start("42"), Start("42", is_taken=True)
RUNNING: dict[str, Any] = {"description": "Jenkins job running."}
LINKED: dict[str, Any] = RUNNING | {"url": "https://jenkins"}


def job(state: State, *, start: Start | None = None, unseen_for: timedelta | None = None, **status: Any) -> ProwJob:
    annotations = {} if start is None else {"cutwater.dev/jenkins-start": str(start)}
    if unseen_for is not None:
        annotations |= unseen(NOW - unseen_for)
    return ProwJob(
        metadata=ObjectMeta(name="a", annotations=annotations),
        spec=ProwJobSpec(type="periodic", job="unit", agent="jenkins"),
        status=ProwJobStatus(state=state, **status),
    )


def build(result: str | None = None, *, building: bool = False, name: str = "a", number: int = 7) -> Build:
    actions = (Action((Parameter("PROW_JOB_ID", name), Parameter("BUILD_ID", "42"))),)
    return Build(actions=actions, number=number, result=result, building=building)


def ends(state: State, description: str, found: Build | None = None) -> End:
    return End(state, description, found)


FAILED = build("FAILURE")


@pytest.mark.parametrize(
    ("before", "found", "step"),
    [
        pytest.param(job("triggered"), None, Begin(), id="not started yet"),
        pytest.param(
            job("triggered", start=ASKED),
            Queued(id=1),
            Say("triggered", "Jenkins job enqueued."),
            id="taken, as is seen",
        ),
        pytest.param(
            job("triggered", start=TAKEN, description="Jenkins job enqueued."),
            Queued(id=1),
            None,
            id="waits, as it says",
        ),
        pytest.param(
            job("triggered"), Queued(id=1), Say("triggered", "Jenkins job enqueued."), id="started by another operator"
        ),
        pytest.param(
            job("triggered", start=TAKEN), build(), Say("pending", "Jenkins job running.", build()), id="it runs"
        ),
        pytest.param(
            job("triggered", start=TAKEN),
            build("SUCCESS"),
            ends("success", "Jenkins job succeeded.", build("SUCCESS")),
            id="over before it was seen",
        ),
        pytest.param(job("triggered", start=ASKED), None, Wait(), id="asked for, and nowhere"),
        pytest.param(job("triggered", start=ASKED, unseen_for=PATIENCE / 2), None, None, id="may be on its way"),
        pytest.param(job("triggered", start=ASKED, unseen_for=PATIENCE), None, AskAgain(), id="never arrived"),
        pytest.param(
            job("triggered", start=Start("42", 3), unseen_for=PATIENCE),
            None,
            ends("error", "Error starting Jenkins job."),
            id="never arrived, three times",
        ),
        pytest.param(
            job("triggered", start=TAKEN, unseen_for=PATIENCE),
            None,
            ends("error", "Error finding Jenkins job."),
            id="taken, and gone",
        ),
        pytest.param(job("pending", **RUNNING), Queued(id=1), None, id="back in the queue"),
        pytest.param(
            job("pending", **RUNNING),
            build(),
            Say("pending", "Jenkins job running.", build()),
            id="runs, without a link",
        ),
        pytest.param(
            job("pending", url="u"), build(), Say("pending", "Jenkins job running.", build()), id="not said yet"
        ),
        pytest.param(job("pending", **LINKED), build(), None, id="runs, as it says"),
        pytest.param(
            job("pending", jenkins_build_id="7", **RUNNING), build(), None, id="runs, and no link can be made"
        ),
        pytest.param(
            job("pending", unseen_for=PATIENCE, **LINKED),
            build(),
            Say("pending", "Jenkins job running.", build()),
            id="seen again",
        ),
        pytest.param(job("pending", **LINKED), None, Wait(), id="nowhere"),
        pytest.param(job("pending", unseen_for=PATIENCE / 2, **LINKED), None, None, id="nowhere for a while"),
        pytest.param(
            job("pending", unseen_for=PATIENCE, **LINKED), None, ends("error", "Error finding Jenkins job."), id="gone"
        ),
        pytest.param(job("pending", **LINKED), FAILED, ends("failure", "Jenkins job failed.", FAILED), id="failed"),
        pytest.param(job("pending", **LINKED), build("FAILURE", building=True), None, id="a result, and still running"),
    ],
)
def test_next_step(before: ProwJob, found: Build | Queued | None, step: Step | None) -> None:
    assert next_step(before, found, NOW) == step


def test_of_two_builds_with_one_name_the_older_counts() -> None:
    newest_first = [build("FAILURE", number=7), build("SUCCESS", number=6, name="b"), build("SUCCESS", number=5)]
    found = among("a", newest_first)
    assert found is not None
    assert found.number == 5
    assert among("c", newest_first) is None


@pytest.mark.parametrize(
    ("given", "is_ours"),
    [((Parameter("PROW_JOB_ID", "a"),), True), ((Parameter("PROW_JOB_ID", 7),), False), ((), False)],
    ids=["a name", "a number", "none"],
)
def test_whose_a_build_is(given: tuple[Parameter, ...], is_ours: bool) -> None:
    assert (among("a", [Build(actions=(None, Action(given)))]) is not None) is is_ours
