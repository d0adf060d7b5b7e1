"""Who is in the pool: the pull requests that a query admits, and in whose way nothing stands but missing tests.

Source: sigs.k8s.io/prow pkg/tide (tide.go, filterSubpool).
"""

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from cutwater.config.contexts import Contexts
from cutwater.events.look import Look
from functions.tide.contexts import may_stay_in_pool
from functions.tide.demands import Demanding, Demands
from functions.tide.kept import Kept
from functions.tide.mergeability import obstacle
from functions.tide.pull_requests import PullRequest
from functions.tide.requirements import meets
from functions.tide.results import Candidate
from functions.tide.sight import Sight


class Members(Struct, frozen=True, kw_only=True):
    """The candidates, and why others cannot be merged, by number. `demands`: on each pull request, by number."""

    demands: Mapping[int, Demands]
    candidates: tuple[Candidate, ...]
    obstacles: Mapping[int, str]

    def policy_of(self, pull: PullRequest) -> Contexts:
        """The contexts that must be green on it."""
        return self.demands[pull.number].policy


async def members_of(sight: Sight, kept: Kept, demanding: Demanding, look: Look) -> Members:
    """Who is in the pool. Raises Refused and Later."""
    tide = look.config.prow.tide
    demands = await demanding.on_each(sight.pulls)
    candidates: list[Candidate] = []
    obstacles: dict[int, str] = {}
    for pull in sight.pulls:
        on_it = demands[pull.number]
        refused = kept.refused_words(pull, look.config.digest, look.now)
        why = obstacle(pull, tide, sight.allowed) or on_it.wrong or refused
        if why:
            obstacles[pull.number] = why
        elif any(meets(pull, query) for query in tide.queries):
            changes = await _changes(pull, look) if on_it.depend_on_changes else ()
            needed = on_it.required(changes)
            if may_stay_in_pool(pull, on_it.policy, needed):
                candidates.append(Candidate(pull, needed))
    return Members(demands=demands, candidates=tuple(candidates), obstacles=obstacles)


async def contexts_of_batch(batch: Sequence[Candidate], demanding: Demanding, look: Look) -> Collection[str] | None:
    """The contexts that a batch must have passed; None where nobody can tell. Raises Refused and Later."""
    demands = await demanding.on([one.pull.head for one in batch])
    if demands.wrong:
        return None
    changes = [await _changes(one.pull, look) for one in batch] if demands.depend_on_changes else []
    files = sorted({file for some in changes for file in some})
    return [job.context for job in demands.required(files)]


async def _changes(pull: PullRequest, look: Look) -> tuple[str, ...]:
    """The files that it changes."""
    return tuple(file.filename for file in await look.github.files(pull.org, pull.repo, pull.number))
