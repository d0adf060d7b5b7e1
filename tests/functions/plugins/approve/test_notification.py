"""The notification's text."""

import pytest

from cutwater.config.patterns import matches
from cutwater.owners.files import EVERYTHING, OwnersFile, People
from cutwater.owners.owners import Owners
from functions.plugins.approve.approvals import Approval
from functions.plugins.approve.coverage import Coverage
from functions.plugins.approve.notification import MOST, Links, Standing, is_notification, notification

LINKS = Links(
    site="https://github.com",
    org="acme",
    repo="rocket",
    branch="main",
    owners="OWNERS",
    commands="https://go.k8s.io/bot-commands",
    process="https://example.com/process",
)
PLACES = {"": "root", "a": "alice", "b": "bill"}
OWNERS = Owners(
    {place: OwnersFile(filters={EVERYTHING: People(approvers=(name,))}) for place, name in PLACES.items()}, matches
)


def standing(
    *by: str, issue: int | None = None, by_hand: bool = False, assignees: str = "", without_issue: bool = False
) -> Standing:
    """Of a pull request that changes a/x and b/y."""
    how = "Approved"
    words = [Approval(login=login, how=how, url=f"https://x/{login}", no_issue=without_issue) for login in by]
    return Standing(
        coverage=Coverage(OWNERS, ["a/x", "b/y"], seed=7),
        approvals={one.login.lower(): one for one in words},
        assignees=frozenset(assignees.split()),
        issue=issue,
        by_hand=by_hand,
    )


def test_not_approved() -> None:
    assert notification(standing("Bill"), LINKS) == (
        "[APPROVALNOTIFIER] This PR is **NOT APPROVED**\n\n"
        'This pull-request has been approved by: *<a href="https://x/Bill" title="Approved">Bill</a>*\n'
        "**Once this PR has been reviewed and has the lgtm label**, please assign [alice](https://github.com/alice) "
        "for approval. For more information see [the Code Review Process](https://example.com/process).\n\n"
        "The full list of commands accepted by this bot can be found "
        "[here](https://go.k8s.io/bot-commands?repo=acme%2Frocket).\n\n"
        "<details open>\n"
        "Needs approval from an approver in each of these files:\n\n"
        "- **[a/OWNERS](https://github.com/acme/rocket/blob/main/a/OWNERS)**\n"
        "- ~~[b/OWNERS](https://github.com/acme/rocket/blob/main/b/OWNERS)~~ [Bill]\n"
        "\nApprovers can indicate their approval by writing `/approve` in a comment\n"
        "Approvers can cancel approval by writing `/approve cancel` in a comment\n"
        '</details>\n<!-- META={"approvers":["alice"]} -->'
    )


def test_approved() -> None:
    assert notification(standing("root"), LINKS) == (
        "[APPROVALNOTIFIER] This PR is **APPROVED**\n\n"
        'This pull-request has been approved by: *<a href="https://x/root" title="Approved">root</a>*\n\n'
        "The full list of commands accepted by this bot can be found "
        "[here](https://go.k8s.io/bot-commands?repo=acme%2Frocket).\n\n"
        "The pull request process is described [here](https://example.com/process)\n\n"
        "<details >\n"
        "Needs approval from an approver in each of these files:\n\n"
        "- ~~[a/OWNERS](https://github.com/acme/rocket/blob/main/a/OWNERS)~~ [root]\n"
        "- ~~[b/OWNERS](https://github.com/acme/rocket/blob/main/b/OWNERS)~~ [root]\n"
        "\nApprovers can indicate their approval by writing `/approve` in a comment\n"
        "Approvers can cancel approval by writing `/approve cancel` in a comment\n"
        '</details>\n<!-- META={"approvers":[]} -->'
    )


ASK = "ask for approval from [bill](https://github.com/bill)"
ASSIGN = "assign [alice](https://github.com/alice) for approval"


@pytest.mark.parametrize(
    "given, says",
    [
        pytest.param(standing(), "has been approved by:\n**Once", id="nobody has"),
        pytest.param(standing(assignees="bill"), f"please {ASK} and additionally {ASSIGN}. For", id="one is assigned"),
        pytest.param(standing("alice", assignees="bill"), f"please {ASK}. For", id="all are assigned"),
        pytest.param(standing("root", issue=9), "Associated issue: *#9*\n\nThe full", id="an issue"),
        pytest.param(standing("root", issue=0), "*No associated issue*. Update", id="no issue"),
        pytest.param(standing("root", issue=0), "**NOT APPROVED**", id="no issue, not approved"),
        pytest.param(
            standing("Root", "mallory", issue=0, without_issue=True),
            'bypassed by: *<a href="https://x/Root" title="Approved">Root</a>*\n\nThe',
            id="owners need no issue",
        ),
        pytest.param(
            standing(by_hand=True),
            "**APPROVED**\n\nApproval requirements bypassed by manually added approval.\n\nThis",
            id="by hand",
        ),
        pytest.param(
            standing(by_hand=True, issue=0),
            "*No associated issue*. Requirement bypassed by manually added approval.\n\nThe",
            id="by hand, no issue",
        ),
        pytest.param(standing(by_hand=True), "<details >\n", id="by hand, folded"),
    ],
)
def test_parts(given: Standing, says: str) -> None:
    assert says in notification(given, LINKS)


def test_markdown_files_and_a_site_of_ones_own() -> None:
    file = OwnersFile(filters={EVERYTHING: People(approvers=("mo",))})
    coverage = Coverage(Owners({"docs/x.md": file}, matches), ["docs/x.md"], seed=7)
    given = Standing(coverage=coverage, approvals={}, assignees=frozenset(), issue=None)
    links = Links(
        site="https://git.acme.example/base",
        org="acme",
        repo="rocket",
        branch="release/1",
        owners="OWNERS",
        commands="",
        process="",
    )
    link = "- **[docs/x.md](https://git.acme.example/acme/rocket/blob/release/1/docs/x.md)**\n"
    assert link in notification(given, links)


def test_no_longer_than_github_takes() -> None:
    places = [f"pkg/some/folder/{number}" for number in range(1000)]
    files = {place: OwnersFile(filters={EVERYTHING: People(approvers=("ann",))}) for place in places}
    coverage = Coverage(Owners(files, matches), [f"{place}/x" for place in places], seed=7)
    given = Standing(coverage=coverage, approvals={}, assignees=frozenset(), issue=None)
    text = notification(given, LINKS)
    shown = text.count("\n- **[pkg/some")
    assert MOST - 200 < len(text) <= MOST
    assert f"\n- and {1000 - shown} more\n\nApprovers can" in text


def test_names_that_are_none_do_not_leave_the_comment() -> None:
    file = OwnersFile(filters={EVERYTHING: People(approvers=("--><b>&",))})
    given = Standing(
        coverage=Coverage(Owners({"": file}, matches), ["x"], seed=7),
        approvals={},
        assignees=frozenset(),
        issue=None,
    )
    assert notification(given, LINKS).endswith(r'<!-- META={"approvers":["--\u003e\u003cb\u003e\u0026"]} -->')


@pytest.mark.parametrize(
    "body, is_one",
    [
        ("[APPROVALNOTIFIER] This PR is **APPROVED**", True),
        ("[ApprovalNotifier]  x\n\ny", True),
        ("Look: [APPROVALNOTIFIER]", False),
    ],
)
def test_it_is_known_again(body: str, is_one: bool) -> None:
    assert is_notification(body) == is_one
