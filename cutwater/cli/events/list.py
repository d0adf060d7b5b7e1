"""`cutwater events list`: the webhooks, newest first, and what each plugin made of them."""

import argparse
import asyncio
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from cutwater.cli.events import reached
from cutwater.cli.failing import Failed, explained
from cutwater.events import account, records
from cutwater.events.history import MOST, OUTCOMES, Case, Page, Wish, newest, parts_of
from cutwater.storage.store import Store

EXAMPLES = """examples:
  cutwater events list --outcome failed --since 2d         what went wrong in the last two days
  cutwater events list --repo acme/rocket --pr 7           all that came of one pull request
  cutwater events list --plugin approve --outcome owed     what approve still owes an answer to
  cutwater events list --role tide --since 1h              what tide did; --role any for all level roles
"""
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def add(parser: argparse.ArgumentParser) -> None:
    reached.add_flags(parser)
    parser.epilog = EXAMPLES + reached.HELP
    add_filters(parser)
    parser.add_argument("--guid", default="", help="the beginning of its GUID")
    parser.add_argument("--role", default="", help="what a level role (plank, crier, tide, …) did, not webhooks")
    parser.add_argument("--limit", type=int, default=50, help="how many at most (%(default)s)")
    parser.add_argument("--before", default="", metavar="PLACE", help="go on there: what the last list ended with")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=run)


def add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repo", default="", metavar="ORG[/REPO]")
    parser.add_argument("--pr", type=int, default=0, metavar="NUMBER", help="a pull request, or an issue, of --repo")
    parser.add_argument("--plugin", default="", help="webhooks that this plugin wanted")
    parser.add_argument("--outcome", default="", choices=OUTCOMES, metavar="OUTCOME", help=", ".join(OUTCOMES))
    when = "2h, 3d, 2026-03-02 or 2026-03-02T11:00Z"
    parser.add_argument("--since", type=when_of, default=None, metavar="WHEN", help=when)
    parser.add_argument("--until", type=when_of, default=None, metavar="WHEN", help="the same")


def when_of(text: str) -> datetime:
    """A moment: so long ago, or a date with or without a time. Raises ValueError."""
    if ago := re.fullmatch(r"([0-9]{1,5})([mhd])", text):
        return datetime.now(UTC) - timedelta(**{UNITS[ago[2]]: int(ago[1])})
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def wish_of(chosen: argparse.Namespace) -> Wish:
    """What the flags ask for. Raises ValueError."""
    org, repo, _ = parts_of(chosen.repo)
    return Wish(
        org=org,
        repo=repo,
        number=chosen.pr,
        plugin=chosen.plugin,
        outcome=chosen.outcome,
        since=chosen.since,
        until=chosen.until,
        before=chosen.before,
    )


@explained("events list")
def run(chosen: argparse.Namespace) -> int:
    if chosen.pr and "/" not in chosen.repo:
        raise Failed("--pr needs --repo ORG/REPO")
    edges = reached.edges_of(chosen)
    if chosen.role:
        lines = asyncio.run(of_role(edges.state, chosen.role, wish_of(chosen), limit=chosen.limit))
        print("\n".join(lines))
        return 0
    page = asyncio.run(listed(edges.state, wish_of(chosen), guid=chosen.guid, limit=chosen.limit))
    now = edges.clock()
    if chosen.json:
        facts = [account.facts(case, now) for case in page.cases]
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(facts)) + b"\n")
    else:
        print("\n".join(table(page.cases)))
    for line in remarks(page, now):
        print(line, file=sys.stderr)
    return 0


async def listed(state: Store, wish: Wish, *, guid: str = "", limit: int = 50) -> Page:
    """The webhooks that are meant. Raises Failed, Later and Refused."""
    if not guid:
        return await newest(state, wish, limit=limit)
    found = [case for case in await reached.cases_of(state, guid) if wish.is_met_by(case)]
    return Page(cases=found, before="", seen=len(found))


def table(cases: Sequence[Case]) -> list[str]:
    """A line for each webhook, under their headings."""
    if not cases:
        return ["no webhook is like this"]
    rows = [("RECEIVED", "GUID", "EVENT", "ABOUT", "BY", "ANSWERS"), *map(_row, cases)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return ["  ".join((*map(str.ljust, row, widths), row[-1])).rstrip() for row in rows]


def _row(case: Case) -> tuple[str, ...]:
    webhook = case.webhook
    event = f"{webhook.event} {webhook.action}".rstrip() if webhook else "(deleted for its age)"
    by = webhook.envelope.sender.login if webhook else ""
    cells = (event, case.subject, by)
    return (account.moment(case.received), case.guid, *map(account.short, cells), account.answers(case))


def remarks(page: Page, now: datetime) -> Iterator[str]:
    """What a reader of the list must know besides."""
    if late := [case for case in page.cases if case.is_late(now)]:
        oldest = account.span(now - min(case.received for case in late))
        yield f"{len(late)} of these wait for an answer for too long, the oldest for {oldest}"
    if page.before and not page.cases:
        yield f"none of the {page.seen} newest is like this; go on with --before {page.before}"
    elif page.before:
        yield f"there may be more: --before {page.before}"


async def of_role(state: Store, role: str, wish: Wish, *, limit: int) -> list[str]:
    """What level roles did, a line for each, the newest first; then what was given up of what they were told."""
    name = "" if role == "any" else role
    if wish.org:
        cases = (await newest(state, wish, limit=MOST)).cases
        about = await records.done_about(state, cases, wish)
        meant = (done for done in about if name in {"", done.record.role})
        found = [done for done in meant if wish.spans(f"{done.time:%Y-%m-%dT%H-%M}")][:limit]
    else:
        found = await records.done_by(state, name, wish, limit=limit)
    lines = [line for done in found for line in account.done(done)]
    lines += [
        f"given up: {letter.event['role']} {letter.event.subject}: {account.short(letter.words)}"
        for letter in await records.looks_given_up(state, name, limit=limit)
    ]
    return lines or [f"nothing is recorded of {name or 'level roles'}"]
