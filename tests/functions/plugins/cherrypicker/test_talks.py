"""Talks about cherry-picks, with real git behind them."""

from typing import Any

import msgspec
import pytest

from cutwater.config.configuration import Configuration
from cutwater.github.webhooks import open_webhook
from functions.plugins.cherrypicker.plugin import plugin
from infra.local.github import Answer
from infra.local.github.commits import Files
from tests.functions.plugins.cherrypicker.story import AUTHOR, FORK, MEMBER, REPOSITORY, STRANGER, Story
from tests.world import BOT

pytestmark = pytest.mark.virtual

ON_BASE = "I cannot cherry-pick the present PR on top of its base branch (`main`)."
ONLY = (
    "only [acme](https://github.com/orgs/acme/people) org members may request cherry picks. If you are already part of "
    "the org, make sure to [change](https://github.com/orgs/acme/people?query=mallory) your membership to public. "
    "Otherwise you can still do the cherry-pick manually. "
)
SOON = "once the present PR merges, I will cherry-pick it on top of `stage` in a new PR and assign it to you."


async def test_a_pick() -> None:
    note = "```release-note\nIt flies.\n```"
    async with Story(
        labels=["kind/cleanup", "kind/bug", "lgtm"], body=f"Text\n\n{note}", title="This is a fix"
    ) as story:
        await story.say(MEMBER, "/cherrypick stage")
        (new,) = story.opened
        assert (new.title, new.pull.base_ref, new.pull.head_owner) == ("[stage] This is a fix", "stage", BOT)
        assert new.pull.head_ref == f"cherry-pick-{story.pull.number}-to-stage"
        assert new.record.body == (
            f"This is an automated cherry-pick of #{story.pull.number}\n\n/assign {MEMBER}\n\n{note}"
            "\n\n/kind bug\n/kind cleanup"
        )
        assert new.assignees == {MEMBER}
        assert story.answers == [f"new pull request created: #{new.number}"]
        assert story.text(new.pull.head_ref) == "1\n2\n3\n4\n" and story.text(new.pull.head_ref, "r") == "r\n"


@pytest.mark.parametrize(
    ("who", "says", "answers"),
    [
        pytest.param(MEMBER, "/cherrypick main", [ON_BASE], id="its base alone"),
        pytest.param(STRANGER, "/cherrypick main", [ON_BASE], id="its base, by a stranger"),
        pytest.param(STRANGER, "/cherrypick stage", [ONLY], id="by a stranger"),
        pytest.param(MEMBER, "/cherrypick  ", [], id="blanks alone"),
        pytest.param(MEMBER, "/Cherrypick stage", [], id="in another case"),
        pytest.param(
            MEMBER,
            "/cherrypick ../../../user",
            ["cannot checkout `../../../user`: acme/rocket has no branch of this name"],
            id="a path",
        ),
        pytest.param(
            MEMBER,
            "/cherrypick --upload-pack=touch",
            ["cannot checkout `--upload-pack=touch`: acme/rocket has no branch of this name"],
            id="an option",
        ),
    ],
)
async def test_what_is_not_picked(who: str, says: str, answers: list[str]) -> None:
    async with Story() as story:
        await story.say(who, says)
        assert (story.answers, story.opened) == (answers, [])


@pytest.mark.parametrize(
    ("who", "says", "answer"),
    [
        pytest.param(MEMBER, "/cherrypick stage", SOON, id="by a member"),
        pytest.param(STRANGER, "/cherrypick stage", ONLY, id="by a stranger"),
        pytest.param(
            MEMBER,
            "/cherrypick stage\n/cherrypick main\n/cherrypick a",
            "once the present PR merges, I will cherry-pick it on top of `a`, `stage` in new PRs and assign them to "
            "you. I cannot cherry-pick it on top of `main` because that is already its base branch.",
            id="several, and its base",
        ),
    ],
)
async def test_before_it_is_merged(who: str, says: str, answer: str) -> None:
    async with Story(is_merged=False) as story:
        await story.say(who, says)
        assert story.answers == [answer]
        await story.pull.close(MEMBER)
        await story.say(MEMBER, "/cherrypick stage")
        assert story.answers[1:] == ["cannot cherry-pick an unmerged PR"] and story.opened == []


