"""How a speculative queue merges: the branch becomes exactly what was tested, or it stays what it is."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import msgspec
import pytest

from cutwater.errors import Later, Refused
from cutwater.events.edges import Edges
from cutwater.events.effect import Effect, apply
from cutwater.events.look import look_at
from cutwater.events.pools import Entry
from cutwater.git.effects import PushStack
from cutwater.github.edits import MoveBranch
from cutwater.github.effects import Merge, SetStatus
from cutwater.kube.client import LEASE
from cutwater.kube.leases import lease_name
from functions.tide import kept
from functions.tide.choose import Action
from functions.tide.kept import MOST_VOID, MOVE_AGAIN, SEEN_AFTER, Speculated
from functions.tide.landing import OTHER_TREE, Landing, remembered
from functions.tide.merging import Outcome
from functions.tide.sight import PoolName
from infra.local.github.world import Issue
from tests.functions.tide.making import NOW, pull
from tests.functions.tide.pools import POOL, Alone, alone, says
from tests.functions.tide.speculation import (
    Answering,
    finish,
    moves,
    proposed,
    speculative,
    tried,
    untested,
    why,
    with_another_tree,
    without,
)
from tests.world import CONFIG

pytestmark = pytest.mark.virtual


class Watching:
    """Carries effects out, and knows which. `before` and `after`: what else happens around the first of a kind."""

    def __init__(
        self,
        kind: type | None = None,
        *,
        before: Callable[[], Awaitable[None]] | None = None,
        after: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._kind, self._before, self._after = kind, before, after
        self.done: list[str] = []

    async def __call__(self, effect: Effect[object], world: Edges) -> object:
        is_it = self._kind is not None and isinstance(effect, self._kind)
        if is_it:
            self._kind = None
        if is_it and self._before:
            await self._before()
        self.done.append(type(effect).__name__)
        result = await apply(effect, world)
        if is_it and self._after:
            await self._after()
        return result

    def count(self, kind: type) -> int:
        return self.done.count(kind.__name__)


async def a_batch_has_passed(here: Alone) -> list[Issue]:
    """Two pull requests, tested together on the branch as it is."""
    changes = await proposed(here, "other")
    await here.look()
    await finish(here, *changes)
    return changes


async def look_until_it_is_quiet(here: Alone, watching: Watching | None = None) -> None:
    await here.look(apply=watching or apply)
    while here.published:
        here.published.clear()
        await here.look(apply=watching or apply)


async def worked_off(here: Alone) -> None:
    """All that runs passes, until nothing runs any more."""
    await look_until_it_is_quiet(here)
    while running := [job for job in await here.jobs() if not job.is_complete]:
        for job in running:
            await here.finish(job)
        await look_until_it_is_quiet(here)


async def note(here: Alone) -> str:
    found = await here.edges.kube.get(LEASE, "default", lease_name(f"tide/{POOL}"))
    assert found is not None
    return str(found["metadata"]["annotations"].get("cutwater.dev/note", ""))


async def errors(here: Alone) -> list[str]:
    """What went wrong, by the pool's history, the newest first."""
    found = await here.edges.state.get("tide/history/acme/rocket/main.json")
    assert found is not None
    return [entry.err for entry in msgspec.json.decode(found.body, type=tuple[Entry, ...]) if entry.err]


def merged(changes: Sequence[Issue]) -> list[bool]:
    return [change.is_merged for change in changes]


async def test_a_batch_that_has_passed_becomes_the_branch_by_one_move() -> None:
    async with alone(speculative()) as here:
        changes = await a_batch_has_passed(here)
        watching = Watching()
        await here.look(apply=watching)
        assert merged(changes) == [True, True]
        assert (watching.count(MoveBranch), watching.count(Merge)) == (1, 0)
        assert (moves(here.world), await untested(here.world)) == (1, [])
        assert await note(here) == ""
        commits = await here.edges.github.pages("/repos/{org}/{repo}/commits", org="acme", repo="rocket")
        subjects = [commit["commit"]["message"] for commit in commits if len(commit["parents"]) == 2]
        assert [one.split(" from ")[0] for one in subjects] == ["Merge pull request #2", "Merge pull request #1"]
        assert [(await why(here.world, change)).verdict for change in changes] == ["merged", "merged"]
        assert says(changes[0]) == ("success", "")
        found = await kept.read(await look_at(here.edges), PoolName.read(POOL))
        assert {*found.value.speculated.moved} == {1, 2}


@pytest.mark.slow
async def test_one_alone_is_merged_by_a_move_as_well() -> None:
    async with alone(speculative()) as here:
        watching = Watching()
        await here.look(apply=watching)
        assert here.change.is_merged
        assert (watching.count(MoveBranch), watching.count(Merge)) == (1, 0)
        assert moves(here.world) == 1


