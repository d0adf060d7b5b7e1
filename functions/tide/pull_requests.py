"""A pull request as tide sees it, out of GitHub's answer.

Source: sigs.k8s.io/prow pkg/tide (github.go, codereview.go).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, field

from cutwater.errors import Refused
from cutwater.github.types import CheckRun
from cutwater.github.types import read as read_value

SUCCESS, PENDING, EXPECTED, FAILURE = "SUCCESS", "PENDING", "EXPECTED", "FAILURE"
TIDE = "tide"
"""Our own context."""
PASSING = frozenset({"NEUTRAL", "SKIPPED", "SUCCESS"})
"""Conclusions of check runs that count as success."""
_BEST_FIRST = (SUCCESS, PENDING, "ERROR", FAILURE, EXPECTED)


class Context(Struct, frozen=True):
    """What stands on a commit under one name: a status, or a check run. `state` is upper case, as GraphQL has it."""

    name: str
    state: str
    description: str = ""


class PullRequest(Struct, frozen=True, kw_only=True):
    """An open pull request. `contexts` None: what stands on its head is not known."""

    org: str
    repo: str
    number: int
    head: str
    base_ref: str
    title: str = ""
    body: str = ""
    author: str = ""
    is_by_bot: bool = False
    head_ref: str = ""
    labels: tuple[str, ...] = ()
    milestone: str | None = None
    mergeable: str = ""
    merge_state: str = ""
    can_be_rebased: bool = False
    review_decision: str = ""
    updated_at: datetime | None = None
    contexts: tuple[Context, ...] | None = ()

    @property
    def full_name(self) -> str:
        return f"{self.org}/{self.repo}"

    @property
    def pool(self) -> str:
        """`org/repo:branch`."""
        return f"{self.full_name}:{self.base_ref}"

    @property
    def is_blocked(self) -> bool:
        """Whether GitHub says that it will not let it be merged as things stand."""
        return self.merge_state == "BLOCKED"

    def __str__(self) -> str:
        return f"{self.full_name}#{self.number}"


# What GitHub answers


class _Named(Struct, frozen=True):
    name: str = ""


class _Author(Struct, frozen=True, rename={"kind": "__typename"}):
    login: str = ""
    kind: str = ""


class _Title(Struct, frozen=True):
    title: str = ""


class _Status(Struct, frozen=True):
    context: str
    state: str
    description: str | None = None


class _Nodes(Struct, frozen=True):
    nodes: list[Any] = field(default_factory=list)


class _Contexts(Struct, frozen=True):
    contexts: list[_Status] = field(default_factory=list)


class _Rollup(Struct, frozen=True):
    contexts: _Nodes = field(default_factory=_Nodes)


class _Commit(Struct, frozen=True, rename={"rollup": "statusCheckRollup"}):
    oid: str
    status: _Contexts | None = None
    rollup: _Rollup | None = None


class _Node(Struct, frozen=True, kw_only=True, rename="camel"):
    number: int
    title: str = ""
    body: str = ""
    updated_at: datetime | None = None
    author: _Author | None = None
    base_ref_name: str
    head_ref_name: str = ""
    head_ref_oid: str
    mergeable: str = ""
    merge_state_status: str = ""
    can_be_rebased: bool = False
    review_decision: str | None = None
    labels: _Nodes | None = None
    milestone: _Title | None = None
    commits: _Nodes = field(default_factory=_Nodes)


def read(org: str, repo: str, node: Any) -> PullRequest:
    """A pull request out of a node of the query `POOL`. Raises Refused, naming the field that cannot be read."""
    try:
        found = msgspec.convert(node, _Node)
        commits = msgspec.convert([one["commit"] for one in found.commits.nodes], list[_Commit])
        labels = msgspec.convert(found.labels.nodes if found.labels else [], list[_Named])
        contexts = next((_contexts(commit) for commit in commits if commit.oid == found.head_ref_oid), None)
    except msgspec.ValidationError as error:
        raise Refused(f"what GitHub sent is no pull request: {error}") from error
    author = found.author or _Author()
    return PullRequest(
        org=org,
        repo=repo,
        number=found.number,
        head=found.head_ref_oid,
        base_ref=found.base_ref_name,
        title=found.title,
        body=found.body,
        author=author.login,
        is_by_bot=author.kind == "Bot",
        head_ref=found.head_ref_name,
        labels=tuple(label.name for label in labels),
        milestone=found.milestone.title if found.milestone else None,
        mergeable=found.mergeable,
        merge_state=found.merge_state_status,
        can_be_rebased=found.can_be_rebased,
        review_decision=found.review_decision or "",
        updated_at=found.updated_at,
        contexts=contexts,
    )


def _contexts(commit: _Commit) -> tuple[Context, ...]:
    statuses = commit.status.contexts if commit.status else []
    runs = [read_value(node, CheckRun) for node in commit.rollup.contexts.nodes if node] if commit.rollup else []
    return (
        *(Context(status.context, status.state, status.description or "") for status in statuses),
        *contexts_of_runs(runs),
    )


def contexts_of_runs(runs: Iterable[CheckRun]) -> Sequence[Context]:
    """Check runs as contexts. Of several with one name the best counts; a node without one is a status."""
    best: dict[str, Context] = {}
    for context in _each_run(runs):
        rival = best.get(context.name)
        if rival is None or _BEST_FIRST.index(context.state) < _BEST_FIRST.index(rival.state):
            best[context.name] = context
    return tuple(best.values())


def _each_run(runs: Iterable[CheckRun]) -> Iterator[Context]:
    for run in runs:
        if run.name and run.status.upper() != "COMPLETED":
            yield Context(run.name, PENDING)
        elif run.name:
            yield Context(run.name, SUCCESS if (run.conclusion or "").upper() in PASSING else FAILURE)
