"""trigger, case by case: who is trusted, what a comment starts, and what is answered."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
import pytest

from functions.plugins.trigger import answers, comments, pull_requests
from infra.local.github import Answer
from infra.local.github import seed as shape
from tests.functions.plugins.talk import AUTHOR, MEMBER, ORG, REPO, STRANGER, Talk
from tests.world import BOT

pytestmark = pytest.mark.virtual

SPEC = "{containers: [{image: alpine, command: ['true']}]}"
ALWAYS, MANUAL = "name: always, always_run: true", "name: manual"
GO, DOCS = r"name: go, run_if_changed: \.go$", "name: docs, run_if_changed: ^docs/"
TRUSTED = {AUTHOR: "read"}
"""Makes the author one of the repository's collaborators."""


def talk(*jobs: str, settings: str = "", **more: Any) -> Talk:
    """A pull request that changes main.go, in a repository with these presubmits."""
    listed = "".join(f"\n  - {{{job}, spec: {SPEC}}}" for job in jobs)
    triggers = f"triggers: [{{repos: [{ORG}], {settings}}}]" if settings else ""
    presubmits = f"presubmits:\n  {ORG}/{REPO}:{listed}" if jobs else ""
    return Talk("trigger", triggers, jobs=presubmits, files=(shape.File("main.go"),), **more)


async def started(here: Talk) -> list[str]:
    """The jobs of the ProwJobs that there are, in the order of the alphabet."""
    return sorted(run["spec"]["job"] for run in await here.scene.prowjobs())


# What happens to a pull request


@pytest.mark.slow
@pytest.mark.parametrize(
    "action, before, is_trusted, runs",
    [
        pytest.param("reopened", ["ok-to-test"], False, ["always"], id="opened again, with the label"),
        pytest.param("reopened", [], False, [], id="opened again, without"),
        pytest.param("ready_for_review", ["ok-to-test"], False, ["always"], id="ready, with the label"),
        pytest.param("ready_for_review", [], False, [], id="ready, without"),
        pytest.param("synchronize", ["ok-to-test"], False, ["always"], id="pushed to, with the label"),
        pytest.param("synchronize", [], False, [], id="pushed to, without"),
        pytest.param("reopened", [], True, ["always"], id="a trusted author's, opened again"),
        pytest.param("edited", ["ok-to-test"], False, [], id="its title is another"),
        pytest.param("assigned", ["ok-to-test"], False, [], id="nothing that matters"),
    ],
)
async def test_actions(action: str, before: list[str], is_trusted: bool, runs: list[str]) -> None:
    people = TRUSTED if is_trusted else {}
    async with talk(ALWAYS, MANUAL, labels=before, collaborators=people) as here:
        await here.happens(action)
        assert await started(here) == runs


@pytest.mark.parametrize("before, runs", [(["ok-to-test"], ["always"]), ([], [])])
async def test_another_base(before: list[str], runs: list[str]) -> None:
    async with talk(ALWAYS, labels=before) as here:
        await here.happens("edited", changes={"base": {"ref": {"from": "old"}, "sha": {"from": "older"}}})
        assert await started(here) == runs


@pytest.mark.parametrize(
    "label, by, is_trusted, runs",
    [
        pytest.param("lgtm", MEMBER, True, [], id="lgtm on what is tested already"),
        pytest.param("lgtm", MEMBER, False, ["always"], id="lgtm on a stranger's"),
        pytest.param("other", MEMBER, False, [], id="another label"),
        pytest.param("ok-to-test", MEMBER, False, ["always"], id="ok-to-test by hand"),
        pytest.param("ok-to-test", BOT, False, [], id="ok-to-test by ourselves"),
    ],
)
async def test_labelled(label: str, by: str, is_trusted: bool, runs: list[str]) -> None:
    async with talk(ALWAYS, known=[label], collaborators=TRUSTED if is_trusted else {}) as here:
        await here.issue.label(label, by=by)
        await here.settle()
        assert await started(here) == runs


async def test_a_repository_without_presubmits_says_nothing() -> None:
    async with talk() as here:
        await here.happens("opened")
        assert (here.labels, here.answers) == (set(), [])


