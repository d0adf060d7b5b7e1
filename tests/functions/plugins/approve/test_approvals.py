"""Whose approvals stand after all that was said."""

from datetime import UTC, datetime, timedelta

import pytest

from cutwater.github.types import IssueComment, Review, User
from functions.plugins.approve.approvals import SELF_APPROVED, Approval, Said, approvals, everything, is_command

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def said(*texts: str, by: str = "alice", states: tuple[str, ...] = ()) -> list[Said]:
    """What one person says; `states` are those of reviews, each with the text in its place."""
    padded = (*states, *("" for _ in texts))
    return [
        Said(by=by, body=text, url=f"https://github.com/c{number}", at=NOON, state=state)
        for number, (text, state) in enumerate(zip(texts, padded, strict=False))
    ]


@pytest.mark.parametrize(
    "texts, how, no_issue",
    [
        pytest.param(["/approve"], "Approved", False, id="a word"),
        pytest.param(["/approve no-issue"], "Approved", True, id="without an issue"),
        pytest.param(["x\n/approve no-issue \ny"], "Approved", True, id="between other lines"),
        pytest.param(["/approve no-issue", "/approve"], "Approved", True, id="what held without an issue goes on to"),
        pytest.param(["/approve", "/approve no-issue"], "Approved", True, id="the wider one counts"),
        pytest.param(["/approve no-issue please"], "Approved", False, id="something else behind it"),
        pytest.param(["/approve", "/approve cancel"], None, False, id="taken back"),
        pytest.param(["/approve", "/remove-approve"], None, False, id="taken back in other words"),
        pytest.param(["/approve", "/approve CANCEL it"], None, False, id="taken back with more behind it"),
        pytest.param(["/approve cancel", "/approve"], "Approved", False, id="the last word counts"),
        pytest.param(["/approve cancel\n/lgtm"], "LGTM", False, id="a comment that counts is taken whole"),
        pytest.param(["/lgtm"], None, False, id="a /lgtm alone does not"),
        pytest.param(["> /approve", " /approve", "/approved", "/ approve"], None, False, id="no commands"),
        pytest.param(["/Approve\tNo-Issue\r"], "Approved", True, id="in other letters"),
    ],
)
def test_comments(texts: list[str], how: str | None, no_issue: bool) -> None:
    found = approvals(said(*texts), by_itself=None, lgtm_counts=False, reviews_count=True)
    assert [(one.how, one.no_issue) for one in found.values()] == ([(how, no_issue)] if how else [])


@pytest.mark.parametrize(
    "states, texts, counts, approved",
    [
        pytest.param(("APPROVED",), ("",), True, True, id="an approval"),
        pytest.param(("APPROVED",), ("",), False, False, id="an approval where they do not count"),
        pytest.param(("APPROVED", "CHANGES_REQUESTED"), ("", ""), True, False, id="changes are wanted after it"),
        pytest.param(("APPROVED", "DISMISSED"), ("", ""), True, True, id="a dismissed one says nothing"),
        pytest.param(("COMMENTED",), ("",), True, False, id="a remark"),
        pytest.param(("APPROVED",), ("/approve cancel",), True, False, id="the command in it is the last word"),
        pytest.param(("CHANGES_REQUESTED",), ("/approve",), True, True, id="this one, too"),
        pytest.param(("COMMENTED",), ("/approve",), False, True, id="a command counts everywhere"),
    ],
)
def test_reviews(states: tuple[str, ...], texts: tuple[str, ...], counts: bool, approved: bool) -> None:
    found = approvals(said(*texts, states=states), by_itself=None, lgtm_counts=False, reviews_count=counts)
    assert bool(found) == approved


def test_the_author() -> None:
    author = Approval(login="Bob", how=SELF_APPROVED, url="https://github.com/pr#")

    def after(*texts: str) -> list[str]:
        words = said(*texts, by="bob")
        found = approvals(words, by_itself=author, lgtm_counts=True, reviews_count=True)
        return [str(one) for one in found.values()]

    assert after() == ['*<a href="https://github.com/pr#" title="Author self-approved">Bob</a>*']
    assert after("/lgtm") == ['*<a href="https://github.com/c0" title="LGTM">bob</a>*']
    assert after("/approve cancel") == []


def test_in_order_of_time() -> None:
    ann = User(login="ann")

    def comment(number: int, minutes: int) -> IssueComment:
        return IssueComment(id=number, user=ann, body=str(number), created_at=NOON + timedelta(minutes=minutes))

    review = Review(id=4, user=ann, body="4", state="APPROVED", submitted_at=NOON)
    found = everything([comment(1, 5), comment(2, 0)], [comment(3, 0)], [review])
    assert [one.body for one in found] == ["3", "2", "4", "1"]


@pytest.mark.parametrize("lgtm_counts", [False, True])
def test_what_is_a_command(lgtm_counts: bool) -> None:
    heard = [
        text
        for text in ("/approve", "/remove-approve x", "/lgtm", "/hold")
        if is_command(text, lgtm_counts=lgtm_counts)
    ]
    assert heard == ["/approve", "/remove-approve x", *(["/lgtm"] if lgtm_counts else [])]
