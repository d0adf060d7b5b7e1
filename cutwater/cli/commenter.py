"""`cutwater commenter`: say something below what a search finds on GitHub, and nothing twice.

A periodic job that runs it is a robot: the text has commands in it, and the plugins do the work. The search and the
comments that are there already are all it goes by. Source: kubernetes/test-infra robots/commenter.
"""

import argparse
import asyncio
import contextlib
import random
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from cutwater.cli.failing import Failed, explained
from cutwater.cli.github import PUBLIC_API, github_at
from cutwater.config import template
from cutwater.config.addresses import problem
from cutwater.errors import Later, Refused
from cutwater.github.client import GitHub, Json
from cutwater.github.effects import AddComment, Subject
from cutwater.github.read import Reader
from cutwater.github.types import Issue, read
from cutwater.prowjob import duration

_PLACE = re.compile(r".+/(.+)/(.+)/(?:issues|pull)/(\d+)")
_TRUE = {"1", "t", "T", "true", "TRUE", "True"}
_FALSE = {"0", "f", "F", "false", "FALSE", "False"}

Text = Callable[["Match"], str]
"""What is said below a match. Raises TemplateError."""


class Match(Struct, frozen=True):
    """What the search has found, as the template sees it: .Org .Repo .Number .Issue."""

    org: str
    repo: str
    number: int
    issue: Issue


class _OnGitHub(NamedTuple):
    """The world of an effect that needs GitHub alone."""

    github: GitHub


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--query", default="", help="the search; a line break is a blank")
    parser.add_argument("--comment", default="", metavar="TEXT", help="what to say")
    _add_switch(parser, "--template", "the text is a Go template: {{.Org}} {{.Repo}} {{.Number}} {{.Issue.Title}} …")
    parser.add_argument("--token", default="", metavar="FILE", help="the token of whom it is said by")
    about = "leave alone what has changed within this time; 0 for nothing (%(default)s)"
    parser.add_argument("--updated", type=_duration, default="2h", metavar="DURATION", help=about)
    _add_switch(parser, "--include-archived", "in archived repositories, too")
    _add_switch(parser, "--include-closed", "below what is closed, too")
    _add_switch(parser, "--include-locked", "below what is locked, too")
    about = "how many matches to look at; 0 for all (%(default)s)"
    parser.add_argument("--ceiling", type=int, default=3, metavar="COUNT", help=about)
    _add_switch(parser, "--random", "any of the matches; else those first that have not changed for longest")
    _add_switch(parser, "--confirm", "do it; else it is only said what would be done")
    about = f"GitHub's API ({PUBLIC_API}); of several the first that can be reached"
    parser.add_argument("--endpoint", action="append", metavar="URL", help=about)
    parser.add_argument("--graphql-endpoint", default="", metavar="URL", help="is accepted, and not needed")
    parser.set_defaults(run=run)


def _add_switch(parser: argparse.ArgumentParser, flag: str, about: str) -> None:
    """A flag that may also be written `--flag=false`, as Go has it."""
    parser.add_argument(flag, nargs="?", const=True, default=False, type=_boolean, metavar="BOOL", help=about)


def _boolean(text: str) -> bool:
    if text not in _TRUE | _FALSE:
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text in _TRUE


