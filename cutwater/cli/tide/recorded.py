"""A workload out of what there was: when pull requests could have been merged, and how long their tests took.

Three kinds of files are understood. Arrivals, one JSON object a line: {"number": 7, "arrived": TIME, "breaks": JOB,
"conflicts": [NUMBER, ...]}, the last two where they are so; TIME in RFC 3339, or in seconds. Tide's history of a pool,
as it lies in the state bucket or as deck serves it at /tide-history.js. And the runs of that time, as
`kubectl get prowjobs -o json` prints them.
"""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from cutwater.cli.tide.workload import HOUR, Change, Job, Workload, with_both_sides
from cutwater.events.pools import Entry
from cutwater.prowjob.labels import CREATED_BY_TIDE
from cutwater.prowjob.types import ProwJob

AFTERWARDS = 12
"""Hours that are simulated behind the last arrival."""
_MERGES = frozenset({"MERGE", "MERGE_BATCH"})


class NotRecorded(Exception):
    """A file is none of those that are understood, or there is nothing in it; the message says what would be right."""


class Arrival(Struct, frozen=True, kw_only=True):
    """A pull request that could be merged from then on."""

    number: int
    arrived: datetime | float
    breaks: str = ""
    conflicts: frozenset[int] = frozenset()

    @property
    def seconds(self) -> float:
        return self.arrived.timestamp() if isinstance(self.arrived, datetime) else self.arrived


class _Listed(Struct, frozen=True):
    items: tuple[ProwJob, ...]


class _Shown(Struct, frozen=True, rename="pascal"):
    history: Mapping[str, tuple[Entry, ...]]


def recorded(history: bytes, runs: bytes, *, jobs: Sequence[Job], flakes: float) -> Workload:
    """What was to be done then. `runs` b"": there are none; then `jobs` and `flakes` are assumed.

    Raises NotRecorded.
    """
    there_were = _runs(runs) if runs else ()
    arrivals = _lines(history) or list(_arrivals(_entries(history), there_were))
    if not arrivals:
        raise NotRecorded("no pull request is in it")
    first = min(one.seconds for one in arrivals)
    changes = [
        Change(number=one.number, arrived=one.seconds - first, breaks=one.breaks, conflicts=one.conflicts)
        for one in sorted(arrivals, key=lambda one: one.seconds)
    ]
    return Workload(
        changes=with_both_sides(changes),
        jobs=tuple(_jobs(there_were)) or tuple(jobs),
        hours=changes[-1].arrived / HOUR + AFTERWARDS,
        flakes=_flakes(there_were) if there_were else flakes,
    )


def _lines(history: bytes) -> list[Arrival]:
    """Arrivals, one a line; none where the file is something else."""
    try:
        return msgspec.json.Decoder(Arrival).decode_lines(history)
    except msgspec.DecodeError:
        return []


def _entries(history: bytes) -> Sequence[Entry]:
    """The history of one pool."""
    try:
        found = msgspec.json.decode(history, type=tuple[Entry, ...] | _Shown)
    except msgspec.DecodeError as error:
        raise NotRecorded(f"it has neither arrivals, one a line, nor tide's history in it: {error}") from error
    if isinstance(found, tuple):
        return found
    if len(found.history) != 1:
        pools = ", ".join(sorted(found.history)) or "none"
        raise NotRecorded(f"it must have the history of one pool in it, and not of {pools}")
    return next(iter(found.history.values()))


def _runs(listed: bytes) -> tuple[ProwJob, ...]:
    try:
        return msgspec.json.decode(listed, type=_Listed).items
    except msgspec.DecodeError as error:
        raise NotRecorded(f"the runs are no list of ProwJobs: {error}") from error


def _arrivals(entries: Iterable[Entry], runs: Sequence[ProwJob]) -> Iterator[Arrival]:
    """A pull request came when its own tests had passed; as far as is known, or when tide first did anything with it.

    One that was never merged, and failed when tide tested it alone, is one that fails.
    """
    first: dict[int, tuple[datetime, str]] = {}
    merged: set[int] = set()
    for entry in sorted(entries, key=lambda entry: entry.time):
        for target in entry.target:
            first.setdefault(target.number, (entry.time, target.sha))
            if entry.action in _MERGES and not entry.err:
                merged.add(target.number)
    own, failed = _green(runs), _failed(runs)
    for number, (time, head) in first.items():
        passed = [ended for ended in own.get((number, head), ()) if ended <= time]
        breaks = "" if number in merged else failed.get(number, "")
        yield Arrival(number=number, arrived=max(passed, default=time), breaks=breaks)


def _green(runs: Iterable[ProwJob]) -> Mapping[tuple[int, str], Sequence[datetime]]:
    """When the tests of each head ended that nobody but its author wanted, and that passed."""
    found: dict[tuple[int, str], list[datetime]] = defaultdict(list)
    for run in runs:
        ended, pull = run.status.completionTime, _alone(run)
        if ended and pull and run.status.state == "success" and not _is_tides(run):
            found[pull].append(ended)
    return found


def _failed(runs: Iterable[ProwJob]) -> Mapping[int, str]:
    """The job that failed last of those that tide ran for each pull request alone."""
    ours = [run for run in runs if _is_tides(run) and run.status.completionTime and run.status.state == "failure"]
    ours.sort(key=lambda run: run.status.completionTime or datetime.max)
    return {pull[0]: run.spec.job for run in ours if (pull := _alone(run))}


def _alone(run: ProwJob) -> tuple[int, str] | None:
    """The number and head of the pull request that it tests; None where it is not one alone."""
    refs = run.spec.refs
    if run.spec.type != "presubmit" or refs is None or len(refs.pulls) != 1:
        return None
    return refs.pulls[0].number, refs.pulls[0].sha


def _is_tides(run: ProwJob) -> bool:
    return run.metadata.labels.get(CREATED_BY_TIDE) == "true"


def _jobs(runs: Iterable[ProwJob]) -> Iterator[Job]:
    """The jobs that tide ran, each with the times that all its runs took."""
    took: dict[str, list[float]] = defaultdict(list)
    for run in _ended(runs):
        started, ended = run.status.startTime, run.status.completionTime
        if started and ended:
            took[run.spec.job].append((ended - started).total_seconds() / 60)
    required = {run.spec.job for run in runs if _is_tides(run)}
    for name, minutes in sorted(took.items()):
        if name in required or not required:
            yield Job(name=name, minutes=statistics.median(minutes), measured=tuple(minutes))


def _flakes(runs: Iterable[ProwJob]) -> float:
    """The share of runs that failed although another one of the same job for the same code passed."""
    seen: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for run in _ended(runs):
        seen[run.spec.job, str(run.spec.refs)].append(run.status.state == "success")
    by_chance = sum(passed.count(False) for passed in seen.values() if any(passed))
    return by_chance / max(sum(map(len, seen.values())), 1)


def _ended(runs: Iterable[ProwJob]) -> Iterator[ProwJob]:
    return (
        run for run in runs if run.spec.type in {"presubmit", "batch"} and run.status.state in {"success", "failure"}
    )
