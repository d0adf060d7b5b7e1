"""blunderbuss and rifle: who is asked for a review, and when."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cutwater.github.types import PullFile
from functions.plugins import rifle
from functions.plugins.rifle import Lines
from infra.local.github import seed as shape
from tests.functions.plugins.talk import AUTHOR, MEMBER, ORG, REPO, STRANGER, Talk
from tests.world import BOT, World, configuration

pytestmark = pytest.mark.virtual

FLY = {"OWNERS": "approvers: [root]\nreviewers: [ben]", "a/OWNERS": "reviewers: [ann]", "b/OWNERS": "reviewers: [bea]"}
PEOPLE = ("root", "ben", "ann", "bea", "cole", "carl", "chad", "charles", "dan", "bob", "brad", "jeff")


def talk(
    settings: str = "",
    *,
    plugin: str = "blunderbuss",
    tree: Mapping[str, str] | None = None,
    files: Sequence[str] = ("a/x.go",),
    **more: Any,
) -> Talk:
    """A pull request that changes these files of a tree with owners, all of whom are collaborators."""
    return Talk(
        plugin,
        f"{plugin}: {{{settings}}}",
        tree=FLY if tree is None else tree,
        files=tuple(shape.File(name) for name in files),
        collaborators=dict.fromkeys(PEOPLE, "write"),
        **more,
    )


FAMILY = {
    "OWNERS": "reviewers: [ben]",
    "c/OWNERS": "reviewers: [charles]",
    "c/d/OWNERS": "reviewers: [cole, carl, chad]",
}
REQUIRED = {"a/OWNERS": "reviewers: [ann]", "b/OWNERS": "reviewers: [bob]\nrequired_reviewers: [ben]"}
FEW = {"a/OWNERS": "reviewers: [bob]\napprovers: [brad, jeff]"}


@pytest.mark.parametrize(
    "tree, files, settings, asked",
    [
        pytest.param(FAMILY, ["c/d/x"], "request_count: 3", "cole carl chad", id="those nearest to the file"),
        pytest.param(FAMILY, ["c/d/x"], "request_count: 4", "cole carl chad charles", id="their parents"),
        pytest.param(FAMILY, ["c/d/x"], "request_count: 5", "cole carl chad charles ben", id="the root"),
        pytest.param(FAMILY, ["c/d/x"], "request_count: 9", "cole carl chad charles ben", id="all that there are"),
        pytest.param(REQUIRED, ["a/x", "b/y"], "request_count: 1", "ann bob ben", id="one for each OWNERS file"),
        pytest.param(FEW, ["a/x"], "request_count: 3", "bob brad jeff", id="approvers where reviewers are too few"),
        pytest.param(FLY, ["a/x"], "", "ann ben", id="two where nothing is said"),
        pytest.param(FLY, ["a/x"], "request_count: 5, max_request_count: 1", "ann", id="no more than the most"),
        pytest.param({"OWNERS": f"reviewers: [{AUTHOR}]"}, ["x"], "", "", id="never the author"),
        pytest.param({}, ["x"], "", "", id="nobody owns anything"),
    ],
)
async def test_whom(tree: Mapping[str, str], files: list[str], settings: str, asked: str) -> None:
    async with talk(settings, tree=tree, files=files) as here:
        await here.happens("opened")
        assert here.issue.requested_reviewers == set(asked.split())


@pytest.mark.parametrize("plugin, asked", [("blunderbuss", {"bob"}), ("rifle", {"bob", "brad", "jeff"})])
async def test_no_approvers(plugin: str, asked: set[str]) -> None:
    """rifle asks any owner of the repository before it asks too few."""
    async with talk("request_count: 3, exclude_approvers: true", plugin=plugin, tree=FEW, files=["a/x"]) as here:
        await here.happens("opened")
        assert here.issue.requested_reviewers == asked


async def test_required_reviewers_come_on_top_of_the_most() -> None:
    async with talk("request_count: 1, max_request_count: 1", tree=REQUIRED, files=["a/x", "b/y"]) as here:
        await here.happens("opened")
        asked = here.issue.requested_reviewers
        assert len(asked) == 2 and asked - {"ben"} <= {"ann", "bob"} and "ben" in asked


@pytest.mark.parametrize(
    "action, settings, pull, is_asked",
    [
        pytest.param("opened", "", {}, True, id="opened"),
        pytest.param("ready_for_review", "", {}, True, id="ready"),
        pytest.param("synchronize", "", {}, False, id="pushed to"),
        pytest.param("reopened", "", {}, False, id="opened again"),
        pytest.param("opened", "", {"body": f"x\n/cc @{MEMBER}"}, False, id="the author asks somebody"),
        pytest.param("opened", "", {"body": "/uncc"}, False, id="the author asks somebody not to"),
        pytest.param("opened", "", {"draft": True}, True, id="a draft"),
        pytest.param("opened", "ignore_drafts: true", {"draft": True}, False, id="a draft, which are ignored"),
        pytest.param("opened", f"ignore_authors: [{AUTHOR}]", {}, False, id="an author who is ignored"),
        pytest.param("opened", "ignore_authors: [CAROL]", {}, True, id="another author is ignored"),
        pytest.param("opened", "wait_for_status: {}", {}, False, id="a status is waited for"),
    ],
)
async def test_when(action: str, settings: str, pull: dict[str, Any], is_asked: bool) -> None:
    async with talk(settings, **pull) as here:
        await here.happens(action)
        assert bool(here.issue.requested_reviewers) == is_asked


@pytest.mark.parametrize("state", ["open", "closed"])
async def test_auto_cc_asks_whatever_is_ignored(state: Any) -> None:
    settings = f"ignore_drafts: true, ignore_authors: [{AUTHOR}], wait_for_status: {{}}"
    async with talk(settings, draft=True, state=state) as here:
        await here.say(STRANGER, "/auto-cc")
        assert here.issue.requested_reviewers == ({"ann", "ben"} if state == "open" else set())


async def test_two_handlers_of_one_webhook_ask_the_same_people() -> None:
    tree = {"OWNERS": f"reviewers: [{', '.join(PEOPLE)}]"}
    async with talk("request_count: 2, exclude_approvers: true", tree=tree, body="/auto-cc") as here:
        await here.happens("opened")
        assert len(here.issue.requested_reviewers) == 2


HEAD = "abcdef0" * 5 + "abcde"
LACKING = "Not mergeable. Needs approved, lgtm labels."


@pytest.mark.parametrize(
    "wait, status, pull, is_asked",
    [
        pytest.param("{}", ("tide", "pending", LACKING), {}, True, id="reviews are missing"),
        pytest.param("{}", ("tide", "pending", "Not mergeable. Needs lgtm label."), {}, True, id="one label"),
        pytest.param("{}", ("tide", "pending", "Not mergeable. Job x has failed."), {}, False, id="more is missing"),
        pytest.param("{}", ("tide", "success", LACKING), {}, False, id="another state"),
        pytest.param("{}", ("ci", "pending", LACKING), {}, False, id="another context"),
        pytest.param("{}", ("tide", "pending", ""), {}, False, id="no description"),
        pytest.param(
            "{context: ci, state: success, description: ^ok}", ("ci", "success", "ok"), {}, True, id="another"
        ),
        pytest.param(
            "{}", ("tide", "pending", LACKING), {"requested_reviewers": ("dan",)}, False, id="somebody is asked"
        ),
        pytest.param("{}", ("tide", "pending", LACKING), {"draft": True}, False, id="a draft"),
        pytest.param("null", ("tide", "pending", LACKING), {}, False, id="nothing is waited for"),
    ],
)
async def test_a_status_is_waited_for(
    wait: str, status: tuple[str, str, str], pull: dict[str, Any], is_asked: bool
) -> None:
    settings = f"ignore_drafts: true, wait_for_status: {wait}"
    async with talk(settings, head_sha=HEAD, commits=(shape.Commit(HEAD),), **pull) as here:
        before = here.issue.requested_reviewers
        await here.issue.set_status(BOT, *status)
        await here.settle()
        assert bool(here.issue.requested_reviewers - before) == is_asked


async def test_people_who_have_no_time() -> None:
    tree = {"OWNERS": "reviewers: [ann, bea]"}
    async with talk("use_status_availability: true, request_count: 1", tree=tree) as here:
        here.scene.github.world().user("ann", is_busy=True)
        await here.happens("opened")
        assert here.issue.requested_reviewers == {"bea"}


async def test_whom_github_will_not_ask_is_named_and_others_are_asked() -> None:
    tree = {"OWNERS": f"reviewers: [ann, {STRANGER}, acme/keepers, other/team]"}
    settings = f"request_count: 4}}\nowners: {{skip_collaborators: [{ORG}/{REPO}]"
    async with talk(settings, tree=tree) as here:
        await here.happens("opened")
        assert here.issue.requested_reviewers == {"ann"}
        assert {here.scene.github.hub.teams[team].slug for team in here.issue.pull.requested_teams} == {"keepers"}
        (kept,) = await here.scene.receipts()
        refused = str(kept.plan[0].result).removeprefix("could not request a review from ")
        assert set(refused.split(", ")) == {STRANGER, "other/team"}


# rifle


@pytest.mark.parametrize(
    "patch, lines",
    [
        pytest.param("@@ -3,2 +3,4 @@ def f():\n-a\n-b\n+c", [Lines(3, 4)], id="lines that go"),
        pytest.param("@@ -7 +7 @@\n-a\n+b", [Lines(7, 7)], id="one line"),
        pytest.param("@@ -9,0 +10,2 @@\n+a\n+b", [Lines(4, 9)], id="lines that come"),
        pytest.param("@@ -2,0 +3 @@\n+a", [Lines(1, 2)], id="lines that come near the top"),
        pytest.param("@@ -1,2 +1,2 @@\n-a\n@@ -30,1 +30,1 @@\n-b", [Lines(1, 2), Lines(30, 30)], id="two places"),
        pytest.param("", [], id="no patch"),
    ],
)
def test_changed_lines(patch: str, lines: list[Lines]) -> None:
    assert rifle.changed_lines(patch) == lines


NOW = datetime(2026, 3, 1, tzinfo=UTC)


def written(first: int, last: int, author: str, days: float = 0) -> Lines:
    return Lines(first, last, author, NOW - timedelta(days=days))


@pytest.mark.parametrize(
    "parts, scores",
    [
        pytest.param([written(1, 10, "ann")], {"ann": 25.0}, id="two lines, today"),
        pytest.param([written(1, 10, "ann", days=4)], {"ann": 21.0}, id="two lines, four days ago"),
        pytest.param([written(1, 5, "ann"), written(6, 9, "bea")], {"ann": 15.0, "bea": 15.0}, id="a line each"),
        pytest.param([written(5, 5, "ann", 9), written(6, 6, "ann")], {"ann": 25.0}, id="the newest counts"),
        pytest.param([written(1, 4, "ann"), written(7, 9, "bea")], {}, id="others' lines"),
        pytest.param([written(1, 9, "")], {}, id="nobody whom GitHub knows"),
        pytest.param([written(1, 9, "ann", days=-3)], {"ann": 25.0}, id="a clock that is ahead"),
    ],
)
def test_score(parts: list[Lines], scores: dict[str, float]) -> None:
    assert rifle.score(parts, [Lines(5, 6)], NOW) == scores


def test_large_changes_are_sampled_folder_by_folder() -> None:
    files = [PullFile(filename=name) for name in ("a/1", "a/2", "a/3", "b/1", "top", "b/2")]
    gone = [PullFile(filename="a/0", status="removed"), PullFile(filename="a/9", status="added")]
    assert [file.filename for file in rifle.sampled([*gone, *files], most=5)] == ["a/1", "b/1", "top", "a/2", "b/2"]
    assert rifle.sampled([*gone, *files], most=6) == files


RIFLE = "plugins: {acme/rocket: {plugins: [rifle]}}\nrifle: {request_count: 1}\nowners: {skip_collaborators: [acme]}"


async def test_who_wrote_the_lines_is_asked() -> None:
    """In a repository with a history, in which two owners have written. What stands about a change counts as well."""
    async with World(configuration("{}", "{}", RIFLE)) as world:
        lines = [f"line {number}\n" for number in range(40)]
        await world.github.push(world.rocket, "main", {"OWNERS": "reviewers: [alice, bob]\n"}, author="alice")
        await world.github.push(world.rocket, "main", {"fin.txt": "".join(lines)}, author="alice")
        lines[25:35] = [f"by bob {number}\n" for number in range(10)]
        await world.github.push(world.rocket, "main", {"fin.txt": "".join(lines)}, author="bob")
        lines[30] = "better\n"
        change = await world.github.pull_request(world.rocket, author="carol", files={"fin.txt": "".join(lines)})
        await world.settle(2)
        assert change.requested_reviewers == {"bob"}
