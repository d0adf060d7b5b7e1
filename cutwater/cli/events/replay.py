"""`cutwater events replay`: have a webhook answered again, and nothing done twice (docs/decisions/replay.md)."""

import argparse
import asyncio
import getpass
import sys
from collections.abc import Sequence
from datetime import timedelta

from cutwater.cli.events import reached
from cutwater.cli.events.rehearsal import rehearse
from cutwater.cli.failing import Failed, explained
from cutwater.events import account, again
from cutwater.events.edges import Edges
from cutwater.events.history import Case

EXAMPLES = """examples:
  cutwater events replay 72d3162e                 what is owed or was given up goes on; what is done stays done
  cutwater events replay 72d3162e lgtm --again    what failed or was refused is decided anew
  cutwater events replay 72d3162e --dry-run       what would be decided now
"""
LOOK_SECONDS = 2.0
SWEEP_SECONDS = 180.0
"""How long the sweep and a plugin may take together."""


def add(parser: argparse.ArgumentParser) -> None:
    reached.add_flags(parser)
    parser.epilog = EXAMPLES + reached.HELP
    parser.add_argument("guid", metavar="GUID", help="its GUID, or the beginning of it")
    parser.add_argument("plugin", nargs="*", metavar="PLUGIN", help="these alone (default: all that wanted it)")
    parser.add_argument("--again", action="store_true", help="what failed or was refused is decided anew")
    parser.add_argument("--dry-run", action="store_true", help="decide here and now, and change nothing")
    about = "how long to wait for the answers (%(default)s); 0: do not wait"
    parser.add_argument("--wait", type=float, default=SWEEP_SECONDS, metavar="SECONDS", help=about)
    parser.set_defaults(run=run)


@explained("events replay")
def run(chosen: argparse.Namespace) -> int:
    edges = reached.edges_of(chosen)
    return asyncio.run(_replay(edges, chosen))


async def _replay(edges: Edges, chosen: argparse.Namespace) -> int:
    case = (await reached.cases_of(edges.state, chosen.guid))[0]
    unknown = set(chosen.plugin) - {answer.plugin for answer in case.answers}
    if unknown:
        raise Failed(f"{', '.join(sorted(unknown))} did not want this webhook; it was for {account.answers(case)}")
    if chosen.dry_run:
        for line in await rehearse(edges, case, chosen.plugin):
            print(line)
        return 0
    plans = again.planned(case, chosen.plugin, anew=chosen.again)
    for plan in plans:
        print(f"{plan.plugin} {plan.fate}: {plan.why}")
    asked = [plan.plugin for plan in plans if plan.is_asked]
    if not asked:
        if any(plan.fate == "went wrong" for plan in plans):
            raise Failed("nothing was asked for; --again has what went wrong decided anew")
        print("already done: nothing was asked for")
        return 0
    await again.ask(edges.state, case, plans, by=f"{getpass.getuser()}, by cutwater events replay", now=edges.clock())
    print("asked for; the sweep finds it within a minute")
    return await answered(edges, case, asked, wait=timedelta(seconds=chosen.wait))


async def answered(edges: Edges, case: Case, plugins: Sequence[str], *, wait: timedelta) -> int:
    """Wait for the answers, and print them. The exit status: 0 where all are good, or nobody waits."""
    end, waiting, status = edges.clock() + wait, set(plugins), 0
    while waiting and edges.clock() < end:
        await asyncio.sleep(LOOK_SECONDS)
        now = (await reached.cases_of(edges.state, case.guid))[0]
        for answer in now.answers:
            if answer.plugin in waiting and answer.state in {"done", "nothing", "refused", "failed"}:
                waiting.remove(answer.plugin)
                status = max(status, answer.state in {"refused", "failed"})
                print(f"{answer.plugin}: {account.standing(answer)}")
    if waiting and wait:
        print(f"no answer yet of {', '.join(sorted(waiting))}; cutwater events show {case.guid}", file=sys.stderr)
    return int(status or bool(waiting and wait))
