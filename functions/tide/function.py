"""tide: merges the pull requests that are ready, and tests them again where the branch has moved.

Woken for a pool (`org/repo:branch`) when something in it changed: by hook for what GitHub tells, by relay when a test
has ended; and once a minute to find what was missed (tick `sweep`), and to have the repositories' commits at hand (tick
`repositories`). It needs GitHub, its repositories by git, the cluster of the ProwJobs, and the state bucket. It has the
pool to itself, and looks at it once in ten seconds at most, however many events there are.
Source: sigs.k8s.io/prow pkg/tide.
"""

from collections.abc import Sequence

from cutwater.events.effect import Act
from cutwater.events.event import Event
from cutwater.events.level import LevelRole
from cutwater.events.look import Look
from cutwater.events.publish import LookAgain
from cutwater.events.serve import level_role
from cutwater.github.edits import MoveBranch
from cutwater.github.effects import DeleteComment, Merge, SetStatus
from functions.tide import repositories
from functions.tide.pool import look_at_pool, subject
from functions.tide.sight import PoolName
from functions.tide.sweep import sweep

PACE, LEASE_SECONDS = 10, 120


async def decide(event: Event, look: Look, act: Act) -> None:
    """Look at the pool; or, where the event does not say at which branch, have those looked at that it may mean."""
    name = PoolName.read(event.subject)
    if name.branch:
        await look_at_pool(name, look, act)
        return
    for branch in await _branches(name, event["head"], look):
        pool = PoolName(name.org, name.repo, branch)
        await act(LookAgain(role="tide", subject=str(pool), why="it may be meant"))


async def _branches(name: PoolName, head: str, look: Look) -> Sequence[str]:
    """The branches to which there are open pull requests; with `head`, those of this very commit."""
    if not look.config.prow.tide.queries_of(name.org, name.repo):
        return ()
    pulls = await (
        look.github.pull_requests_of(name.org, name.repo, head)
        if head
        else look.github.pull_requests(name.org, name.repo)
    )
    return sorted({pull.base.ref for pull in pulls if pull.state == "open" and head in ("", pull.head.sha)})


async def names(event: Event, look: Look) -> Sequence[str]:
    """The pool, where the event says which."""
    name = PoolName.read(event.subject)
    return [subject(name)] if name.branch else []


tide = LevelRole(
    name="tide",
    decide=decide,
    sweeps={"sweep": sweep, "repositories": repositories.sweep},
    excludes=names,
    lease_seconds=LEASE_SECONDS,
    writes=(*Merge.writes, *MoveBranch.writes, *SetStatus.writes, *DeleteComment.writes),
    pace=PACE,
)
role = level_role(tide)
