"""What is done next. The tables are those of upstream's tests, whose names stand beside them."""

from collections.abc import Awaitable, Callable, Sequence

import pytest

from cutwater.config.configuration import Configuration
from cutwater.config.jobs import Presubmit
from cutwater.config.tide import Priority
from cutwater.errors import Later, Refused
from cutwater.prowjob.types import ProwJob
from functions.tide.batching import Batch, pick_batch
from functions.tide.choose import Action, choose, pick
from functions.tide.results import Batches, Candidate, Results
from functions.tide.triggering import runs_for
from tests.cutwater.config.configured import configured
from tests.functions.tide.making import BASE, NOW, all_together, candidate, presubmits, run

BOTH = ("foo", "bar")
"""What every batch must pass. Of a pull request only `foo` is required, of #100 also `if-changed`."""


def some(numbers: Sequence[int], *, tested: bool = True) -> tuple[Candidate, ...]:
    return tuple(candidate(number, *(_required(number) if tested else ())) for number in numbers)


def _required(number: int) -> tuple[str, ...]:
    return ("foo", "if-changed") if number == 100 else ("foo",)


async def chosen(
    *,
    is_batch_pending: bool = False,
    successes: Sequence[int] = (),
    pendings: Sequence[int] = (),
    missings: Sequence[int] = (),
    passed: Sequence[int] = (),
    tested: bool = True,
    jobs: Sequence[ProwJob] = (),
    pick_one: Callable[[Sequence[Candidate]], Awaitable[Batch]] | None = None,
) -> Action:
    """What is decided where every head is green, and git puts everything together."""

    async def required(_: Sequence[Candidate]) -> Sequence[Presubmit]:
        return presubmits(*BOTH)

    async def pick_any(candidates: Sequence[Candidate]) -> Batch:
        return await pick_batch(
            candidates, jobs, limit=0, prefers_existing=True, together=all_together, required=required
        )

    results = Results(
        successes=some(successes, tested=tested),
        pendings=some(pendings),
        missings=some(missings),
        missing_tests={number: presubmits(*_required(number)) for number in missings},
    )
    return await choose(
        results,
        Batches(some(passed), some([9] if is_batch_pending else [])),
        priorities=(),
        is_passing=lambda _: True,
        may_be_retested=lambda _: True,
        pick_batch=pick_one or pick_any,
    )


def started(action: Action, jobs: Sequence[ProwJob] = (), config: str = "") -> list[ProwJob]:
    """The runs that are started then."""
    if not action.kind.startswith("TRIGGER"):
        return []
    in_force: Configuration = configured(config)
    asked = runs_for(action.targets, action.tests, base=BASE, config=in_force, jobs=jobs, now=NOW, why="")
    return [one.job for one in asked]


# TestTakeActionV2


@pytest.mark.parametrize(
    ("is_batch_pending", "successes", "pendings", "missings", "passed", "tested", "expected", "targets", "created"),
    [
        pytest.param(True, [], [], [], [], True, "WAIT", [], 0, id="a batch runs"),
        pytest.param(True, [], [1], [0, 2], [], True, "WAIT", [], 0, id="a batch and a test run"),
        pytest.param(True, [1], [], [0, 2], [], True, "WAIT", [], 0, id="no merge beside a batch"),
        pytest.param(True, [], [], [0, 1, 2], [], True, "TRIGGER", [0], 1, id="a test beside a batch"),
        pytest.param(False, [], [0], [1, 2, 3], [], True, "TRIGGER_BATCH", [0, 1, 2, 3], 2, id="a batch beside a test"),
        pytest.param(False, [], [], [0], [], True, "TRIGGER", [0], 1, id="one is no batch"),
        pytest.param(False, [], [3], [], [], True, "WAIT", [], 0, id="one is being tested"),
        pytest.param(False, [0], [], [1, 2, 3], [], True, "MERGE", [0], 0, id="one has passed"),
        pytest.param(False, [0, 1], [2, 3], [4, 5], [6, 7, 8], True, "MERGE_BATCH", [6, 7, 8], 0, id="a batch has"),
        pytest.param(False, [], [], [100], [], True, "TRIGGER", [100], 2, id="all that is required of it"),
        pytest.param(False, [5, 4], [], [], [], False, "MERGE", [4], 0, id="nothing need be tested: the oldest"),
        pytest.param(False, [], [], [], [], False, "WAIT", [], 0, id="nobody"),
        pytest.param(False, [], [], [1, 2, 3], [], True, "TRIGGER_BATCH", [1, 2, 3], 2, id="a batch"),
        pytest.param(True, [], [], [1, 2, 3], [], True, "TRIGGER", [1], 1, id="one batch at a time"),
    ],
)
async def test_choose(
    is_batch_pending: bool,
    successes: list[int],
    pendings: list[int],
    missings: list[int],
    passed: list[int],
    tested: bool,
    expected: str,
    targets: list[int],
    created: int,
) -> None:
    action = await chosen(
        is_batch_pending=is_batch_pending,
        successes=successes,
        pendings=pendings,
        missings=missings,
        passed=passed,
        tested=tested,
    )
    assert (action.kind, [one.number for one in action.targets]) == (expected, targets)
    kinds = [job.spec.type for job in started(action)]
    assert kinds == ["batch" if expected == "TRIGGER_BATCH" else "presubmit"] * created


