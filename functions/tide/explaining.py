"""Why a pull request is not merged yet: out of the very values by which tide has decided and set its status. Pure.

The status names the first thing that is in the way. Here is all of it, with who can mend it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from cutwater.config.jobs import Presubmit
from cutwater.config.tide import Tide
from cutwater.events.explanations import QUEUED, Estimate, Explanation, Lack, Mender, RequiredTest, Verdict
from cutwater.prowjob.descriptions import base_sha_of
from cutwater.prowjob.types import ProwJob, Pull
from functions.tide import requirements
from functions.tide.acting import Done
from functions.tide.assessment import State
from functions.tide.choose import Action, in_order
from functions.tide.contexts import unsuccessful
from functions.tide.estimating import Pace, estimate, pace_of
from functions.tide.mergeability import blocks_policy, obstacles
from functions.tide.merging import Failure
from functions.tide.pull_requests import EXPECTED, PENDING, SUCCESS, TIDE, Context, PullRequest
from functions.tide.requirements import Aspect, meets
from functions.tide.results import Candidate, result_of
from functions.tide.statuses import NOT, Expected, Standing, differences_of


class Judged(Struct, frozen=True, kw_only=True):
    """A pull request as it stands, and what its status is to say.

    `refused`: GitHub's words where it takes no status from us. `is_landed`: that the branch has it, though GitHub does
    not call it merged yet.
    """

    standing: Standing
    wanted: Expected
    refused: str = ""
    is_landed: bool = False


class Order(Struct, frozen=True, kw_only=True):
    """The pool in the order in which it comes to its members. `tested`: those whose tests run, and since when."""

    numbers: tuple[int, ...]
    tested: Mapping[int, datetime | None]

    @property
    def begun(self) -> datetime | None:
        """Since when the oldest test runs."""
        return min((since for since in self.tested.values() if since is not None), default=None)


UNFOUND = "GitHub's search finds it by no query: it takes a label for another that differs in capital letters alone."
EARLIEST = datetime.min.replace(tzinfo=UTC)


class Circumstances(Struct, frozen=True, kw_only=True):
    """What holds for all pull requests of the pool alike. `runs`: by head."""

    state: State
    done: Done
    tide: Tide
    now: datetime
    order: Order
    pace: Pace
    runs: Mapping[str, Sequence[ProwJob]]


def circumstances(state: State, done: Done, tide: Tide, now: datetime, *, merged: Sequence[int]) -> Circumstances:
    """`merged`: how many were merged at a time, lately."""
    return Circumstances(
        state=state,
        done=done,
        tide=tide,
        now=now,
        order=_order(state, tide, now),
        pace=pace_of(state.sight.jobs, merged),
        runs=runs_by_head(state.sight.jobs),
    )


def runs_by_head(jobs: Iterable[ProwJob]) -> Mapping[str, Sequence[ProwJob]]:
    """The runs that test a head, alone or together with others."""
    found: dict[str, list[ProwJob]] = {}
    for job in jobs:
        for pull in job.spec.refs.pulls if job.spec.refs else ():
            found.setdefault(pull.sha, []).append(job)
    return found


def _order(state: State, tide: Tide, now: datetime) -> Order:
    """First those that are merged or tested now, then those that have passed, then the others; each by priority."""
    results = state.results
    by_result = (results.successes, results.pendings, results.missings)
    ordered = [one.number for some in by_result for one in in_order(some, tide.priority)]
    merging = [pull.number for action in state.actions if action.kind.startswith("MERGE") for pull in action.targets]
    starting = [pull.number for action in state.actions if _is_start(action) for pull in action.targets]
    tested: dict[int, datetime | None] = dict.fromkeys(
        one.number for one in (*results.pendings, *state.batches.pending)
    )
    tested |= dict.fromkeys(starting, now)
    for job in state.sight.jobs:
        since = job.status.startTime
        if _counts(job, state) and not job.is_complete and job.spec.refs and since:
            for pull in job.spec.refs.pulls:
                tested[pull.number] = min(tested.get(pull.number) or since, since)
    tested = {number: since for number, since in tested.items() if number in ordered}
    first = [number for number in ordered if number in tested]
    return Order(numbers=tuple(dict.fromkeys((*merging, *first, *ordered))), tested=tested)


def _counts(job: ProwJob, state: State) -> bool:
    """Whether a run is worth something. A speculative queue's batches may be on another state of the branch, too."""
    is_on_branch = job.spec.refs is not None and job.spec.refs.base_sha == state.sight.base
    return is_on_branch or (state.is_speculative and job.spec.type == "batch")


