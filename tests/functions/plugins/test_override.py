"""override: who may, what can be overridden, and what comes of it."""

from typing import Any

import pytest

from functions.plugins.override.contexts import Standing
from functions.plugins.override.named import names_in
from infra.local.github import Answer
from infra.local.github import seed as shape
from tests.functions.plugins.talk import MEMBER, STRANGER, Talk

pytestmark = pytest.mark.virtual

ROOT = "root"
LINK = "https://ci/1"
JOBS = """
presubmits:
  acme/rocket:
  - {name: job, context: ci/job, always_run: true, spec: &spec {containers: [{image: alpine, command: ["true"]}]}}
  - {name: elsewhere, context: shared, always_run: true, branches: [release-1], spec: *spec}
  - {name: here, context: shared, always_run: true, branches: [main], spec: *spec}
"""
DONE = "Overrode contexts on behalf of root: "
NONE_GIVEN = " requires failed status contexts to operate on, but none was given"
ONLY_ADMINISTRATORS = " unauthorized: /override is restricted to Repo administrators"
LASTING = (
    "\n\nThese overrides will persist across retests on the current HEAD SHA. Pushing a new commit will clear them. "
    "Use `/override-cancel` to remove them."
)


def talk(*statuses: tuple[str, str, str], settings: str = "", **more: Any) -> Talk:
    """A pull request with these statuses: context, state and description, the oldest first."""
    given = tuple(shape.Status(context, state, text, LINK) for context, state, text in statuses)
    people = {ROOT: "admin", **more.pop("collaborators", {})}
    return Talk("override", settings, jobs=JOBS, statuses=given, collaborators=people, **more)


BROKEN = ("broken", "failure", "it broke")
JOB = ("ci/job", "failure", "it broke")


@pytest.mark.parametrize(
    "by, says, passed, answers",
    [
        pytest.param(ROOT, "/override broken", True, [f"{DONE}broken"], id="by an administrator"),
        pytest.param(ROOT, "/override  broken \r\n", True, [f"{DONE}broken"], id="more blanks, a carriage return"),
        pytest.param(ROOT, '/override "broken"', True, [f"{DONE}broken"], id="in quotes"),
        pytest.param(ROOT, "/override", False, [f"/override{NONE_GIVEN}"], id="no name"),
        pytest.param(ROOT, "/override broken\n/override", False, [f"/override{NONE_GIVEN}"], id="one without a name"),
        pytest.param(ROOT, "/override-sticky", False, [f"/override-sticky{NONE_GIVEN}"], id="sticky, no name"),
        pytest.param(ROOT, "/override ", False, [], id="a blank behind it is no command"),
        pytest.param(ROOT, "/override   ", False, [], id="blanks name nothing"),
        pytest.param(MEMBER, "/override broken", False, [f"alice{ONLY_ADMINISTRATORS}."], id="by a collaborator"),
        pytest.param(STRANGER, "/override broken", False, [f"mallory{ONLY_ADMINISTRATORS}."], id="by a stranger"),
        pytest.param(STRANGER, "/override", False, [f"/override{NONE_GIVEN}"], id="no name, by a stranger"),
    ],
)
async def test_override(by: str, says: str, passed: bool, answers: list[str]) -> None:
    async with talk(BROKEN) as here:
        await here.say(by, says)
        assert here.issue.statuses["broken"][0] == ("success" if passed else "failure")
        assert here.answers == answers


async def test_what_cannot_be_overridden_is_listed() -> None:
    async with talk(BROKEN, JOB, ("fine", "success", "")) as here:
        await here.say(ROOT, "/override nonsense broken fine")
        assert here.issue.statuses["broken"] == ("failure", "it broke")
        assert here.answers == [
            "/override requires failed status contexts, check run or a prowjob name to operate on.\n"
            "The following unknown contexts/checkruns were given:\n - `fine`\n - `nonsense`\n\n"
            "Only the following failed contexts/checkruns were expected:\n - `broken`\n - `ci/job`\n - `job`\n\n"
            "If you are trying to override a checkrun that has a space in it, you must put a double quote on the "
            "context.\n"
        ]


