"""What tide makes of a world that is not as it should be: it goes on, and says what is wrong and who can mend it."""

import msgspec
import pytest
from msgspec.structs import replace
from starlette.responses import Response

from cutwater.events.explanations import Explanation, of_pull_request, of_repository
from cutwater.events.pools import POOLS, Pool, key_of
from cutwater.kube.client import PROWJOB
from functions.tide.kept import Kept
from infra.local.github import seed as shape
from infra.local.github.rest.calls import Answer
from infra.local.github.seeds import load
from infra.local.github.world import Issue
from infra.local.github.world import Repository as Handle
from tests.functions.tide.lying import Json, Lying, part
from tests.functions.tide.pools import Repository, pulls_of, repository, says
from tests.world import BOT, CONFIG, JOBS, configuration

pytestmark = pytest.mark.virtual

TWO = CONFIG.replace("repos: [acme/rocket]", "repos: [acme/rocket, acme/probe]")
MINUTE = 75.0
"""Seconds in which a sweep has come, and what follows from it has happened."""


async def shown(here: Repository, repo: str = "rocket", branch: str = "main") -> Pool | None:
    """The pool as deck shows it."""
    found = await here.world.state.get(key_of(POOLS, "acme", repo, branch))
    return msgspec.json.decode(found.body, type=Kept).pool if found else None


async def error(here: Repository, repo: str = "rocket", branch: str = "main") -> str:
    pool = await shown(here, repo, branch)
    return pool.error if pool else ""


async def explained(here: Repository, change: Issue) -> Explanation:
    found = of_pull_request(await of_repository(here.world.state, "acme", "rocket"), change.number)
    assert found is not None
    return found[1]


async def lacks(here: Repository, change: Issue) -> list[tuple[str, str]]:
    """What it lacks, and who can mend that."""
    return [(lack.text, lack.mend) for lack in (await explained(here, change)).lacks]


async def other_repository(here: Repository) -> tuple[Handle, Issue]:
    """acme/probe, with a pull request that is ready but for a test that never ends."""
    probe = here.world.github.repository("acme/probe", files={"a": "a\n"}, labels=["lgtm"])
    here.world.github.collaborator("acme/probe", BOT, "admin")
    change = await here.world.github.pull_request(probe, author="bob", files={"b": "b\n"}, labels=["lgtm"])
    await change.set_status("alice", "elsewhere", "pending")
    return probe, change


# Repositories


@pytest.mark.slow
async def test_a_repository_that_is_archived_is_shown_with_that_until_no_query_names_it() -> None:
    async with repository(TWO) as here:
        probe, _ = await other_repository(here)
        await here.world.settle(MINUTE)
        with here.world.hub.hub.store.transaction():
            here.world.hub.hub.repositories.put(replace(probe.record, is_archived=True))
        change = await here.change("fin", labels=["lgtm"])
        await here.world.settle(MINUTE)
        assert change.is_merged
        assert await error(here, "probe") == "the repository acme/probe is archived"
        here.world.config = configuration(CONFIG)
        await here.world.settle(MINUTE)
        assert await shown(here, "probe") is None
        assert [entry.key async for entry in here.world.state.list("tide/pools/acme/probe")] == []


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        pytest.param(
            {"data": {"repository": None}, "errors": [{"type": "NOT_FOUND", "message": "Could not resolve to it."}]},
            "GitHub: Could not resolve to it.",
            id="it is gone",
        ),
        pytest.param({"data": {"repository": None}}, "GitHub shows us no repository acme/rocket", id="nothing is said"),
    ],
)
async def test_a_repository_that_is_gone(lie: Json, said: str) -> None:
    github = Lying()
    async with repository(before_github=github.before) as here:
        change = await here.change(
            "fin",
            labels=[
                "lgtm",
            ],
        )
        github.lie = lambda name, truth: lie if name == "pool" else truth
        await change.label("do-not-merge/hold", by="alice")
        await here.world.settle(20)
        assert await error(here) == said


