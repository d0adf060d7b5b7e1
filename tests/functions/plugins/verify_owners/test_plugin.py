"""verify-owners in talks."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cutwater.github.edits import AddReview, Remark
from cutwater.github.effects import Subject
from functions.plugins.verify_owners.plugin import EMPTY_ALIASES, INVALID, NO_ALIASES
from infra.local.github import Answer
from infra.local.github import seed as shape
from tests.functions.plugins.talk import AUTHOR, MEMBER, NUMBER, ORG, REPO, STRANGER, Talk

pytestmark = pytest.mark.virtual

UNTRUSTED = "The OWNERS file contains untrusted users"
WHY = (
    "User is not a member of the org. User is not a collaborator. "
    "Satisfy at least one of these conditions to make the user trusted."
)
REVIEWS = "/repos/acme/rocket/pulls/7/reviews"


def changed(path: str, text: str, *, before: str = "") -> shape.File:
    """A file that has this text now; lines of `before` are in it, and not new."""
    lines = [" " + line if line in before.split("\n") else "+" + line for line in text.removesuffix("\n").split("\n")]
    patch = f"@@ -1,9 +1,{len(lines)} @@\n" + "\n".join(lines)
    return shape.File(path, status="modified", head_content=text, patch=patch)


def changing(*files: shape.File, settings: str = "", **more: Any) -> Talk:
    return Talk("verify-owners", settings, files=files, known=[INVALID], **more)


def reviews(talk: Talk) -> list[tuple[str, str]]:
    """The first lines of the bot's reviews, and all remarks of each."""
    hub = talk.scene.github.hub
    remarks = list(hub.review_comments_of.all(talk.issue.record.id))
    return [
        (row.body.partition("\n")[0], "; ".join(one.body for one in remarks if one.review == row.id))
        for row in hub.reviews_of.all(talk.issue.record.id)
    ]


@pytest.mark.parametrize(
    "file, says",
    [
        pytest.param(changed("pkg/OWNERS", "bad: [\n"), "Cannot parse file: pkg/OWNERS:", id="no YAML"),
        pytest.param(
            changed("OWNERS", "labels:\n- lgtm\n"), "File contains banned labels: [lgtm].", id="a denied label"
        ),
        pytest.param(
            changed("OWNERS", "reviewers:\n- alice\n"), "No approvers defined in this root", id="a root for nobody"
        ),
        pytest.param(changed("pkg/OWNERS", "reviewers:\n- alice\n"), "", id="another folder for nobody"),
    ],
)
@pytest.mark.parametrize("action", ["opened", "reopened", "synchronize"])
async def test_what_is_wrong_is_reviewed(file: shape.File, says: str, action: str) -> None:
    async with changing(file) as talk:
        await talk.happens(action)
        assert talk.labels == ({INVALID} if says else set())
        assert [review for review, _ in reviews(talk)] == ([f"@{AUTHOR}: 1 invalid OWNERS file"] if says else [])
        assert all(remark.startswith(says) for _, remark in reviews(talk))


async def test_a_new_one_that_asks_for_it_is_reviewed_once() -> None:
    async with changing(changed("a/OWNERS", "x: [\n"), body="/verify-owners") as talk:
        await talk.happens("opened")
        assert len(reviews(talk)) == 1


async def test_several_files_are_one_review() -> None:
    async with changing(changed("a/OWNERS", "x: [\n"), changed("b/OWNERS", "x: [\n")) as talk:
        await talk.happens("opened")
        ((review, remarks),) = reviews(talk)
        assert (review, remarks.count("Cannot parse")) == (f"@{AUTHOR}: 2 invalid OWNERS files", 2)


SKIP = "owners: {skip_collaborators: [acme/rocket]}"
SKIP_ORG = "owners: {skip_collaborators: [acme]}"


