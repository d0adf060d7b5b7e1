"""`cutwater why org/repo#N`: what a pull request waits for, who can mend that, and what was decided when."""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from cutwater.cli.events import reached
from cutwater.cli.failing import Failed, explained
from cutwater.config.configuration import Configuration
from cutwater.events.account import moment, printable
from cutwater.events.explanations import (
    MENDERS,
    Branch,
    Decision,
    Explanation,
    Lack,
    RequiredTest,
    of_pull_request,
    of_repository,
)
from cutwater.events.history import parts_of

EXAMPLES = """examples:
  cutwater why acme/rocket#7            in words
  cutwater why acme/rocket#7 --json     for programs
"""


def add(parser: argparse.ArgumentParser) -> None:
    reached.add_flags(parser)
    parser.epilog = EXAMPLES + reached.HELP
    parser.add_argument("pull_request", metavar="ORG/REPO#NUMBER", help="the pull request")
    parser.add_argument("--json", action="store_true", help="for programs")
    reached.add_configuration_flags(parser)
    parser.set_defaults(run=run)


@explained("why")
def run(chosen: argparse.Namespace) -> int:
    org, repo, number = parts_of(chosen.pull_request)
    if not (org and repo and number):
        raise Failed(f"{chosen.pull_request} is no ORG/REPO#NUMBER")
    edges = reached.edges_of(chosen)
    branches = asyncio.run(of_repository(edges.state, org, repo))
    found = of_pull_request(branches, number)
    if found is None:
        config = asyncio.run(reached.configuration_of(chosen, edges))
        raise Failed("\n".join(unknown(org, repo, number, branches, config)))
    branch, explanation = found
    if chosen.json:
        facts = {"branch": branch.name, "trouble": branch.explained.trouble, "explanation": explanation}
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(facts)) + b"\n")
    else:
        print("\n".join(printable(line) for line in told(branch, explanation, edges.clock())))
    return 0


def told(branch: Branch, one: Explanation, now: datetime) -> Iterator[str]:
    """All that is known, line by line."""
    explained = branch.explained
    yield f"#{one.number} {one.title} (by {one.author}, to {branch.name}, head {one.head[:8]})"
    yield f"{one.verdict}: {one.says}"
    yield f"  so since {moment(one.since)}"
    if explained.trouble:
        yield _trouble(branch.name, explained.trouble)
    if one.place:
        yield f"  in the queue: {one.place} of {one.places}"
    if one.expected:
        yield f"  expected to merge: {_expected(one, now)}"
    if one.description:
        yield f"  the status tide: {one.status}, {one.description}"
    if one.decided:
        yield f"  tide's last look: {one.decided}"
    yield from _in_the_way(one)
    if one.tests:
        yield from ("", "its tests on the branch as it is:")
        yield from (f"  {_test(test)}" for test in one.tests)
    if one.decisions:
        yield from ("", "what happened, the newest first:")
        yield from (f"  {_decision(decision)}" for decision in one.decisions)


def _expected(one: Explanation, now: datetime) -> str:
    expected = one.expected
    if expected is None or expected.at is None:
        return f"not known ({expected.basis if expected else ''})"
    hope = "if all goes well" if expected.at >= now else "it is late"
    return f"{moment(expected.at)}, {hope} ({expected.basis})"


def _in_the_way(one: Explanation) -> Iterator[str]:
    if one.lacks:
        yield from ("", "what is in the way, and who can mend it:")
        yield from (f"  {_lack(lack)}" for lack in one.lacks)
    for place, way in enumerate(filter(None, one.ways)):
        yield from ("", "for the nearest query:" if place == 0 else "or for another query:")
        yield from (f"  {_lack(lack)}" for lack in way)


def _trouble(branch: str, trouble: Lack) -> str:
    return f"  trouble with {branch}: {trouble.text} — who can mend it: {MENDERS[trouble.mend]}"


def _lack(lack: Lack) -> str:
    return f"{lack.text} — {MENDERS[lack.mend]}" + (f" {lack.url}" if lack.url else "")


def _test(test: RequiredTest) -> str:
    beside = f" together with {', '.join(f'#{number}' for number in test.beside)}" if test.beside else ""
    return f"{test.state:8} {test.context}{beside} {test.url}".rstrip()


def _decision(decision: Decision) -> str:
    because = f" (because: {decision.why})" if decision.why else ""
    return f"{moment(decision.time)}  {decision.what}{because} {decision.url}".rstrip()


def unknown(
    org: str, repo: str, number: int, branches: Sequence[Branch], config: Configuration | None
) -> Iterator[str]:
    """Why nothing is known, and what to do. `config`: None where there is none at hand."""
    name = f"{org}/{repo}"
    yield f"nothing is known of {name}#{number}"
    for branch in branches:
        if branch.explained.trouble:
            yield _trouble(branch.name, branch.explained.trouble)
    if config is not None and not config.prow.tide.queries_of(org, repo):
        yield f"  no query of tide's is about {name}, so it merges nothing there; tide.queries in config.yaml has them"
    elif branches:
        known = ", ".join(branch.name for branch in branches)
        yield f"  tide has looked at {known}: it is closed, or was opened less than a minute ago"
    else:
        yield f"  tide has explained nothing of {name}: no query (tide.queries in config.yaml) is about it, or no pull"
        yield "  request to it is open, or tide does not run: it looks once a minute"
