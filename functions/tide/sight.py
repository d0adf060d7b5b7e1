"""Tide's look at one pool: the branch, the pull requests to it, and the runs of their tests.

It asks the repository itself, not the index of GitHub's search, which lags behind.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, field

from cutwater.config.tide import MergeMethod, TideQuery
from cutwater.errors import Refused
from cutwater.events.look import Look
from cutwater.events.repository_jobs import jobs_of
from cutwater.github.queries import POOL
from cutwater.prowjob import labels
from cutwater.prowjob.types import ProwJob
from functions.tide import pull_requests
from functions.tide.blockers import Blocker, Issue, blockers_of
from functions.tide.pull_requests import Context, PullRequest, contexts_of_runs
from functions.tide.requirements import narrowest_labels

PAGE = 37
"""Pull requests a page: GitHub takes too long for more of them with all that stands on their heads."""


class PoolName(Struct, frozen=True):
    """A pool: the branch of a repository. `branch` "" stands for all of them."""

    org: str
    repo: str
    branch: str

    @classmethod
    def read(cls, subject: str) -> "PoolName":
        """Of `org/repo:branch`. Raises Refused."""
        full_name, _, branch = subject.partition(":")
        org, _, repo = full_name.partition("/")
        if not org or not repo:
            raise Refused(f'"{subject}" names no pool')
        return cls(org, repo, branch)

    def __str__(self) -> str:
        return f"{self.org}/{self.repo}:{self.branch}"


class Sight(Struct, frozen=True, kw_only=True):
    """What there is. `pulls`: all that may meet a query, and all others that have changed; by number.

    `base`: where the branch is, "" where there is none; `allowed`: the methods that the repository's settings allow;
    `jobs`: the runs for the branch, whatever state of it they tested; `brings`: a name for the jobs that the branch
    brings along.
    """

    name: PoolName
    base: str
    allowed: tuple[MergeMethod, ...]
    pulls: tuple[PullRequest, ...]
    blockers: tuple[Blocker, ...] = ()
    jobs: tuple[ProwJob, ...] = ()
    brings: str = ""


class _Target(Struct, frozen=True):
    oid: str


class _Ref(Struct, frozen=True):
    target: _Target


class _Issues(Struct, frozen=True):
    nodes: tuple[Issue, ...] = ()


class _PageInfo(Struct, frozen=True, rename="camel"):
    has_next_page: bool
    end_cursor: str | None = None


class _PullRequests(Struct, frozen=True, rename="camel"):
    page_info: _PageInfo
    nodes: list[Any]


class _Repository(Struct, frozen=True, rename="camel"):
    is_archived: bool
    merge_commit_allowed: bool
    squash_merge_allowed: bool
    rebase_merge_allowed: bool
    pull_requests: _PullRequests
    ref: _Ref | None = None
    issues: _Issues = field(default_factory=_Issues)


class _Seen(Struct, frozen=True):
    """The repository, and the pull requests of all pages that were read."""

    repository: _Repository
    pulls: tuple[PullRequest, ...]


async def see(name: PoolName, look: Look, *, queries: Sequence[TideQuery], since: datetime | None) -> Sight:
    """Look at the pool. `queries`: those for its repository; `since`: what has not changed since then, and meets none
    of them, need not be seen (None: all must be).

    Raises Refused where there is no such repository, or it is archived, or where pull requests are for no branch; and
    Later.
    """
    wanted = narrowest_labels([query for query in queries if _admits(query, name.branch)])
    is_all = wanted is None or since is None
    changed = await _read(name, look, wanted=None, since=None if is_all else since)
    repository, pulls = changed.repository, {pull.number: pull for pull in changed.pulls}
    if wanted and not is_all:
        pulls |= {pull.number: pull for pull in (await _read(name, look, wanted=wanted, since=None)).pulls}
    if repository.is_archived:
        raise Refused(f"the repository {name.org}/{name.repo} is archived")
    if repository.ref is None and pulls:
        raise Refused(f"the repository {name.org}/{name.repo} has no branch {name.branch}")
    base = repository.ref.target.oid if repository.ref else ""
    methods: tuple[tuple[MergeMethod, bool], ...] = (
        ("merge", repository.merge_commit_allowed),
        ("squash", repository.squash_merge_allowed),
        ("rebase", repository.rebase_merge_allowed),
    )
    return Sight(
        name=name,
        base=base,
        allowed=tuple(method for method, is_allowed in methods if is_allowed),
        pulls=tuple([await _with_contexts(pulls[number], look) for number in sorted(pulls)]),
        blockers=tuple(blockers_of(name.branch, repository.issues.nodes)),
        jobs=tuple(await _runs(name, look)),
        brings=(await jobs_of(look, name.org, name.repo, base_sha=base)).brings if base else "",
    )


def _admits(query: TideQuery, branch: str) -> bool:
    return branch not in query.excluded_branches and (not query.included_branches or branch in query.included_branches)


async def _read(name: PoolName, look: Look, *, wanted: Sequence[str] | None, since: datetime | None) -> _Seen:
    """The repository, and the open pull requests to the branch with one of the labels `wanted`, changed `since`."""
    label = look.config.prow.tide.blocker_label
    pulls: list[PullRequest] = []
    after: str | None = None
    while True:
        answer = await look.github.graphql(
            POOL,
            org=name.org,
            owner=name.org,
            name=name.repo,
            branch=name.branch,
            ref=f"refs/heads/{name.branch}",
            labels=wanted,
            first=PAGE,
            after=after,
            blocking=[label] if label else None,
            mayBeBlocked=bool(label),
        )
        repository = _repository(name, answer)
        page = repository.pull_requests
        pulls += [pull_requests.read(name.org, name.repo, node) for node in page.nodes]
        oldest = pulls[-1].updated_at if pulls else None
        if not page.page_info.has_next_page or (since and oldest and oldest < since):
            return _Seen(repository, tuple(pulls))
        after = page.page_info.end_cursor


def _repository(name: PoolName, answer: Any) -> _Repository:
    if answer.get("repository") is None:
        raise Refused(f"GitHub shows us no repository {name.org}/{name.repo}")
    try:
        return msgspec.convert(answer["repository"], _Repository)
    except msgspec.ValidationError as error:
        raise Refused(f"what GitHub sent is no repository: {error}") from error


async def _with_contexts(pull: PullRequest, look: Look) -> PullRequest:
    """Where GitHub's answer lacked the head's commit, what stands on it is asked for. It stays unknown if refused."""
    if pull.contexts is not None:
        return pull
    try:
        statuses = await look.github.statuses(pull.org, pull.repo, pull.head)
        runs = await look.github.check_runs(pull.org, pull.repo, pull.head)
    except Refused:
        return pull
    contexts = [Context(status.context, status.state.upper(), status.description) for status in statuses]
    return msgspec.structs.replace(pull, contexts=(*contexts, *contexts_of_runs(runs)))


async def _runs(name: PoolName, look: Look) -> list[ProwJob]:
    """The runs of presubmits and batches for the branch. What labels cannot say, the refs do."""
    wanted = {labels.ORG: name.org, labels.REPO: name.repo, labels.BASE_REF: name.branch}
    selector = ",".join(f"{label}={value}" for label, value in wanted.items() if labels.is_value(value))
    return [
        job
        for job in await look.kube.prowjobs(look.config.prow.prowjob_namespace, labels=selector)
        if job.spec.type in {"presubmit", "batch"}
        and (refs := job.spec.refs) is not None
        and (refs.org, refs.repo, refs.base_ref) == (name.org, name.repo, name.branch)
    ]