@pytest.mark.parametrize(
    "file, settings, is_told",
    [
        pytest.param(changed("OWNERS", "approvers:\n- mallory\n"), "", True, id="a stranger"),
        pytest.param(changed("OWNERS", "approvers:\n- alice\n"), "", False, id="a member"),
        pytest.param(
            changed("OWNERS", "approvers:\n- mallory\n", before="- mallory"), "", False, id="one who was there"
        ),
        pytest.param(
            shape.File("OWNERS", status="removed", patch="@@ -1,2 +0,0 @@\n-approvers:\n-- x"), "", False, id="gone"
        ),
        pytest.param(changed("OWNERS", "approvers:\n- mallory\n"), SKIP, False, id="where nobody need be trusted"),
        pytest.param(changed("OWNERS", "approvers:\n- mallory\n"), SKIP_ORG, True, id="which a repository alone says"),
        pytest.param(changed("vendor/x/y/OWNERS", "approvers:\n- mallory\n"), "", False, id="a folder that is denied"),
        pytest.param(changed("OWNERS", "approvers:\n- keepers\n"), "", False, id="an alias"),
        pytest.param(changed("OWNERS_ALIASES", "aliases:\n  keepers:\n  - mallory\n"), "", True, id="in an alias"),
        pytest.param(
            changed("x/OWNERS_ALIASES", "aliases:\n  keepers:\n  - mallory\n"), "", False, id="not the aliases"
        ),
    ],
)
async def test_strangers(file: shape.File, settings: str, is_told: bool) -> None:
    tree = {"OWNERS_ALIASES": "aliases:\n  keepers:\n  - alice\n"}
    async with changing(file, settings=settings, tree=tree) as talk:
        await talk.happens("opened")
        assert talk.labels == ({INVALID} if is_told else set())
        assert [answer.startswith(UNTRUSTED) for answer in talk.answers] == ([True] if is_told else [])
        assert all(answer.endswith(f"\n- mallory\n  - {WHY}") for answer in talk.answers)


@pytest.mark.parametrize(
    "text, labels, answers",
    [
        pytest.param("aliases:\n  keepers: []\n", set(), [EMPTY_ALIASES], id="an empty one"),
        pytest.param("aliases:\n  keepers: alice\n", {INVALID}, [NO_ALIASES], id="no list"),
        pytest.param("aliases: [\n", {INVALID}, [NO_ALIASES], id="no YAML"),
    ],
)
async def test_aliases(text: str, labels: set[str], answers: list[str]) -> None:
    async with changing(changed("OWNERS_ALIASES", text)) as talk:
        await talk.happens("opened")
        assert (talk.labels, talk.answers) == (labels, answers)


async def test_a_stranger_becomes_a_member() -> None:
    async with changing(changed("a/OWNERS", "approvers:\n- mallory\n")) as talk:
        await talk.happens("opened")
        await talk.say(STRANGER, "/verify-owners")
        assert (talk.labels, len(talk.answers)) == ({INVALID}, 1)
        talk.scene.github.plan("GET", "/repos/acme/rocket/collaborators/mallory", Answer(204, None))
        await talk.say(STRANGER, "/verify-owners")
        assert (talk.labels, talk.answers) == (set(), [])


@pytest.mark.parametrize("is_labelled", [False, True])
async def test_without_owners_it_only_takes_the_label_away(is_labelled: bool) -> None:
    async with changing(shape.File("main.go"), labels=[INVALID] if is_labelled else []) as talk:
        await talk.happens("synchronize")
        assert (talk.labels, talk.answers, reviews(talk)) == (set(), [], [])


async def test_where_github_has_no_place_for_remarks_they_stand_in_the_review() -> None:
    async with changing(changed("a/OWNERS", "x: [\n")) as talk:
        talk.scene.github.plan(
            "POST", REVIEWS, Answer(422, {"message": "Path could not be resolved"}), is_lasting=False
        )
        await talk.happens("opened")
        (review,) = talk.scene.github.hub.reviews_of.all(talk.issue.record.id)
        assert review.body.splitlines()[-1].startswith("- `a/OWNERS`: Cannot parse file")


@pytest.mark.parametrize("is_lost", [False, True], ids=["as it is", "in the review's own text"])
async def test_a_review_that_is_there_is_not_made_again(is_lost: bool) -> None:
    async with changing(changed("a/OWNERS", "x: [\n")) as talk:
        world, since = talk.scene.functions.edges, datetime(2026, 1, 1, tzinfo=UTC)
        remark = Remark(path="a/OWNERS", position=1, body="no")
        review = AddReview(
            subject=Subject(ORG, REPO, NUMBER), commit="head", body="One", remarks=(remark,), why="a test"
        )
        assert await review.stands(world, since) is None
        if is_lost:
            talk.scene.github.plan("POST", REVIEWS, Answer(422, {"message": "no place"}), is_lasting=False)
        made = await review.apply(world)
        assert await review.stands(world, since) == made
        await talk.settle()


async def test_closed_ones_are_left_alone() -> None:
    async with changing(changed("a/OWNERS", "x: [\n"), state="closed") as talk:
        await talk.say(MEMBER, "/verify-owners")
        assert (talk.labels, reviews(talk)) == (set(), [])
