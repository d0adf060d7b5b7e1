"""GitHub's issue search as far as Prow asks: qualifiers, quotes, alternatives, exclusions, words, sorting.

Source: docs.github.com, "Searching issues and pull requests". Qualifiers of one kind that name a place (`repo:`,
`org:`, `user:`), and `author:` are alternatives of one another; labels must all be there, unless written as one
comma-separated list.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from infra.local.github import records as r
from infra.local.github.errors import Invalid, field_error
from infra.local.github.hub import Hub
from infra.local.github.mergeability import combined_state, latest_statuses, pull_commits, review_decision

LIMIT = 1000
"""Results that a search gives at most."""
_TERM = re.compile(r'(?P<not>-)?(?:(?P<key>[a-zA-Z-]+):)?(?P<value>"[^"]*"(?:,"[^"]*")*|\S+)')
_PLACES = ("repo", "org", "user")

Test = Callable[[Hub, r.Issue, str], bool]


class Term(NamedTuple):
    """One part of a query; `values` are alternatives, `key` is "" for a plain word."""

    key: str
    values: tuple[str, ...]
    is_excluded: bool


def parse(query: str) -> list[Term]:
    """The terms of a query, in order."""
    terms = []
    for found in _TERM.finditer(query):
        value = found["value"]
        values = re.findall(r'"([^"]*)"', value) if value.startswith('"') else value.split(",")
        if found["key"] is None:
            values = [value.strip('"')]
        terms.append(Term((found["key"] or "").lower(), tuple(values), found["not"] is not None))
    return terms


def search(
    hub: Hub, query: str, may_read: Callable[[r.Repository], bool], sort: str = "", order: str = ""
) -> list[r.Issue]:
    """The issues and pull requests that fit, newest first unless the query or `sort` says otherwise.

    Which ones fit is judged by the index, which may be behind; what they are like is told as it is now.
    """
    terms = parse(query)
    for term in terms:
        if term.key and term.key not in TESTS and term.key != "sort":
            message = f"The search contains an unknown qualifier: {term.key}"
            raise Invalid(errors=[field_error("Search", "q", "invalid", message)])
    places = [term for term in terms if term.key in _PLACES and not term.is_excluded]
    others = [term for term in terms if term not in places and term.key != "sort"]
    before = hub.recent_issues.before()
    found = [
        issue
        for here in hub.repositories
        if may_read(here) and (not places or any(_is_at(here, term) for term in places))
        for issue in hub.issues_of.all(here.id)
        if (indexed := before.get(issue.id, issue)) is not None and all(_fits(hub, indexed, term) for term in others)
    ]
    return _sorted(found, terms, sort, order)[:LIMIT]


def _sorted(found: list[r.Issue], terms: Sequence[Term], sort: str, order: str) -> list[r.Issue]:
    wanted = next((term.values[0] for term in terms if term.key == "sort"), None)
    if wanted is not None:
        sort, _, order = wanted.partition("-")
    by_update = sort == "updated"
    return sorted(
        found,
        key=lambda issue: (issue.updated_at if by_update else issue.created_at, issue.id),
        reverse=order != "asc",
    )


def _fits(hub: Hub, issue: r.Issue, term: Term) -> bool:
    if term.key == "":
        word = term.values[0].lower()
        found = word in issue.title.lower() or word in (issue.body or "").lower() or _has_commit(hub, issue, word)
        return found != term.is_excluded
    test = TESTS[term.key]
    return any(test(hub, issue, value) for value in term.values) != term.is_excluded


def _is_at(here: r.Repository, term: Term) -> bool:
    name = here.full_name if term.key == "repo" else here.owner
    return any(value.lower() == name.lower() for value in term.values)


def _has_commit(hub: Hub, issue: r.Issue, text: str) -> bool:
    if issue.pull is None or not re.fullmatch(r"[0-9a-f]{7,40}", text):
        return False
    return any(commit.sha.startswith(text) for commit in pull_commits(hub, issue))


def _is(hub: Hub, issue: r.Issue, value: str) -> bool:
    match value.lower():
        case "pr" | "pull-request":
            return issue.pull is not None
        case "issue":
            return issue.pull is None
        case "open" | "closed":
            return issue.state == value.lower()
        case "merged":
            return issue.pull is not None and issue.pull.merged_at is not None
        case "unmerged":
            return issue.pull is not None and issue.pull.merged_at is None
        case "draft":
            return issue.pull is not None and issue.pull.is_draft
        case "locked" | "unlocked":
            return issue.is_locked == (value.lower() == "locked")
        case "public" | "private":
            return hub.repositories[issue.repository].is_private == (value.lower() == "private")
    return False


def _place(hub: Hub, issue: r.Issue, value: str) -> bool:
    here = hub.repositories[issue.repository]
    return value.lower() in (here.full_name.lower(), here.owner.lower())


def _label(hub: Hub, issue: r.Issue, value: str) -> bool:
    return any(hub.labels[id_].name.lower() == value.lower() for id_ in issue.labels)


def _author(hub: Hub, issue: r.Issue, value: str) -> bool:
    wanted = value.lower().removeprefix("@")
    if wanted.startswith("app/"):
        wanted = f"{wanted.removeprefix('app/')}[bot]"
    return issue.author.lower() == wanted


def _assignee(hub: Hub, issue: r.Issue, value: str) -> bool:
    return value.lower() in (login.lower() for login in issue.assignees)


def _involves(hub: Hub, issue: r.Issue, value: str) -> bool:
    return _author(hub, issue, value) or _assignee(hub, issue, value) or _commenter(hub, issue, value)


def _commenter(hub: Hub, issue: r.Issue, value: str) -> bool:
    return any(row.author.lower() == value.lower() for row in hub.comments_of.all(issue.id))


def _milestone(hub: Hub, issue: r.Issue, value: str) -> bool:
    found = hub.milestone(hub.repositories[issue.repository], issue.milestone) if issue.milestone else None
    return found is not None and found.title.lower() == value.lower()


def _review(hub: Hub, issue: r.Issue, value: str) -> bool:
    if issue.pull is None:
        return False
    decision = review_decision(hub, issue)
    match value.lower():
        case "none":
            return not hub.reviews_of.all(issue.id)
        case "required":
            return decision == "REVIEW_REQUIRED"
    return decision == value.upper()


def _status(hub: Hub, issue: r.Issue, value: str) -> bool:
    if issue.pull is None:
        return False
    here = hub.repositories[issue.repository]
    return combined_state(latest_statuses(hub, here, issue.pull.head_sha)) == value.lower()


def _no(hub: Hub, issue: r.Issue, value: str) -> bool:
    held = {"label": issue.labels, "milestone": issue.milestone, "assignee": issue.assignees}
    return value.lower() in held and not held[value.lower()]


def _in_time(moment: datetime | None, value: str) -> bool:
    """`>=T`, `<T`, `T..T` with `*` for an open end, or a day."""
    if moment is None:
        return False
    low, dots, high = value.partition("..")
    if dots:
        return (low == "*" or moment >= _time(low)) and (high == "*" or moment <= _time(high))
    for sign in (">=", "<=", ">", "<"):
        if value.startswith(sign):
            other = _time(value.removeprefix(sign))
            return {">=": moment >= other, "<=": moment <= other, ">": moment > other, "<": moment < other}[sign]
    return moment.date() == _time(value).date()


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(errors=[field_error("Search", "q", "invalid", f"{text} is not a time")]) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


TESTS: dict[str, Test] = {
    "is": _is,
    "type": _is,
    "state": _is,
    "repo": _place,
    "org": _place,
    "user": _place,
    "label": _label,
    "author": _author,
    "assignee": _assignee,
    "involves": _involves,
    "commenter": _commenter,
    "milestone": _milestone,
    "review": _review,
    "status": _status,
    "no": _no,
    "archived": lambda hub, issue, value: hub.repositories[issue.repository].is_archived == (value.lower() == "true"),
    "draft": lambda hub, issue, value: issue.pull is not None and issue.pull.is_draft == (value.lower() == "true"),
    "base": lambda hub, issue, value: issue.pull is not None and issue.pull.base_ref == value,
    "head": lambda hub, issue, value: issue.pull is not None and issue.pull.head_ref == value,
    "sha": lambda hub, issue, value: _has_commit(hub, issue, value),
    "in": lambda hub, issue, value: True,
    "created": lambda hub, issue, value: _in_time(issue.created_at, value),
    "updated": lambda hub, issue, value: _in_time(issue.updated_at, value),
    "closed": lambda hub, issue, value: _in_time(issue.closed_at, value),
    "merged": lambda hub, issue, value: _in_time(issue.pull.merged_at if issue.pull else None, value),
}