async def test_a_repository_that_has_another_name_by_now_is_merged_under_that_name_only() -> None:
    github = Lying()
    async with repository(before_github=github.before) as here:
        github.lie = _renamed
        change = await here.change("fin", labels=["lgtm"])
        await here.world.settle(20)
        assert not change.is_merged
        assert await error(here) == "the repository acme/rocket is called acme/missile now"


def _renamed(name: str, truth: Json) -> Json:
    if name == "pool":
        truth["data"]["repository"]["nameWithOwner"] = "acme/missile"
    return truth


@pytest.mark.slow
@pytest.mark.parametrize("to", [pytest.param("main", id="deleted"), pytest.param("trunk", id="under another name")])
async def test_a_branch_that_is_not_there_any_more(to: str) -> None:
    async with repository() as here:
        change = await here.change("fin", labels=["lgtm", "do-not-merge/hold"])
        await here.world.github.push(here.world.rocket, "trunk", {"x": "x\n"}, author="alice")
        github = here.world.hub.hub
        ref, row = github.branch(here.world.rocket.record, "main"), github.issues[change.id]
        assert ref is not None
        assert row.pull is not None
        with github.store.transaction():
            github.refs.remove(ref)
            github.issues.put(replace(row, pull=replace(row.pull, base_ref=to), updated_at=github.now()))
        await change.unlabel("do-not-merge/hold", by="alice")
        await here.world.settle(2 * MINUTE)
        assert change.is_merged is (to == "trunk")
        assert await error(here) == ("the repository acme/rocket has no branch main" if to == "main" else "")


# Rights, and what GitHub demands


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(
            Answer(405, {"message": "You're not authorized to push to this branch. Visit https://example.com"}),
            "You're not authorized to push to this branch. Visit https://example.com",
            id="the branch takes pushes of others alone",
        ),
        pytest.param(
            Answer(403, {"message": "Resource not accessible by integration"}),
            "GitHub answers 403: Resource not accessible by integration",
            id="the token may not write",
        ),
        pytest.param(
            Answer(404, {"message": "Not Found"}), "GitHub answers 404: Not Found", id="GitHub does not say why"
        ),
    ],
)
async def test_a_token_without_the_right_to_merge(answer: Answer, said: str) -> None:
    async with repository() as here:
        change = await here.change("fin")
        here.world.hub.plan("PUT", f"/repos/acme/rocket/pulls/{change.number}/merge", answer)
        await change.label("lgtm", by="alice")
        await here.world.settle(MINUTE)
        assert says(change) == ("error", f"Not mergeable. {said}")
        assert (said, "repository") in await lacks(here, change)


@pytest.mark.slow
async def test_a_check_that_github_demands_and_tide_does_not_know() -> None:
    async with repository() as here:
        here.world.github.protect("acme/rocket", contexts=["signed-off"], enforce_admins=True)
        change = await here.change("fin", labels=["lgtm"])
        await here.world.settle(MINUTE)
        said = 'Required status check "signed-off" is expected.'
        assert says(change) == ("error", f"Not mergeable. {said}")
        why = "GitHub demands signed-off, which no job makes, and which nobody else has reported"
        assert {(said, "repository"), (why, "repository")} <= set(await lacks(here, change))


LAUNCH = "    - {name: launch, always_run: true, decorate: true, spec: {containers: [{image: x, command: [go]}]}}\n"
WITH_LAUNCH = JOBS.replace("postsubmits:", f"{LAUNCH}postsubmits:")
REQUIRED = "  context_options: {required-contexts: [launch]}\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("has_run", "config", "said"),
    [
        pytest.param(
            False,
            CONFIG + REQUIRED,
            "launch is required, no job makes it, and nobody else has reported it",
            id="it is required still",
        ),
        pytest.param(True, CONFIG, "launch has failed, and no job makes it any more", id="it has failed before"),
    ],
)
async def test_a_context_that_no_job_makes_any_more(has_run: bool, config: str, said: str) -> None:
    async with repository(config, WITH_LAUNCH, fails=["launch"]) as here:
        if not has_run:
            here.world.config = configuration(config, JOBS)
        change = await here.change("fin", labels=["lgtm"])
        here.world.config = configuration(config, JOBS)
        await here.world.settle(MINUTE)
        assert says(change) == ("pending", "Not mergeable. Job launch has not succeeded.")
        assert (said, "cutwater") in await lacks(here, change)
        here.world.config = configuration(f"{CONFIG}  context_options: {{optional-contexts: [launch]}}\n", JOBS)
        await here.world.settle(MINUTE)
        assert change.is_merged


