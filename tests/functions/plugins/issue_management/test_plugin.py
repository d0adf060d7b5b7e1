"""issue-management in talks."""

from typing import Any

import pytest

from functions.plugins.issue_management import linking, pinning, transferring
from infra.local.github import seed as shape
from infra.local.github.rest.calls import Answer
from tests.functions.plugins.talk import AUTHOR, MEMBER, NUMBER, ORG, REPO, STRANGER, Talk
from tests.world import BOT

pytestmark = pytest.mark.virtual

OTHERS = (
    shape.Issue(101, title="Too heavy", author=AUTHOR),
    shape.Issue(102, title="Too slow", author=AUTHOR),
    shape.Issue(5, title="Lighter", author=AUTHOR, pull_request=shape.Pull("main", "light", "light")),
)
WRONG = linking.WRONG.strip()


@pytest.mark.parametrize(
    "body, by, says, after, answer",
    [
        pytest.param("Text", MEMBER, "/link-issue 101", "Text\n\nFixes #101", linking.UPDATED, id="link"),
        pytest.param(
            "Fixes #2\nText",
            MEMBER,
            "/link-issue 101 102\n/unlink-issue 2\n/LINK-ISSUE 101",
            "Fixes #101 #102\nText",
            linking.UPDATED,
            id="several at once",
        ),
        pytest.param("Fixes #2", MEMBER, "/unlink-issue #2", "", linking.UPDATED, id="unlink as it is written"),
        pytest.param(
            "Fixes #101", MEMBER, f"/link-issue {ORG}/{REPO}#101", "Fixes #101", linking.UNCHANGED, id="there"
        ),
        pytest.param("Text", STRANGER, "/link-issue 101", "Text", linking.MEMBERS_ONLY, id="by a stranger"),
        pytest.param("Text", AUTHOR, "/link-issue 101", "Text", linking.MEMBERS_ONLY, id="by the author"),
        pytest.param(
            "Text", MEMBER, "/link-issue x42", "Text", f"{WRONG}\n* {linking.INVALID.format('x42')}\n", id="no issue"
        ),
        pytest.param(
            "Text",
            MEMBER,
            "/link-issue 5 101",
            "Text\n\nFixes #101",
            f"{linking.UPDATED}\n\nHowever, {WRONG}\n"
            "* Skipped issue #5 of **acme/rocket** as it is a ***pull request***.\n",
            id="a pull request, and an issue",
        ),
        pytest.param(
            "Text",
            MEMBER,
            "/link-issue 404 acme/nosuch#1 ../user#1",
            "Text",
            f"{WRONG}\n* Issue **#404** in repository **acme/rocket** does not exist.\n"
            "* Repository **acme/nosuch** does not exist.\n* Repository **../user** does not exist.\n",
            id="what is not there",
        ),
    ],
)
async def test_links(body: str, by: str, says: str, after: str, answer: str) -> None:
    async with Talk("issue-management", body=body, others=OTHERS) as talk:
        await talk.say(by, says)
        assert talk.answers == [answer]
        assert (talk.issue.record.body or "") == after


async def test_links_are_for_pull_requests() -> None:
    async with Talk("issue-management", on="issue") as talk:
        await talk.say(MEMBER, "/link-issue 101")
        assert talk.answers == [linking.PULLS_ONLY]


OWNERS = {"OWNERS": f"approvers: [{MEMBER.upper()}]\n"}


@pytest.mark.parametrize(
    "given, by, says, is_pinned, answers",
    [
        pytest.param({}, MEMBER, "/PIN-ISSUE", True, ["Issue #7 has been pinned to the repository."], id="pin"),
        pytest.param(
            {}, MEMBER, "/unpin-issue", False, ["Issue #7 has been unpinned from the repository."], id="unpin"
        ),
        pytest.param({}, AUTHOR, "/pin-issue", False, [pinning.APPROVERS_ONLY], id="by the author"),
        pytest.param({"tree": {}}, MEMBER, "/pin-issue", False, [pinning.APPROVERS_ONLY], id="nobody approves"),
        pytest.param(
            {"state": "closed"},
            MEMBER,
            "/pin-issue",
            True,
            ["Issue #7 has been pinned to the repository."],
            id="closed",
        ),
        pytest.param({}, MEMBER, "/pin-issue, please", False, [], id="more behind it"),
    ],
)
async def test_pins(given: dict[str, Any], by: str, says: str, is_pinned: bool, answers: list[str]) -> None:
    async with Talk("issue-management", on="issue", **{"tree": OWNERS, **given}) as talk:
        await talk.say(by, says)
        assert (talk.issue.record.is_pinned, talk.answers) == (is_pinned, answers)