@pytest.mark.parametrize(
    "by, settings, may",
    [
        pytest.param("bob", "allow_top_level_owners: true", True, id="an approver at the root"),
        pytest.param("BoB", "allow_top_level_owners: true", True, id="in other letters"),
        pytest.param("bob", "", False, id="an approver, where they may not"),
        pytest.param("dan", "allow_top_level_owners: true", False, id="an approver below the root"),
        pytest.param(MEMBER, "allowed_github_teams: {acme/rocket: [keepers]}", True, id="a team of the repository"),
        pytest.param(MEMBER, "allowed_github_teams: {acme: [keepers]}", True, id="a team of the organisation"),
        pytest.param(MEMBER, "allowed_github_teams: {acme: [nobody, keepers]}", True, id="beside a team that is none"),
        pytest.param(MEMBER, "allowed_github_teams: {acme/moon: [keepers]}", False, id="a team of another repository"),
        pytest.param("bob", "allowed_github_teams: {acme: [keepers]}", False, id="who is not in the team"),
    ],
)
async def test_who_else_may(by: str, settings: str, may: bool) -> None:
    tree = {"OWNERS": "approvers: [bob]", "src/OWNERS": "approvers: [dan]"}
    people = {"bob": "write", "dan": "write"}
    async with talk(BROKEN, settings=f"override: {{{settings}}}", tree=tree, collaborators=people) as here:
        await here.say(by, "/override broken")
        assert (here.issue.statuses["broken"][0] == "success") == may


async def test_a_refusal_says_who_may() -> None:
    teams = "{acme/rocket: [pilots, crew], acme: [keepers], acme/moon: [others]}"
    settings = f"override: {{allow_top_level_owners: true, allowed_github_teams: {teams}}}"
    async with talk(BROKEN, settings=settings) as here:
        await here.say(STRANGER, "/override broken")
        assert here.answers == [
            f"mallory{ONLY_ADMINISTRATORS}, approvers in top level OWNERS file, and the following github teams:"
            "acme/rocket: pilots crew, acme: keepers."
        ]


@pytest.mark.parametrize(
    "says, job, context",
    [
        pytest.param("/override job", "job", "ci/job", id="by the job's name"),
        pytest.param("/override ci/job", "job", "ci/job", id="by its context"),
        pytest.param("/override ci/job job", "job", "ci/job", id="by both"),
        pytest.param("/override shared", "here", "shared", id="the job of this branch"),
    ],
)
async def test_a_job_has_a_run_that_passed(says: str, job: str, context: str) -> None:
    failed = ("shared", "failure", "")
    async with talk(JOB, JOB, failed) as here:
        await here.say(ROOT, says)
        (run,) = await here.scene.prowjobs()
        assert run["spec"]["job"] == job
        assert (run["status"]["state"], run["status"]["description"]) == ("success", "Overridden by root")
        assert run["status"]["startTime"] == run["status"]["completionTime"]
        assert run["status"]["url"].startswith("https://github.com/acme/rocket/pull/7#issuecomment-")
        state, description = here.issue.statuses[context]
        assert state == "success" and description.startswith("Overridden by root\u2001")
        assert description.endswith(" BaseSHA:base")
        assert here.answers == [DONE + context]


async def test_a_context_that_is_required_and_has_not_reported() -> None:
    async with talk(BROKEN, protects=["wanted", "broken"]) as here:
        await here.say(ROOT, "/override wanted")
        assert here.issue.statuses["wanted"][0] == "success"


async def test_a_context_that_failed_once_and_is_green_may_be_made_to_last() -> None:
    async with talk(BROKEN) as here:
        await here.say(ROOT, "/override broken")
        await here.say(ROOT, "/override-sticky broken")
        description = here.issue.statuses["broken"][1]
        assert description.startswith("Overridden by root [prow:skip-retest]") and len(description.encode()) <= 140
        assert here.answers == [f"{DONE}broken", f"{DONE}broken{LASTING}"]


@pytest.mark.parametrize(
    "says, failing, answer",
    [
        pytest.param("/override-cancel", {"one", "two"}, "one, two", id="all of them"),
        pytest.param("/override-cancel two", {"two"}, "two", id="one by name"),
        pytest.param("/override-cancel two\n/override-cancel", {"one", "two"}, "one, two", id="one of them without"),
        pytest.param("/override-cancel other", set(), "", id="what is no override"),
    ],
)
async def test_cancel(says: str, failing: set[str], answer: str) -> None:
    overridden = [(name, "success", "Overridden by somebody BaseSHA:base") for name in ("one", "two", "again")]
    async with talk(*overridden, ("again", "success", "passed"), ("other", "success", "passed")) as here:
        await here.say(ROOT, says)
        states = here.issue.statuses
        assert {name for name, (state, _) in states.items() if state == "failure"} == failing
        assert all(states[name][1] == "Override cancelled by root" for name in failing)
        done = f"Cancelled overrides on behalf of root: {answer}"
        assert here.answers == [done if answer else "No overrides found to cancel"]


