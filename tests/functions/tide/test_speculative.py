"""A speculative queue, as people see it: on the local GitHub, with real git."""

from collections.abc import Sequence
from typing import Any

import pytest

from infra.local.github.world import Issue
from tests.functions.tide.lying import Json, Lying
from tests.functions.tide.pools import Repository, repository, says
from tests.functions.tide.scenes import decided, pull, scene
from tests.functions.tide.speculation import moves, speculative, tried, untested, why
from tests.world import CONFIG, configuration

pytestmark = pytest.mark.virtual

SPECULATIVE = speculative()
RETESTING = ("pending", "Not mergeable. Retesting: flight unit")


async def proposed(here: Repository, *names: str) -> list[Issue]:
    """Pull requests, all of which get their label at once, on a branch that has moved since their tests."""
    changes = [await here.change(name) for name in names]
    await here.push("moved")
    for change in changes:
        await change.label("lgtm", by="alice")
    return changes


async def under_test(here: Repository, *names: str) -> list[Issue]:
    """The same, a little later: their lanes have been started, and go on."""
    changes = await proposed(here, *names)
    await here.world.settle(2)
    assert len(await tried(here.world)) == len(names) // 2
    return changes


def merged(changes: Sequence[Issue]) -> list[bool]:
    return [change.is_merged for change in changes]


async def test_lanes_stand_on_top_of_each_other_and_all_are_merged_by_one_move() -> None:
    async with repository(SPECULATIVE) as here:
        changes = await under_test(here, "a", "b", "c", "d")
        assert [says(change) for change in changes] == [RETESTING] * 4
        assert [(await why(here.world, change)).says for change in changes] == [
            "It is tested with #2.",
            "It is tested with #1.",
            "It is tested with #4 on top of #1, #2.",
            "It is tested with #3 on top of #1, #2.",
        ]
        await here.world.settle(60)
        assert merged(changes) == [True] * 4
        assert await tried(here.world) == [[1, 2], [1, 2, 3, 4]]
        assert (moves(here.world), await untested(here.world)) == (1, [])
        assert [says(change) for change in changes] == [("success", "")] * 4


@pytest.mark.slow
async def test_one_that_breaks_its_batches_holds_up_none_of_the_others() -> None:
    spoils = [3]
    async with repository(SPECULATIVE, spoils=spoils) as here:
        changes = await under_test(here, "a", "b", "c", "d", "e", "f")
        told = set()
        for _ in range(60):
            await here.world.settle(4)
            told |= {(await why(here.world, change)).says for change in changes}
        assert "One of #3, #4 breaks a batch: half of them are tested." in told
        assert "Batches with it have failed: it is tested alone." in told
        assert merged(changes) == [True] * 6  # alone it does no harm
        assert await untested(here.world) == []
        found = [tuple(one) for one in await tried(here.world)]
        assert len(found) <= 9


@pytest.mark.slow
async def test_one_that_is_held_while_it_is_tested_leaves_what_stands_below_it() -> None:
    async with repository(SPECULATIVE) as here:
        first, second, third, fourth = await under_test(here, "a", "b", "c", "d")
        await third.label("do-not-merge/hold", by="alice")
        await here.world.settle(120)
        assert merged([first, second, third, fourth]) == [True, True, False, True]
        assert await untested(here.world) == []
        assert says(third) == ("pending", "Not mergeable. Should not have do-not-merge/hold label.")
        assert (await why(here.world, third)).verdict == "not ready"
        await third.unlabel("do-not-merge/hold", by="alice")
        await here.world.settle(120)
        assert third.is_merged
        assert await untested(here.world) == []


@pytest.mark.slow
async def test_one_that_changes_while_it_is_tested_is_tested_anew() -> None:
    async with repository(SPECULATIVE) as here:
        changes = await under_test(here, "a", "b", "c", "d")
        await changes[0].push({"more.txt": "more\n"})
        await here.world.settle(30)
        assert merged(changes) == [False, True, True, True]  # lgtm has gone with the push
        await changes[0].label("lgtm", by="alice")
        await here.world.settle(120)
        assert merged(changes) == [True] * 4
        assert await untested(here.world) == []


