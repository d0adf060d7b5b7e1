"""Ten pull requests, one of which breaks every batch it is in."""

import pytest
from msgspec.structs import replace

from cutwater.cli.tide.outcome import Outcome
from cutwater.cli.tide.simulate import JOBS
from cutwater.cli.tide.workload import Job, Workload
from tests.cutwater.cli.tide.queues import changes, merged, outcome

BATCHES = 9
"""Tested at most by a speculative queue until the other nine are merged."""
EVEN = tuple(replace(job, spread=0) for job in JOBS)


async def ten(policy: str, jobs: tuple[Job, ...], *, bad: int, breaks: str, seed: int = 1) -> Outcome:
    workload = Workload(changes=changes(10, breaks={bad: breaks}), jobs=jobs, hours=48, seed=seed)
    found = await outcome(workload, policy)
    assert set(merged(found)) == {*range(1, 11)} - {bad}
    assert found.left == 1, "its author has seen it fail"
    return found


@pytest.mark.parametrize("breaks", [job.name for job in JOBS])
@pytest.mark.parametrize("bad", range(1, 11))
async def test_the_other_nine_are_merged(bad: int, breaks: str) -> None:
    found = await ten("speculative", EVEN, bad=bad, breaks=breaks)
    assert found.passed + found.failed <= BATCHES


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("bad", range(1, 11))
async def test_however_long_the_runs_take(bad: int, seed: int) -> None:
    """A lane may fail before the one that it stands on."""
    found = await ten("speculative", JOBS, bad=bad, breaks="build", seed=seed)
    assert found.passed + found.failed <= BATCHES


@pytest.mark.parametrize("bad", range(1, 11))
async def test_as_upstream_does_it(bad: int) -> None:
    await ten("compatible", JOBS, bad=bad, breaks="build")