@pytest.mark.slow
async def test_what_was_promised_is_kept_when_it_is_merged() -> None:
    """The author's own text and comments of members count, one's base is told, and a stranger is passed over."""
    branches: dict[str, Files] = {name: {} for name in ("stage", "r1", "r2", "r3")}
    async with Story(is_merged=False, branches=branches, body="/cherrypick r1 r0", labels=["cherrypick/r3"]) as story:
        await story.say("bob", "/cherrypick stage\r\n/cherry-pick main")
        await story.say(STRANGER, "/cherrypick r2")
        await story.merge()
        assert set(story.picks) == {"stage", "r1", "r3"}
        assert {one.pull.base_ref: one.assignees for one in story.opened} == {
            "stage": {"bob"},
            "r1": {MEMBER},
            "r3": {MEMBER},
        }
        bodies = [one.record.body or "" for one in story.opened]
        assert [body.endswith("/cherrypick r0") for body in bodies].count(True) == 1
        assert "base branch (main) needs to differ from target branch (main)" in story.answers
        by_label = [text for text in story.answers if text.startswith("In response to a cherrypick label: new pull")]
        assert len(by_label) == 1


@pytest.mark.slow
async def test_a_conflict_keeps_the_others_from_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTWATER_CHERRYPICKER_CREATE_ISSUE_ON_CONFLICT", "true")
    monkeypatch.setenv("CUTWATER_CHERRYPICKER_LABELS", "cla: yes")
    async with Story(branches={"a-stage": {}, "old": {"a": "other\n"}, "stage": {}}) as story:
        await story.say(MEMBER, "/cherrypick stage\n/cherrypick old\n/cherrypick a-stage")
        assert story.picks == {"a-stage": "[a-stage] Fix", "stage": "[stage] Fix"}
        (issue,) = [one for one in story.opened if one.record.pull is None]
        assert (issue.title, issue.assignees, issue.labels) == ("[old] Fix", {MEMBER}, set())
        first, conflict, told, last = story.answers
        assert first.startswith("new pull request created") and last.startswith("new pull request created")
        assert f'#{story.pull.number} failed to apply on top of branch "old":\n```\nApplying: Fix\n' in conflict
        assert "CONFLICT (content): Merge conflict in a" in conflict
        assert issue.record.body == f"Manual cherrypick required.\n\n{conflict}"
        assert told == f"new issue created for failed cherrypick: #{issue.number}"
        assert {label for one in story.opened if one.record.pull for label in one.labels} == {"cla: yes"}


@pytest.mark.parametrize(
    ("label", "author", "is_merged", "answer"),
    [
        pytest.param("cherrypick/stage", MEMBER, True, "new pull request created: #2", id="merged"),
        pytest.param("cherrypick/stage", MEMBER, False, f"@{MEMBER} {SOON}", id="not yet"),
        pytest.param(
            "cherrypick/main", MEMBER, True, "base branch (main) needs to differ from target branch (main)", id="base"
        ),
        pytest.param("cherrypick/stage", STRANGER, True, ONLY, id="of a stranger"),
        pytest.param("kind/bug", MEMBER, True, None, id="another label"),
    ],
)
async def test_a_label(label: str, author: str, is_merged: bool, answer: str | None) -> None:
    async with Story(is_merged=is_merged, author=author) as story:
        await story.label(label)
        expected = [] if answer is None else [f"In response to a cherrypick label: {answer}"]
        assert story.answers == expected
        assert len(story.opened) == (answer is not None and answer.startswith("new pull"))


