"""assign-fixes in talks."""

from typing import Any

import pytest

from functions.plugins.assign_fixes import MOST
from infra.local.github import seed as shape
from tests.functions.plugins.talk import MEMBER, STRANGER, Talk

pytestmark = pytest.mark.virtual


def issues(**first: Any) -> list[shape.Issue]:
    """Issue 9 as it is told, and issue 10."""
    usual: dict[str, Any] = {"title": "Broken", "author": STRANGER}
    return [shape.Issue(number=9, **(usual | first)), shape.Issue(number=10, **usual)]


@pytest.mark.parametrize(
    "body, ninth, assigned",
    [
        pytest.param("Fixes #9", {}, [9], id="fixes"),
        pytest.param("It\r\ncloses: #9, resolved acme/rocket#10.", {}, [9, 10], id="several, in several words"),
        pytest.param("fixes acme/pad#9", {}, [], id="of another repository"),
        pytest.param("see #9", {}, [], id="only named"),
        pytest.param("prefixes #9", {}, [], id="part of a word"),
        pytest.param("fixes #" + "9" * 5000, {}, [], id="no number of an issue"),
        pytest.param("fixes #404, fixes #9", {}, [9], id="one that does not exist"),
        pytest.param("fixes #7", {}, [], id="the pull request itself"),
        pytest.param("fixes #9", {"assignees": (STRANGER,)}, [], id="somebody is assigned"),
        pytest.param("fixes #9", {"state": "closed"}, [], id="it is closed"),
    ],
)
async def test_who_fixes_an_issue(body: str, ninth: dict[str, Any], assigned: list[int]) -> None:
    async with Talk("assign-fixes", body=body, author=MEMBER, others=issues(**ninth)) as talk:
        await talk.happens("opened")
        found = [number for number in (7, 9, 10) if talk.issue.repository.issue(number).assignees == {MEMBER}]
        assert found == assigned


async def test_somebody_whom_github_does_not_let_be_assigned() -> None:
    async with Talk("assign-fixes", body="Fixes #9, fixes #10", author="newcomer", others=issues()) as talk:
        await talk.happens("opened")
        assert [talk.issue.repository.issue(number).assignees for number in (9, 10)] == [set(), set()]
        assert talk.answers == []
        (receipt,) = await talk.receipts()
        assert len(receipt.plan) == 2


@pytest.mark.parametrize(
    "changes, is_wanted",
    [
        pytest.param({"body": {"from": ""}}, True, id="its text"),
        pytest.param({"title": {"from": ""}}, False, id="its title"),
    ],
)
async def test_what_is_edited(changes: dict[str, Any], is_wanted: bool) -> None:
    async with Talk("assign-fixes", body="Fixes #9", author=MEMBER, others=issues()) as talk:
        await talk.happens("edited", changes=changes)
        assert bool(await talk.receipts()) == is_wanted


async def test_hundreds_are_not_looked_at() -> None:
    body = " ".join(f"fixes #{number}" for number in range(1000, 1300))
    async with Talk("assign-fixes", body=body, author=MEMBER) as talk:
        await talk.happens("opened")
        (receipt,) = await talk.receipts()
        assert len([read for read in receipt.reads if "/issues/" in read.question]) <= MOST
