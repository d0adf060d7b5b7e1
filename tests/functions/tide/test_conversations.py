"""What people see of tide: what a pull request waits for, when it is merged, and what is tested again."""

import asyncio
import itertools

import pytest

from cutwater.events.look import Look
from cutwater.github.read import Reader
from cutwater.github.types import Commit
from functions.tide.assessment import State, assess
from functions.tide.kept import Kept
from functions.tide.sight import PoolName
from tests.functions.tide.pools import TESTS, Repository, repository, says
from tests.world import BOT, CONFIG, JOBS, as_app

pytestmark = pytest.mark.virtual

WAITS = ("pending", "Not mergeable. Needs lgtm label.")


async def test_it_says_what_it_waits_for_and_merges() -> None:
    async with repository() as here:
        change = await here.change("fin")
        assert says(change) == WAITS
        await change.comment("alice", "/lgtm")
        await here.world.settle(20)
        assert change.is_merged
        assert says(change) == ("success", "")
        assert here.world.rocket.file("fin.txt") == "fin\n"
        assert await here.tests_of(change) == []  # it was tested on the branch as it was


@pytest.mark.slow
async def test_an_app_merges_and_reports_with_tokens_for_that_alone() -> None:
    async with repository() as here:
        here.world.functions.edges.github = as_app(here.world.hub, "cutwater")
        change = await here.change("fin")
        await change.comment("alice", "/lgtm")
        await here.world.settle(20)
        assert change.is_merged
        assert says(change) == ("success", "")
        tokens = [token for token in here.world.hub.hub.tokens if token.installation]
        levels = [pair for token in tokens for pair in (token.permissions or {"everything": "write"}).items()]
        written = {name for name, level in levels if level == "write"}
        assert written == {"actions", "contents", "issues", "pull_requests", "statuses"}


@pytest.mark.slow
async def test_what_is_merged_was_tested_on_what_it_is_merged_to() -> None:
    async with repository() as here:
        first, second = await here.change("fin"), await here.change("nose")
        base = here.world.rocket.head()
        for change in (first, second):
            await change.comment("alice", "/lgtm")
        await here.world.settle(12)
        assert (first.is_merged, second.is_merged) == (True, False)
        moved = here.world.rocket.head()
        assert moved != base
        assert says(second) == ("pending", "Not mergeable. Retesting: flight unit")
        await here.world.settle(60)
        assert second.is_merged
        runs = await here.tests_of(second)
        assert sorted(run.spec.job for run in runs) == list(TESTS)
        assert {run.spec.refs.base_sha for run in runs if run.spec.refs} == {moved}


@pytest.mark.slow
async def test_a_retest_that_fails_is_told_and_nothing_else_is_started() -> None:
    fails: list[str] = []
    async with repository(fails=fails) as here:
        first, second = await here.change("fin"), await here.change("nose")
        for change in (first, second):
            await change.comment("alice", "/lgtm")
        fails.append("flight")
        await here.world.settle(180)
        assert (first.is_merged, second.is_merged) == (True, False)
        assert says(second) == ("pending", "Not mergeable. Job flight has not succeeded.")
        assert len(await here.tests_of(second)) == 2


@pytest.mark.slow
async def test_a_push_to_the_branch_is_a_base_that_moved() -> None:
    async with repository() as here:
        change = await here.change("fin")
        await here.world.github.push(here.world.rocket, "main", {"x.txt": "x\n"}, author="alice")
        await change.label("lgtm", by="alice")
        await here.world.settle(60)
        assert change.is_merged
        assert len(await here.tests_of(change)) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("labels", "waits"),
    [
        pytest.param(["lgtm", "do-not-merge/hold"], "Should not have do-not-merge/hold label.", id="a hold"),
        pytest.param(["needs-ok-to-test"], "Needs lgtm label.", id="two reasons: the first"),
    ],
)
async def test_labels(labels: list[str], waits: str) -> None:
    async with repository() as here:
        change = await here.change("fin", labels=labels)
        assert says(change) == ("pending", f"Not mergeable. {waits}")
        for label in labels:
            await change.unlabel(label, by="alice")
        await change.label("lgtm", by="alice")
        await here.world.settle(20)
        assert change.is_merged


@pytest.mark.slow
async def test_an_issue_blocks_the_branch_until_it_is_closed() -> None:
    async with repository(f"{CONFIG}  blocker_label: tide/merge-blocker\n") as here:
        issue = await here.world.github.issue(
            here.world.rocket, author="alice", title="Freeze branch:main", labels=["tide/merge-blocker"]
        )
        change, other = await here.change("fin", labels=["lgtm"]), await here.change("nose")
        await here.world.settle(20)
        assert says(change) == ("success", "In merge pool.")
        assert says(other) == ("error", f"Not mergeable. Merging is blocked by issue {issue.number}.")
        await issue.close("alice")
        await here.world.settle(20)
        assert change.is_merged
        assert says(other) == WAITS


@pytest.mark.slow
async def test_a_context_that_is_required_and_nobody_makes() -> None:
    async with repository(f"{CONFIG}  context_options: {{required-contexts: [cla]}}\n") as here:
        change = await here.change("fin", labels=["lgtm"])
        assert says(change) == ("pending", "Not mergeable. Job cla has not succeeded.")
        await change.set_status("alice", "cla", "success")
        await here.world.settle(20)
        assert change.is_merged