def _duration(text: str) -> timedelta:
    try:
        return timedelta(seconds=duration.seconds(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


@explained("commenter")
def run(chosen: argparse.Namespace) -> int:
    for name in ("query", "token", "comment"):
        if not getattr(chosen, name):
            raise Failed(f"empty --{name}")
    endpoints = chosen.endpoint or [PUBLIC_API]
    for endpoint in (*endpoints, chosen.graphql_endpoint or PUBLIC_API):
        if not endpoint.startswith(("http://", "https://")) or problem(endpoint):
            raise Failed(f"{endpoint!r} is not the address of an API: say http:// or https://, and where")
    query = query_of(
        chosen.query,
        include_archived=chosen.include_archived,
        include_closed=chosen.include_closed,
        include_locked=chosen.include_locked,
        until=datetime.now(UTC) - chosen.updated if chosen.updated else None,
    )
    text = text_of(chosen.comment) if chosen.template else lambda match: str(chosen.comment)
    token = Path(chosen.token).read_text().strip()
    problems = asyncio.run(_comment(chosen, query, text, endpoints, token))
    if problems:
        raise Failed(f"encountered {len(problems)} failures: {'; '.join(problems)}")
    return 0


def query_of(
    asked: str, *, include_archived: bool, include_closed: bool, include_locked: bool, until: datetime | None
) -> str:
    """The search that is made. `until`: what has changed later is left out.

    Raises Failed where the query wants what its flag does not allow, or the other way round.
    """
    asked = asked.replace("\n", " ")
    parts = [asked]
    for flag, is_included, only, without in (
        ("--include-archived", include_archived, "archived:true", "archived:false"),
        ("--include-closed", include_closed, "is:closed", "is:open"),
        ("--include-locked", include_locked, "is:locked", "is:unlocked"),
    ):
        if not is_included and only in asked:
            raise Failed(f"{only} requires {flag}")
        if is_included and without in asked:
            raise Failed(f"{without} conflicts with {flag}")
        parts += [] if is_included else [without]
    parts += [f"updated:<={until:%Y-%m-%dT%H:%M:%SZ}"] if until else []
    return " ".join(parts)


def text_of(comment: str) -> Text:
    """The comment as a template. Raises Failed where it is none."""
    try:
        return template.parse(comment).render
    except template.TemplateError as error:
        raise Failed(f"--comment is not a template: {error}") from error


def subject_of(address: str) -> Subject | None:
    """The issue or pull request at an address of whatever host; None where that is something else."""
    found = _PLACE.fullmatch(address)
    return Subject(found[1], found[2], int(found[3])) if found else None


async def _comment(
    chosen: argparse.Namespace, query: str, text: Text, endpoints: Sequence[str], token: str
) -> list[str]:
    """At the first endpoint that can be reached. Everything that went wrong at single matches."""
    *others, last = endpoints
    for endpoint in others:
        with contextlib.suppress(Later):
            return await _comment_at(endpoint, chosen, query, text, token)
    return await _comment_at(last, chosen, query, text, token)


async def _comment_at(endpoint: str, chosen: argparse.Namespace, query: str, text: Text, token: str) -> list[str]:
    async with github_at(endpoint, token, chosen.graphql_endpoint) as github:
        found = await search(github, query, by_update=bool(chosen.updated))
        if chosen.random:
            random.shuffle(found)
        matches = found[: chosen.ceiling] if chosen.ceiling > 0 else found
        print(f"{len(found)} found by {query}, looking at {len(matches)}")
        return await say(github, matches, text, is_confirmed=chosen.confirm)


async def search(github: GitHub, query: str, *, by_update: bool) -> list[Json]:
    """What GitHub finds, a thousand at most. `by_update`: what has not changed for longest first, else its own order.

    Raises Later and Refused.
    """
    order = "&sort=updated&order=asc" if by_update else ""
    return await github.pages(f"/search/issues?q={{query}}{order}", query=query)


async def say(github: GitHub, matches: Sequence[Json], text: Text, *, is_confirmed: bool) -> list[str]:
    """Say it below each match, unless somebody has said just that. Everything that went wrong at single ones."""
    problems = []
    for found in matches:
        address = str(found.get("html_url"))
        try:
            done = await _say(github, read(found, Issue), text, is_confirmed=is_confirmed)
        except (Refused, Later, template.TemplateError) as error:
            problems.append(f"{address}: {error}")
        else:
            print(f"{address}: {done}")
    return problems


async def _say(github: GitHub, issue: Issue, text: Text, *, is_confirmed: bool) -> str:
    subject = subject_of(issue.html_url)
    if subject is None:
        raise Refused("it is no address of an issue or a pull request")
    body = text(Match(subject.org, subject.repo, subject.number, issue))
    said = await Reader(github).comments(subject.org, subject.repo, subject.number)
    if any(_trimmed(comment.body) == _trimmed(body) for comment in said):
        return "skipped, an identical comment already exists"
    if not is_confirmed:
        return "would be commented on; --confirm does it"
    await AddComment(subject=subject, body=body, why="a search found it").apply(_OnGitHub(github))
    return "commented on"


def _trimmed(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
