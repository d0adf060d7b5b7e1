"""Tide's look at one pool: the branch, the pull requests to it, and the runs of their tests.

It asks the repository itself, not the index of GitHub's search, which lags behind.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field

from cutwater.config.tide import MergeMethod, TideQuery
from cutwater.errors import Refused
from cutwater.events.look import Look
from cutwater.events.pools import Blocker
from cutwater.events.repository_jobs import jobs_of
from cutwater.github.client import Incomplete
from cutwater.github.queries import POOL, PULLS
from cutwater.prowjob import labels
from cutwater.prowjob.types import ProwJob
from functions.tide import pull_requests
from functions.tide.blockers import Issue, blockers_of
from functions.tide.pull_requests import Context, PullRequest, contexts_of_runs
from functions.tide.requirements import meets, narrowest_labels

PAGE, RECENT = 37, 10
"""Pull requests a page: GitHub takes too long for many more of them with all that stands on their heads. And on the
first page of those that have changed, where most looks find one or two: both together are one point of GitHub's limit.
"""
AT_ONCE = 8
"""Heads that are asked for side by side."""

T = TypeVar("T")


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

    `base`: where the branch is, and `base_tree`: the tree of that commit, both "" where there is none; `allowed`: the
    methods that the repository's settings allow; `jobs`: the runs for the branch, whatever state of it they tested;
    `brings`: a name for the jobs that the branch brings along; `trouble`: why not all of it can be seen, in words;
    `demanded`: the contexts that GitHub demands, where it calls one of them BLOCKED that meets a query.
    """

    name: PoolName
    base: str
    base_tree: str = ""
    allowed: tuple[MergeMethod, ...]
    pulls: tuple[PullRequest, ...]
    blockers: tuple[Blocker, ...] = ()
    jobs: tuple[ProwJob, ...] = ()
    brings: str = ""
    trouble: str = ""
    demanded: tuple[str, ...] = ()


class _Tree(Struct, frozen=True):
    oid: str


class _Target(Struct, frozen=True):
    oid: str
    tree: _Tree


class _Ref(Struct, frozen=True):
    target: _Target


class _Issues(Struct, frozen=True):
    nodes: tuple[Issue, ...] = ()


class _PageInfo(Struct, frozen=True, rename="camel"):
    has_next_page: bool
    end_cursor: str | None = None


class _Page(Struct, frozen=True, rename="camel"):
    """Some of the pull requests. A node that GitHub does not show us is null."""

    page_info: _PageInfo
    nodes: tuple[Any, ...]


class _More(Struct, frozen=True, rename="camel"):
    pull_requests: _Page


class _Repository(Struct, frozen=True, kw_only=True, rename="camel"):
    name_with_owner: str
    is_archived: bool
    merge_commit_allowed: bool
    squash_merge_allowed: bool
    rebase_merge_allowed: bool
    ref: _Ref | None = None
    issues: _Issues = field(default_factory=_Issues)
    changed: _Page
    wanted: _Page | None = None


async def see(name: PoolName, look: Look, *, queries: Sequence[TideQuery], since: datetime | None) -> Sight:
    """Look at the pool. `queries`: those for its repository; `since`: what has not changed since then, and meets none
    of them, need not be seen (None: all must be).

    Raises Refused where there is no such repository, or it is archived or has another name, or where pull requests are
    for no branch; and Later.
    """
    wanted = narrowest_labels([query for query in queries if _admits(query, name.branch)])
    is_all = wanted is None or since is None
    labels = () if is_all or wanted is None else wanted
    reading = _Reading(name, look)
    repository, jobs = await asyncio.gather(reading.repository(labels, is_all=is_all), _runs(name, look))
    pulls = await reading.pulls(repository.changed, labels=None, since=None if is_all else since)
    if repository.wanted:
        pulls |= await reading.pulls(repository.wanted, labels=labels, since=None)
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
        base_tree=repository.ref.target.tree.oid if repository.ref else "",
        allowed=tuple(method for method, is_allowed in methods if is_allowed),
        pulls=tuple(await _with_contexts([pulls[number] for number in sorted(pulls)], look)),
        blockers=tuple(blockers_of(name.branch, repository.issues.nodes)),
        jobs=tuple(jobs),
        brings=(await jobs_of(look, name.org, name.repo, base_sha=base)).brings if base else "",
        trouble=reading.trouble,
        demanded=await _demanded(name, look) if any(_is_blocked(pull, queries) for pull in pulls.values()) else (),
    )