@pytest.mark.slow
async def test_options(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ALLOW_ALL": "true", "USE_PROW_ASSIGNMENTS": "false", "LABEL_PREFIX": "pick-"}.items():
        monkeypatch.setenv(f"CUTWATER_CHERRYPICKER_{name}", value)
    async with Story(branches={"stage": {}, "r1": {}}, author=AUTHOR) as story:
        await story.say(STRANGER, "/cherrypick stage")
        await story.label("pick-r1")
        assert set(story.picks) == {"stage", "r1"}
        assert all("/assign" not in (one.record.body or "") and not one.assignees for one in story.opened)


@pytest.mark.slow
async def test_a_fork_is_made_where_there_is_none() -> None:
    async with Story(has_fork=False) as story:
        await story.say(MEMBER, "/cherrypick stage")
        assert story.picks == {"stage": "[stage] Fix"} and story.scene.github.hub.repository(FORK) is not None


@pytest.mark.slow
async def test_a_fork_may_have_another_name() -> None:
    async with Story(has_fork=False) as story:
        story.scene.github.world().repository(FORK, files={"x": "y\n"})
        path = f"/repos/{REPOSITORY}/forks"
        await story.scene.functions.edges.github.send("POST", path, {"name": "changed"})
        await story.say(MEMBER, "/cherrypick stage")
        assert story.picks == {"stage": "[stage] Fix"}
        assert story.text(f"cherry-pick-{story.pull.number}-to-stage", repository=f"{BOT}/changed") is not None


async def test_where_forks_are_forbidden_the_repository_itself_has_the_branch() -> None:
    async with Story(has_fork=False) as story:
        story.scene.github.plan("POST", f"/repos/{REPOSITORY}/forks", Answer(403, {"message": "Forks are disabled."}))
        await story.say(MEMBER, "/cherrypick stage")
        (new,) = story.opened
        assert (new.pull.head_owner, new.pull.base_ref) == ("acme", "stage")


@pytest.mark.slow
async def test_a_fork_that_cannot_be_made() -> None:
    async with Story(has_fork=False) as story:
        story.scene.github.plan("POST", f"/repos/{REPOSITORY}/forks", Answer(422, {"message": "No."}))
        await story.say(MEMBER, "/cherrypick stage")
        (answer,) = story.answers
        assert answer.startswith("cannot decide how to push into acme/rocket: ") and "No." in answer


@pytest.mark.slow
async def test_no_patch() -> None:
    async with Story() as story:
        path = f"/repos/{REPOSITORY}/pulls/{story.pull.number}"
        first = await story.scene.functions.edges.github.get(path)
        story.scene.github.plan("GET", path, Answer(200, first), Answer(406, {"message": "Too large."}))
        await story.say(MEMBER, "/cherrypick stage")
        assert story.opened == []
        (answer,) = story.answers
        assert answer.startswith("Failed to get PR patch from GitHub. This PR will need to be manually cherrypicked.\n")


async def test_what_is_picked_already_is_not_picked_again() -> None:
    async with Story() as story:
        await story.say(MEMBER, "/cherrypick stage")
        await story.say("bob", "/cherrypick stage")
        (new,) = story.opened
        page = f"https://github.com/{REPOSITORY}/pull/{new.number}"
        assert story.answers[1:] == [f"Looks like #{story.pull.number} has already been cherry picked in {page}"]


@pytest.mark.slow
async def test_two_at_once_for_one_branch_come_one_after_the_other() -> None:
    async with Story() as story:
        await story.pull.comment(MEMBER, "/cherrypick stage")
        await story.pull.comment("bob", "/cherrypick stage")
        await story.scene.settle()
        assert len(story.opened) == 1 and len(story.answers) == 2


@pytest.mark.slow
async def test_a_pull_request_that_github_refuses_is_told() -> None:
    async with Story() as story:
        story.scene.github.plan("POST", f"/repos/{REPOSITORY}/pulls", Answer(422, {"message": "Validation Failed"}))
        await story.say(MEMBER, "/cherrypick stage")
        (answer,) = story.answers
        assert answer.startswith("new pull request could not be created: ") and "Validation Failed" in answer


@pytest.mark.slow
async def test_two_branches_and_the_base() -> None:
    async with Story(branches={"a": {}, "b": {}}, title="[main] Fix") as story:
        await story.say(MEMBER, "/cherrypick b\n/cherrypick main\n/cherrypick a")
        assert story.picks == {"a": "[a] Fix", "b": "[b] Fix"}
        assert story.answers[0] == ON_BASE and len(story.answers) == 3


PULL = {
    "number": 7,
    "user": {"login": AUTHOR},
    "base": {"ref": "main", "sha": "b"},
    "head": {"ref": "topic", "sha": "h"},
    "merged": True,
    "merge_commit_sha": "m",
}


@pytest.mark.parametrize(
    ("action", "pull", "label", "is_wanted"),
    [
        pytest.param("closed", {}, "", True, id="merged"),
        pytest.param("closed", {"merged": False}, "", False, id="closed unmerged"),
        pytest.param("closed", {"merge_commit_sha": None}, "", False, id="merged as nothing"),
        pytest.param("labeled", {}, "cherrypick/r1", True, id="a label for a branch"),
        pytest.param("labeled", {}, "kind/bug", False, id="another label"),
        pytest.param("unlabeled", {}, "cherrypick/r1", False, id="a label that goes"),
        pytest.param("opened", {"body": "/cherrypick r1"}, "", False, id="its text counts when it is merged"),
    ],
)
async def test_what_hook_is_told_to_pass_on(action: str, pull: dict[str, Any], label: str, is_wanted: bool) -> None:
    repository = {"name": "rocket", "owner": {"login": "acme"}}
    payload = {"action": action, "number": 7, "pull_request": PULL | pull, "repository": repository}
    payload |= {"label": {"name": label}} if label else {}
    webhook = open_webhook("pull_request", "guid", msgspec.json.encode(payload))
    assert plugin.wants(webhook, Configuration()) == is_wanted