@pytest.mark.slow
async def test_the_longest_lane_that_has_passed_lands_whatever_became_of_the_others() -> None:
    async with alone(speculative()) as here:
        changes = await proposed(here, "b", "c", "d")
        await here.look()
        await finish(here, *changes)
        await finish(here, *changes[:2], state="failure")
        await here.look()
        assert merged(changes) == [True] * 4
        assert (moves(here.world), await untested(here.world)) == (1, [])


@pytest.mark.slow
async def test_what_is_left_of_a_lane_lands_on_what_the_branch_has_become() -> None:
    async with alone(speculative(largest=1)) as here:
        changes = await proposed(here, "b", "c")
        await here.look()
        await finish(here, *changes[:2])
        await look_until_it_is_quiet(here)
        assert merged(changes) == [True, True, False]
        await finish(here, *changes)
        await look_until_it_is_quiet(here)
        assert merged(changes) == [True] * 3
        assert (moves(here.world), await untested(here.world)) == (2, [])
        assert await tried(here.world) == [[1, 2], [1, 2, 3]]


# What happens meanwhile


@pytest.mark.slow
@pytest.mark.parametrize("kind", [SetStatus, PushStack, MoveBranch])
async def test_somebody_pushes_to_the_branch_at_the_last_moment(kind: type) -> None:
    async with alone(speculative()) as here:
        changes = await a_batch_has_passed(here)

        async def push() -> None:
            await here.world.github.push(here.world.rocket, "main", {"late": "late\n"}, author="alice")

        await here.look(apply=Watching(kind, before=push))
        assert (merged(changes), moves(here.world), await note(here)) == ([False, False], 0, "")
        assert "base branch was modified" in (await errors(here))[0]
        await worked_off(here)
        assert (merged(changes), await untested(here.world)) == ([True, True], [])
        assert here.world.rocket.file("late") == "late\n"


@pytest.mark.slow
async def test_somebody_pushes_to_a_pull_request_at_the_last_moment() -> None:
    """Its head was read a moment before; the move takes along what was tested, and the rest stays open."""
    async with alone(speculative()) as here:
        first, second = await a_batch_has_passed(here)
        old = second.head
        await here.look(apply=Watching(SetStatus, before=lambda: pushed(second)))
        assert (merged([first, second]), moves(here.world)) == ([False, False], 0)
        assert second.head != old
        assert f"its head is {second.head} by now" in (await errors(here))[0]
        await worked_off(here)
        assert (merged([first, second]), await untested(here.world)) == ([True, False], [])


async def pushed(change: Issue) -> None:
    await change.push({"more.txt": "more\n"})


@pytest.mark.slow
async def test_a_hold_at_the_last_moment_holds_and_the_other_is_merged_without_it() -> None:
    async with alone(speculative()) as here:
        first, second = await a_batch_has_passed(here)

        async def hold() -> None:
            await first.label("do-not-merge/hold", by="alice")

        await here.look(apply=Watching(SetStatus, before=hold))
        assert moves(here.world) == 0
        await worked_off(here)
        assert (merged([first, second]), await untested(here.world)) == ([False, True], [])
        assert says(first) == ("pending", "Not mergeable. Should not have do-not-merge/hold label.")


@pytest.mark.slow
@pytest.mark.parametrize("kind", [PushStack, MoveBranch])
async def test_an_answer_that_is_lost(kind: type) -> None:
    """What was done was done: nothing is done twice."""
    async with alone(speculative()) as here:
        changes = await a_batch_has_passed(here)

        async def lost() -> None:
            raise Later("GitHub does not answer in time")

        watching = Watching(kind, after=lost)
        if kind is MoveBranch:
            await here.look(apply=watching)
        else:
            with pytest.raises(Later):
                await here.look(apply=watching)
            assert merged(changes) == [False, False]
            await look_until_it_is_quiet(here, watching)
        assert merged(changes) == [True, True]
        assert (watching.count(MoveBranch), moves(here.world), await untested(here.world)) == (1, 1, [])


@pytest.mark.slow
async def test_github_does_not_answer_at_all() -> None:
    async with alone(speculative()) as here:
        changes = await a_batch_has_passed(here)

        async def unreachable() -> None:
            raise Later("GitHub cannot be reached")

        with pytest.raises(Later):
            await here.look(apply=Watching(MoveBranch, before=unreachable))
        assert merged(changes) == [False, False]
        await look_until_it_is_quiet(here)
        assert (merged(changes), moves(here.world), await untested(here.world)) == ([True, True], 1, [])


# Where the branch cannot be moved


