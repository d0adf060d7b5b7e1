"""The last word wins, however late the words before it come: the newer is heard first here, and the older then.

The newer one finds nothing to do: what it says is so already. It is said all the same (protocols, part 4).
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Literal

import pytest

from functions.plugins.lgtm import REMOVED
from infra.local.github import issues
from infra.local.github.hub import Hub
from infra.local.github.people import account_of
from infra.local.github.records import Issue
from tests.functions.plugins.talk import AUTHOR, MEMBER, Talk

pytestmark = pytest.mark.virtual

HOLD, KIND, REVIEW = "do-not-merge/hold", "kind/bug", "api-review"
STALE, ROTTEN, ALPHA, BETA = "lifecycle/stale", "lifecycle/rotten", "stage/alpha", "stage/beta"
HELP, OK, NEEDS_OK = "help wanted", "ok-to-test", "needs-ok-to-test"
KNOWN = (HOLD, KIND, REVIEW, STALE, ROTTEN, ALPHA, BETA, HELP, OK, NEEDS_OK, "lgtm")
SETTINGS = "label: {additional_labels: [api-review]}"

Does = Callable[[Hub, Issue], object]


def says(text: str) -> Does:
    return lambda hub, issue: issues.comment(hub, issue, text, account_of(hub, MEMBER))


def pushes(hub: Hub, issue: Issue) -> None:
    issues.tell(hub, issues.touch(hub, issue), "synchronize", account_of(hub, AUTHOR), before="a", after="b")


async def hear_backwards(talk: Talk, older: Does, newer: Does) -> None:
    """Both are done, and GitHub tells of the newer one first."""
    github = talk.scene.github
    for does in (older, newer):
        await asyncio.sleep(2)
        with github.hub.store.transaction():
            does(github.hub, talk.issue.record)
    pending, github.hub.pending = github.hub.pending, []
    for one in reversed(pending):
        github.hub.pending = [one]
        github.send_webhooks()
        await talk.settle()


@pytest.mark.parametrize(
    "plugin, older, newer, labels",
    [
        ("hold", "/hold", "/hold cancel", []),
        ("hold", "/hold cancel", "/hold", [HOLD]),
        ("label", "/kind bug", "/remove-kind bug", []),
        ("label", "/remove-kind bug", "/kind bug", [KIND]),
        ("label", "/label api-review", "/remove-label api-review", []),
        ("label", "/remove-label api-review", "/label api-review", [REVIEW]),
        ("lifecycle", "/lifecycle stale", "/remove-lifecycle stale", []),
        ("lifecycle", "/lifecycle stale", "/lifecycle rotten", [ROTTEN]),
        ("stage", "/stage alpha", "/stage beta", [BETA]),
        ("help", "/help", "/remove-help", []),
        ("help", "/remove-help", "/help", [HELP]),
        ("lgtm", "/lgtm", "/lgtm cancel", []),
        ("lgtm", "/lgtm cancel", "/lgtm", ["lgtm"]),
        ("trigger", "/ok-to-test", "/ok-to-test cancel", [NEEDS_OK]),
        ("trigger", "/ok-to-test cancel", "/ok-to-test", [OK]),
    ],
)
async def test_labels(plugin: str, older: str, newer: str, labels: Sequence[str]) -> None:
    about: Literal["issue", "pull request"] = "issue" if plugin == "help" else "pull request"
    async with Talk(plugin, SETTINGS, on=about, labels=labels, known=KNOWN) as talk:
        await hear_backwards(talk, says(older), says(newer))
        assert talk.labels == set(labels)


async def test_an_older_lgtm_does_not_outlive_a_push() -> None:
    async with Talk("lgtm", known=KNOWN) as talk:
        await hear_backwards(talk, says("/lgtm"), pushes)
        assert talk.labels == set()
        assert talk.answers == []


async def test_an_older_push_takes_no_lgtm_away_and_says_nothing() -> None:
    async with Talk("lgtm", known=KNOWN) as talk:
        await hear_backwards(talk, pushes, says("/lgtm"))
        assert talk.labels == {"lgtm"}
        assert REMOVED not in talk.answers


async def test_assignees_and_titles() -> None:
    async with Talk("assign") as talk:
        await hear_backwards(talk, says("/assign"), says("/unassign"))
        assert talk.issue.assignees == set()
    async with Talk("retitle", title="New") as talk:
        await hear_backwards(talk, says("/retitle Old"), says("/retitle New"))
        assert talk.issue.title == "New"


async def test_what_is_explained_of_a_label_goes_with_it() -> None:
    """No explanation of a label that is not there."""
    async with Talk("help", on="issue", known=KNOWN) as talk:
        await hear_backwards(talk, says("/help"), says("/remove-help"))
        assert talk.answers == []
