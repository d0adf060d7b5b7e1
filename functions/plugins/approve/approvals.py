"""Who has approved, of all that was said below a pull request. Pure.

Source: sigs.k8s.io/prow pkg/plugins/approve (addApprovers, isApprovalCommand).
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from msgspec import Struct

from cutwater.config.patterns import compiled
from cutwater.github.types import IssueComment, Review

COMMAND = r"(?m)^/([^\s]+)[\t ]*([^\n\r]*)"
APPROVE, REMOVE, LGTM = "APPROVE", "REMOVE-APPROVE", "LGTM"
APPROVED, REFUSED, DISMISSED = "APPROVED", "CHANGES_REQUESTED", "DISMISSED"
"""The states of reviews that are a word on approval."""
SELF_APPROVED = "Author self-approved"
_HOW = {APPROVE: "Approved", LGTM: "LGTM"}
_NEVER = datetime.min.replace(tzinfo=UTC)


class Said(Struct, frozen=True, kw_only=True):
    """A comment or a review."""

    by: str
    body: str
    url: str
    at: datetime
    state: str = ""


class Approval(Struct, frozen=True, kw_only=True):
    """Somebody's. `no_issue`: it stands without an issue, too."""

    login: str
    how: str
    url: str
    no_issue: bool = False

    def __str__(self) -> str:
        """As the notification shows it."""
        return f'*<a href="{self.url}" title="{self.how}">{self.login}</a>*'


def is_command(body: str, *, lgtm_counts: bool) -> bool:
    """Whether somebody says anything about approval."""
    return any(word in (APPROVE, REMOVE) or (word == LGTM and lgtm_counts) for word, _ in _words(body))


def is_verdict(state: str) -> bool:
    """Whether a review's state is a word on approval."""
    return state.upper() in (APPROVED, REFUSED, DISMISSED)


def everything(
    comments: Iterable[IssueComment], remarks: Iterable[IssueComment], reviews: Iterable[Review]
) -> list[Said]:
    """All that was said, oldest first. `remarks` are those on lines."""
    said = [
        Said(by=one.user.login, body=one.body, url=one.html_url, at=one.created_at or _NEVER)
        for one in (*remarks, *comments)
    ]
    said += [
        Said(by=one.user.login, body=one.body, url=one.html_url, at=one.submitted_at or _NEVER, state=one.state)
        for one in reviews
    ]
    return sorted(said, key=lambda one: one.at)


def approvals(
    said: Iterable[Said], *, by_itself: Approval | None, lgtm_counts: bool, reviews_count: bool
) -> dict[str, Approval]:
    """Those that stand after all that was said, by their people's logins in lower case.

    `by_itself`: the author's, where it needs no word. `said`: without what bots say.
    """
    standing = {by_itself.login.lower(): by_itself} if by_itself else {}
    for one in said:
        counts = reviews_count and is_verdict(one.state)
        if not one.by or not (counts or is_command(one.body, lgtm_counts=lgtm_counts)):
            continue
        for approval in _verdicts(one, state=one.state if counts else ""):
            before = standing.get(one.by.lower())
            if approval is None:
                standing.pop(one.by.lower(), None)
            elif before is None or approval.no_issue or not before.no_issue:
                standing[one.by.lower()] = approval
    return standing


def _verdicts(one: Said, *, state: str) -> Iterator[Approval | None]:
    """Each time that somebody approves in a comment or review, or (None) takes it back.

    A comment that counts is taken whole: a /lgtm in it approves, whatever the configuration says of that.
    """
    if state == APPROVED:
        yield Approval(login=one.by, how=_HOW[APPROVE], url=one.url)
    elif state == REFUSED:
        yield None
    for word, argument in _words(one.body):
        if word == REMOVE:
            yield None
        elif word in _HOW:
            is_taken_back = "cancel" in argument
            approval = Approval(login=one.by, how=_HOW[word], url=one.url, no_issue=argument == "no-issue")
            yield None if is_taken_back else approval


def _words(body: str) -> Iterator[tuple[str, str]]:
    """The commands in a text, in capitals, each with what follows it on its line."""
    for found in compiled(COMMAND).finditer(body):
        yield found.group(1).upper(), found.group(2).strip().lower()