PROTECTIONS = [
    pytest.param({"approvals": 0}, "Changes must be made through a pull request.", id="it takes pull requests only"),
    pytest.param({"contexts": ["unit"]}, 'Required status check "unit" is expected.', id="it requires a check"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("protection", "words"), PROTECTIONS)
async def test_a_branch_that_we_may_not_move(protection: dict[str, object], words: str) -> None:
    async with alone(speculative()) as here:
        here.world.github.protect("acme/rocket", enforce_admins=True, **protection)  # type: ignore[arg-type]
        changes = await a_batch_has_passed(here)
        watching = Watching()
        await here.look(apply=watching)
        assert merged(changes) == [True, True]
        assert (watching.count(MoveBranch), watching.count(Merge)) == (1, 2)
        assert (await untested(here.world, one_by_one=True), await note(here)) == ([], "")
        [error] = await errors(here)
        assert error.startswith("we may not move main (") and error.endswith("): they are merged one after the other")
        assert words in error


async def test_a_repository_that_takes_no_ref_of_ours() -> None:
    async with alone(speculative()) as here:
        here.edges.stacks = stacks = Answering(here.edges.stacks)
        stacks.refuses = Refused("remote: refusing to allow refs/cutwater")
        changes = await a_batch_has_passed(here)
        watching = Watching()
        await here.look(apply=watching)
        assert merged(changes) == [True, True]
        assert (watching.count(MoveBranch), watching.count(Merge)) == (0, 2)
        assert "refusing to allow refs/cutwater" in (await errors(here))[0]


@pytest.mark.slow
async def test_where_github_has_refused_to_move_the_branch_it_is_asked_again_the_next_day() -> None:
    async with alone(speculative()) as here:
        here.world.github.protect("acme/rocket", approvals=0, enforce_admins=True)
        await here.look()
        assert here.change.is_merged
        for days, count in ((0.9, 0), (0.2, 1)):
            await asyncio.sleep(days * 86400)
            change = await here.world.github.pull_request(
                here.world.rocket, author="bob", files={f"{count}": "x\n"}, labels=["lgtm"], branch=f"more-{count}"
            )
            await here.green(change, here.world.rocket.head())
            watching = Watching()
            await here.look(apply=watching)
            assert change.is_merged
            assert (watching.count(MoveBranch), watching.count(Merge)) == (count, 1)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["squash", "rebase"])
async def test_github_makes_squashes_and_rebases_and_their_trees_are_compared(method: str) -> None:
    config = CONFIG + f"  merge_method: {{acme/rocket: {method}}}\n"
    async with alone(speculative(config)) as here:
        changes = await a_batch_has_passed(here)
        watching = Watching()
        await here.look(apply=watching)
        assert merged(changes) == [True, True]
        assert (watching.count(MoveBranch), watching.count(PushStack), watching.count(Merge)) == (0, 0, 2)
        assert await untested(here.world, one_by_one=True) == []


@pytest.mark.slow
async def test_labels_that_say_how_one_is_merged() -> None:
    config = CONFIG.replace("tide:\n", "tide:\n  squash_label: squash\n")
    async with alone(speculative(config)) as here:
        first, second = await proposed(here, "other")
        await second.label("squash", by="alice")
        await here.look()
        await finish(here, first, second)
        await here.look()
        assert merged([first, second]) == [True, True]
        assert await untested(here.world, one_by_one=True) == []


@pytest.mark.slow
async def test_where_github_refuses_one_of_them_those_above_it_are_not_merged_without_it() -> None:
    config = CONFIG + "  merge_method: {acme/rocket: squash}\n"
    async with alone(speculative(config)) as here:
        first, second = await a_batch_has_passed(here)
        await here.look(apply=Watching(Merge, before=lambda: pushed(first)))
        assert (merged([first, second]), moves(here.world), await note(here)) == ([False, False], 0, "")
        assert "PR was modified" in (await errors(here))[0]
        await worked_off(here)
        assert (merged([first, second]), await untested(here.world)) == ([False, True], [])


# What git makes of it


@pytest.mark.slow
async def test_a_rebase_that_would_not_give_the_tree_that_tests_see() -> None:
    """Its first commit is on the branch by now, its second takes that back. A merge keeps it, and a rebase does not."""
    config = CONFIG + "  merge_method: {acme/rocket: rebase}\n"
    async with alone(speculative(config)) as here:
        await here.change.push({"README.md": "rocket 2\n"})
        await here.change.push({"README.md": "rocket\n", "more.txt": "more\n"})
        await here.green(here.change, "0" * 40)
        await here.world.github.push(here.world.rocket, "main", {"README.md": "rocket 2\n"}, author="alice")
        await here.look()
        assert await here.jobs() == []
        words = "A rebase would not give the tree that tests see. To rebase it onto main helps."
        assert (await why(here.world, here.change)).says == words
        assert says(here.change) == ("error", f"Not mergeable. {words}")


