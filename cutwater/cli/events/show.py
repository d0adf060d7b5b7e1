"""`cutwater events show GUID`: one webhook as it came, and how its plugins stand."""

import argparse
import asyncio
import sys
from collections.abc import Iterator

import msgspec

from cutwater.cli.events import reached
from cutwater.cli.failing import explained
from cutwater.events import account
from cutwater.events.history import Case


def add(parser: argparse.ArgumentParser) -> None:
    reached.add_flags(parser)
    parser.add_argument("guid", metavar="GUID", help="its GUID, or the beginning of it")
    parser.add_argument("--body", action="store_true", help="the body alone, byte for byte as it came")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=run)


@explained("events show")
def run(chosen: argparse.Namespace) -> int:
    edges = reached.edges_of(chosen)
    cases = asyncio.run(reached.cases_of(edges.state, chosen.guid))
    if chosen.body:
        sys.stdout.buffer.write(cases[0].delivery.body if cases[0].delivery else b"")
    elif chosen.json:
        facts = [account.facts(case, edges.clock()) for case in cases]
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(facts)) + b"\n")
    else:
        print("\n\n".join("\n".join(shown(case)) for case in cases))
    return 0


def shown(case: Case) -> Iterator[str]:
    """What came, line by line."""
    yield account.arrived(case)
    yield f"  {case.guid}, received {account.moment(case.received)}"
    yield ""
    width = max((len(answer.plugin) for answer in case.answers), default=0)
    for answer in case.answers:
        yield f"{answer.plugin:{width}}  {account.standing(answer)}"
    if case.delivery is None:
        yield "the webhook itself was deleted for its age"
        return
    yield ""
    for name, value in account.headers(case.delivery.headers).items():
        yield f"{name}: {account.short(value)}"
    yield ""
    yield account.body(case.delivery.body)
