"""Which pull requests are tested together. The tables are those of upstream's tests, whose names stand beside them."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from cutwater.config.jobs import Presubmit
from cutwater.errors import Refused
from cutwater.git.in_place import InPlace
from cutwater.git.stacks import Change
from functions.tide.batching import NOBODY_FITS, Batch, broken_by, is_known_to_fail, pick_batch
from functions.tide.results import Candidate
from functions.tide.trials import trials_of
from functions.tide.triggering import runs_for
from tests.cutwater.config.configured import configured
from tests.cutwater.git.histories import Work
from tests.functions.tide.making import BASE, NOW, all_together, candidate, presubmits, run

TESTS = ("foo", "bar")


def numbers(batch: Batch) -> list[int]:
    return [one.number for one in batch.members]


async def picked(
    candidates: Sequence[Candidate],
    runs: Sequence[str] = (),
    *,
    limit: int = 5,
    prefers_existing: bool = True,
    conflicts: Sequence[tuple[int, int]] = (),
    broken: Sequence[Sequence[Candidate]] = (),
) -> Batch:
    """The batch that is picked where these pairs conflict; 0 stands for the branch."""

    async def together(asked: Sequence[Candidate], limit: int) -> Sequence[Candidate]:
        fitting: list[Candidate] = []
        for one in asked:
            beside = {0, *(other.number for other in fitting)}
            if not any({one.number} | {other} in map(set, conflicts) for other in beside):
                fitting.append(one)
        return await all_together(fitting, limit)

    async def required(_: Sequence[Candidate]) -> Sequence[Presubmit]:
        return presubmits(*TESTS)

    jobs = [run(text, kind="batch") for text in runs]
    return await pick_batch(
        candidates,
        jobs,
        limit=limit,
        prefers_existing=prefers_existing,
        together=together,
        required=required,
        broken=broken,
    )


# TestPickBatchV2


@pytest.mark.parametrize(
    ("limit", "conflicts", "expected"),
    [
        pytest.param(5, [], [1, 2, 3, 4, 5], id="the oldest"),
        pytest.param(0, [], [1, 2, 3, 4, 5, 6], id="all, without a limit"),
        pytest.param(2, [], [1, 2], id="no more than the limit"),
        pytest.param(5, [(1, 2), (2, 3)], [1, 3, 4, 5, 6], id="who conflicts with an older one is left out"),
        pytest.param(5, [(0, 1), (0, 4)], [2, 3, 5, 6], id="who conflicts with the branch is left out"),
        pytest.param(-1, [], [], id="no batches at all"),
    ],
)
async def test_a_new_batch(limit: int, conflicts: list[tuple[int, int]], expected: list[int]) -> None:
    candidates = [candidate(number) for number in range(1, 7)]
    batch = await picked(candidates, limit=limit, conflicts=conflicts)
    assert numbers(batch) == expected


async def test_nobody_is_no_batch() -> None:
    assert await picked([]) == Batch()


async def test_a_pool_in_which_everything_conflicts_says_so() -> None:
    with pytest.raises(Refused, match=NOBODY_FITS):
        await picked([candidate(1), candidate(2)], conflicts=[(0, 1), (0, 2)])


FILES: Mapping[int, Mapping[str, str]] = {
    0: {"bar": "ok"},
    1: {"foo": "ok"},
    2: {"bar": "conflicts with 0"},
    3: {"qux": "ok"},
    4: {"bazel": "ok"},
    7: {"docs": "one\n"},
    8: {"bazel": "conflicts with 4"},
}


async def test_what_git_says(tmp_path: Path) -> None:
    work = Work(tmp_path / "repository")
    (work.folder / "foo").write_text("foo")
    base = work.commit()
    changes = []
    for number, files in FILES.items():
        work.at(base)
        for name, text in files.items():
            (work.folder / name).write_text(text)
        changes.append(Change(number=number, head=work.commit(), method="merge"))
    stacks = InPlace(work.folder / ".git")
    stack = await stacks.stack("acme", "rocket", "main", base=base, changes=changes, limit=5)
    assert [layer.number for layer in stack.layers] == [0, 1, 3, 4, 7]
    assert set(stack.left_out) == {2}


# TestPickBatchPrefersBatchesWithPreexistingTests

FOUR = "1+2+3+4"


@pytest.mark.parametrize(
    ("runs", "asked", "expected"),
    [
        pytest.param([], {}, [1, 2, 3, 4, 5], id="none"),
        pytest.param([f"{FOUR}/foo:S"], {}, [1, 2, 3, 4], id="one of which a test has passed"),
        pytest.param([f"{FOUR}/foo:S"], {"prefers_existing": False}, [1, 2, 3, 4, 5], id="though a new one is wanted"),
        pytest.param([f"{FOUR}/foo:S"], {"without": 1}, [2, 3, 4, 5], id="with one whose head is not green any more"),
        pytest.param([f"{FOUR}/foo:S"], {"limit": 3}, [1, 2, 3], id="larger than the limit"),
        pytest.param(["1@old+2+3+4/foo:S"], {}, [1, 2, 3, 4, 5], id="with a head that has changed"),
        pytest.param([f"{FOUR}/foo:F"], {}, [1, 2, 3, 4, 5], id="which has failed"),
        pytest.param([f"{FOUR}/foo:T"], {}, [1, 2, 3, 4, 5], id="which waits to be started"),
        pytest.param(["1+2/foo:S", "3+4/foo:P"], {}, [1, 2], id="what has passed before what runs"),
        pytest.param([f"{FOUR}/foo:P"], {}, [1, 2, 3, 4], id="what runs before a new one"),
        pytest.param([f"{FOUR}/foo:S", "3+4/foo:S", "3+4/bar:S"], {}, [3, 4], id="what has passed most"),
        pytest.param([f"{FOUR}/foo:P", "3+4/foo:P", "3+4/bar:P"], {}, [3, 4], id="what runs most"),
        pytest.param(["4+1/foo:S"], {}, [4, 1], id="in the order in which it is tested"),
    ],
)
async def test_a_batch_that_has_begun(runs: list[str], asked: dict[str, Any], expected: list[int]) -> None:
    without = asked.pop("without", 0)
    candidates = [candidate(number) for number in (1, 2, 3, 4, 5) if number != without]
    assert numbers(await picked(candidates, runs, **asked)) == expected


# What is known to fail


@pytest.mark.parametrize(
    ("runs", "is_known"),
    [
        pytest.param([], False, id="nothing was tested"),
        pytest.param(["1+2/foo:F"], False, id="one test never ran"),
        pytest.param(["1+2/foo:F", "1+2/bar:S"], True, id="one has failed"),
        pytest.param(["2+1/foo:F", "2+1/bar:F"], True, id="in another order"),
        pytest.param(["1+2/foo:A", "1+2/bar:S"], False, id="one was aborted, which says nothing"),
        pytest.param(["1+2/foo:F", "1+2/bar:P"], True, id="one has failed while the other runs"),
        pytest.param(["1+2/foo:F", "1+2/foo:P", "1+2/bar:S"], False, id="what failed runs again"),
        pytest.param(["1+2/foo:F", "1+2/foo:S", "1+2/bar:S"], False, id="what failed has passed since"),
        pytest.param(["1+2@old/foo:F", "1+2@old/bar:F"], False, id="with another head"),
        pytest.param(["1+2+3/foo:F", "1+2+3/bar:F"], False, id="with one more"),
    ],
)
def test_what_is_known_to_fail(runs: list[str], is_known: bool) -> None:
    jobs = [run(text, kind="batch") for text in runs]
    assert is_known_to_fail([candidate(1), candidate(2)], presubmits(*TESTS), jobs) is is_known


@pytest.mark.parametrize(
    ("failed", "expected"),
    [
        pytest.param((), [1, 2, 3, 4], id="nothing has failed"),
        pytest.param(("1+2+3+4",), [1, 2], id="half of them"),
        pytest.param(("1+2+3+4", "1+2"), [1], id="and half of these, which is no batch"),
        pytest.param(("1+2+3",), [1, 2, 3, 4], id="with one more it is another batch"),
    ],
)
async def test_what_has_failed_is_not_tested_again(failed: tuple[str, ...], expected: list[int]) -> None:
    runs = [f"{batch}/{job}:{state}" for batch in failed for job, state in (("foo", "F"), ("bar", "S"))]
    assert numbers(await picked([candidate(number) for number in (1, 2, 3, 4)], runs)) == expected


# What is known from where the branch was before


OLD = "a" * 40


@pytest.mark.parametrize(
    ("tried", "gone", "expected"),
    [
        pytest.param(["1+2+3+4/foo:F", "1+2+3+4/bar:S"], (), [1, 2], id="half of a batch that failed"),
        pytest.param(["1+2+3+4/foo:F"], (), [1, 2, 3, 4, 5], id="not where a test of it never ran"),
        pytest.param(["1+2+3+7/foo:F", "1+2+3+7/bar:S"], (), [1, 2], id="one of it is merged"),
        pytest.param(["1+2+3+7/foo:F", "1+2+3+7/bar:S"], (7,), [1, 2, 3, 4, 5], id="one of it has left the pool"),
        pytest.param(["1@old+2/foo:F", "1@old+2/bar:S"], (), [1, 2, 3, 4, 5], id="one of it has changed"),
        pytest.param(["1+2/foo:F", "1+2/bar:F"], (), [3, 4, 5], id="two of whom each is tested alone"),
        pytest.param(
            ["1+2+3+4/foo:F", "1+2+3+4/bar:S", "1+2/foo:S", "1+2/bar:S"], (), [1, 2, 5], id="the other half has passed"
        ),
        pytest.param(
            ["1+2+3+4/foo:F", "1+2+3+4/bar:S", "1+2/foo:F", "1+2/bar:S"], (), [3, 4, 5], id="the other half has failed"
        ),
    ],
)
async def test_a_batch_that_failed_is_remembered(tried: list[str], gone: tuple[int, ...], expected: list[int]) -> None:
    candidates = [candidate(number, *TESTS) for number in range(1, 6)]
    trials = trials_of([run(text, base=OLD, kind="batch") for text in tried], NOW)
    heads = {one.number: one.pull.head for one in candidates} | dict.fromkeys(gone, "a head")
    broken = broken_by(trials, candidates, BASE, heads)
    assert numbers(await picked(candidates, broken=broken)) == expected


async def test_what_failed_on_the_branch_as_it_is_is_not_remembered_twice() -> None:
    candidates = [candidate(number, *TESTS) for number in range(1, 6)]
    trials = trials_of([run(f"1+2+3/{test}:F", kind="batch") for test in TESTS], NOW)
    assert broken_by(trials, candidates, BASE, {}) == []


# What is started for it


@pytest.mark.parametrize(
    ("runs", "tests", "started"),
    [
        pytest.param([], TESTS, ["foo", "bar"], id="all"),
        pytest.param(["2+1/foo:T"], TESTS, ["bar"], id="but for what waits to be started"),
        pytest.param(["1+2/foo:S"], TESTS, ["bar"], id="but for what has passed"),
        pytest.param(["1+2/foo:F"], TESTS, ["foo", "bar"], id="what has failed, again"),
        pytest.param(["1+2@old/foo:P", "1/foo:P"], TESTS, ["foo", "bar"], id="whatever runs for other heads"),
        pytest.param([], ("foo", "foo"), ["foo"], id="once for each context"),
    ],
)
def test_what_is_started(runs: list[str], tests: tuple[str, ...], started: list[str]) -> None:
    jobs = [run(text, kind="batch") for text in runs]
    pulls = [candidate(number).pull for number in (2, 1)]
    config = configured()
    made = [
        one.job for one in runs_for(pulls, presubmits(*tests), base=BASE, config=config, jobs=jobs, now=NOW, why="")
    ]
    assert [job.spec.job for job in made] == started
    assert {tuple(pull.number for pull in job.spec.refs.pulls) for job in made if job.spec.refs} == {(1, 2)}
    assert not {job.metadata.name for job in made} & {job.metadata.name for job in jobs}


def test_the_same_batch_has_the_same_names() -> None:
    def names(order: Sequence[int]) -> list[str]:
        pulls = [candidate(number).pull for number in order]
        made = runs_for(pulls, presubmits(*TESTS), base=BASE, config=configured(), jobs=[], now=NOW, why="")
        return [one.job.metadata.name for one in made]

    assert names([1, 2, 3]) == names([3, 1, 2])
    assert all(not set(names(one)) & set(names(other)) for one, other in combinations([(1, 2), (1, 3), (1,)], 2))