@pytest.mark.slow
async def test_a_push_to_the_branch_has_all_lanes_begin_anew() -> None:
    async with repository(SPECULATIVE) as here:
        changes = await under_test(here, "a", "b", "c", "d")
        await here.push("by-hand")
        await here.world.settle(90)
        assert merged(changes) == [True] * 4
        assert await untested(here.world) == []
        refs = {str(job.spec.refs) for job in await here.started() if job.spec.type == "batch"}
        assert len(refs) == 4  # two lanes on each of two commits


@pytest.mark.slow
@pytest.mark.parametrize("method", ["squash", "rebase"])
async def test_a_method_that_is_github_s_to_carry_out(method: str) -> None:
    config = speculative(CONFIG + f"  merge_method: {{acme/rocket: {method}}}\n")
    async with repository(config) as here:
        changes = await under_test(here, "a", "b", "c", "d")
        await here.world.settle(200)
        assert merged(changes) == [True] * 4
        assert await untested(here.world, one_by_one=True) == []


@pytest.mark.slow
async def test_two_that_conflict_are_never_in_a_lane_together() -> None:
    async with repository(SPECULATIVE) as here:
        one, other, third = [
            await here.change(name, files={file: name})
            for name, file in (("a", "README.md"), ("b", "README.md"), ("c", "c.txt"))
        ]
        await here.push("moved")
        for change in (one, other, third):
            await change.label("lgtm", by="alice")
        await here.world.settle(2)
        assert "does not go with those before it: CONFLICT" in (await why(here.world, other)).says
        await here.world.settle(90)
        assert merged([one, other, third]) == [True, False, True]
        assert await tried(here.world) == [[1, 3]]
        assert says(other) == ("error", "Not mergeable. PR has a merge conflict.")


@pytest.mark.slow
async def test_whose_priority_is_higher_stands_below() -> None:
    config = CONFIG.replace("tide:\n", "tide:\n  priority: [{labels: [urgent]}]\n")
    async with repository(speculative(config)) as here:
        changes = [await here.change(name, labels=labels) for name, labels in (("a", []), ("b", []), ("c", ["urgent"]))]
        await here.push("moved")
        for change in changes:
            await change.label("lgtm", by="alice")
        await here.world.settle(2)
        assert await tried(here.world) == [[3, 1], [3, 1, 2]]
        await here.world.settle(60)
        assert merged(changes) == [True] * 3
        assert await untested(here.world) == []


@pytest.mark.slow
async def test_an_issue_that_blocks_the_branch_holds_what_has_passed() -> None:
    config = CONFIG.replace("tide:\n", "tide:\n  blocker_label: tide/merge-blocker\n")
    async with repository(speculative(config)) as here:
        changes = await under_test(here, "a", "b")
        issue = await here.world.github.issue(
            here.world.rocket, author="alice", title="Freeze", labels=["tide/merge-blocker"]
        )
        await here.world.settle(60)
        assert merged(changes) == [False, False]
        assert (await why(here.world, changes[0])).says == f"Merging is blocked by issue #{issue.number}."
        await issue.close("alice")
        await here.world.settle(30)
        assert merged(changes) == [True, True]
        assert (len(await tried(here.world)), await untested(here.world)) == (1, [])


@pytest.mark.parametrize(
    ("limit", "is_speculative"),
    [
        pytest.param("", True, id="as configured"),
        pytest.param("batch_size_limit: {acme: -1}", False, id="without batches there are no lanes"),
    ],
)
async def test_whose_queue_is_speculative(limit: str, *, is_speculative: bool) -> None:
    config = f"tide: {{queries: [{{orgs: [acme], labels: [lgtm]}}], {limit}}}\n"
    state = await decided(scene(pull(1), config=speculative(config)))
    assert state.is_speculative is is_speculative


@pytest.mark.slow
async def test_a_lane_is_no_larger_than_any_batch_may_be() -> None:
    config = speculative(f"{CONFIG}  batch_size_limit: {{acme/rocket: 1}}\n", largest=16)
    async with repository(config) as here:
        await proposed(here, "a", "b", "c")
        await here.world.settle(2)
        assert await tried(here.world) == [[1, 2], [1, 2, 3]]


