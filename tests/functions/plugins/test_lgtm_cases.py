"""lgtm, case by case: what goes with the label, and what a push makes of it."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from functions.plugins import lgtm
from infra.local.github import seed as shape
from tests.functions.plugins.talk import AUTHOR, MEMBER, ORG, REPO, STRANGER, Talk
from tests.world import BOT

pytestmark = pytest.mark.virtual

TREES = f"lgtm: [{{repos: [{ORG}], store_tree_hash: true}}]"
STICKY = f"lgtm: [{{repos: [{ORG}], store_tree_hash: true, trusted_team_for_sticky_lgtm: keepers}}]"
NOTED = f"{lgtm.ADDED}tree-of-head</details>"
COMMIT = shape.Commit("head", tree_sha="tree-of-head")
DAY, NEXT = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


def talk(settings: str = "", **more: Any) -> Talk:
    return Talk("lgtm", settings, **({"commits": (COMMIT,)} | more))


async def test_an_assignee_who_is_no_collaborator() -> None:
    async with talk(assignees=[STRANGER]) as here:
        await here.say(STRANGER, "/lgtm")
        assert (here.labels, here.answers) == (set(), [lgtm.NOT_A_COLLABORATOR])


@pytest.mark.parametrize("by", [AUTHOR, MEMBER])
@pytest.mark.parametrize("says", ["/lgtm cancel", "/remove-lgtm"])
async def test_another_review_is_asked_for_where_trees_are_noted(by: str, says: str) -> None:
    async with talk(TREES, labels=["lgtm"], assignees=[MEMBER], said=[(BOT, NOTED)]) as here:
        await here.say(by, says)
        assert (here.labels, here.issue.requested_reviewers, here.answers) == (set(), {MEMBER}, [])


async def test_the_notice_stays_where_not_all_can_be_asked() -> None:
    async with talk(TREES, labels=["lgtm"], assignees=[STRANGER, MEMBER], said=[(BOT, NOTED)]) as here:
        await here.say(AUTHOR, "/lgtm cancel")
        assert (here.labels, here.issue.requested_reviewers, len(here.answers)) == (set(), {MEMBER}, 1)
        (kept,) = await here.scene.receipts()
        assert (kept.outcome, kept.error) == ("refused", "could not request a review from mallory")


@pytest.mark.parametrize(
    "settings, noted",
    [
        pytest.param("", [], id="trees are not noted"),
        pytest.param(TREES, [NOTED], id="the tree is noted"),
        pytest.param(STICKY, [NOTED], id="the author is not in the team"),
        pytest.param(STICKY.replace("keepers", "crew"), [], id="the author is in the team"),
    ],
)
async def test_the_tree_that_was_reviewed(settings: str, noted: list[str]) -> None:
    async with talk(settings) as here:
        here.scene.github.world().team(ORG, "crew", members=[AUTHOR])
        await here.say(MEMBER, "/lgtm")
        assert here.labels == {"lgtm"}
        assert [text for who, text in here.issue.comments if who == BOT] == noted


@pytest.mark.parametrize(
    "action, by, kind, text, after",
    [
        pytest.param("submitted", MEMBER, "User", "", {"lgtm"}, id="submitted"),
        pytest.param("edited", MEMBER, "User", "", set(), id="edited"),
        pytest.param("dismissed", MEMBER, "User", "", set(), id="dismissed"),
        pytest.param("submitted", MEMBER, "Bot", "", set(), id="a bot's"),
        pytest.param("submitted", BOT, "User", "", set(), id="our own"),
    ],
)
async def test_reviews(action: str, by: str, kind: str, text: str, after: set[str]) -> None:
    async with talk(f"lgtm: [{{repos: [{ORG}], review_acts_as_lgtm: true}}]") as here:
        repository = {"name": REPO, "full_name": f"{ORG}/{REPO}", "owner": {"login": ORG}}
        review = {"id": 1, "user": {"login": by, "type": kind}, "state": "approved", "body": text}
        branches = {"base": {"ref": "main", "sha": "base"}, "head": {"ref": "topic", "sha": "head"}}
        pull = {"number": here.issue.number, "user": {"login": AUTHOR}, "state": "open", **branches}
        payload = {"action": action, "pull_request": pull, "review": review, "repository": repository}
        await here.scene.deliver("pull_request_review", "guid", msgspec.json.encode(payload))
        assert here.labels == after


def note(tree: str, *, by: str = BOT, edited: bool = False) -> shape.Comment:
    updated = NEXT if edited else DAY
    return shape.Comment(by, f"{lgtm.ADDED}{tree}</details>", created_at=DAY, updated_at=updated)


@pytest.mark.parametrize(
    "notes, kept",
    [
        pytest.param([note("tree-of-head")], True, id="the tree that was noted"),
        pytest.param([note("other")], False, id="another tree"),
        pytest.param([note("other"), note("tree-of-head")], True, id="an older note is of another"),
        pytest.param([note("tree-of-head"), note("other")], False, id="a newer note is of another"),
        pytest.param([note("tree-of-head", edited=True)], False, id="somebody has edited the note"),
        pytest.param([note("tree-of-head", by=STRANGER)], False, id="somebody else has written it"),
        pytest.param([], False, id="no note"),
    ],
)
async def test_a_push_where_trees_are_noted(notes: list[shape.Comment], kept: bool) -> None:
    async with talk(TREES, labels=["lgtm"], said=notes) as here:
        await here.happens("synchronize")
        assert here.labels == ({"lgtm"} if kept else set())
        assert (lgtm.REMOVED in here.answers) != kept


@pytest.mark.parametrize(
    "settings, before, kept, said",
    [
        pytest.param(STICKY.replace("keepers", "crew"), ["lgtm"], True, [], id="the author is in the team"),
        pytest.param(STICKY, ["lgtm"], False, [lgtm.REMOVED], id="the author is in no team"),
        pytest.param("", [], False, [], id="there is no label"),
    ],
)
async def test_a_push(settings: str, before: list[str], kept: bool, said: list[str]) -> None:
    async with talk(settings, labels=before) as here:
        here.scene.github.world().team(ORG, "crew", members=[AUTHOR])
        await here.happens("synchronize")
        assert (here.labels, here.answers) == ({"lgtm"} if kept else set(), said)


async def test_a_push_says_so_though_not_all_can_be_asked() -> None:
    async with talk(TREES, labels=["lgtm"], assignees=[STRANGER, MEMBER]) as here:
        await here.happens("synchronize")
        assert (here.labels, here.issue.requested_reviewers, here.answers) == (set(), {MEMBER}, [lgtm.REMOVED])