def _is_start(action: Action) -> bool:
    return action.kind in {"TRIGGER", "TRIGGER_BATCH"}


def explain(judged: Judged, around: Circumstances) -> Explanation:
    """What it waits for."""
    standing, wanted, state, order = judged.standing, judged.wanted, around.state, around.order
    pull = standing.pull
    candidate = next((one for one in state.members.candidates if one.number == pull.number), None)
    verdict, says = _verdict(judged, candidate, around)
    is_known = pull.contexts is not None
    place = order.numbers.index(pull.number) + 1 if verdict in QUEUED and pull.number in order.numbers else 0
    return Explanation(
        number=pull.number,
        title=pull.title,
        author=pull.author,
        head=pull.head,
        head_ref=pull.head_ref,
        verdict=verdict,
        says=says,
        since=around.now,
        status=wanted.state if is_known else "",
        description=wanted.description if is_known else "",
        lacks=tuple(_lacks(judged, candidate, around)),
        ways=tuple(_ways(standing, around.tide)) if candidate is None else (),
        tests=tuple(_tests(candidate, around)) if candidate is not None else (),
        place=place,
        places=len(order.numbers) if place else 0,
        expected=_expected(pull.number, around) if place else None,
        decided=_decided(pull.number, state, around.done),
        is_read_always=any(meets(pull, query) for query in around.tide.queries),
    )


def _expected(number: int, around: Circumstances) -> Estimate:
    order = around.order
    before = order.numbers[: order.numbers.index(number)]
    is_tested = number in order.tested
    return estimate(
        around.pace,
        ahead=sum(one not in order.tested for one in before),
        is_under_test=is_tested,
        begun=order.tested.get(number) if is_tested else order.begun,
        now=around.now,
    )


# What it waits for, in a sentence


def _verdict(judged: Judged, candidate: Candidate | None, around: Circumstances) -> tuple[Verdict, str]:
    standing, number, state = judged.standing, judged.standing.pull.number, around.state
    failure = next((one for one in around.done.failures if one.number == number), None)
    if judged.is_landed:
        return "merged", "It is on the branch."
    if failure is not None:
        return "refused", f"It was to be merged, and was not: {failure.why}"
    if standing.obstacle:
        return "not ready", standing.obstacle
    if standing.blockers and (candidate is None or state.action.kind == "BLOCKED"):
        return "blocked", f"Merging is blocked by {_issues(standing)}."
    if candidate is not None:
        verdict, says = _in_pool(candidate, around)
        waits = state.waits_for.get(number, "")
        return verdict, f"{waits[0].upper()}{waits[1:]}." if waits else says
    if standing.pull.contexts is None:
        return "not ready", "GitHub does not say what stands on its head."
    if any(one.weight == 0 for one in differences_of(standing.pull, standing.policy, around.tide)):
        return "not ready", UNFOUND
    return "not ready", judged.wanted.description.removeprefix(NOT).strip()


def _issues(standing: Standing) -> str:
    numbers = ", ".join(f"#{blocker.number}" for blocker in standing.blockers)
    return f"issue{'s' if len(standing.blockers) > 1 else ''} {numbers}"


def _in_pool(candidate: Candidate, around: Circumstances) -> tuple[Verdict, str]:
    number, state = candidate.number, around.state
    branch = f"{state.sight.name.branch} at {state.sight.base[:8]}"
    action = action_on(number, state)
    if action is not None and _is_start(action):
        if around.done.error:
            return "queued", f"Its tests cannot be started: {around.done.error}"
        return "testing", f"Its tests have been started on {branch}{beside(number, action.targets)}."
    if action is not None:
        return "ready", f"It has passed on {branch}, and is merged at one of the next looks."
    if any(one.number == number for one in state.batches.pending):
        return "testing", f"It is being tested on {branch}{beside(number, state.batches.pending)}."
    is_tested = any(one.number == number for one in state.results.pendings)
    if is_tested or (state.is_speculative and number in around.order.tested):
        return "testing", f"It is being tested on {branch}."
    if any(one.number == number for one in state.results.successes):
        others = ", ".join(f"#{pull.number}" for pull in state.action.targets)
        waits = f"waits for {others}, which comes first" if others else f"waits: {state.action.why}"
        return "ready", f"It has passed on {branch}, and {waits}."
    return "queued", f"It waits for its turn to be tested on {branch}."


