"""Whoever dies, comes twice, or is overtaken: nothing is merged but what was tested, and nothing is left undone."""

import asyncio
from collections import Counter

import pytest
from _pytest.mark import ParameterSet

from cutwater.errors import Later
from cutwater.events.edges import Edges
from cutwater.events.effect import Effect, apply
from cutwater.github.effects import Merge, SetStatus
from cutwater.kube.client import LEASE, PROWJOB
from cutwater.kube.leases import LeaveNote, lease_name
from cutwater.prowjob.new import new_prowjob
from cutwater.prowjob.types import ProwJobSpec, Pull, Refs
from infra.local.github.world import Issue
from tests import virtual_time
from tests.functions.kubernetes import Dying, Killed
from tests.functions.tide.pools import POOL, TESTS, Alone, alone, says

pytestmark = pytest.mark.virtual

LEASE_NAME = lease_name(f"tide/{POOL}")


def effects(count: int) -> list[ParameterSet]:
    """The number of each effect; two of them always, the others where there is time."""
    return [pytest.param(number, marks=() if number in (1, 3) else pytest.mark.slow) for number in range(count)]


async def look_until_it_is_quiet(here: Alone) -> None:
    """Look as long as tide wants to."""
    await here.look()
    while here.published:
        here.published.clear()
        await here.look()


async def merges_of(here: Alone) -> int:
    """How many merges the branch has."""
    commits = await here.edges.github.pages("/repos/{org}/{repo}/commits", org="acme", repo="rocket")
    return sum(len(commit["parents"]) == 2 for commit in commits)


@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
@pytest.mark.parametrize("number", effects(8))
async def test_killed_while_it_merges(number: int, *, after: bool) -> None:
    async with alone() as here:
        try:
            await here.look(apply=Dying(number, after=after))
        except Killed:
            await asyncio.sleep(130)
        await look_until_it_is_quiet(here)
        assert here.change.is_merged
        assert await merges_of(here) == 1


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
@pytest.mark.parametrize("number", effects(6))
async def test_killed_while_it_starts_tests(number: int, *, after: bool) -> None:
    async with alone() as here:
        await here.world.github.push(here.world.rocket, "main", {"x": "x\n"}, author="alice")
        try:
            await here.look(apply=Dying(number, after=after))
        except Killed:
            await asyncio.sleep(130)
        await look_until_it_is_quiet(here)
        jobs = await here.jobs()
        assert Counter(job.spec.job for job in jobs) == dict.fromkeys(TESTS, 1)
        assert says(here.change) == ("pending", "Not mergeable. Retesting: flight unit")
        for job in jobs:
            await here.finish(job)
        await look_until_it_is_quiet(here)
        assert here.change.is_merged


async def test_a_test_that_failed_is_run_again_once_github_knows_it() -> None:
    async with alone() as here:
        await here.world.github.push(here.world.rocket, "main", {"x": "x\n"}, author="alice")
        await here.look()
        for job in await here.jobs():
            now = virtual_time.clock().isoformat().replace("+00:00", "Z")
            await here.world.kube.merge(
                PROWJOB, "default", job.metadata.name, {"status": {"state": "failure", "completionTime": now}}
            )
        await here.look()
        assert len(await here.jobs()) == 2
        await asyncio.sleep(90)  # nobody reports: crier is away
        await here.look()
        names = [job.metadata.name for job in await here.jobs()]
        assert len(names) == len(set(names)) == 4


async def test_two_at_once_are_one() -> None:
    async with alone() as here:
        await asyncio.gather(*(here.look(owner=f"function {number}") for number in range(5)))
        assert here.change.is_merged
        assert await merges_of(here) == 1


class Meanwhile:
    """Carries effects out; something else happens before the first of a kind."""

    def __init__(self, kind: type, happens: object) -> None:
        self._kind, self._happens = kind, happens
        self.done: list[Effect[object]] = []

    async def __call__(self, effect: Effect[object], world: Edges) -> object:
        if isinstance(effect, self._kind) and self._happens is not None:
            happens, self._happens = self._happens, None
            await happens  # type: ignore[misc]
        self.done.append(effect)
        return await apply(effect, world)


async def overtake(here: Alone) -> None:
    """Another function takes the pool's Lease: ours had run out."""
    found = await here.edges.kube.get(LEASE, "default", LEASE_NAME)
    assert found is not None
    spec = found["spec"] | {"holderIdentity": "another", "acquireTime": "2026-03-02T12:00:00.000001Z"}
    await here.edges.kube.replace(LEASE, "default", LEASE_NAME, found | {"spec": spec})


async def test_who_has_lost_the_pool_merges_nothing() -> None:
    async with alone() as here:
        with pytest.raises(Later):
            await here.look(apply=Meanwhile(LeaveNote, overtake(here)))
        assert not here.change.is_merged


async def push_to_main(here: Alone) -> None:
    await here.world.github.push(here.world.rocket, "main", {"x": "x\n"}, author="alice")


async def push_to_change(here: Alone) -> None:
    await here.change.push({"b.txt": "b\n"})


async def hold(here: Alone) -> None:
    await here.change.label("do-not-merge/hold", by="alice")