async def test_what_is_taken_back_can_be_overridden_in_the_same_comment() -> None:
    async with talk(("one", "success", "Overridden by somebody")) as here:
        await here.say(ROOT, "/override-sticky one\n/override-cancel one")
        assert here.answers == ["Cancelled overrides on behalf of root: one", f"{DONE}one{LASTING}"]
        assert here.issue.statuses["one"][0] == "success"


@pytest.mark.parametrize(
    "names, is_app, passes",
    [
        pytest.param('"test / Unit Tests"', True, True, id="an App"),
        pytest.param('"test / Unit Tests"', False, False, id="whoever else can make none"),
        pytest.param("green", True, False, id="one that has passed"),
        pytest.param("going", True, False, id="one that goes on"),
        pytest.param("neutral", True, False, id="one that does not matter"),
        pytest.param("skipped", True, True, id="one that was skipped"),
    ],
)
async def test_check_runs(names: str, is_app: bool, passes: bool) -> None:
    ended = {"test / Unit Tests": "failure", "green": "success", "neutral": "neutral", "skipped": "skipped"}
    runs = [shape.CheckRun(name, conclusion=conclusion) for name, conclusion in ended.items()]
    async with talk(check_runs=(*runs, shape.CheckRun("going", status="in_progress"))) as here:
        if is_app:
            here.scene.act_as_app("cutwater")
        await here.say(ROOT, f"/override {names}")
        name = names.strip('"')
        made = [run for run in here.scene.github.hub.check_runs if run.name == name and run.title]
        assert [(run.conclusion, run.title) for run in made] == (
            [("success", f"Prow override - {name}")] if passes else []
        )


@pytest.mark.parametrize(
    "method, path, answer",
    [
        ("GET", "/pulls/7", "Cannot get PR #7 in acme/rocket"),
        ("GET", "/statuses/head", "Cannot get commit statuses for PR #7 in acme/rocket"),
        ("GET", "/git/ref/heads/main", "Cannot get base ref of PR"),
        ("GET", "/branches/main/protection", "Cannot get branch protection for branch main in acme/rocket"),
        ("POST", "/statuses/head", "Cannot update PR status for context broken"),
    ],
)
async def test_what_github_refuses_is_said(method: str, path: str, answer: str) -> None:
    async with talk(BROKEN) as here:
        refusal = Answer(403, {"message": "Resource not accessible by integration"})
        here.scene.github.plan(method, f"/repos/acme/rocket{path}", refusal)
        await here.say(ROOT, "/override broken")
        assert here.answers == [answer]


async def test_who_may_is_not_guessed() -> None:
    async with talk(BROKEN) as here:
        path = f"/repos/acme/rocket/collaborators/{ROOT}/permission"
        here.scene.github.plan("GET", path, Answer(502, {"message": "Bad gateway"}))
        await here.say(ROOT, "/override broken")
        assert here.answers == ["Cannot find out what root may do in acme/rocket"]


@pytest.mark.parametrize(
    "text, names",
    [
        pytest.param("a b", ["a", "b"], id="words"),
        pytest.param('"a b" c', ["a b", "c"], id="one in quotes"),
        pytest.param('a" "b', ['a" "b'], id="quotes within a word"),
        pytest.param('"a b', ["a b"], id="quotes that do not end"),
        pytest.param("  a\t ", ["a"], id="white space about it"),
        pytest.param('""', [""], id="nothing in quotes"),
        pytest.param("  ", [], id="nothing"),
    ],
)
def test_names(text: str, names: list[str]) -> None:
    assert names_in(text) == names


def test_a_context_that_is_a_failed_check_run_gets_no_status() -> None:
    standing = Standing(
        statuses=[],
        required=["build"],
        checks=["build"],
        failed_checks=frozenset({"build"}),
        presubmits=[],
        branch="main",
        base="base",
    )
    assert standing.names == {"build"} and standing.to_override({"build"}) == []
