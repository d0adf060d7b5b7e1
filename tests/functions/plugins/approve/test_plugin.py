"""approve in talks: when it looks at a pull request, and what becomes of its comment and label."""

from collections.abc import Sequence
from typing import Any

import pytest

from functions.plugins.approve.plugin import APPROVED
from infra.local.github import Answer
from infra.local.github import seed as shape
from tests.functions.plugins.talk import AUTHOR, Talk
from tests.world import BOT

pytestmark = pytest.mark.virtual

ANYONE_OWNS = "owners: {skip_collaborators: [acme/rocket]}"
OWNERS = {
    "OWNERS": "approvers: [root]\n",
    "a/OWNERS": "approvers: [ann]\n",
    "b/OWNERS": "approvers: [bill]\n",
}
COMMENTS = "/repos/acme/rocket/issues/7/comments"


def changing(*paths: str, settings: str = "", tree: dict[str, str] = OWNERS, **more: Any) -> Talk:
    """A pull request that changes these files of a repository where owners need be no collaborators."""
    rules = f"approve: [{{repos: [acme], {settings}}}]" if settings else ""
    files = tuple(shape.File(path) for path in paths)
    return Talk("approve", f"{ANYONE_OWNS}\n{rules}", tree=tree, files=files, **more)


def title(talk: Talk) -> list[str]:
    """The first lines of what the bot has said, without what is around the verdict."""
    return [answer.partition("**")[2].partition("**")[0] for answer in talk.answers]


APPROVE, NOT = ["APPROVED"], ["NOT APPROVED"]


@pytest.mark.parametrize(
    "settings, says, verdict",
    [
        pytest.param("", [("ann", "/approve")], APPROVE, id="an owner"),
        pytest.param("", [("root", "/approve")], APPROVE, id="an owner above it"),
        pytest.param("", [("bill", "/approve")], NOT, id="an owner of something else"),
        pytest.param("", [("ann", "/approve"), ("ann", "/approve cancel")], NOT, id="taken back"),
        pytest.param("", [("ann", "/approve"), ("ann", "/remove-approve")], NOT, id="taken back in other words"),
        pytest.param("", [("ann", "/lgtm")], [], id="a /lgtm means nothing"),
        pytest.param("lgtm_acts_as_approve: true", [("ann", "/lgtm")], APPROVE, id="unless it is to"),
        pytest.param(
            "lgtm_acts_as_approve: true", [("ann", "/lgtm"), ("ann", "/lgtm cancel //x")], NOT, id="and its cancel"
        ),
        pytest.param("", [("ann", "/approve cancel\n/lgtm")], APPROVE, id="in a comment that counts it does, too"),
        pytest.param("issue_required: true", [("ann", "/approve")], NOT, id="an issue is missing"),
        pytest.param("issue_required: true", [("ann", "x\n/approve no-issue \ny")], APPROVE, id="and not needed"),
        pytest.param(
            "issue_required: true", [("ann", "/approve no-issue"), ("ann", "/approve")], APPROVE, id="which stays so"
        ),
        pytest.param("issue_required: true", [("bill", "/approve no-issue")], NOT, id="owners alone say so"),
        pytest.param("", [("ann", "> /approve")], [], id="quoted"),
    ],
)
async def test_commands(settings: str, says: Sequence[tuple[str, str]], verdict: list[str]) -> None:
    async with changing("a/a.go", settings=settings) as talk:
        for who, text in says:
            await talk.say(who, text)
        assert (title(talk), talk.labels) == (verdict, {APPROVED} if verdict == APPROVE else set())


async def test_what_the_bot_says_is_no_command() -> None:
    async with changing("a/a.go", tree={"OWNERS": f"approvers: [{BOT}]\n"}) as talk:
        await talk.say(BOT, "/approve")
        assert (title(talk), talk.labels) == ([""], set())