async def test_where_ok_to_test_is_ignored() -> None:
    async with talk(ALWAYS, settings="ignore_ok_to_test: true") as here:
        await here.happens("opened")
        (welcome,) = here.answers
        assert pull_requests.UNTRUSTABLE in welcome
        await here.say(MEMBER, "/ok-to-test")
        assert (here.labels, await started(here), here.answers) == (set(), [], [welcome])
        await here.say(STRANGER, "/test all")
        assert here.answers[1:] == [comments.UNTRUSTABLE]


@pytest.mark.parametrize(
    "merged, settings, is_prominent",
    [
        pytest.param(2, "", False, id="too few"),
        pytest.param(3, "", True, id="enough"),
        pytest.param(1, "org_invite: {prominent: {merged_pr_threshold: 1}}", True, id="enough by the configuration"),
        pytest.param(9, "org_invite: {prominent: {disabled: true}}", False, id="turned off"),
        pytest.param(None, "", False, id="GitHub does not say"),
    ],
)
async def test_whom_we_know_is_invited_more_loudly(merged: int | None, settings: str, is_prominent: bool) -> None:
    found: dict[str, Any] = {"total_count": merged, "incomplete_results": False, "items": []}
    async with talk(ALWAYS, settings=settings) as here:
        answer = Answer(403, {"message": "Forbidden"}) if merged is None else Answer(200, found)
        here.scene.github.plan("GET", "/search/issues", answer)
        await here.happens("opened")
        assert ("[!TIP]" in here.answers[0]) == is_prominent


# Who is trusted


@pytest.mark.parametrize(
    "by, settings, trusted",
    [
        pytest.param("renovate[bot]", "trusted_apps: [renovate]", True, id="an App by its name"),
        pytest.param("renovate", "trusted_apps: [renovate]", False, id="somebody who is called like it"),
        pytest.param("renovate[bot]y", "trusted_apps: [renovate]", False, id="a name that goes on"),
        pytest.param("bob", "", True, id="a collaborator"),
        pytest.param("bob", "only_org_members: true", False, id="a collaborator, where members alone count"),
        pytest.param(MEMBER, "only_org_members: true", True, id="a member"),
        pytest.param(STRANGER, "trusted_org: partner", False, id="nobody of another organisation"),
    ],
)
async def test_whose_word_starts_tests(by: str, settings: str, trusted: bool) -> None:
    async with talk(ALWAYS, settings=settings or "join_org_url: x", collaborators={"bob": "read"}) as here:
        await here.say(by, "/test all")
        assert await started(here) == (["always"] if trusted else [])
        assert here.answers == ([] if trusted else [comments.NEEDS_OK])


@pytest.mark.parametrize(
    "by, is_trusted, before, runs, after, said",
    [
        pytest.param(STRANGER, True, [], ["always"], set(), [], id="a stranger, on a trusted author's"),
        pytest.param(STRANGER, False, [], [], set(), [comments.NEEDS_OK], id="a stranger, on a stranger's"),
        pytest.param(
            STRANGER, False, ["ok-to-test", "needs-ok-to-test"], ["always"], {"ok-to-test"}, [], id="both labels"
        ),
    ],
)
async def test_test_all(
    by: str, is_trusted: bool, before: list[str], runs: list[str], after: set[str], said: list[str]
) -> None:
    async with talk(ALWAYS, labels=before, collaborators=TRUSTED if is_trusted else {}) as here:
        await here.say(by, "/test all")
        assert (await started(here), here.labels, here.answers) == (runs, after, said)


@pytest.mark.parametrize(
    "text, on, state",
    [
        pytest.param("/ok-to-test", "issue", "open", id="on an issue"),
        pytest.param("/ok-to-test", "pull request", "closed", id="on a closed pull request"),
        pytest.param("not /ok-to-test", "pull request", "open", id="with something before it"),
    ],
)
async def test_where_ok_to_test_means_nothing(
    text: str, on: Literal["issue", "pull request"], state: Literal["open", "closed"]
) -> None:
    async with talk(ALWAYS, on=on, state=state) as here:
        await here.say(MEMBER, text)
        assert (here.labels, await started(here), here.answers) == (set(), [], [])


