"""Plugins by which people say what an issue or pull request is, in talks: one that is said, and what comes of it."""

from typing import Any

import pytest

from functions.plugins import help_wanted, lifecycle
from tests.functions.plugins.talk import AUTHOR, MEMBER, STRANGER, Talk

pytestmark = pytest.mark.virtual

CLOSED_PULL, NOT_YOURS = (
    "Closed this PR.",
    "You can't close an active issue/PR unless you authored it or you are a collaborator.",
)
CLOSED_ISSUE, UNPLANNED = "Closing this issue.", 'Closing this issue, marking it as "Not Planned".'
REOPENED = "Reopened this issue."
NOT_YOURS_TO_OPEN = "You can't reopen an issue/PR unless you authored it or you are a collaborator."
ISSUE: dict[str, Any] = {"on": "issue"}
CLOSED: dict[str, Any] = {"on": "issue", "state": "closed"}


@pytest.mark.parametrize(
    "given, by, says, state, reason, answers",
    [
        pytest.param(ISSUE, AUTHOR, "/close", "closed", "completed", [CLOSED_ISSUE], id="by the author"),
        pytest.param(ISSUE, AUTHOR, "/close \r", "closed", "completed", [CLOSED_ISSUE], id="blanks behind it"),
        pytest.param(ISSUE, MEMBER, "/close", "closed", "completed", [CLOSED_ISSUE], id="by a collaborator"),
        pytest.param(ISSUE, STRANGER, "/close", "open", None, [NOT_YOURS], id="by a stranger"),
        pytest.param(
            {**ISSUE, "labels": ["lifecycle/stale"]},
            STRANGER,
            "/close",
            "closed",
            "completed",
            [CLOSED_ISSUE],
            id="stale",
        ),
        pytest.param(
            {**ISSUE, "labels": ["lifecycle/rotten"]},
            STRANGER,
            "/close",
            "closed",
            "completed",
            [CLOSED_ISSUE],
            id="rotten",
        ),
        pytest.param(ISSUE, AUTHOR, "/close not-planned", "closed", "not_planned", [UNPLANNED], id="not planned"),
        pytest.param(ISSUE, AUTHOR, "/close  not-planned", "open", None, [], id="two blanks"),
        pytest.param({}, AUTHOR, "/close", "closed", None, [CLOSED_PULL], id="a pull request"),
        pytest.param(
            {}, AUTHOR, "/close not-planned\n/close", "open", None, ["PRs cannot be closed as Not Planned."], id="never"
        ),
        pytest.param(CLOSED, MEMBER, "/reopen \r", "open", "reopened", [REOPENED], id="opened again"),
        pytest.param(CLOSED, STRANGER, "/reopen", "closed", None, [NOT_YOURS_TO_OPEN], id="opened by a stranger"),
        pytest.param(CLOSED, AUTHOR, "/close", "closed", None, [], id="closed already"),
        pytest.param(ISSUE, AUTHOR, "/reopen", "open", None, [], id="open already"),
    ],
)
async def test_lifecycle_state(
    given: dict[str, Any], by: str, says: str, state: str, reason: str | None, answers: list[str]
) -> None:
    async with Talk("lifecycle", **given) as talk:
        await talk.say(by, says)
        assert (talk.issue.state, talk.answers) == (state, answers)
        assert talk.issue.record.state_reason == reason


@pytest.mark.parametrize(
    "before, says, after",
    [
        pytest.param([], "/lifecycle", [], id="which?"),
        pytest.param([], "/lifecycle random", [], id="none of ours"),
        pytest.param([], "/lifecycle frozen stale", [], id="two at once"),
        pytest.param(["active"], "/lifecycle stale", ["stale"], id="in place of another"),
        pytest.param(["stale", "rotten"], "/lifecycle frozen", ["frozen"], id="in place of two"),
        pytest.param(["stale", "rotten"], "/lifecycle stale", ["stale", "rotten"], id="there already, others stay"),
        pytest.param(["stale"], "/remove-lifecycle stale", [], id="taken away"),
        pytest.param(["stale"], "/remove-lifecycle rotten", ["stale"], id="not there"),
        pytest.param(
            ["stale", "rotten"],
            "/remove-lifecycle stale\n/remove-lifecycle rotten\n/lifecycle frozen",
            ["frozen"],
            id="three in order",
        ),
        pytest.param([], "/lifecycle stale\n/lifecycle rotten", ["rotten"], id="the last counts"),
    ],
)
async def test_lifecycle_labels(before: list[str], says: str, after: list[str]) -> None:
    async with Talk("lifecycle", on="issue", labels=[f"lifecycle/{name}" for name in before]) as talk:
        await talk.say(STRANGER, says)
        assert talk.labels == {f"lifecycle/{name}" for name in after}