# ProwJobs


@pytest.mark.slow
async def test_a_batch_whose_runs_are_deleted_is_tested_again() -> None:
    async with repository() as here:
        first, second = await here.change("fin"), await here.change("nose")
        await here.push()
        for change in (first, second):
            await change.label("lgtm", by="alice")
        await here.world.settle(3)
        batch = [job for job in await here.started() if job.spec.type == "batch"]
        assert {len(pulls_of(job)) for job in batch} == {2}
        for job in batch:
            await here.world.kube.delete(PROWJOB, "default", job.metadata.name)
        await here.world.settle(3 * MINUTE)
        assert (first.is_merged, second.is_merged) == (True, True)


# Searches, and what they find


@pytest.mark.slow
async def test_a_query_that_matches_nothing_costs_its_search_and_nothing_else() -> None:
    async with repository(CONFIG.replace("labels: [lgtm]", "labels: [nobody-has-this]")) as here:
        change = await here.change("fin", labels=["lgtm"])
        await here.world.settle(2 * MINUTE)
        assert says(change) == ("pending", "Not mergeable. Needs nobody-has-this label.")
        here.world.deliveries.clear()
        await here.world.settle(2 * MINUTE)
        woken = [one.attributes for one in here.world.deliveries if one.service == "tide"]
        assert all(one.get("tick") for one in woken)


@pytest.mark.slow
async def test_a_query_that_matches_everything_is_read_page_by_page() -> None:
    everything = CONFIG.replace("repos: [acme/rocket], labels: [lgtm]", "orgs: [acme]")
    async with repository(everything) as here:
        (crowd,) = load(here.world.github, shape.Seed(repositories=(crowded(100),)))
        await here.world.settle(2 * MINUTE)
        told = [row for row in here.world.hub.hub.statuses if (row.repository, row.context) == (crowd.id, "tide")]
        assert len({row.sha for row in told}) == 100
        assert {row.description for row in told} == {"Not mergeable. PR has a merge conflict."}


def crowded(count: int) -> shape.Repository:
    """A repository with so many pull requests, none of which can be merged."""
    pulls = [
        shape.Issue(
            number=number,
            title="A change",
            author="bob",
            pull_request=shape.Pull(
                base_ref="main", head_ref=f"topic-{number}", head_sha=f"{number:040x}", mergeable=False
            ),
        )
        for number in range(1, count + 1)
    ]
    branches = {"main": shape.Branch(sha="f" * 40)}
    return shape.Repository("acme/crowd", is_described=True, branches=branches, issues=tuple(pulls))


@pytest.mark.slow
async def test_a_search_that_lies() -> None:
    github = Lying()
    async with repository(before_github=github.before) as here:
        merged, held = await here.change("fin", labels=["lgtm"]), await here.change("nose", labels=["lgtm"])
        assert (merged.is_merged, held.is_merged) == (True, True)
        change = await here.change("tail")
        github.lie = _stale
        await change.label("lgtm", by="alice")
        await here.world.settle(2 * MINUTE)
        assert change.is_merged
        assert await error(here) == ""