OPTIONAL = """
presubmits:
  acme/rocket:
    - {name: unit, always_run: true, decorate: true, spec: {containers: [{image: x, command: [make]}]}}
    - {name: lint, always_run: true, optional: true, decorate: true, spec: {containers: [{image: x, command: [lint]}]}}
"""


@pytest.mark.slow
async def test_an_optional_test_that_fails_makes_nobody_a_suspect() -> None:
    async with repository(SPECULATIVE, OPTIONAL, fails=["lint"]) as here:
        changes = await proposed(here, "a", "b", "c", "d")
        await here.world.settle(90)
        assert merged(changes) == [True] * 4
        assert await tried(here.world) == [[1, 2], [1, 2, 3, 4]]
        assert await untested(here.world, ["unit"]) == []


@pytest.mark.slow
async def test_jobs_that_pull_requests_bring_along_are_run_for_their_lanes() -> None:
    own = "presubmits: [{name: own, always_run: true, spec: {containers: [{image: x}]}}]\n"
    config = speculative(CONFIG + "in_repo_config: {enabled: {acme/rocket: true}}\n")
    async with repository(config) as here:
        first, third = await here.change("a"), await here.change("c")
        second = await here.change("b", files={".prow.yaml": own})
        await here.push("moved")
        for change in (first, second, third):
            await change.label("lgtm", by="alice")
        await here.world.settle(240)
        assert merged([first, second, third]) == [True] * 3
        assert await untested(here.world) == []
        lanes = [job for job in await here.started() if job.spec.type == "batch"]
        assert {job.spec.job for job in lanes} >= {"own"}


@pytest.mark.slow
async def test_no_required_test_is_no_reason_to_wait() -> None:
    jobs = "presubmits: {acme/rocket: [{name: unit, run_if_changed: '^a', spec: {containers: [{image: x}]}}]}"
    async with repository(SPECULATIVE, jobs) as here:
        first, second = [await here.change(name) for name in ("a", "b")]
        await here.push("moved")
        for change in (first, second):
            await change.label("lgtm", by="alice")
        await here.world.settle(120)
        assert merged([first, second]) == [True, True]


# GitHub, as it is at times


@pytest.mark.slow
async def test_those_whom_github_is_slow_to_call_merged_are_not_tested_again() -> None:
    lying, seen = Lying(), dict[int, Any]()

    def old_pulls(name: str, truth: Json) -> Json:
        """Whoever was open once is so for ever."""
        repository = (truth.get("data") or {}).get("repository") or {}
        for page in (repository.get("changed"), repository.get("wanted")):
            if page:
                seen.update({node["number"]: node for node in page["nodes"]})
                page["nodes"] = list(seen.values())
        return truth

    async with repository(SPECULATIVE, before_github=lying.before) as here:
        changes = await under_test(here, "a", "b", "c", "d")
        lying.lie = old_pulls
        await here.world.settle(240)
        assert merged(changes) == [True] * 4
        assert await tried(here.world) == [[1, 2], [1, 2, 3, 4]]
        assert len(await here.started()) == 4
        assert [(await why(here.world, change)).verdict for change in changes] == ["merged"] * 4


# The mode is changed


@pytest.mark.slow
@pytest.mark.parametrize("way", ["to speculative", "to compatible"])
async def test_the_mode_is_changed_while_batches_are_tested(way: str) -> None:
    modes = [CONFIG, SPECULATIVE] if way == "to speculative" else [SPECULATIVE, CONFIG]
    async with repository(modes[0]) as here:
        changes = await proposed(here, "a", "b", "c", "d")
        await here.world.settle(2)
        assert await tried(here.world)
        here.world.config = configuration(modes[1])
        await here.world.settle(300)
        assert merged(changes) == [True] * 4
        assert await untested(here.world, one_by_one=True) == []
        runs = [(str(job.spec.refs), job.spec.job) for job in await here.started() if job.spec.type == "batch"]
        assert len(runs) == len(set(runs))
