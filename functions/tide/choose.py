"""What tide does next with a pool. Pure: the order of the rules is the order of the lines.

Source: sigs.k8s.io/prow pkg/tide (tide.go, takeAction).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from msgspec import Struct

from cutwater.config.jobs import Presubmit
from cutwater.config.tide import Priority
from functions.tide.pull_requests import PullRequest
from functions.tide.results import Batches, Candidate, Results

Kind = Literal["WAIT", "TRIGGER", "TRIGGER_BATCH", "MERGE", "MERGE_BATCH", "BLOCKED"]
_LOWEST = Priority()


class Action(Struct, frozen=True, kw_only=True):
    """What is to be done, with whom. `tests`: what is to be started."""

    kind: Kind
    targets: tuple[PullRequest, ...] = ()
    tests: tuple[Presubmit, ...] = ()
    why: str = ""


Rule = Callable[[PullRequest], bool]


def choose(
    results: Results,
    batches: Batches,
    *,
    priorities: Sequence[Priority],
    is_passing: Rule,
    may_be_retested: Rule,
) -> Action:
    """The next action of a pool that nothing blocks.

    `is_passing`: all on its head is green. `may_be_retested`: all is, but for tests that tide itself has started.
    """
    if batches.passed:
        why = "the batch has passed on the branch as it is"
        return Action(kind="MERGE_BATCH", targets=tuple(one.pull for one in batches.passed), why=why)
    if results.successes and not batches.pending:
        first = pick(results.successes, priorities, is_passing)
        if first is not None:
            return Action(kind="MERGE", targets=(first.pull,), why="it has passed on the branch as it is")
    everybody = (*results.successes, *results.pendings, *results.missings)
    if not any(one.presubmits for one in everybody):
        return Action(kind="WAIT", why="no test is to be run")
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
    in_order = sorted(candidates, key=lambda one: one.number)
    for priority in (*priorities, _LOWEST):
        for candidate in in_order:
            if _has(candidate.pull, priority) and rule(candidate.pull):
                return candidate
    return None


def _has(pull: PullRequest, priority: Priority) -> bool:
    return all({*alternatives.split(",")} & {*pull.labels} for alternatives in priority.labels)
