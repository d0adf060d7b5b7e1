"""lgtm, as people meet it."""

import pytest

from functions.plugins import lgtm
from infra.local.github.world import Files, Issue
from tests.world import BOT, CONFIG, JOBS, World, configuration

pytestmark = pytest.mark.virtual

AUTHOR, REVIEWER, STRANGER = "bob", "alice", "mallory"
OWN = "you cannot LGTM your own PR."
RESTRICTED = "changing LGTM is restricted to collaborators"
NO_OWNER = "adding LGTM is restricted to approvers and reviewers in OWNERS files."


def world_with(settings: str = "") -> World:
    """A world whose plugins.yaml says more of lgtm."""
    entry = f"lgtm: [{{repos: [acme/rocket], {settings}}}]" if settings else ""
    return World(configuration(CONFIG, JOBS, f"plugins: {{acme/rocket: {{plugins: [lgtm]}}}}\n{entry}"))


async def pull_request(world: World, *labels: str) -> Issue:
    change = await world.github.pull_request(world.rocket, author=AUTHOR, files={"fin.txt": "balsa\n"}, labels=labels)
    await world.settle(2)
    return change


def said(change: Issue) -> list[str]:
    """What the bot has said, without its footers and without whom it addresses."""
    texts = [text.split("\n\n<details>")[0] for who, text in change.comments if who == BOT]
    return [text.partition(": ")[2] if text.startswith("@") else text for text in texts]


@pytest.mark.slow
@pytest.mark.parametrize(
    "before, by, text, after, assigned, answer",
    [
        pytest.param([], REVIEWER, "/lgtm", True, True, [], id="a reviewer"),
        pytest.param([], REVIEWER, "/LGTM ", True, True, [], id="upper case, a blank behind"),
        pytest.param([], REVIEWER, "/lgtm no-issue \r", True, True, [], id="no-issue"),
        pytest.param([], REVIEWER, "looks fine\n/lgtm\nthank you", True, True, [], id="between other lines"),
        pytest.param([], REVIEWER, "/lgtm please", False, False, [], id="with more behind it"),
        pytest.param([], REVIEWER, "> /lgtm", False, False, [], id="quoted"),
        pytest.param([], AUTHOR, "/lgtm", False, False, [OWN], id="the author"),
        pytest.param([], STRANGER, "/lgtm", False, False, [RESTRICTED], id="a stranger"),
        pytest.param(["lgtm"], REVIEWER, "/lgtm", True, True, [], id="it is there already"),
        pytest.param(["lgtm"], REVIEWER, "/lgtm cancel", False, True, [], id="taken back"),
        pytest.param(["lgtm"], REVIEWER, "/remove-lgtm", False, True, [], id="taken back in other words"),
        pytest.param(["lgtm"], AUTHOR, "/lgtm cancel", False, False, [], id="the author may cancel"),
        pytest.param(["lgtm"], STRANGER, "/lgtm cancel", True, False, [RESTRICTED], id="a stranger may not"),
        pytest.param([], REVIEWER, "/lgtm\n/lgtm cancel", True, True, [], id="both in one comment"),
        pytest.param(["lgtm"], REVIEWER, "/lgtm cancel because", True, False, [], id="cancel with more behind it"),
    ],
)
async def test_command(before: list[str], by: str, text: str, after: bool, assigned: bool, answer: list[str]) -> None:
    async with world_with() as world:
        change = await pull_request(world, *before)
        await change.comment(by, text)
        await world.settle(2)
        assert ("lgtm" in change.labels) == after
        assert change.assignees == ({REVIEWER} if assigned else set())
        assert said(change) == answer


async def test_on_a_closed_pull_request_it_means_nothing() -> None:
    async with world_with() as world:
        change = await pull_request(world)
        await change.close(AUTHOR)
        await change.comment(REVIEWER, "/lgtm")
        await world.settle(2)
        assert (change.labels, change.assignees, said(change)) == (set(), set(), [])


@pytest.mark.parametrize(
    "event, text, before, after",
    [
        pytest.param("APPROVE", "", [], True, id="an approval"),
        pytest.param("REQUEST_CHANGES", "no", ["lgtm"], False, id="a request for changes"),
        pytest.param("COMMENT", "hm", [], False, id="a remark"),
        pytest.param("APPROVE", "/lgtm cancel", ["lgtm"], False, id="the command in its text counts"),
    ],
)
async def test_review(event: str, text: str, before: list[str], after: bool) -> None:
    async with world_with("review_acts_as_lgtm: true") as world:
        change = await pull_request(world, *before)
        await change.review(REVIEWER, event, text)
        await world.settle(2)
        assert ("lgtm" in change.labels) == after


async def test_an_approval_alone_is_none_where_it_is_not_wanted() -> None:
    async with world_with() as world:
        change = await pull_request(world)
        await change.review(REVIEWER, "APPROVE")
        await world.settle(2)
        assert change.labels == set()


