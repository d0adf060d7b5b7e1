"""Pools of a repository that brings jobs along: each pull request is measured by those that count for it."""

from collections.abc import Mapping

import pytest

from cutwater.events.look import look_at
from functions.tide import kept
from functions.tide.assessment import assess, under
from functions.tide.sight import PoolName
from tests.functions.tide.pools import POOL, alone, repository, says
from tests.world import CONFIG

pytestmark = pytest.mark.virtual

ENABLED = CONFIG + "in_repo_config: {enabled: {acme/rocket: true}}\n"


def presubmit(name: str, more: str = "always_run: true") -> str:
    return f"presubmits: [{{name: {name}, {more}, spec: {{containers: [{{image: x}}]}}}}]\n"


async def test_it_waits_for_a_test_that_the_pull_request_brings() -> None:
    async with repository(ENABLED, fails=["own"]) as here:
        change = await here.change("fin", files={".prow.yaml": presubmit("own")}, labels=["lgtm"])
        assert says(change) == ("pending", "Not mergeable. Job own has not succeeded.")
        await change.push({".prow.yaml": presubmit("own", "optional: true")})
        await here.world.settle(20)
        await change.comment("alice", "/lgtm")
        await here.world.settle(20)
        assert change.is_merged


@pytest.mark.slow
async def test_a_test_that_the_branch_brings_by_now_is_run_before_the_merge() -> None:
    async with repository(ENABLED) as here:
        change = await here.change("fin")
        await here.world.github.push(here.world.rocket, "main", {".prow.yaml": presubmit("own")}, author="alice")
        await here.world.settle(20)
        assert says(change) == ("pending", "Not mergeable. Needs lgtm label.")
        await change.comment("alice", "/lgtm")
        await here.world.settle(5)
        assert says(change) == ("pending", "Not mergeable. Job own has not succeeded.")
        await change.comment("bob", "/test own")
        await here.world.settle(90)
        assert change.is_merged


BROKEN = {".prow.yaml": presubmit("own", "always_run: true, cluster: secret")}
TOLD = 'Not mergeable. Its own jobs cannot be used: .prow.yaml:1: presubmits[0].cluster: cluster "secret" is not '


@pytest.mark.slow
async def test_one_whose_jobs_cannot_be_used_hears_so_and_holds_back_no_other() -> None:
    async with repository(ENABLED) as here:
        broken = await here.change("fin", files=BROKEN, labels=["lgtm"])
        good = await here.change("nose", labels=["lgtm"])
        await here.world.settle(60)
        assert (good.is_merged, broken.is_merged) == (True, False)
        state, description = says(broken)
        assert state == "error"
        assert description.startswith(TOLD)
        await broken.push({".prow.yaml": presubmit("own")})
        await here.world.settle(20)
        await broken.comment("alice", "/lgtm")
        await here.world.settle(60)
        assert broken.is_merged


@pytest.mark.slow
async def test_one_whose_jobs_contradict_the_policy_hears_so_and_holds_back_no_other() -> None:
    config = ENABLED.replace("tide:\n", "tide:\n  context_options: {required-contexts: [external]}\n")
    own = {".prow.yaml": presubmit("own", "optional: true, context: external")}
    async with repository(config) as here:
        odd = await here.change("fin", files=own, labels=["lgtm"])
        good = await here.change("nose", labels=["lgtm"])
        await good.set_status("alice", "external", "success")
        await here.world.settle(60)
        assert (good.is_merged, odd.is_merged) == (True, False)
        state, description = says(odd)
        assert state == "error"
        assert description.startswith("Not mergeable. Its own jobs contradict the context policy: ")


@pytest.mark.parametrize(
    ("pushed", "is_anew"),
    [
        pytest.param({}, False, id="nothing has changed"),
        pytest.param({"a.md": "a"}, False, id="the branch has moved"),
        pytest.param({".prow.yaml": presubmit("own")}, True, id="the branch brings other jobs"),
    ],
)
async def test_when_all_pull_requests_are_looked_at_anew(pushed: Mapping[str, str], is_anew: bool) -> None:
    async with alone(ENABLED) as here:
        await here.change.label("do-not-merge/hold", by="alice")
        await here.look()
        if pushed:
            await here.world.github.push(here.world.rocket, "main", pushed, author="alice")
        look, name = await look_at(here.edges), PoolName.read(POOL)
        was = (await kept.read(look, name)).value
        state = await assess(name, was, look)
        queries = [read.question for read in look.reads.record if read.question.startswith("GRAPHQL")]
        assert len(queries) == (2 if is_anew else 1)  # what has changed and what meets a query come in one answer
        assert (under(state.sight, look) != was.under) is is_anew