@pytest.mark.parametrize("happens", [push_to_main, push_to_change, hold])
async def test_what_changes_after_the_look_is_not_merged(happens: object) -> None:
    async with alone() as here:
        await here.look(apply=Meanwhile(SetStatus, happens(here)))  # type: ignore[operator]
        assert not here.change.is_merged
        state, _ = says(here.change) if "tide" in here.change.statuses else ("", "")
        assert state != "error"


async def test_a_merge_whose_answer_is_lost() -> None:
    class Lost:
        async def __call__(self, effect: Effect[object], world: Edges) -> object:
            result = await apply(effect, world)
            if isinstance(effect, Merge):
                raise Later("GitHub does not answer in time")
            return result

    async with alone() as here:
        await here.look(apply=Lost())
        assert here.change.is_merged
        found = await here.edges.kube.get(LEASE, "default", LEASE_NAME)
        assert found is not None and not found["metadata"]["annotations"]["cutwater.dev/note"]


# Batches


async def batch(here: Alone, *changes: Issue) -> None:
    """A batch of these that has passed."""
    pulls = tuple(Pull(number=one.number, author="bob", sha=one.head) for one in changes)
    refs = Refs(org="acme", repo="rocket", base_ref="main", base_sha=here.world.rocket.head(), pulls=pulls)
    for test in TESTS:
        spec = ProwJobSpec(type="batch", job=test, context=test, agent="kubernetes", refs=refs)
        made = new_prowjob(spec, name=f"batch-{test}", namespace="default", start=virtual_time.clock())
        await here.world.kube.create(PROWJOB, "default", made)
        await here.finish(made)


async def two_ready(here: Alone) -> Issue:
    """Another pull request that is ready beside the one that there is; what has passed, passed on an older branch."""
    other = await here.world.github.pull_request(
        here.world.rocket, author="bob", files={"c.txt": "c\n"}, labels=["lgtm"], branch="other"
    )
    await here.green(other, "0" * 40)
    await push_to_main(here)
    return other


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
@pytest.mark.parametrize("number", effects(8))
async def test_killed_while_it_starts_a_batch(number: int, *, after: bool) -> None:
    """Some of the batch's tests are started: the others are, under names of their own, and none of them twice."""
    async with alone() as here:
        other = await two_ready(here)
        try:
            await here.look(apply=Dying(number, after=after))
        except Killed:
            await asyncio.sleep(130)
        await look_until_it_is_quiet(here)
        batch = [job for job in await here.jobs() if job.spec.type == "batch"]
        assert sorted(job.spec.job for job in batch) == list(TESTS)
        assert {str(job.spec.refs) for job in batch} == {str(batch[0].spec.refs)}
        for job in batch:
            await here.finish(job)
        await look_until_it_is_quiet(here)
        assert (here.change.is_merged, other.is_merged) == (True, True)
        tested = Counter((str(job.spec.refs), job.spec.job) for job in await here.jobs())
        assert set(tested.values()) == {1}  # the older one's tests may have been started beside the batch


async def test_a_batch_of_which_a_run_was_deleted_is_completed() -> None:
    async with alone() as here:
        other = await two_ready(here)
        await here.look()
        passed, gone = await here.jobs()
        await here.finish(passed)
        await here.world.kube.delete(PROWJOB, "default", gone.metadata.name)
        await here.look()
        again = [job for job in await here.jobs() if job.metadata.name != passed.metadata.name]
        assert [(job.spec.type, job.spec.job) for job in again] == [("batch", gone.spec.job)]
        await here.finish(again[0])
        await look_until_it_is_quiet(here)
        assert (here.change.is_merged, other.is_merged) == (True, True)


@pytest.mark.parametrize("number", effects(14))
async def test_killed_while_it_merges_a_batch(number: int) -> None:
    """The second was never tested without the first, nor on the branch with it: all the same it is merged."""
    async with alone() as here:
        other = await here.world.github.pull_request(
            here.world.rocket, author="bob", files={"c.txt": "c\n"}, labels=["lgtm"], branch="other"
        )
        await here.green(other, "0" * 40)
        await batch(here, here.change, other)
        try:
            await here.look(apply=Dying(number, after=True))
        except Killed:
            await asyncio.sleep(130)
        await look_until_it_is_quiet(here)
        assert (here.change.is_merged, other.is_merged) == (True, True)
        assert len(await here.jobs()) == 2  # the batch's own


@pytest.mark.slow
async def test_half_a_batch_on_a_branch_that_moved_is_tested_again() -> None:
    async with alone() as here:
        other = await here.world.github.pull_request(
            here.world.rocket, author="bob", files={"c.txt": "c\n"}, labels=["lgtm"], branch="other"
        )
        await here.green(other, "0" * 40)
        await batch(here, here.change, other)
        killed = Dying(3, after=True)
        with pytest.raises(Killed):
            await here.look(apply=killed)
        assert (here.change.is_merged, other.is_merged) == (True, False)
        await asyncio.sleep(130)
        await push_to_main(here)
        await look_until_it_is_quiet(here)
        assert not other.is_merged
        assert says(other) == ("pending", "Not mergeable. Retesting: flight unit")
