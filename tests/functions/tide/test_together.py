"""What people see of batches: pull requests that are tested and merged together."""

import pytest

from tests.functions.tide.pools import TESTS, pulls_of, repository, says
from tests.world import CONFIG

pytestmark = pytest.mark.virtual


@pytest.mark.slow
async def test_those_that_are_ready_are_tested_and_merged_together() -> None:
    async with repository() as here:
        changes = [await here.change(name) for name in ("fin", "nose", "hull")]
        await here.push()
        for change in changes:
            await change.label("lgtm", by="alice")
        await here.world.settle(60)
        assert [change.is_merged for change in changes] == [True, True, True]
        runs = await here.started()
        assert sorted(run.spec.job for run in runs) == list(TESTS)
        assert {run.spec.type for run in runs} == {"batch"}
        assert [pull.number for pull in pulls_of(runs[0])] == [change.number for change in changes]


@pytest.mark.slow
async def test_one_that_conflicts_is_left_out() -> None:
    async with repository() as here:
        one, other, third = [
            await here.change(name, files={file: name})
            for name, file in (("fin", "README.md"), ("nose", "README.md"), ("hull", "hull"))
        ]
        await here.push()
        for change in (one, other, third):
            await change.label("lgtm", by="alice")
        await here.world.settle(60)
        assert (one.is_merged, other.is_merged, third.is_merged) == (True, False, True)
        assert len(await here.tests_of(one, third)) == len(TESTS)
        assert says(other) == ("error", "Not mergeable. PR has a merge conflict.")


@pytest.mark.slow
async def test_a_batch_that_fails_is_not_tested_again_and_the_good_ones_are_merged_all_the_same() -> None:
    async with repository(spoils=[2]) as here:
        fin, nose, hull = [await here.change(name) for name in ("fin", "nose", "hull")]
        assert nose.number == 2
        await here.push()
        for change in (fin, nose, hull):
            await change.label("lgtm", by="alice")
        await here.world.settle(240)
        assert (fin.is_merged, nose.is_merged, hull.is_merged) == (True, True, True)  # alone it does no harm
        tested = [(str(run.spec.refs), run.spec.job) for run in await here.started() if run.spec.type == "batch"]
        assert len(tested) == len(set(tested))


@pytest.mark.slow
async def test_in_order_of_age_as_many_as_the_limit_allows() -> None:
    async with repository(f"{CONFIG}  batch_size_limit: {{'*': 2}}\n") as here:
        changes = [await here.change(name) for name in ("fin", "nose", "hull")]
        await here.push()
        for change in changes:
            await change.label("lgtm", by="alice")
        await here.world.settle(40)
        assert len(await here.tests_of(*changes[:2])) == len(TESTS)
        await here.world.settle(80)
        assert [change.is_merged for change in changes] == [True, True, True]
        assert len(await here.tests_of(changes[2])) == len(TESTS)