def action_on(number: int, state: State) -> Action | None:
    """What is done to it: the first such action; a speculative queue's further ones are for those on top of it."""
    return next((one for one in state.actions if any(pull.number == number for pull in one.targets)), None)


def beside(number: int, pulls: Iterable[PullRequest | Candidate | Pull]) -> str:
    """With whom else, or ""."""
    others = [f"#{pull.number}" for pull in pulls if pull.number != number]
    return f", together with {', '.join(others)}" if others else ""


_DONE: Mapping[str, str] = {
    "WAIT": "waited",
    "TRIGGER": "started the tests of",
    "TRIGGER_BATCH": "started a batch of",
    "MERGE": "merged",
    "MERGE_BATCH": "merged the batch of",
    "BLOCKED": "did nothing",
}


def _decided(number: int, state: State, done: Done) -> str:
    """What was decided about it, or else for the pool."""
    error = done.error or state.action.error
    said = _in_words(action_on(number, state) or state.action)
    return f"{said} ({error})" if error else said


def _in_words(action: Action) -> str:
    names = ", ".join(f"#{pull.number}" for pull in action.targets)
    return f"{' '.join(filter(None, (_DONE[action.kind], names)))}: {action.why}"


# All that it lacks


def _lacks(judged: Judged, candidate: Candidate | None, around: Circumstances) -> Iterator[Lack]:
    """What must be mended whatever the queries say."""
    standing, state = judged.standing, around.state
    pull = standing.pull
    if judged.refused:
        yield Lack(f"GitHub takes no status from us: {judged.refused}", "cutwater")
    for failure in around.done.failures:
        if failure.number == pull.number:
            yield Lack(failure.why, _mender_of(failure))
    found = {one.text: one.mend for one in obstacles(pull, around.tide, state.sight.allowed)}
    if (wrong := state.members.demands[pull.number].wrong) and wrong not in found:
        found[wrong] = "author"
    if standing.obstacle and standing.obstacle not in found:
        found[standing.obstacle] = "repository"  # GitHub's words, when it refused to merge it
    yield from (Lack(text, mend) for text, mend in found.items())
    for blocker in standing.blockers:
        yield Lack(f"issue #{blocker.number} ({blocker.title.strip()}) blocks the branch", "repository", blocker.url)
    if candidate is None:
        yield from _bad_contexts(standing, around)
    if pull.is_blocked:
        yield from _blocked(standing, candidate, state)


def _mender_of(failure: Failure) -> Mender:
    """Who can mend that it was not merged; nobody need where GitHub has said no word against it."""
    if not failure.is_for_people:
        return "cutwater"
    return "repository" if failure.words else "time"


def _blocked(standing: Standing, candidate: Candidate | None, state: State) -> Iterator[Lack]:
    """What GitHub demands of it, beside what tide waits for."""
    pull, known = standing.pull, {one.name for one in unsuccessful(standing.pull.contexts or (), standing.policy)}
    states = {one.name: one.state for one in pull.contexts or ()}
    made = {job.context for job in state.members.demands[pull.number].jobs}
    missing = [name for name in state.sight.demanded if states.get(name) != SUCCESS and name not in {*known, TIDE}]
    for name in missing:
        if name in states:
            yield Lack(f"GitHub demands {name}, which is {states[name].lower()}", "author")
        elif name in made:
            yield Lack(f"GitHub demands {name}, which has not run, and tide does not wait for it", "author")
        else:
            text = f"GitHub demands {name}, which no job makes, and which nobody else has reported"
            yield Lack(text, "repository")
    if not missing and candidate is not None:
        text = "GitHub calls it BLOCKED: a rule of the branch is not met yet, and GitHub may refuse the merge"
        yield Lack(text, "reviewer")