@pytest.mark.parametrize(
    "author, settings, verdict",
    [
        pytest.param("ann", "", APPROVE, id="an owner"),
        pytest.param("ann", "require_self_approval: true", NOT, id="an owner who has to say so"),
        pytest.param(AUTHOR, "", NOT, id="somebody else"),
    ],
)
@pytest.mark.parametrize("action", ["opened", "reopened", "synchronize"])
async def test_the_author(author: str, settings: str, verdict: list[str], action: str) -> None:
    async with changing("a/a.go", settings=settings, author=author) as talk:
        await talk.happens(action)
        assert (title(talk), talk.labels) == (verdict, {APPROVED} if verdict == APPROVE else set())


@pytest.mark.parametrize("action", ["edited", "closed", "unlabeled", "ready_for_review"])
async def test_what_it_does_not_look_at(action: str) -> None:
    async with changing("a/a.go") as talk:
        await talk.happens(action, changes={}, label={"name": APPROVED})
        assert talk.answers == []


@pytest.mark.parametrize(
    "body, verdict",
    [
        pytest.param("fix #42", APPROVE, id="an issue"),
        pytest.param("see acme/other/issues/42", APPROVE, id="one of another repository of the organisation"),
        pytest.param("see https://github.com/else/x/issues/42", NOT, id="one of somebody else's"),
        pytest.param("It flies.", NOT, id="none"),
        pytest.param(f"#{'9' * 5000}", NOT, id="a number beyond all"),
    ],
)
async def test_issues(body: str, verdict: list[str]) -> None:
    async with changing("a/a.go", settings="issue_required: true", author="ann", body=body) as talk:
        await talk.happens("opened")
        assert title(talk) == verdict


async def test_its_own_text_approves_nothing() -> None:
    rules = "require_self_approval: true, lgtm_acts_as_approve: true"
    async with changing("a/a.go", author="ann", body="/approve\n/lgtm", settings=rules) as talk:
        await talk.happens("opened")
        assert title(talk) == NOT


@pytest.mark.parametrize(
    "event, text, settings, after",
    [
        pytest.param("APPROVE", "", "", APPROVE, id="an approval"),
        pytest.param("APPROVE", "", "ignore_review_state: true", [], id="where reviews do not count"),
        pytest.param("REQUEST_CHANGES", "no", "", NOT, id="changes are wanted"),
        pytest.param("COMMENT", "hm", "", [], id="a remark"),
        pytest.param("APPROVE", "/approve cancel", "", NOT, id="a command is the last word"),
        pytest.param("REQUEST_CHANGES", "/approve", "", APPROVE, id="this one, too"),
    ],
)
async def test_reviews(event: str, text: str, settings: str, after: list[str]) -> None:
    async with changing("a/a.go", settings=settings) as talk:
        await talk.issue.review("ann", event, text)
        await talk.settle()
        assert title(talk) == after


async def test_an_approval_that_is_dismissed_stays() -> None:
    reviews = (shape.Review("ann", "APPROVED"), shape.Review("ann", "DISMISSED"))
    async with changing("a/a.go", reviews=reviews) as talk:
        await talk.happens("synchronize")
        assert title(talk) == APPROVE


async def test_somebody_has_put_the_label_there() -> None:
    async with changing("a/a.go", known=[APPROVED]) as talk:
        await talk.issue.label(APPROVED, by="root")
        await talk.settle()
        assert talk.answers[0].startswith(
            "[APPROVALNOTIFIER] This PR is **APPROVED**\n\nApproval requirements bypassed"
        )
        await talk.say("bill", "/approve")
        assert talk.labels == {APPROVED}


async def test_the_bots_own_label_is_no_approval() -> None:
    async with changing("a/a.go") as talk:
        await talk.say("ann", "/approve")
        await talk.say("ann", "/approve cancel")
        assert (title(talk), talk.labels) == (NOT, set())


async def test_other_labels_mean_nothing() -> None:
    async with changing("a/a.go", known=["lgtm"]) as talk:
        await talk.issue.label("lgtm", by="root")
        await talk.settle()
        assert talk.answers == []