@pytest.mark.parametrize(
    "by, is_trusted, says, before, after, said",
    [
        pytest.param(
            MEMBER, False, "/ok-to-test", ["needs-ok-to-test"], {"ok-to-test"}, [], id="jobs that wait to be named"
        ),
        pytest.param(
            MEMBER, False, "/ok-to-test cancel", ["ok-to-test"], {"needs-ok-to-test"}, [], id="it is taken back"
        ),
        pytest.param(
            STRANGER, True, "/ok-to-test cancel", ["ok-to-test"], {"ok-to-test"}, [comments.ONLY_TRUSTED], id="not by U"
        ),
    ],
)
async def test_ok_to_test_changes_the_labels(
    by: str, is_trusted: bool, says: str, before: list[str], after: set[str], said: list[str]
) -> None:
    people = TRUSTED if is_trusted else {}
    async with talk(MANUAL, labels=before, known=after, collaborators=people) as here:
        await here.say(by, says)
        assert (here.labels, await started(here), here.answers) == (after, [], said)


# What a comment starts

FAILED, PASSED = "failure", "success"


@pytest.mark.parametrize(
    "jobs, statuses, says, runs",
    [
        pytest.param(
            [ALWAYS, GO], {"always": "pending", "go": FAILED}, "/retest", ["go"], id="one goes on, and one failed"
        ),
        pytest.param([f"{MANUAL}, optional: true"], {"manual": FAILED}, "/retest", ["manual"], id="an optional one"),
        pytest.param([GO], {}, "/retest", ["go"], id="never ran, and its files are changed"),
        pytest.param([DOCS], {}, "/retest", [], id="never ran, and its files are not"),
        pytest.param([DOCS], {"docs": FAILED}, "/retest", ["docs"], id="failed, and its files are not"),
        pytest.param([DOCS], {"docs": PASSED}, "/test docs", ["docs"], id="named, passed, and its files are not"),
        pytest.param(
            [f"{ALWAYS}, optional: true"], {"always": FAILED}, "/retest-required", [], id="optional, required"
        ),
        pytest.param([MANUAL], {}, "/test-manual-required", ["manual"], id="required, waits to be named"),
        pytest.param([f"{MANUAL}, optional: true"], {}, "/test-manual-required", [], id="optional, waits to be named"),
        pytest.param([ALWAYS], {}, "/test-manual-required", [], id="runs by itself"),
        pytest.param([GO], {}, "/test-manual-required", [], id="runs by its files"),
        pytest.param(
            [
                "name: shard, always_run: true, branches: [main], labels: {it: main}",
                "name: shard, branches: [release-1]",
            ],
            {},
            "/test shard",
            ["shard"],
            id="the shard of this branch",
        ),
        pytest.param([f"{MANUAL}, branches: [release-1]"], {}, "/test manual", [], id="no shard for this branch"),
        pytest.param(
            [MANUAL, ALWAYS],
            {"always": FAILED},
            "/retest\n```\n/test manual\n```",
            ["always", "manual"],
            id="in a fence beside a command",
        ),
        pytest.param([MANUAL], {}, "```\n/test manual\n```", [], id="in a fence alone"),
        pytest.param([MANUAL], {}, "~~~\n/test manual\n~~~", [], id="in another fence alone"),
    ],
)
async def test_what_runs(jobs: Sequence[str], statuses: dict[str, str], says: str, runs: list[str]) -> None:
    given = tuple(shape.Status(context, state) for context, state in statuses.items())
    async with talk(*jobs, statuses=given) as here:
        await here.say(MEMBER, says)
        assert await started(here) == runs


async def test_what_cannot_be_merged_is_not_tested() -> None:
    async with talk(ALWAYS, mergeable=False) as here:
        await here.say(MEMBER, "/test all")
        assert (await started(here), here.answers) == ([], [])


# What is answered

ALL = "Use `/test all` to run all jobs.\n"
SOME = "Use `/test all` to run the following jobs that were automatically triggered:"


def listed(*commands: str) -> str:
    return "".join(f"\n```\n{command}\n```" for command in commands) + "\n\n"


REQUIRED = answers.REQUIRED + listed("/test always")


