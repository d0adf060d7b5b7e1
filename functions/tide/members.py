"""Who is in the pool: the pull requests that a query admits, and in whose way nothing stands but missing tests.

Source: sigs.k8s.io/prow pkg/tide (tide.go, filterSubpool).
"""

import asyncio
from collections.abc import Mapping, Sequence

from msgspec import Struct

from cutwater.config.contexts import Contexts
from cutwater.config.jobs import Presubmit
from cutwater.errors import Refused
from cutwater.events.changed_files import changed_files
from cutwater.events.look import Look
from functions.tide.contexts import may_stay_in_pool
from functions.tide.demands import Demanding, Demands
from functions.tide.kept import Kept
from functions.tide.mergeability import obstacle
from functions.tide.pull_requests import PullRequest
from functions.tide.requirements import meets
from functions.tide.results import Candidate
from functions.tide.sight import AT_ONCE, Sight
from functions.tide.stacking import changes_of


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
    obstacles: dict[int, str] = {}
    admitted: list[PullRequest] = []
    for pull in sight.pulls:
        refused = kept.refused_words(pull, look.config.digest, look.now)
        why = obstacle(pull, tide, sight.allowed) or demands[pull.number].wrong or refused
        if why:
            obstacles[pull.number] = why
        elif any(meets(pull, query) for query in tide.queries):
            admitted.append(pull)
    changes = await _changes([pull for pull in admitted if demands[pull.number].depend_on_changes], look)
    candidates: list[Candidate] = []
    for pull in admitted:
        on_it, files = demands[pull.number], changes.get(pull.number, ())
        if isinstance(files, Refused):
            obstacles[pull.number] = f"The files that it changes cannot be read: {files}"
            continue
        needed = on_it.required(files)
        if may_stay_in_pool(pull, on_it.policy, needed):
            candidates.append(Candidate(pull, needed))
    return Members(demands=demands, candidates=tuple(candidates), obstacles=obstacles)


async def tests_of_batch(batch: Sequence[Candidate], demanding: Demanding, look: Look) -> Sequence[Presubmit]:
    """The tests that a batch must have passed. Raises Refused where nobody can tell, and Later."""
    demands = await demanding.on([one.pull.head for one in batch])
    if demands.wrong:
        raise Refused(f"nobody can tell which tests the batch must pass: {demands.wrong}")
    changes = await _changes([one.pull for one in batch], look) if demands.depend_on_changes else {}
    files: set[str] = set()
    for found in changes.values():
        if isinstance(found, Refused):
            raise found
        files.update(found)
    return demands.required(sorted(files))


async def fitting(batch: Sequence[Candidate], limit: int, sight: Sight, look: Look) -> Sequence[Candidate]:
    """Those that can be put on the branch one upon the other, each as it would be merged; at most `limit`, 0 for all.

    Raises Refused and Later where git cannot tell.
    """
    name, changes = sight.name, changes_of([one.pull for one in batch], look)
    stack = await look.stacks.stack(name.org, name.repo, name.branch, base=sight.base, changes=changes, limit=limit)
    by_number = {one.number: one for one in batch}
    return [by_number[layer.number] for layer in stack.layers]


async def _changes(pulls: Sequence[PullRequest], look: Look) -> dict[int, tuple[str, ...] | Refused]:
    """The files that each changes, by number, or why GitHub does not say. Raises Later."""
    at_once = asyncio.Semaphore(AT_ONCE)

    async def of(pull: PullRequest) -> tuple[str, ...] | Refused:
        async with at_once:
            try:
                return await changed_files(
                    look,
                    pull.org,
                    pull.repo,
                    pull.number,
                    base_ref=pull.base_ref,
                    head=pull.head,
                    updated_at=pull.updated_at,
                )
            except Refused as refused:
                return refused

    found = await asyncio.gather(*(of(pull) for pull in pulls))
    return {pull.number: files for pull, files in zip(pulls, found, strict=True)}
