"""Who is in the pool: the pull requests that a query admits, and in whose way nothing stands but missing tests.

Source: sigs.k8s.io/prow pkg/tide (tide.go, filterSubpool).
"""

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cutwater.config.contexts import Contexts, contexts_of, manual_jobs_count
from cutwater.config.jobs import Presubmit
from cutwater.events.look import Look
from functions.tide import presubmits
from functions.tide.contexts import may_stay_in_pool
from functions.tide.kept import Kept
from functions.tide.mergeability import obstacle
from functions.tide.pull_requests import PullRequest
from functions.tide.requirements import meets
from functions.tide.results import Candidate
from functions.tide.sight import Sight


class Members(Struct, frozen=True, kw_only=True):
    """The candidates, and why others cannot be merged, by number.

    `policy`: the contexts that must be green. `jobs`: all presubmits of the repository; `manual_jobs_count`: that those
    are required, too, which otherwise wait for a comment.
    """

    branch: str
    policy: Contexts
    jobs: Sequence[Presubmit] = ()
    manual_jobs_count: bool = False
    candidates: tuple[Candidate, ...] = ()
    obstacles: Mapping[int, str] = {}

    def required(self, *changes: Collection[str]) -> Sequence[Presubmit]:
        """The tests that pull requests with these changed files must have passed together."""
        files = sorted({file for some in changes for file in some})
        return presubmits.required(self.jobs, self.branch, files, manual_jobs_count=self.manual_jobs_count)

    def contexts_of_batch(self, batch: Sequence[Candidate]) -> Collection[str]:
        """The contexts that a batch must have passed."""
        return [job.context for job in self.required(*(one.changes for one in batch))]


async def members_of(sight: Sight, kept: Kept, look: Look) -> Members:
    """Who is in the pool. Raises ValueError for a configuration that contradicts itself, and Refused."""
    name, config = sight.name, look.config
    tide, protection = config.prow.tide, config.prow.branch_protection
    jobs = config.jobs.presubmits_of(name.org, name.repo)
    where = {"org": name.org, "repo": name.repo, "branch": name.branch}
    manual = manual_jobs_count(tide.context_options, protection, **where)
    nobody = Members(
        branch=name.branch,
        policy=contexts_of(tide.context_options, protection, presubmits=jobs, **where),
        jobs=jobs,
        manual_jobs_count=manual,
    )
    depends = presubmits.depend_on_changes(jobs, name.branch, manual_jobs_count=manual)
    candidates: list[Candidate] = []
    obstacles: dict[int, str] = {}
    for pull in sight.pulls:
        why = obstacle(pull, tide, sight.allowed) or kept.refused_words(pull, config.digest, look.now)
        if why:
            obstacles[pull.number] = why
        elif any(meets(pull, query) for query in tide.queries):
            changes = await _changes(pull, look) if depends else ()
            needed = nobody.required(changes)
            if may_stay_in_pool(pull, nobody.policy, needed):
                candidates.append(Candidate(pull, needed, changes))
    return replace(nobody, candidates=tuple(candidates), obstacles=obstacles)


async def _changes(pull: PullRequest, look: Look) -> tuple[str, ...]:
    """The files that it changes."""
    return tuple(file.filename for file in await look.github.files(pull.org, pull.repo, pull.number))