@pytest.mark.parametrize(
    "jobs, says, answer",
    [
        pytest.param([ALWAYS], "/test", f"{answers.NEEDS_TARGETS}{REQUIRED}{ALL}", id="no name"),
        pytest.param([ALWAYS], "/test \r\n?", f"{answers.NEEDS_TARGETS}{REQUIRED}{ALL}", id="a question on a new line"),
        pytest.param([ALWAYS], "/test ?", f"{REQUIRED}{ALL}", id="a question"),
        pytest.param([ALWAYS], "/retest FOO", f"{answers.NO_TARGETS}{REQUIRED}{ALL}", id="a retest with a name"),
        pytest.param([ALWAYS], "/test FOO", f"{answers.NOT_FOUND}{REQUIRED}{ALL}", id="a name that is none"),
        pytest.param(
            [ALWAYS], "```\n/test FOO\n```\n/test BAR", f"{answers.NOT_FOUND}{REQUIRED}{ALL}", id="and a fence"
        ),
        pytest.param([ALWAYS], "```\n/test ?\n```", None, id="a question in a fence"),
        pytest.param([ALWAYS], "~~~\n/test ?\n~~~", None, id="a question in another fence"),
        pytest.param(
            [ALWAYS, MANUAL],
            "/test ?",
            f"{answers.REQUIRED}{listed('/test always', '/test manual')}{SOME}{listed('always')}",
            id="one of two runs by itself",
        ),
        pytest.param(
            [ALWAYS, f"{MANUAL}, optional: true"],
            "/test ?",
            f"{REQUIRED}{answers.OPTIONAL}{listed('/test manual')}{SOME}{listed('always')}",
            id="an optional one",
        ),
        pytest.param(
            [ALWAYS, "name: other, always_run: true, skip_branches: [main]"],
            "/test ?",
            f"{REQUIRED}{ALL}",
            id="one that is not for the branch",
        ),
        pytest.param(
            ["name: other, always_run: true, branches: [release-1]"],
            "/test all",
            "No presubmit jobs available for acme/rocket@main",
            id="none is for the branch",
        ),
        pytest.param(
            [MANUAL],
            "/test all",
            f"{answers.NOTHING_FOR_ALL}{answers.REQUIRED}{listed('/test manual')}",
            id="none runs by itself",
        ),
    ],
)
async def test_answers(jobs: Sequence[str], says: str, answer: str | None) -> None:
    async with talk(*jobs) as here:
        await here.say(MEMBER, says)
        assert await started(here) == []
        assert [one.rstrip() for one in here.answers] == ([] if answer is None else [answer.rstrip()])


# Pushes


@pytest.mark.parametrize(
    "push, base",
    [
        pytest.param({}, "main", id="to a branch"),
        pytest.param({"ref": "refs/heads/a/b"}, "a/b", id="to a branch with a slash"),
        pytest.param({"ref": "refs/tags/v1"}, "v1", id="of a tag"),
        pytest.param({"deleted": True}, None, id="a branch is removed"),
        pytest.param({"after": "0" * 40}, None, id="to nothing"),
        pytest.param({"commits": [{"id": "a", "modified": ["README.md"]}]}, None, id="of files that do not matter"),
    ],
)
async def test_push(push: dict[str, Any], base: str | None) -> None:
    postsubmits = f"postsubmits:\n  {ORG}/{REPO}:\n  - {{name: after, run_if_changed: \\.go$, spec: {SPEC}}}"
    repository = {"name": REPO, "full_name": f"{ORG}/{REPO}", "owner": {"login": ORG}, "html_url": "https://r"}
    payload = {"ref": "refs/heads/main", "before": "old", "after": "new", "compare": "https://c", "deleted": False}
    payload |= {"commits": [{"id": "a", "added": ["x.go"]}, {"id": "b", "removed": ["y"]}], "repository": repository}
    async with Talk("trigger", jobs=postsubmits) as here:
        await here.scene.deliver("push", "guid", msgspec.json.encode(payload | push))
        found = [run["spec"]["refs"] for run in await here.scene.prowjobs()]
        assert [(refs["base_ref"], refs["base_sha"], refs["base_link"]) for refs in found] == (
            [] if base is None else [(base, "new", "https://c")]
        )
