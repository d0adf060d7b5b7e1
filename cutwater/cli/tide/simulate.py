"""`cutwater tide simulate`: what a merge queue would do with a week of pull requests, by tide's own decisions."""

import argparse
import asyncio
import json
from pathlib import Path

from msgspec.structs import replace

from cutwater.cli.failing import Failed, explained
from cutwater.cli.tide.policies import POLICIES
from cutwater.cli.tide.recorded import NotRecorded, recorded
from cutwater.cli.tide.report import drawing, figures, table
from cutwater.cli.tide.settings import Settings
from cutwater.cli.tide.simulation import simulate
from cutwater.cli.tide.svg import image
from cutwater.cli.tide.workload import Job, Rates, Workload, drawn

JOBS = (Job(name="unit", minutes=20), Job(name="build", minutes=35), Job(name="e2e", minutes=50))
"""What tests a pull request where nobody says otherwise."""
FLAKES = 0.02


def add(parser: argparse.ArgumentParser) -> None:
    about = "whose decisions; may be given several times (default: all)"
    parser.add_argument("--policy", action="append", choices=POLICIES, help=about)
    parser.add_argument("--seed", type=int, default=1, help="for other luck (%(default)s)")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the curves into this file, too")
    parser.add_argument("--json", action="store_true", help="for programs")
    _add_random(parser)
    _add_recorded(parser)
    _add_surroundings(parser)
    parser.set_defaults(run=run)


def _add_random(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("pull requests at random")
    group.add_argument("--rate", type=_positive, default=3, metavar="N", help="how many an hour (%(default)s)")
    group.add_argument("--days", type=_positive, default=7, metavar="N", help="for how long (%(default)s)")
    group.add_argument("--daytime", action="store_true", help="more of them by day than by night")
    about = "the share that fails one job wherever it is, though it was green before (%(default)s)"
    group.add_argument("--failing", type=_share, default=0.05, metavar="SHARE", help=about)
    about = "the share that conflicts with the one before it (%(default)s)"
    group.add_argument("--conflicts", type=_share, default=0.01, metavar="SHARE", help=about)


def _add_recorded(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("pull requests that there were")
    about = "when which arrived, or tide's history of the pool"
    group.add_argument("--from", dest="history", type=Path, metavar="FILE", help=about)
    about = "the runs of that time, as `kubectl get prowjobs -o json` prints them"
    group.add_argument("--prowjobs", type=Path, metavar="FILE", help=about)


def _add_surroundings(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("tests, people and settings")
    default = " ".join(f"{job.name}={job.minutes:g}" for job in JOBS)
    about = f"a job that each must pass, and its median time; several times ({default}, or what the runs say)"
    group.add_argument("--job", action="append", type=_job, metavar="NAME=MINUTES", help=about)
    about = f"the share of a job's runs that fail for no reason ({FLAKES}, or what the runs say)"
    group.add_argument("--flakes", type=_share, metavar="SHARE", help=about)
    about = "until an author answers a red test or a conflict (%(default)s)"
    group.add_argument("--answers", type=_positive, default=1, metavar="HOURS", help=about)
    about = "whose change fails a job pushes a better one then; else it is given up"
    group.add_argument("--mends", action="store_true", help=about)
    about = "pull requests in a batch, at most; 0 for any (%(default)s, as kubernetes/kubernetes has it)"
    group.add_argument("--batch-size", type=_count, default=15, metavar="N", help=about)
    about = "lanes of the speculative policy (%(default)s)"
    group.add_argument("--lanes", type=_count, default=4, metavar="N", help=about)
    about = "runs side by side, at most; 0 for any (%(default)s)"
    group.add_argument("--slots", type=_count, default=0, metavar="N", help=about)


@explained("tide simulate")
def run(chosen: argparse.Namespace) -> int:
    workload = _workload(chosen)
    settings = Settings(batch_size_limit=chosen.batch_size, lanes=chosen.lanes, slots=chosen.slots)
    outcomes = {
        name: asyncio.run(simulate(workload, POLICIES[name], settings))
        for name in dict.fromkeys(chosen.policy or POLICIES)
    }
    if chosen.svg:
        chosen.svg.write_text(image(outcomes, workload.hours))
    if chosen.json:
        print(json.dumps({name: figures(outcome) for name, outcome in outcomes.items()}, indent=2))
        return 0
    print(f"{len(workload.changes)} pull requests in {workload.hours / 24:.3g} days, seed {workload.seed}\n")
    print(*table(outcomes), "", *drawing(outcomes), sep="\n")
    return 0


def _workload(chosen: argparse.Namespace) -> Workload:
    """Raises Failed where what there was cannot be read, and OSError."""
    if chosen.history:
        try:
            runs = chosen.prowjobs.read_bytes() if chosen.prowjobs else b""
            found = recorded(chosen.history.read_bytes(), runs, jobs=JOBS, flakes=FLAKES)
        except NotRecorded as error:
            raise Failed(f"{chosen.history}: {error}") from error
    elif chosen.prowjobs:
        raise Failed("--prowjobs says how long tests took: --from must say for which pull requests")
    else:
        rates = Rates(an_hour=chosen.rate, fail=chosen.failing, conflict=chosen.conflicts, daytime=chosen.daytime)
        found = drawn(rates, chosen.job or JOBS, hours=24 * chosen.days, flakes=FLAKES, seed=chosen.seed)
    return replace(
        found,
        jobs=tuple(chosen.job or found.jobs),
        flakes=found.flakes if chosen.flakes is None else chosen.flakes,
        answers=chosen.answers,
        mends=chosen.mends,
        seed=chosen.seed,
    )


def _job(text: str) -> Job:
    name, _, minutes = text.partition("=")
    if not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=MINUTES")
    return Job(name=name, minutes=_positive(minutes))


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def _share(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 1")
    return number


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0")
    return number
