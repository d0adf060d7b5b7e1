"""Runs of GitHub's own workflows, begun and run again at a comment."""

import pytest
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from cutwater.github.workflows import ApproveRun, RerunFailedJobs
from infra.local.github.world import Issue
from tests.world import CONFIG, JOBS, World, configuration

pytestmark = pytest.mark.virtual

PLUGINS = """
plugins: {acme/rocket: {plugins: [trigger]}}
triggers: [{repos: [acme/rocket], trigger_github_workflows: true}]
"""
SILENT = PLUGINS.replace("true", "false")
ENDED = {"failed": "failure", "stopped": "cancelled", "good": "success", "skipped": "skipped"}


def run(world: World, change: Issue, name: str, conclusion: str | None, *, sha: str = "") -> int:
    return world.github.workflow_run(
        "acme/rocket",
        name,
        sha=sha or change.head,
        branch=change.pull.head_ref,
        status="completed" if conclusion else "in_progress",
        conclusion=conclusion,
    )


def again(world: World) -> set[str]:
    """The runs that wait to be run, by name."""
    return {row.name for row in world.hub.hub.workflow_runs if row.status == "queued"}


async def change_with_runs(world: World, author: str = "bob") -> Issue:
    change = await world.github.pull_request(world.rocket, author=author, files={"a": "b"})
    for name, conclusion in ENDED.items():
        run(world, change, name, conclusion)
    run(world, change, "runs", None)
    run(world, change, "waits", "action_required")
    run(world, change, "old", "failure", sha="1" * 40)
    await world.settle()
    return change


@pytest.mark.parametrize(
    ("plugins", "text", "runs"),
    [
        pytest.param(PLUGINS, "/retest", {"failed", "stopped", "waits"}, id="retest"),
        pytest.param(PLUGINS, "/test all", {"failed", "stopped", "waits"}, id="test all"),
        pytest.param(PLUGINS, "/test unit", set(), id="one of ours"),
        pytest.param(PLUGINS, "/retest-required", set(), id="retest-required"),
        pytest.param(PLUGINS, "/retest unit", set(), id="retest of one is a mistake"),
        pytest.param(SILENT, "/retest", set(), id="not configured"),
    ],
)
async def test_failed_runs_are_run_again(plugins: str, text: str, runs: set[str]) -> None:
    async with World(configuration(CONFIG, JOBS, plugins)) as world:
        change = await change_with_runs(world)
        await change.comment("alice", text)
        await world.settle()
        assert again(world) == runs


async def test_a_members_word_lets_waiting_runs_begin() -> None:
    async with World(configuration(CONFIG, JOBS, PLUGINS)) as world:
        change = await change_with_runs(world, author="mallory")
        await change.comment("alice", "/ok-to-test")
        await world.settle()
        assert again(world) == {"waits"}
        assert set(await world.jobs()) == {"unit", "flight"}


async def test_a_bot_that_may_not_see_workflows_runs_tests_all_the_same() -> None:
    def forbid(app: ASGIApp) -> ASGIApp:
        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            if "/actions/" in scope["path"]:
                await JSONResponse({"message": "no"}, 403)(scope, receive, send)
                return
            await app(scope, receive, send)

        return serve

    async with World(configuration(CONFIG, JOBS, PLUGINS), before_github=forbid) as world:
        change = await change_with_runs(world)
        await change.comment("alice", "/retest")
        await world.settle()
        assert again(world) == set()
        assert set(await world.jobs()) == {"unit", "flight"}


async def test_what_was_done_is_not_done_again() -> None:
    async with World(configuration(CONFIG, JOBS, PLUGINS)) as world:
        change = await change_with_runs(world)
        failed, waits = run(world, change, "once more", "failure"), run(world, change, "another", "action_required")
        effects = (
            RerunFailedJobs(org="acme", repo="rocket", run=failed, attempt=1, why="/retest"),
            ApproveRun(org="acme", repo="rocket", run=waits, why="/ok-to-test"),
        )
        for effect in effects:
            now = world.clock()
            assert await effect.stands(world.functions.edges, now) is None
            await effect.apply(world.functions.edges)
            assert await effect.stands(world.functions.edges, now)
