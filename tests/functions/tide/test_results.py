"""What runs and contexts say of pull requests. The tables are those of upstream's tests."""

from collections.abc import Sequence

import pytest

from cutwater.config.jobs import Presubmit
from cutwater.errors import Refused
from cutwater.prowjob.descriptions import with_base_sha
from functions.tide.pull_requests import Context
from functions.tide.results import Batches, accumulate, accumulate_batches, of_base
from tests.functions.tide.making import BASE, NOW, POOL, candidate, presubmits, run

FOUR = ("job1", "job2", "job3", "job4")
SOME = ("7/job1:S", "7/job1:F", "7/job2:F", "7/job2:S", "7/job3:F", "7/job3:F", "7/job3:S")


def sorted_out(jobs: tuple[str, ...], runs: list[str], numbers: list[int], **more: object) -> tuple[list[int], ...]:
    candidates = [candidate(number, *jobs, **more) for number in numbers]
    results = accumulate(candidates, [run(text) for text in runs], BASE, NOW)
    return tuple([one.number for one in part] for part in (results.successes, results.pendings, results.missings))


# TestAccumulate


@pytest.mark.parametrize(
    ("jobs", "runs", "numbers", "expected"),
    [
        pytest.param(
            ("job1", "job2"),
            [
                *("2/job1:P", "3/job1:P", "3/job2:T", "4/job1:F", "4/job2:P", "5/job1:P", "5/job2:F", "5/job2:P"),
                *("6/job1:S", "6/job2:P", "7/job1:S", "7/job2:S", "7/job1:F"),
            ],
            [1, 2, 3, 4, 5, 6, 7],
            ([7], [3, 5, 6], [1, 2, 4]),
            id="each by its worst test, each test by its best run",
        ),
        pytest.param(FOUR, [f"7/{job}:F" for job in FOUR], [7], ([], [], [7]), id="all failed"),
        pytest.param(FOUR, [*SOME, *("7/job4:F",) * 3], [7], ([], [], [7]), id="one failed each time"),
        pytest.param(FOUR, [*SOME, *("7/job4:F", "7/job4:F", "7/job4:S")], [7], ([7], [], []), id="all passed once"),
        pytest.param(FOUR, [*SOME, *("7/job4:F", "7/job4:F", "7/job4:P")], [7], ([], [7], []), id="one still runs"),
        pytest.param(
            ("job1",),
            ["7@old/job1:S", "7/job1:F", "8@old/job1:F", "8/job1:S"],
            [7, 8],
            ([8], [], [7]),
            id="results of another head are none",
        ),
        pytest.param(("job1",), ["1/job1:A"], [1], ([], [], [1]), id="an abort is no result"),
        pytest.param((), [], [7, 8], ([7, 8], [], []), id="nothing to be passed"),
    ],
)
def test_accumulate(
    jobs: tuple[str, ...], runs: list[str], numbers: list[int], expected: tuple[list[int], ...]
) -> None:
    assert sorted_out(jobs, runs, numbers) == expected


@pytest.mark.parametrize(
    ("state", "description", "runs", "is_passed"),
    [
        pytest.param("SUCCESS", with_base_sha("Job succeeded.", BASE), [], True, id="tested on the branch as it is"),
        pytest.param("SUCCESS", with_base_sha("Job succeeded.", "c" * 40), [], False, id="tested on an older one"),
        pytest.param("SUCCESS", "Job succeeded.", [], False, id="nobody knows on which"),
        pytest.param("SUCCESS", "Overridden [prow:skip-retest]", [], True, id="on whichever"),
        pytest.param("FAILURE", with_base_sha("Job failed.", BASE), [], False, id="failed"),
        pytest.param("FAILURE", with_base_sha("Job failed.", BASE), ["1/job1:S"], True, id="the run knows better"),
        pytest.param("FAILURE", with_base_sha("Job failed.", BASE), ["1/job1:F"], False, id="both have failed"),
        pytest.param("SUCCESS", with_base_sha("Job succeeded.", BASE), ["1/job1:F"], True, id="the context does"),
        pytest.param("SUCCESS", with_base_sha("Job succeeded.", BASE), ["1/job1:S"], True, id="both have passed"),
    ],
)
def test_what_stands_on_the_head_counts(state: str, description: str, runs: list[str], is_passed: bool) -> None:
    contexts = (Context("job1", state, description),)
    successes, pendings, missings = sorted_out(("job1",), runs, [1], contexts=contexts)
    assert (bool(successes), bool(missings), pendings) == (is_passed, not is_passed, [])


def test_one_by_its_context_and_another_by_its_run() -> None:
    contexts = (Context("job1", "SUCCESS", with_base_sha("Job succeeded.", BASE)),)
    assert sorted_out(("job1", "job2"), ["1/job2:S"], [1], contexts=contexts) == ([1], [], [])


def test_a_branch_that_moved_has_no_results() -> None:
    runs = [run("1/job1:S", base="c" * 40), run("1/job1:S")]
    assert of_base(runs, POOL, BASE) == runs[1:]
    assert of_base(runs, "acme/rocket:release", BASE) == []


# TestAccumulateBatch

THREE = ("foo", "bar", "baz")


def passed(subject: str, *jobs: str) -> list[str]:
    return [f"{subject}/{job}:S" for job in jobs or THREE]


@pytest.mark.parametrize(
    ("jobs", "runs", "pending", "merges"),
    [
        pytest.param(THREE, [], False, [], id="none"),
        pytest.param(("foo",), ["1/foo:P"], True, [], id="one runs"),
        pytest.param(THREE, ["1/foo:P"], False, [], id="the others were not started"),
        pytest.param(THREE, ["1/foo:P", *passed("1", "bar", "baz"), *passed("2")], True, [2], id="one of each"),
        pytest.param(THREE, passed("2"), False, [2], id="one has passed"),
        pytest.param(THREE, passed("1+2"), False, [1, 2], id="two together have"),
        pytest.param(
            THREE,
            [*passed("1+2"), "1+2/foo:F", "1+2/baz:F", "1@c+2/foo:F"],
            False,
            [1, 2],
            id="what failed before does not count",
        ),
        pytest.param(THREE, ["1+2/foo:F", "1+2/bar:S", "1+2/baz:F", "1@c+2/foo:F"], False, [], id="failed"),
        pytest.param((*THREE, "boo"), passed("1+2"), False, [], id="one was not run"),
        pytest.param((*THREE, "boo"), passed("1+2", *THREE, "boo"), False, [1, 2], id="one more was run, too"),
        pytest.param((), [], False, [], id="no tests, no runs"),
        pytest.param(THREE, ["9/foo:P", *passed("2")], False, [2], id="one that left the pool"),
    ],
)
async def test_batches(jobs: tuple[str, ...], runs: list[str], pending: bool, merges: list[int]) -> None:
    candidates = [candidate(1, *jobs), candidate(2, *jobs)]

    async def required(_: object) -> Sequence[Presubmit]:
        return presubmits(*jobs)

    found = await accumulate_batches(candidates, [run(text, kind="batch") for text in runs], required, NOW)
    assert ([one.number for one in found.passed], bool(found.pending)) == (merges, pending)


async def test_a_batch_of_which_nobody_can_tell_what_it_needs_counts_for_nothing() -> None:
    async def required(_: object) -> Sequence[Presubmit]:
        raise Refused("its own jobs cannot be used")

    runs = [run(text, kind="batch") for text in passed("1+2")]
    assert await accumulate_batches([candidate(1), candidate(2)], runs, required, NOW) == Batches()