def _is_blocked(pull: PullRequest, queries: Iterable[TideQuery]) -> bool:
    return pull.is_blocked and any(meets(pull, query) for query in queries)


async def _demanded(name: PoolName, look: Look) -> tuple[str, ...]:
    """What GitHub demands beside what tide knows of; nothing where it does not say."""
    try:
        return tuple(await look.github.demanded_contexts(name.org, name.repo, name.branch))
    except Refused:
        return ()


def _admits(query: TideQuery, branch: str) -> bool:
    return branch not in query.excluded_branches and (not query.included_branches or branch in query.included_branches)


class _Reading:
    """What GitHub shows of a pool. `trouble`: why it shows not all of it, in words; that holds back nothing else."""

    def __init__(self, name: PoolName, look: Look) -> None:
        self._name, self._look = name, look
        self.trouble = ""

    async def repository(self, labels: Sequence[str], *, is_all: bool) -> _Repository:
        """With the first pages: of all pull requests to the branch, and of those with one of `labels`."""
        name, blocker = self._name, self._look.config.prow.tide.blocker_label
        answer = await self._ask(
            POOL,
            ref=f"refs/heads/{name.branch}",
            recent=PAGE if is_all else RECENT,
            labels=labels,
            withLabels=bool(labels),
            blocking=[blocker] if blocker else None,
            mayBeBlocked=bool(blocker),
        )
        found = _as(_Repository, answer, "repository")
        if found.name_with_owner.casefold() != f"{name.org}/{name.repo}".casefold():
            raise Refused(f"the repository {name.org}/{name.repo} is called {found.name_with_owner} now")
        if found.is_archived:
            raise Refused(f"the repository {name.org}/{name.repo} is archived")
        return found

    async def pulls(
        self, page: _Page, *, labels: Sequence[str] | None, since: datetime | None
    ) -> dict[int, PullRequest]:
        """The pull requests of a page, and of those after it as far as they have changed `since`; by number."""
        pulls: dict[int, PullRequest] = {}
        while True:
            found = [pull for node in page.nodes if (pull := self._pull(node)) is not None]
            pulls |= {pull.number: pull for pull in found}
            oldest = found[-1].updated_at if found else None
            if not page.page_info.has_next_page or (since and oldest and oldest < since):
                return pulls
            answer = await self._ask(PULLS, labels=labels, after=page.page_info.end_cursor)
            page = _as(_More, answer, "list of pull requests").pull_requests

    async def _ask(self, query: str, **variables: Any) -> Any:
        """What is answered of the repository. Raises Refused where there is nothing."""
        name = self._name
        place = {"org": name.org, "owner": name.org, "name": name.repo, "branch": name.branch}
        try:
            answer = await self._look.github.graphql(query, **place, first=PAGE, **variables)
        except Incomplete as incomplete:
            if incomplete.data.get("repository") is None:
                raise
            answer, self.trouble = incomplete.data, f"GitHub does not show all of it: {incomplete}"
        if answer.get("repository") is None:
            raise Refused(f"GitHub shows us no repository {name.org}/{name.repo}")
        return answer["repository"]

    def _pull(self, node: Any) -> PullRequest | None:
        """One that GitHub keeps back is null."""
        if node is None:
            return None
        try:
            return pull_requests.read(self._name.org, self._name.repo, node)
        except Refused as refused:
            self.trouble = str(refused)
            return None


def _as(kind: type[T], found: Any, what: str) -> T:
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        raise Refused(f"what GitHub sent is no {what}: {error}") from error


async def _with_contexts(pulls: Iterable[PullRequest], look: Look) -> Sequence[PullRequest]:
    """Where GitHub's answer lacked the head's commit, what stands on it is asked for. It stays unknown if refused."""
    at_once = asyncio.Semaphore(AT_ONCE)

    async def one(pull: PullRequest) -> PullRequest:
        if pull.contexts is not None:
            return pull
        async with at_once:
            try:
                statuses = await look.github.statuses(pull.org, pull.repo, pull.head)
                runs = await look.github.check_runs(pull.org, pull.repo, pull.head)
            except Refused:
                return pull
        contexts = [Context(status.context, status.state.upper(), status.description) for status in statuses]
        return msgspec.structs.replace(pull, contexts=(*contexts, *contexts_of_runs(runs)))

    return await asyncio.gather(*(one(pull) for pull in pulls))


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