def _bad_contexts(standing: Standing, around: Circumstances) -> Iterator[Lack]:
    """What must be green on its head and is not."""
    pull = standing.pull
    if pull.contexts is None:
        yield Lack("what stands on its head is not known", "time")
        return
    made = {job.context: job for job in around.state.members.demands[pull.number].jobs}
    for context in unsuccessful(pull.contexts, standing.policy):
        run = _newest(context.name, around.runs.get(pull.head, ()))
        yield _of_context(context, made.get(context.name), run)


def _of_context(context: Context, job: Presubmit | None, run: ProwJob | None) -> Lack:
    """`job`: the one that makes the context; `run`: the last one for this head."""
    name, url = context.name, run.status.url if run else ""
    is_running = run is not None and not run.is_complete
    is_ours = run is not None or base_sha_of(context.description) != ""
    if job is None and is_ours and not is_running:
        state = "is pending" if context.state == PENDING else "has failed"
        return Lack(f"{name} {state}, and no job makes it any more", "cutwater", url)
    if context.state == PENDING:
        return Lack(f"{name} is pending", "time", url)
    if context.state == EXPECTED and job is None:
        return Lack(f"{name} is required, no job makes it, and nobody else has reported it", "cutwater")
    again = f"; {job.rerun_command} runs it" if job else ""
    if context.state == EXPECTED:
        return Lack(f"{name} is required and has not run{again}", "author", url)
    return Lack(f"{name} has failed{again and again + ' again'}", "author", url)


_MENDS: Mapping[Aspect, tuple[str, Mender]] = {
    "branch": ("the query is for other branches", "author"),
    "author": ("must be by author {}", "nobody"),
    "milestone": ("must be in milestone {}", "reviewer"),
    "labels": ("needs the label {}", "reviewer"),
    "forbidden labels": ("must not have the label {}", "author"),
    "review": ("needs an approving review on GitHub", "reviewer"),
}


def _ways(standing: Standing, tide: Tide) -> list[tuple[Lack, ...]]:
    """What each query asks for beside contexts; nothing where one asks for nothing more."""
    pull = standing.pull
    respects = blocks_policy(pull.org, pull.repo, tide) == "block"
    ways: list[tuple[int, tuple[Lack, ...]]] = []
    for query in tide.queries_of(pull.org, pull.repo):
        found = list(requirements.lacks(pull, query, standing.policy, is_block_respected=respects))
        ways.append((sum(one.weight for one in found), tuple(_of_query(found))))
    if not all(lacks for _, lacks in ways):
        return []
    return [lacks for _, lacks in sorted(ways, key=lambda way: way[0])]


def _of_query(found: Iterable[requirements.Lack]) -> Iterator[Lack]:
    for one in found:
        if one.aspect in _MENDS:
            text, mend = _MENDS[one.aspect]
            for name in one.names if "{}" in text else [""]:
                yield Lack(text.format(name), mend)


# How its tests stand


def _tests(candidate: Candidate, around: Circumstances) -> Iterator[RequiredTest]:
    """Each required test on the branch as it is, by the last run of it, alone or in a batch."""
    pull, state = candidate.pull, around.state
    missing = {job.context for job in state.results.missing_tests.get(pull.number, ())}
    runs = [job for job in around.runs.get(pull.head, ()) if _counts(job, state)]
    action = action_on(pull.number, state)
    started = {test.context for test in action.tests} if action is not None and not around.done.error else set()
    for job in candidate.presubmits:
        run = _newest(job.context, runs)
        if action is not None and job.context in started:
            others = tuple(other.number for other in action.targets if other.number != pull.number)
            yield RequiredTest(job.context, "pending", beside=others)
        elif run is None:
            yield RequiredTest(job.context, "missing" if job.context in missing else "success")
        else:
            result = result_of(run, around.now)
            pulls = run.spec.refs.pulls if run.spec.refs else ()
            yield RequiredTest(
                context=job.context,
                state=result if result != "failure" or job.context in missing else "success",
                job=run.spec.job,
                run=run.metadata.name,
                url=run.status.url,
                beside=tuple(other.number for other in pulls if other.number != pull.number),
            )


def _newest(context: str, runs: Iterable[ProwJob]) -> ProwJob | None:
    """The last run that has made the context, or will."""
    of_it = [job for job in runs if job.spec.context == context]
    return max(of_it, key=lambda job: job.status.startTime or EARLIEST, default=None)