@pytest.mark.slow
async def test_a_squash_that_gave_another_tree_than_was_tested() -> None:
    """It is merged, and cannot be taken back. All that stands above is tested again on what the branch is."""
    config = CONFIG + "  merge_method: {acme/rocket: squash}\n"
    async with alone(speculative(config)) as here:
        here.edges.stacks = stacks = Answering(here.edges.stacks)
        stacks.change = lambda stack: with_another_tree(stack, 1)
        first, second = await a_batch_has_passed(here)
        await here.look()
        assert merged([first, second]) == [True, False]
        assert (await errors(here))[0] == (
            f"#{first.number} became something else than was tested: what stands above is tested again"
        )
        await look_until_it_is_quiet(here)
        assert not second.is_merged
        assert says(second) == ("pending", "Not mergeable. Retesting: flight unit")
        await worked_off(here)
        assert second.is_merged


@pytest.mark.slow
async def test_a_stack_that_is_not_what_was_tested_is_not_merged() -> None:
    async with alone(speculative()) as here:
        here.edges.stacks = stacks = Answering(here.edges.stacks)
        changes = await a_batch_has_passed(here)
        stacks.change = lambda stack: with_another_tree(stack, changes[1].number)
        await here.look()
        assert (merged(changes), moves(here.world)) == ([False, False], 0)
        assert OTHER_TREE in (await errors(here))[0]
        stacks.change = lambda stack: stack
        await worked_off(here)
        assert (merged(changes), await untested(here.world)) == ([True, True], [])


@pytest.mark.slow
async def test_one_that_does_not_go_with_the_others_any_more() -> None:
    async with alone(speculative()) as here:
        here.edges.stacks = stacks = Answering(here.edges.stacks)
        first, second = await a_batch_has_passed(here)
        stacks.change = lambda stack: without(stack, second.number, "CONFLICT (content)")
        await here.look()
        assert moves(here.world) == 0
        assert f"#{second.number}: CONFLICT (content)" in (await errors(here))[0]
        await worked_off(here)
        assert (merged([first, second]), await untested(here.world)) == ([True, False], [])


@pytest.mark.slow
async def test_git_that_cannot_tell_merges_nothing_and_is_told() -> None:
    async with alone(speculative()) as here:
        here.edges.stacks = stacks = Answering(here.edges.stacks)
        changes = await a_batch_has_passed(here)

        def fail(_: object) -> object:
            raise Refused("no such commit")

        stacks.change = fail  # type: ignore[assignment]
        await here.look()
        assert (merged(changes), moves(here.world)) == ([False, False], 0)
        assert "git cannot tell what the branch would be: no such commit" in (await errors(here))[0]
        assert (await why(here.world, changes[0])).verdict == "refused"
        stacks.change = lambda stack: stack
        await here.look()
        assert merged(changes) == [True, True]


# What is kept of it


def landed(*, moved_to: str = "", refusal: str = "", is_void: bool = False) -> Landing:
    return Landing(outcome=Outcome(), moved_to=moved_to, refusal=refusal, is_void=is_void)


BATCH = Action(kind="MERGE_BATCH", targets=(pull(1), pull(2)))


def test_of_a_move_we_know_for_a_while_who_was_in_it() -> None:
    after = remembered(landed(moved_to="tip"), BATCH, "base", Speculated(), NOW)
    soon, late = NOW + SEEN_AFTER - timedelta(seconds=1), NOW + SEEN_AFTER
    assert after.is_merged(pull(1), soon) and after.is_merged(pull(2), soon)
    assert not after.is_merged(pull(1), late)
    assert not after.is_merged(pull(1, head="new"), soon)
    assert not after.is_merged(pull(3), soon)
    assert {*after.after_move([pull(3)], late).moved} == {3}


def test_a_refusal_is_known_for_a_day() -> None:
    after = remembered(landed(refusal="protected"), BATCH, "base", Speculated(), NOW)
    assert after.refusal == "protected"
    assert Speculated().may_move(NOW)
    assert not after.may_move(NOW + MOVE_AGAIN)
    assert after.may_move(NOW + MOVE_AGAIN + timedelta(seconds=1))


def test_what_is_void_is_known_by_where_it_was_to_be_merged() -> None:
    after = remembered(landed(is_void=True), BATCH, "base", Speculated(), NOW)
    assert after.void == (("base", ((1, "head-1"), (2, "head-2"))),)
    for number in range(MOST_VOID):
        after = after.without((f"base {number}", ()))
    assert len(after.void) == MOST_VOID and after.void[0][0] == "base 0"


def test_of_a_landing_that_came_to_nothing_nothing_is_kept() -> None:
    assert remembered(landed(), BATCH, "base", Speculated(), NOW) == Speculated()