async def test_there_is_one_comment_and_it_is_kept_up_to_date() -> None:
    async with changing("a/a.go", "b/b.go") as talk:
        await talk.happens("opened")
        (first,) = comments(talk)
        await talk.happens("synchronize")
        assert comments(talk) == [first]
        await talk.say("ann", "/approve")
        (second,) = comments(talk)
        assert "- ~~[a/OWNERS]" in second[1] and "- **[b/OWNERS]" in second[1]
        await talk.say("bill", "/approve")
        (third,) = comments(talk)
        assert (third != second, title(talk), talk.labels) == (True, APPROVE, {APPROVED})


def comments(talk: Talk) -> list[tuple[str, str]]:
    """What the bot has said, whole."""
    return [(who, text) for who, text in talk.issue.comments if who == BOT]


async def test_all_old_ones_go() -> None:
    old = [(BOT, "[APPROVALNOTIFIER] This PR is **NOT APPROVED**\n\nold"), ("mallory", "[APPROVALNOTIFIER] x")]
    async with changing("a/a.go", said=[*old, *old]) as talk:
        await talk.say("ann", "/approve")
        assert title(talk) == APPROVE
        assert [text for who, text in talk.issue.comments if who == "mallory"] == ["[APPROVALNOTIFIER] x"] * 2


UNREAD = "These OWNERS files do not count as they are, nor does whoever they name:"


@pytest.mark.parametrize(
    "wrong, path, is_told",
    [
        pytest.param("a/OWNERS", "a/a.go", True, id="one that is asked"),
        pytest.param("a/OWNERS", "b/b.go", False, id="one that is not"),
        pytest.param("OWNERS_ALIASES", "b/b.go", True, id="the aliases"),
    ],
)
async def test_owners_that_do_not_parse(wrong: str, path: str, is_told: bool) -> None:
    """Whoever waits is told, once for each time that they ask; and the owners above count."""
    async with changing(path, tree=OWNERS | {wrong: "approvers: [\n`@x`: ]: y\n"}) as talk:
        await talk.happens("opened")
        assert title(talk) == NOT
        await talk.say("root", "/approve")
        told = [answer for answer in talk.answers if answer.startswith(UNREAD)]
        assert [answer.splitlines()[2].startswith(f"    {wrong}:") for answer in told] == ([True] if is_told else [])
        assert talk.labels == {APPROVED}
        reads = [read for receipt in await talk.receipts() for read in receipt.reads]
        found = [read.answer for read in reads if read.question.endswith(" WRONG")]
        assert [[text.partition(":")[0] for text in texts] for texts in found] == [[wrong], [wrong]]


async def test_owners_that_do_not_parse_keep_no_other_plugin_from_its_work() -> None:
    async with Talk("approve, hold", ANYONE_OWNS, tree={"OWNERS": "approvers: [\n"}, files=(shape.File("x"),)) as talk:
        await talk.say("root", "/approve\n/hold")
        assert (talk.labels, sorted(title(talk))) == ({"do-not-merge/hold"}, ["", *NOT])


async def test_a_comment_that_github_refuses_keeps_nothing_from_the_label() -> None:
    async with changing("a/a.go") as talk:
        talk.scene.github.plan("POST", COMMENTS, Answer(403, {"message": "locked"}))
        await talk.issue.comment("ann", "/approve")
        await talk.settle()
        assert (talk.answers, talk.labels) == ([], {APPROVED})


async def test_only_collaborators_own_where_the_configuration_says_nothing() -> None:
    files = (shape.File("a/a.go"),)
    collaborators = {"root": "write"}
    async with Talk("approve", tree=OWNERS, files=files, collaborators=collaborators, author="ann") as talk:
        await talk.happens("opened")
        assert title(talk) == NOT
        await talk.say("root", "/approve")
        assert title(talk) == APPROVE