@pytest.mark.slow
async def test_a_merge_that_github_refuses_twice_waits_for_a_change() -> None:
    async with repository() as here:
        here.world.github.protect("acme/rocket", contexts=["signed-off"], enforce_admins=True)
        refused, other = await here.change("fin", labels=["lgtm"]), await here.change("nose")
        await here.world.settle(60)
        state, text = says(refused)
        assert state == "error"
        assert text == 'Not mergeable. Required status check "signed-off" is expected.'
        await other.set_status("alice", "signed-off", "success")
        await other.label("lgtm", by="alice")
        await here.world.settle(60)
        assert (refused.is_merged, other.is_merged) == (False, True)
        await refused.set_status("alice", "signed-off", "success")
        await here.world.settle(120)
        assert refused.is_merged


@pytest.mark.slow
@pytest.mark.parametrize(
    ("label", "subject", "parents"),
    [
        pytest.param("", "Merge fin (#1)", 2, id="as configured"),
        pytest.param("tide/squash", "Merge fin (#1)", 1, id="a label says squash"),
        pytest.param("tide/rebase", "fin", 1, id="a label says rebase"),
    ],
)
async def test_merge_methods(label: str, subject: str, parents: int) -> None:
    config = f"""{CONFIG}  squash_label: tide/squash
  rebase_label: tide/rebase
  merge_commit_template: {{acme/rocket: {{title: "Merge {{{{.Title}}}} (#{{{{.Number}}}})"}}}}
"""
    async with repository(config) as here:
        change = await here.change("fin", labels=["lgtm", *([label] if label else [])])
        await here.world.settle(20)
        assert change.is_merged
        commit = await _commit(here, here.world.rocket.head())
        assert (commit.commit.message.split("\n")[0], len(commit.parents)) == (subject, parents)


async def _commit(here: Repository, sha: str) -> Commit:
    found = await Reader(here.world.functions.edges.github).commit("acme", "rocket", sha)
    assert found is not None
    return found


async def test_conflicting_labels_are_an_error() -> None:
    config = f"{CONFIG}  squash_label: tide/squash\n  rebase_label: tide/rebase\n"
    async with repository(config) as here:
        change = await here.change("fin", labels=["lgtm", "tide/squash", "tide/rebase"])
        assert says(change) == ("error", "Not mergeable. PR has conflicting merge method override labels")


@pytest.mark.slow
async def test_a_conflict_is_told_when_the_branch_moves() -> None:
    async with repository() as here:
        change = await here.change("fin", files={"README.md": "fin\n"}, labels=["do-not-merge/hold", "lgtm"])
        await here.world.github.push(here.world.rocket, "main", {"README.md": "nose\n"}, author="alice")
        await here.world.settle(20)
        assert says(change) == ("error", "Not mergeable. PR has a merge conflict.")


@pytest.mark.slow
async def test_what_no_event_told_of_is_found_by_the_sweep() -> None:
    config = CONFIG.replace("repos: [acme/rocket]", "repos: [acme/rocket, acme/quiet]")
    async with repository(config) as here:
        quiet = here.world.github.repository("acme/quiet", files={"a": "a\n"}, labels=["lgtm"])
        here.world.github.collaborator("acme/quiet", BOT, "admin")
        ready = await here.world.github.pull_request(quiet, author="bob", files={"b": "b\n"}, labels=["lgtm"])
        other = await here.world.github.pull_request(quiet, author="bob", files={"c": "c\n"}, branch="c")
        await here.world.settle(75)
        assert ready.is_merged
        assert says(other) == WAITS


@pytest.mark.slow
async def test_many_events_cost_a_handful_of_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []

    async def counted(name: PoolName, was: Kept, look: Look, *, note: str = "") -> State:
        looks.append(asyncio.get_running_loop().time())
        return await assess(name, was, look, note=note)

    monkeypatch.setattr("functions.tide.pool.assess", counted)
    async with repository() as here:
        change = await here.change("fin")
        looks.clear()
        for number in range(150):
            await change.set_status("alice", f"other-{number}", "success")
            await asyncio.sleep(0.2)
        await here.world.settle(60)
        assert len(looks) <= 6
        assert all(later - earlier >= 10 for earlier, later in itertools.pairwise(looks))


async def test_our_own_statuses_wake_nobody() -> None:
    async with repository() as here:
        await here.change("fin")
        subjects = [one.attributes["subject"] for one in here.world.deliveries if one.service == "tide"]
        assert "acme/rocket:" not in subjects


async def test_a_repository_that_is_in_no_query_is_left_alone() -> None:
    async with repository(CONFIG.replace("repos: [acme/rocket]", "repos: [acme/other]")) as here:
        change = await here.change("fin", labels=["lgtm"])
        assert "tide" not in change.statuses


@pytest.mark.slow
async def test_a_test_that_only_some_files_need() -> None:
    jobs = JOBS.replace("flight, always_run: true", r"flight, run_if_changed: 'txt$'")
    async with repository(jobs=jobs) as here:
        code = await here.change("fin", files={"fin.py": "1\n"})
        text = await here.change("nose", files={"nose.txt": "1\n"})
        await here.world.github.push(here.world.rocket, "main", {"x": "x\n"}, author="alice")
        await code.label("lgtm", by="alice")
        await here.world.settle(60)
        await text.label("lgtm", by="alice")
        await here.world.settle(60)
        assert (code.is_merged, text.is_merged) == (True, True)
        assert [run.spec.job for run in await here.tests_of(code)] == ["unit"]
        assert sorted(run.spec.job for run in await here.tests_of(text)) == list(TESTS)


async def test_branches_without_pull_requests_leave_nothing_behind() -> None:
    async with repository() as here:
        await here.world.github.push(here.world.rocket, "topic", {"x": "x\n"}, author="alice")
        await here.world.settle(15)
        assert [entry.key async for entry in here.world.state.list("tide/")] == []
