"""What tide does next with a pool. Pure: the order of the rules is the order of the lines.

Source: sigs.k8s.io/prow pkg/tide (tide.go, takeAction).
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Literal

from msgspec import Struct

from cutwater.config.jobs import Presubmit
from cutwater.config.tide import Priority
from cutwater.errors import Later, Refused
from functions.tide.batching import Batch
from functions.tide.pull_requests import PullRequest
from functions.tide.results import Batches, Candidate, Results

Kind = Literal["WAIT", "TRIGGER", "TRIGGER_BATCH", "MERGE", "MERGE_BATCH", "BLOCKED"]
_LOWEST = Priority()


class Action(Struct, frozen=True, kw_only=True):
    """What is to be done, with whom. `tests`: what is to be started. `error`: what kept us from doing better.

    `trees`, where they are known: that of the branch, and that with each of the targets more.
    """

    kind: Kind
    targets: tuple[PullRequest, ...] = ()
    tests: tuple[Presubmit, ...] = ()
    trees: tuple[str, ...] = ()
    why: str = ""
    error: str = ""


Rule = Callable[[PullRequest], bool]
PickBatch = Callable[[Sequence[Candidate]], Awaitable[Batch]]
"""Those to be tested together, out of all that may be retested, by number. Raises Refused and Later."""


async def choose(
    results: Results,
    batches: Batches,
    *,
    priorities: Sequence[Priority],
    is_passing: Rule,
    may_be_retested: Rule,
    pick_batch: PickBatch,
) -> Action:
    """The next action of a pool that nothing blocks.

    `is_passing`: all on its head is green. `may_be_retested`: all is, but for tests that tide itself has started.
    Where no batch can be picked, the pool waits, and says why.
    """
    if batches.passed:
        why = "the batch has passed on the branch as it is"
        return Action(kind="MERGE_BATCH", targets=tuple(one.pull for one in batches.passed), why=why)
    if results.successes and not batches.pending:
        first = pick(results.successes, priorities, is_passing)
        if first is not None:
            return Action(kind="MERGE", targets=(first.pull,), why="it has passed on the branch as it is")
    everybody = sorted((*results.successes, *results.pendings, *results.missings), key=lambda one: one.number)
    if not any(one.presubmits for one in everybody):
        return Action(kind="WAIT", why="no test is to be run")
    if len(everybody) > 1 and not batches.pending:
        try:
            batch = await pick_batch([one for one in everybody if may_be_retested(one.pull)])
        except (Later, Refused) as error:
            return Action(kind="WAIT", why="no batch can be put together", error=str(error))
        if len(batch.members) > 1:
            targets = tuple(one.pull for one in batch.members)
            why = "they have not been tested together on the branch as it is"
            return Action(kind="TRIGGER_BATCH", targets=targets, tests=tuple(batch.tests), why=why)
    if results.missings and not results.pendings and not results.successes:
        first = pick(results.missings, priorities, may_be_retested)
        if first is not None:
            tests = tuple(results.missing_tests[first.number])
            why = "it has not been tested on the branch as it is"
            return Action(kind="TRIGGER", targets=(first.pull,), tests=tests, why=why)
    return Action(kind="WAIT", why=_waits_for(results, batches))


def _waits_for(results: Results, batches: Batches) -> str:
    if batches.pending:
        return "a batch is being tested"
    if results.pendings:
        return f"{_numbers(results.pendings)} being tested"
    return "what stands on the heads of the pull requests is not green yet"


def _numbers(candidates: Iterable[Candidate]) -> str:
    numbers = [f"#{one.number}" for one in candidates]
    return f"{', '.join(numbers)} {'are' if len(numbers) > 1 else 'is'}"


def pick(candidates: Iterable[Candidate], priorities: Sequence[Priority], rule: Rule) -> Candidate | None:
    """Of those whom `rule` admits: the smallest number among those of the first priority that any of them has."""
    return next((one for one in in_order(candidates, priorities) if rule(one.pull)), None)


def in_order(candidates: Iterable[Candidate], priorities: Sequence[Priority]) -> Sequence[Candidate]:
    """The order in which it comes to them: by the first priority that each has, then by number."""
    levels = (*priorities, _LOWEST)

    def level(candidate: Candidate) -> int:
        return next(place for place, priority in enumerate(levels) if _has(candidate.pull, priority))

    return sorted(candidates, key=lambda one: (level(one), one.number))


def _has(pull: PullRequest, priority: Priority) -> bool:
    return all({*alternatives.split(",")} & {*pull.labels} for alternatives in priority.labels)
