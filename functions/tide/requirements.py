"""What tide's queries ask of a pull request: whether it meets one, and how far it is from it, in words.

Source: sigs.k8s.io/prow pkg/tide (status.go, requirementDiff), and what GitHub's search means by the same terms.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from cutwater.config.contexts import Contexts
from cutwater.config.tide import TideQuery
from functions.tide.contexts import unsuccessful
from functions.tide.pull_requests import PullRequest

BRANCH, AUTHOR, MILESTONE, REVIEW, BLOCKED = 2000, 1000, 100, 50, 100
"""How much it weighs, beside 1 for each label and context, that a query asks for another one."""
LETTERS = 50
"""How long a list of names becomes."""


Aspect = Literal["branch", "author", "milestone", "labels", "forbidden labels", "contexts", "review", "protection"]


class Difference(Struct, frozen=True):
    """How far a pull request is from a query. `text` names the first thing that it lacks, and begins with a blank."""

    text: str
    weight: int


class Lack(Struct, frozen=True):
    """One thing that a query asks for and a pull request does not have. `names`: all that are asked for, sorted.

    `text` is as in a Difference; it may leave out some of the names.
    """

    aspect: Aspect
    names: tuple[str, ...]
    text: str
    weight: int


def meets(pull: PullRequest, query: TideQuery) -> bool:
    """Whether GitHub's search finds it by the query. What stands on its head is not asked for there."""
    labels = {label.casefold() for label in pull.labels}
    return (
        query.covers(pull.org, pull.repo)
        and pull.base_ref not in query.excluded_branches
        and (not query.included_branches or pull.base_ref in query.included_branches)
        and (not query.author or query.author.removeprefix("@").casefold() in _logins(pull))
        and all(not labels.isdisjoint(wanted.casefold().split(",")) for wanted in query.labels)
        and labels.isdisjoint(label.casefold() for label in query.missing_labels)
        and (not query.milestone or query.milestone.casefold() == (pull.milestone or "").casefold())
        and (not query.review_approved_required or pull.review_decision == "APPROVED")
    )


def narrowest_labels(queries: Iterable[TideQuery]) -> Sequence[str] | None:
    """Labels of which every pull request that meets one of the queries has one; None where there are no such labels."""
    labels: set[str] = set()
    for query in queries:
        if not query.labels:
            return None
        labels.update(min(query.labels, key=lambda alternatives: alternatives.count(",")).split(","))
    return sorted(labels)


def difference(pull: PullRequest, query: TideQuery, contexts: Contexts, *, is_block_respected: bool) -> Difference:
    """How far it is from a query for its repository. `is_block_respected`: that GitHub says BLOCKED counts."""
    found = list(lacks(pull, query, contexts, is_block_respected=is_block_respected))
    return Difference(found[0].text if found else "", sum(one.weight for one in found))


def lacks(pull: PullRequest, query: TideQuery, contexts: Contexts, *, is_block_respected: bool) -> Iterator[Lack]:
    """All that it lacks, in the order in which one of them is named."""
    included, branch = query.included_branches, pull.base_ref
    if branch in query.excluded_branches or (included and branch not in included):
        yield Lack("branch", included, f" Merging to branch {branch} is forbidden.", BRANCH)
    author = _normal(query.author)
    if author and author != _normal(pull.author):
        yield Lack("author", (author,), f" Must be by author {author}.", AUTHOR)
    if query.milestone and query.milestone != pull.milestone:
        yield Lack("milestone", (query.milestone,), f" Must be in milestone {query.milestone}.", MILESTONE)
    missing = [wanted.replace(",", " or ") for wanted in query.labels if not {*wanted.split(",")} & {*pull.labels}]
    if missing:
        names = listed(missing)
        text = f" Needs {', '.join(names)} {_plural('label', names)}."
        yield Lack("labels", tuple(sorted(missing)), text, len(missing))
    forbidden = [label for label in query.missing_labels if label in pull.labels]
    if forbidden:
        names = listed(forbidden)
        text = f" Should not have {', '.join(names)} {_plural('label', names)}."
        yield Lack("forbidden labels", tuple(sorted(forbidden)), text, len(forbidden))
    yield from _bad_contexts(pull, contexts)
    if query.review_approved_required and pull.review_decision != "APPROVED":
        yield Lack("review", (), " PullRequest is missing sufficient approving GitHub review(s)", REVIEW)
    if is_block_respected and pull.is_blocked:
        yield Lack("protection", (), " Blocked by GitHub (branch rulesets or protection)", BLOCKED)


def _bad_contexts(pull: PullRequest, contexts: Contexts) -> Iterator[Lack]:
    """A required context that is not there at all weighs twice."""
    there = pull.contexts or ()
    bad = [context.name for context in unsuccessful(there, contexts)]
    weight = len(bad) + len(contexts.missing({context.name for context in there}))
    if bad:
        names = listed(bad)
        has = "have" if len(names) > 1 else "has"
        text = f" {_plural('Job', names)} {', '.join(names)} {has} not succeeded."
        yield Lack("contexts", tuple(sorted(bad)), text, weight)


def listed(names: Collection[str]) -> list[str]:
    """The names in order: the first, and further ones while there is room."""
    kept: list[str] = []
    letters = 0
    for name in sorted(names):
        if kept and letters + len(name.encode()) > LETTERS:
            break
        kept.append(name)
        letters += len(name.encode()) + 2
    return kept


def _plural(word: str, names: Sequence[str]) -> str:
    return f"{word}s" if len(names) > 1 else word


def _normal(login: str) -> str:
    return login.lower().removeprefix("@")


def _logins(pull: PullRequest) -> set[str]:
    """How its author may be named in a search."""
    login = pull.author.casefold()
    return {login, f"{login}[bot]", f"app/{login}"} if pull.is_by_bot else {login}