def _stale(name: str, truth: Json) -> Json:
    """The index still has what was merged long ago, and nodes that are no pull requests at all."""
    if name == "findPools":
        place = {"name": "rocket", "owner": {"login": "acme"}}
        old = {"number": 1, "updatedAt": "2026-03-02T12:00:00Z", "baseRefName": "main", "repository": place}
        lies = [None, {}, {"number": 7}, old | {"number": None}, old | {"repository": None}, old]
        truth["data"]["search"]["nodes"] = lies
    return truth


@pytest.mark.slow
async def test_a_pull_request_that_github_keeps_back_holds_back_no_other() -> None:
    github = Lying()
    async with repository(before_github=github.before) as here:
        hidden, change = await here.change("fin"), await here.change("nose")
        github.lie = lambda name, truth: _without(hidden.number, truth) if name == "pool" else truth
        for one in (hidden, change):
            await one.label("lgtm", by="alice")
        await here.world.settle(MINUTE)
        assert (hidden.is_merged, change.is_merged) == (False, True)
        assert await error(here) == "GitHub does not show all of it: GitHub: Protected by single sign-on."
        assert (await explained(here, hidden)).verdict != "gone"
        github.lie = lambda name, truth: truth
        await here.world.settle(15 * MINUTE)
        assert hidden.is_merged
        assert await error(here) == ""


def _without(number: int, truth: Json) -> Json:
    for connection in ("changed", "wanted"):
        page = truth["data"]["repository"].get(connection)
        if page:
            page["nodes"] = [None if node["number"] == number else node for node in page["nodes"]]
    return part(truth["data"], "Protected by single sign-on.")


@pytest.mark.slow
async def test_what_is_no_pull_request_is_said_and_holds_back_no_other() -> None:
    github = Lying()
    async with repository(before_github=github.before) as here:
        strange, change = await here.change("fin"), await here.change("nose")

        def lie(name: str, truth: Json) -> Json:
            for node in truth["data"]["repository"]["changed"]["nodes"] if name == "pool" else ():
                if node["number"] == strange.number:
                    node["headRefOid"] = None
            return truth

        github.lie = lie
        await change.label("lgtm", by="alice")
        await here.world.settle(MINUTE)
        assert change.is_merged
        assert await error(here) == (
            "what GitHub sent is no pull request: Expected `str`, got `null` - at `$.headRefOid`"
        )


# Weather


@pytest.mark.slow
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Response("<html>Unicorn</html>", 502), id="502"),
        pytest.param(
            Response('{"message": "You have exceeded a secondary rate limit."}', 403, {"retry-after": "60"}),
            id="a secondary limit",
        ),
        pytest.param({"data": None, "errors": [{"message": "Something went wrong while executing your query."}]},
                     id="it takes too long"),
        pytest.param({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded."}]}, id="the limit"),
    ],
)  # fmt: skip
async def test_weather_passes(answer: Json | Response) -> None:
    github = Lying()
    async with repository(before_github=github.before) as here:
        change = await here.change("fin")
        github.lie = lambda name, truth: answer
        await change.label("lgtm", by="alice")
        await here.world.settle(2 * MINUTE)
        assert not change.is_merged
        assert await error(here) == ""  # it is nobody's fault
        github.lie = lambda name, truth: truth
        await here.world.settle(3 * MINUTE)
        assert change.is_merged


@pytest.mark.slow
async def test_an_organisation_that_github_does_not_answer_for_holds_back_no_other() -> None:
    github = Lying()
    config = TWO.replace("acme/probe", "orbit/probe")
    async with repository(config, before_github=github.before) as here:
        probe = here.world.github.repository("orbit/probe", files={"a": "a\n"}, labels=["lgtm"])
        here.world.github.collaborator("orbit/probe", BOT, "admin")
        await here.world.settle(MINUTE)
        unicorn = Response("<html>Unicorn</html>", 502)
        github.lie = lambda name, truth: unicorn if "orbit" not in msgspec.json.encode(truth).decode() else truth
        change = await here.world.github.pull_request(probe, author="bob", files={"b": "b\n"}, labels=["lgtm"])
        await here.world.settle(2 * MINUTE)
        assert change.is_merged