async def test_a_push_removes_it_and_a_new_one_removes_the_notice() -> None:
    async with world_with() as world:
        change = await pull_request(world, "lgtm")
        await change.push({"fin.txt": "birch\n"})
        await world.settle(2)
        assert (change.labels, said(change)) == (set(), [lgtm.REMOVED])
        await change.comment(REVIEWER, "/lgtm")
        await world.settle(2)
        assert (change.labels, said(change)) == ({"lgtm"}, [])


@pytest.mark.parametrize(
    "pushed, kept",
    [
        pytest.param("balsa\n", True, id="the same tree"),
        pytest.param("birch\n", False, id="another tree"),
    ],
)
async def test_a_push_of_the_tree_that_was_reviewed_keeps_it(pushed: str, kept: bool) -> None:
    async with world_with("store_tree_hash: true") as world:
        change = await pull_request(world)
        await change.comment(REVIEWER, "/lgtm")
        await world.settle(2)
        assert [text.startswith("LGTM label has been added.") for text in said(change)] == [True]
        await change.push({"fin.txt": pushed}, message="again")
        await world.settle(2)
        assert ("lgtm" in change.labels) == kept


async def test_a_label_taken_back_leaves_the_notes_of_trees_that_are_not_wanted_here() -> None:
    async with world_with() as world:
        change = await pull_request(world, "lgtm")
        await change.comment(BOT, f"{lgtm.ADDED}abc</details>")
        await change.comment(REVIEWER, "/lgtm cancel")
        await world.settle(2)
        assert (change.labels, said(change)) == (set(), [f"{lgtm.ADDED}abc</details>"])


async def test_the_authors_team_may_push_on() -> None:
    async with world_with("trusted_team_for_sticky_lgtm: fliers") as world:
        world.github.team("acme", "fliers", members=[AUTHOR])
        change = await pull_request(world, "lgtm")
        await change.push({"fin.txt": "birch\n"})
        await world.settle(2)
        assert change.labels == {"lgtm"}


# Where OWNERS files say who may

OWNERS = {
    "OWNERS": "approvers: [rita]\n",
    "OWNERS_ALIASES": "aliases: {wrights: [Wright]}\n",
    "wing/OWNERS": "approvers: [wes]\nreviewers: [wrights]\noptions: {no_parent_owners: true}\n",
    "tail/OWNERS": "approvers: [tim]\noptions: {no_parent_owners: true}\n",
}


def world_of_owners() -> World:
    """A world in which those who own files review them, whether they are collaborators or not."""
    plugins = "plugins: {acme/rocket: {plugins: [lgtm]}}\nowners: {skip_collaborators: [acme/rocket]}\n"
    return World(configuration(CONFIG, JOBS, plugins))


async def pull_request_of_two_folders(world: World, *labels: str, owners: Files = OWNERS) -> Issue:
    await world.github.push(world.rocket, "main", owners, author=REVIEWER)
    files = {"wing/flap.txt": "balsa\n", "tail/fin.txt": "balsa\n"}
    change = await world.github.pull_request(world.rocket, author=AUTHOR, files=files, labels=labels)
    await world.settle(2)
    return change


@pytest.mark.parametrize(
    "by, text, after, answer",
    [
        pytest.param("wright", "/lgtm", True, [], id="a reviewer of a changed file, by an alias"),
        pytest.param("tim", "/lgtm", True, [], id="an approver of another one"),
        pytest.param("rita", "/lgtm", False, [NO_OWNER], id="an approver of what is not changed"),
        pytest.param(REVIEWER, "/lgtm", False, [NO_OWNER], id="a collaborator alone"),
        pytest.param(AUTHOR, "/lgtm", False, [OWN], id="the author"),
    ],
)
async def test_owners_say_so(by: str, text: str, after: bool, answer: list[str]) -> None:
    async with world_of_owners() as world:
        change = await pull_request_of_two_folders(world)
        await change.comment(by, text)
        await world.settle(2)
        assert ("lgtm" in change.labels) == after
        assert change.assignees == set(), "nobody is assigned: they may be no collaborators"
        assert said(change) == answer


@pytest.mark.slow
@pytest.mark.parametrize(
    "by, after, answer",
    [
        pytest.param("tim", False, [], id="an owner"),
        pytest.param(AUTHOR, False, [], id="the author"),
        pytest.param(REVIEWER, True, [NO_OWNER], id="a collaborator alone"),
    ],
)
async def test_owners_take_it_back(by: str, after: bool, answer: list[str]) -> None:
    async with world_of_owners() as world:
        change = await pull_request_of_two_folders(world, "lgtm")
        await change.comment(by, "/lgtm cancel")
        await world.settle(2)
        assert ("lgtm" in change.labels) == after
        assert said(change) == answer


async def test_an_owners_file_that_cannot_be_read_gives_nobody_a_word() -> None:
    async with world_of_owners() as world:
        change = await pull_request_of_two_folders(world, owners=OWNERS | {"tail/OWNERS": "- tim\n"})
        await change.comment("tim", "/lgtm")
        await change.comment("rita", "/lgtm")
        await world.settle(2)
        assert "lgtm" in change.labels, "the root's owners have it"
        assert said(change) == [NO_OWNER]
