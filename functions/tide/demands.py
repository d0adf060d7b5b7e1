"""What a pull request must fulfil on its branch: the tests that it must have passed, the contexts that must be green.

With jobs that a repository brings along, that may differ from one pull request to the next.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct

from cutwater.config.contexts import Contexts, contexts_of, manual_jobs_count
from cutwater.config.jobs import Presubmit
from cutwater.events.look import Look
from cutwater.events.repository_jobs import RepositoryJobs, jobs_of
from functions.tide import presubmits
from functions.tide.pull_requests import PullRequest
from functions.tide.sight import PoolName

AT_ONCE = 8
"""Pull requests whose jobs are asked for side by side."""


class Demands(Struct, frozen=True, kw_only=True):
    """What a pull request, or several together, must fulfil.

    `policy`: the contexts that must be green. `jobs`: all presubmits that count for it; `manual_jobs_count`: that those
    are required, too, which otherwise wait for a comment. `wrong`: why nobody can tell, in words.
    """

    branch: str
    policy: Contexts
    jobs: Sequence[Presubmit] = ()
    manual_jobs_count: bool = False
    wrong: str = ""

    @property
    def depend_on_changes(self) -> bool:
        """Whether the changed files must be known to tell which tests are required."""
        return presubmits.depend_on_changes(self.jobs, self.branch, manual_jobs_count=self.manual_jobs_count)

    def required(self, changes: Collection[str]) -> Sequence[Presubmit]:
        """The tests that must have passed where these files are changed."""
        return presubmits.required(self.jobs, self.branch, changes, manual_jobs_count=self.manual_jobs_count)


class Demanding:
    """What is demanded in one pool, with its branch at `base`.

    Raises ValueError where the static configuration contradicts itself.
    """

    def __init__(self, name: PoolName, base: str, look: Look) -> None:
        self._name, self._base, self._look = name, base, look
        self._static = look.config.jobs.presubmits_of(name.org, name.repo)
        self._policy = self._policy_under(self._static)
        self._policies: dict[str, Contexts | str] = {}

    async def on_each(self, pulls: Iterable[PullRequest]) -> dict[int, Demands]:
        """What each pull request must fulfil, by number. Raises Later."""
        at_once = asyncio.Semaphore(AT_ONCE)

        async def on_one(pull: PullRequest) -> tuple[int, Demands]:
            async with at_once:
                return pull.number, await self.on([pull.head])

        return dict(await asyncio.gather(*(on_one(pull) for pull in pulls)))

    async def on(self, heads: Sequence[str]) -> Demands:
        """What the heads must fulfil together. Raises Later."""
        name = self._name
        jobs = await jobs_of(self._look, name.org, name.repo, base_sha=self._base, heads=heads)
        policy = self._policy_of(jobs)
        config = self._look.config.prow
        return Demands(
            branch=name.branch,
            policy=self._policy if isinstance(policy, str) else policy,
            jobs=jobs.presubmits,
            manual_jobs_count=manual_jobs_count(
                config.tide.context_options,
                config.branch_protection,
                org=name.org,
                repo=name.repo,
                branch=name.branch,
            ),
            wrong=_in_a_line(jobs.wrong) or (policy if isinstance(policy, str) else ""),
        )

    def _policy_of(self, jobs: RepositoryJobs) -> Contexts | str:
        """The policy, or how its own jobs contradict it."""
        if jobs.wrong or not jobs.brings:
            return self._policy
        if jobs.brings not in self._policies:
            try:
                self._policies[jobs.brings] = self._policy_under(jobs.presubmits)
            except ValueError as error:
                self._policies[jobs.brings] = f"Its own jobs contradict the context policy: {error}"
        return self._policies[jobs.brings]

    def _policy_under(self, jobs: Sequence[Presubmit]) -> Contexts:
        name, config = self._name, self._look.config.prow
        return contexts_of(
            config.tide.context_options,
            config.branch_protection,
            org=name.org,
            repo=name.repo,
            branch=name.branch,
            presubmits=jobs,
        )


def _in_a_line(wrong: str) -> str:
    """The first of what is wrong with its own jobs, and how much more there is."""
    first, *more = wrong.splitlines() or [""]
    rest = f" (and {len(more)} more)" if more else ""
    return first and f"Its own jobs cannot be used: {first}{rest}"