async def test_pins_are_for_issues() -> None:
    async with Talk("issue-management", tree=OWNERS) as talk:
        await talk.say(MEMBER, "/pin-issue")
        assert talk.answers == [pinning.ISSUES_ONLY]


async def test_owners_that_cannot_be_read() -> None:
    async with Talk("issue-management", on="issue", tree=OWNERS) as talk:
        talk.scene.github.plan("GET", f"/repos/{ORG}/{REPO}/git/ref/heads/main", Answer(403, {"message": "No."}))
        await talk.say(MEMBER, "/pin-issue")
        assert talk.answers == [
            f"Unable to determine whether {MEMBER} is an approver from the top-level OWNERS of {ORG}/{REPO}."
        ]


async def test_a_fourth_pin() -> None:
    others = [shape.Issue(number, title="x", author=AUTHOR) for number in (1, 2, 3)]
    async with Talk("issue-management", on="issue", tree=OWNERS, others=others) as talk:
        for number in (1, 2, 3):
            await talk.issue.repository.issue(number).comment(MEMBER, "/pin-issue")
        await talk.settle()
        await talk.say(MEMBER, "/pin-issue")
        assert talk.answers == [f"Unable to pin issue #{NUMBER}. Please try again later."]


@pytest.mark.parametrize(
    "given, by, says, is_moved, answers",
    [
        pytest.param({}, MEMBER, "/transfer-issue plane", True, [], id="a member"),
        pytest.param({}, MEMBER, "/transfer PLANE\r", True, [], id="in capitals, with a carriage return"),
        pytest.param({}, AUTHOR, "/transfer plane", False, [transferring.MEMBERS_ONLY], id="the author"),
        pytest.param({}, MEMBER, "/transfer plane\n/transfer plane", False, [transferring.ONE_ONLY], id="twice"),
        pytest.param({}, MEMBER, "/transfer", False, [transferring.ONE_ONLY], id="nowhere"),
        pytest.param({}, MEMBER, "/transfer \r", False, [], id="blanks"),
        pytest.param(
            {},
            STRANGER,
            "/transfer nosuch",
            False,
            ["Something went wrong or the destination repo **acme/nosuch** does not exist."],
            id="no such repository",
        ),
        pytest.param(
            {},
            MEMBER,
            "/transfer ..",
            False,
            ["Something went wrong or the destination repo **acme/..** does not exist."],
            id="no name",
        ),
        pytest.param(
            {"on": "pull request"}, MEMBER, "/transfer plane", False, [transferring.ISSUES_ONLY], id="a pull request"
        ),
        pytest.param({}, MEMBER, "/transfer plane\n/pin-issue", False, [pinning.APPROVERS_ONLY], id="pins come first"),
    ],
)
async def test_transfers(given: dict[str, Any], by: str, says: str, is_moved: bool, answers: list[str]) -> None:
    async with Talk("issue-management", **{"on": "issue", "beside": ["plane"], **given}) as talk:
        there = talk.scene.github.hub.repository(f"{ORG}/plane")
        assert there is not None
        id_ = talk.issue.record.id
        await talk.say(by, says)
        issue = talk.scene.github.hub.issues[id_]
        texts = [one.body for one in talk.scene.github.hub.comments_of.all(id_) if one.author == BOT]
        assert [text.partition(": ")[2].partition("\n\n<details>")[0] for text in texts] == answers
        assert (issue.repository == there.id) == is_moved


async def test_a_transfer_that_github_refuses() -> None:
    async with Talk("issue-management", on="issue", beside=["plane"]) as talk:
        hub = talk.scene.github.hub
        there = hub.repository(f"{ORG}/plane")
        assert there is not None
        organisation = hub.account(ORG)
        assert organisation is not None
        talk.scene.github.plan("GET", f"/repos/{ORG}/plane", Answer(200, {"node_id": "R_bm90aGluZw"}))
        await talk.say(MEMBER, "/transfer plane")
        (answer,) = talk.answers
        assert answer.startswith("This issue could not be transferred to **acme/plane**: GitHub: Could not resolve to")