async def test_a_pull_request_cannot_be_frozen() -> None:
    async with Talk("lifecycle") as talk:
        await talk.say(STRANGER, "/lifecycle frozen")
        assert (talk.labels, talk.answers) == (set(), [lifecycle.NO_FROZEN_PULLS])


@pytest.mark.parametrize(
    "before, says, after",
    [
        pytest.param(["alpha", "beta"], "/stage stable", ["stable"], id="in place of two"),
        pytest.param(["alpha"], "/remove-stage alpha", [], id="taken away"),
        pytest.param([], "/stage gamma", [], id="none of ours"),
        pytest.param(["alpha"], "/stage alpha", ["alpha"], id="there already"),
    ],
)
async def test_stage(before: list[str], says: str, after: list[str]) -> None:
    async with Talk("stage", on="issue", labels=[f"stage/{name}" for name in before]) as talk:
        await talk.say(STRANGER, says)
        assert talk.labels == {f"stage/{name}" for name in after}


SHRUG = r"¯\_(ツ)_/¯"


@pytest.mark.parametrize(
    "before, says, after, answers",
    [
        pytest.param([], "/shrug", {SHRUG}, [], id="put"),
        pytest.param([SHRUG], "/unshrug", set(), [r"¯\\\_(ツ)\_/¯"], id="taken away, and answered"),
        pytest.param([], "/unshrug", set(), [], id="not there"),
        pytest.param([SHRUG], "/unshrug\n/shrug", {SHRUG}, [], id="both: put"),
    ],
)
async def test_shrug(before: list[str], says: str, after: set[str], answers: list[str]) -> None:
    async with Talk("shrug", labels=before) as talk:
        await talk.say(STRANGER, says)
        assert (talk.labels, talk.answers) == (after, answers)


KEYWORDS = "[keywords](https://help.github.com/articles/closing-issues-using-keywords)"
CLOSES = f"Titles may not contain {KEYWORDS} which can automatically close issues."


@pytest.mark.parametrize(
    "given, says, title, answers",
    [
        pytest.param({}, "/retitle foobar\r", "foobar", [], id="another title"),
        pytest.param({}, "/retitle     ", None, ["Titles may not be empty."], id="an empty one"),
        pytest.param({}, "/retitle Fixes #9999", None, [CLOSES], id="one that closes issues"),
        pytest.param({}, "/retitle prefixes #9", None, [CLOSES], id="in the midst of a word"),
        pytest.param({}, "/retitle\nnext", "next", [], id="on the next line"),
        pytest.param({}, "/retitle a\n/retitle b", "a", [], id="the first counts"),
        pytest.param({"on": "issue"}, "/retitle foo", "foo", [], id="an issue"),
        pytest.param({"state": "closed"}, "/retitle foo", None, [], id="closed"),
        pytest.param(
            {"state": "closed", "settings": "retitle: {allow_closed_issues: true}"},
            "/retitle foo",
            "foo",
            [],
            id="allowed",
        ),
    ],
)
async def test_retitle(given: dict[str, Any], says: str, title: str | None, answers: list[str]) -> None:
    async with Talk("retitle", **given) as talk:
        before = talk.issue.title
        await talk.say(MEMBER, says)
        assert (talk.issue.title, talk.answers) == (title or before, answers)


HELP, FIRST = help_wanted.HELP, help_wanted.FIRST


@pytest.mark.parametrize(
    "before, says, after, marker",
    [
        pytest.param([], "/help", {HELP}, help_wanted.NEEDS_HELP, id="help"),
        pytest.param([HELP], "/help", {HELP}, None, id="help is there already"),
        pytest.param([], "/good-first-issue", {HELP, FIRST}, help_wanted.FOR_NEWCOMERS, id="both"),
        pytest.param([HELP], "/good-first-issue", {HELP, FIRST}, help_wanted.FOR_NEWCOMERS, id="one more"),
        pytest.param([HELP, FIRST], "/remove-help", set(), None, id="both go"),
        pytest.param([HELP, FIRST], "/remove-good-first-issue", {HELP}, None, id="one goes"),
        pytest.param([], "/remove-help", set(), None, id="none is there"),
    ],
)
async def test_help(before: list[str], says: str, after: set[str], marker: str | None) -> None:
    async with Talk("help", on="issue", labels=before) as talk:
        await talk.say(STRANGER, says)
        assert talk.labels == after
        assert [answer.strip().partition("\n")[0] for answer in talk.answers] == ([marker] if marker else [])


