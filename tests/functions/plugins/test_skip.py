"""skip: what is in the way and need not be."""

import pytest

from infra.local.github import Answer
from infra.local.github import seed as shape
from tests.functions.plugins.talk import MEMBER, STRANGER, Talk

pytestmark = pytest.mark.virtual

JOBS = """
presubmits:
  acme/rocket:
  - {name: must, always_run: true, spec: &spec {containers: [{image: alpine, command: ["true"]}]}}
  - {name: may, optional: true, always_run: true, context: ci/may, spec: *spec}
  - {name: asked, optional: true, spec: *spec}
  - {name: quiet, skip_report: true, spec: *spec}
  - {name: old, context: shared, optional: true, branches: [release-1], spec: *spec}
  - {name: new, context: shared, always_run: true, branches: [main], spec: *spec}
"""


def talk(*statuses: tuple[str, str], settings: str = "") -> Talk:
    """A pull request with these statuses: context and state."""
    given = tuple(shape.Status(context, state, "as it was") for context, state in statuses)
    return Talk("skip", settings, jobs=JOBS, statuses=given)


@pytest.mark.parametrize(
    "says, context, state, skipped",
    [
        pytest.param("/skip", "ci/may", "failure", True, id="optional, failed"),
        pytest.param("/skip", "ci/may", "pending", True, id="optional, pending"),
        pytest.param("/skip", "ci/may", "error", True, id="optional, in error"),
        pytest.param("/skip", "ci/may", "success", False, id="optional, passed"),
        pytest.param("/skip", "quiet", "failure", True, id="one that need not report"),
        pytest.param("/skip", "must", "failure", False, id="required"),
        pytest.param("/skip", "other", "failure", False, id="no job's"),
        pytest.param("/skip", "shared", "failure", False, id="required here, optional elsewhere"),
        pytest.param("/skip\n/test may", "ci/may", "failure", False, id="the same comment has it run"),
        pytest.param("/skip\n/test all", "ci/may", "failure", False, id="the same comment has all run"),
        pytest.param("/skip\n/test all", "asked", "failure", True, id="all but those that are asked for by name"),
        pytest.param("/skip\n/test must", "ci/may", "failure", True, id="the same comment has another run"),
        pytest.param("/skip\n/retest", "asked", "failure", False, id="a retest has it run"),
        pytest.param("/skip\n/ok-to-test", "ci/may", "failure", False, id="the pull request is trusted by it"),
        pytest.param("/skip it", "ci/may", "failure", False, id="with more behind it"),
    ],
)
async def test_skip(says: str, context: str, state: str, skipped: bool) -> None:
    async with talk((context, state), ("must", "failure")) as here:
        await here.say(STRANGER, says)
        assert here.issue.statuses[context] == (("success", "Skipped") if skipped else (state, "as it was"))
        assert here.answers == []


async def test_ok_to_test_means_nothing_where_it_is_ignored() -> None:
    async with talk(("ci/may", "failure"), settings="triggers: [{repos: [acme], ignore_ok_to_test: true}]") as here:
        await here.say(MEMBER, "/skip\n/ok-to-test")
        assert here.issue.statuses["ci/may"] == ("success", "Skipped")


async def test_a_context_without_a_status_gets_none() -> None:
    async with talk(("must", "failure")) as here:
        await here.say(MEMBER, "/skip")
        assert set(here.issue.statuses) == {"must"}


@pytest.mark.parametrize(
    "method, path, answer",
    [
        ("GET", "/pulls/7", "Cannot get PR #7 in acme/rocket: "),
        ("GET", "/commits/head/status", "Cannot get combined commit statuses for PR #7 in acme/rocket: "),
        ("POST", "/statuses/head", "Cannot update PR status for context ci/may: "),
    ],
)
async def test_what_github_refuses_is_said(method: str, path: str, answer: str) -> None:
    async with talk(("ci/may", "failure"), ("asked", "failure")) as here:
        here.scene.github.plan(method, f"/repos/acme/rocket{path}", Answer(403, {"message": "Forbidden"}))
        await here.say(MEMBER, "/skip")
        (said,) = here.answers
        assert said.startswith(answer) and "Forbidden" in said