@pytest.mark.parametrize(
    ("runs", "created"),
    [
        pytest.param("1+3+2/bar:P", ["foo"], id="of which one test runs already, in another order"),
        pytest.param("1+3+2/bar:S", ["foo"], id="of which one test has passed"),
        pytest.param("1+3+2/bar:F", ["foo", "bar"], id="of which one test has failed, and the other never ran"),
    ],
)
async def test_a_batch(runs: str, created: list[str]) -> None:
    jobs = [run(runs, kind="batch")]
    action = await chosen(missings=[1, 2, 3], jobs=jobs)
    assert (action.kind, sorted(one.number for one in action.targets)) == ("TRIGGER_BATCH", [1, 2, 3])
    assert [job.spec.job for job in started(action, jobs)] == created


@pytest.mark.parametrize(("config", "state"), [("", "triggered"), ("scheduler: {enabled: true}", "scheduling")])
async def test_runs_wait_for_the_scheduler_where_there_is_one(config: str, state: str) -> None:
    (made,) = started(await chosen(is_batch_pending=True, missings=[0, 1, 2]), config=config)
    assert made.status.state == state


@pytest.mark.parametrize("error", [Refused("no such commit"), Later("git does not answer")])
async def test_a_pool_without_git_waits_and_says_why(error: Exception) -> None:
    async def fails(_: Sequence[Candidate]) -> Batch:
        raise error

    action = await chosen(missings=[1, 2], pick_one=fails)
    assert (action.kind, action.error) == ("WAIT", str(error))


# TestPickSmallestPassingNumber

PRIORITIES = (
    Priority(labels=("failing-test",)),
    Priority(labels=("deflake",)),
    Priority(labels=("bug", "critical-urgent")),
    Priority(labels=("feature,enhancement,undefined",)),
)


@pytest.mark.parametrize(
    ("labels", "first"),
    [
        pytest.param({5: [], 3: []}, 3, id="the oldest"),
        pytest.param({3: ["enhancement", "undefined"], 1: ["enhancement"]}, 1, id="the oldest of a priority"),
        pytest.param({5: [], 3: [], 7: ["deflake"]}, 7, id="a priority before its age"),
        pytest.param({7: ["deflake"], 6: ["deflake"], 1: ["deflake"]}, 1, id="all of one"),
        pytest.param({5: [], 3: [], 6: ["bug"]}, 3, id="half of the labels"),
        pytest.param(
            {5: [], 3: [], 6: ["bug"], 7: ["deflake"], 8: ["bug"], 9: ["failing-test"], 10: ["bug", "critical-urgent"]},
            9,
            id="the first priority",
        ),
    ],
)
def test_pick(labels: dict[int, list[str]], first: int) -> None:
    candidates = [candidate(number, labels=tuple(names)) for number, names in labels.items()]
    found = pick(candidates, PRIORITIES, lambda _: True)
    assert found is not None and found.number == first


def test_pick_passes_over_whom_the_rule_does_not_admit() -> None:
    found = pick([candidate(1), candidate(2)], (), lambda one: one.number != 1)
    assert found is not None and found.number == 2