async def test_what_help_said_goes_with_its_label() -> None:
    async with Talk("help", "help: {help_guidelines_summary: Be kind.}", on="issue") as talk:
        await talk.say(STRANGER, "/good-first-issue")
        assert "### Guidelines\nBe kind.\n" in talk.answers[0]
        await talk.say(STRANGER, "/remove-help")
        assert (talk.labels, talk.answers) == (set(), [])


TEAM = "repo_milestone: {'': {maintainers_team: keepers, maintainers_friendly_name: the keepers}}"
MUST_BE = (
    "You must be a member of the [acme/keepers](https://github.com/orgs/acme/teams/keepers/members) GitHub team to {} "
    "command, please contact your the keepers and have them propose you as an additional delegate for this "
    "responsibility."
)
MAY_SET = MUST_BE.format("set the milestone. If you believe you should be able to issue the /milestone")
MAY_SAY = MUST_BE.format("add status labels. If you believe you should be able to issue the /status")
UNKNOWN = (
    "The provided milestone is not valid for this repository. Milestones in this repository: [`v1.0`, `v1.1`]\n\n"
    "Use `/milestone clear` to clear the milestone."
)


@pytest.mark.parametrize(
    "settings, by, says, number, answers",
    [
        pytest.param(TEAM, MEMBER, "/milestone v1.0", 1, [], id="set"),
        pytest.param(TEAM, MEMBER, "Foo\n/milestone v1.1\r\n/priority x", 2, [], id="among others"),
        pytest.param(TEAM, MEMBER, "/milestone v2.0", None, [UNKNOWN], id="unknown"),
        pytest.param(TEAM, MEMBER, "/milestone v0.9", None, [UNKNOWN], id="closed"),
        pytest.param(TEAM, STRANGER, "/milestone v1.0", None, [MAY_SET], id="a stranger"),
        pytest.param("repo_milestone: {'': {maintainers_id: 44}}", MEMBER, "/milestone v1.0", 1, [], id="team by id"),
        pytest.param(
            "repo_milestone: {'': {maintainers_team: none}}", MEMBER, "/milestone v1.0", None, [], id="no team"
        ),
        pytest.param(
            "repo_milestone: {'': {maintainers_team: keepers}, acme/rocket: {maintainers_team: gone}}",
            MEMBER,
            "/milestone v1.0",
            None,
            [],
            id="the repository's own entry stands alone",
        ),
    ],
)
async def test_milestone(settings: str, by: str, says: str, number: int | None, answers: list[str]) -> None:
    async with Talk("milestone", settings, on="issue") as talk:
        await talk.say(by, says)
        assert (talk.issue.record.milestone, talk.answers) == (number, answers)


async def test_a_milestone_is_cleared() -> None:
    async with Talk("milestone", TEAM) as talk:
        await talk.say(MEMBER, "/milestone v1.0")
        await talk.say(MEMBER, "/milestone clear")
        assert (talk.issue.record.milestone, talk.answers) == (None, [])


@pytest.mark.parametrize(
    "by, says, after, answers",
    [
        pytest.param(MEMBER, "/status in-valid", set(), [], id="none of ours"),
        pytest.param(MEMBER, "/status in-review", {"status/in-review"}, [], id="put"),
        pytest.param(
            MEMBER, "/status in-review\n/status in-progress", {"status/in-review", "status/in-progress"}, [], id="two"
        ),
        pytest.param(MEMBER, "/status ", set(), [], id="which?"),
        pytest.param(STRANGER, "/status in-review", set(), [MAY_SAY], id="a stranger"),
    ],
)
async def test_milestonestatus(by: str, says: str, after: set[str], answers: list[str]) -> None:
    async with Talk("milestonestatus", TEAM, on="issue") as talk:
        await talk.say(by, says)
        assert (talk.labels, talk.answers) == (after, answers)
