"""All open pull requests that needs-rebase has to do with, by GitHub's search: a message for each search, so that none
takes long, and one for each pull request whose label does not say what GitHub finds.

A search gives 1,000 results at most. One that finds more becomes two, by the day on which they were opened.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from cutwater.config.plugins import ExternalPlugin, General
from cutwater.events.event import Event
from cutwater.events.look import Look
from cutwater.events.publish import LookAgain
from cutwater.github.client import Json
from cutwater.github.queries import FIND_MERGEABILITY
from functions.plugins.trust import has

ROLE = "needs-rebase"
OPEN = "archived:false is:pr is:open"
MOST = 1000
PAGE = 100
AT_ONCE = 50
"""Repositories in one search: it is an attribute of an event."""
BEGINNING = date(2007, 1, 1)
"""Before there was a GitHub."""


def searches(general: General) -> list[LookAgain]:
    """One search for each organisation that has the plugin, or for some of its repositories."""
    terms: dict[str, list[str]] = defaultdict(list)
    for org, term in _places(general):
        terms[org].append(term)
    return [
        _search(org, " ".join([OPEN, *terms[org][at : at + AT_ONCE]]), why="it is time")
        for org in sorted(terms)
        for at in range(0, len(terms[org]), AT_ONCE)
    ]


def _places(general: General) -> Iterator[tuple[str, str]]:
    """Where the plugin is on, by organisation. Of an organisation that has it no repository is named."""
    external = {key for key, entries in general.external_plugins.items() if any(map(_is_it, entries))}
    here = {key for key, enabled in general.plugins.items() if ROLE in enabled.plugins}
    orgs = {key for key in external | here if "/" not in key}
    for org in sorted(orgs):
        left_out = general.plugins[org].excluded_repos if org in here - external else ()
        yield org, " ".join([f'org:"{org}"', *(f'-repo:"{org}/{repo}"' for repo in left_out)])
    for key in sorted(external | here):
        org, slash, repo = key.partition("/")
        if slash and repo and "/" not in repo and org not in orgs:
            yield org, f'repo:"{key}"'


def _is_it(entry: ExternalPlugin) -> bool:
    return entry.name == ROLE and entry.is_ours


async def found(event: Event, look: Look) -> Sequence[LookAgain]:
    """What is to be looked at of that which the event's search finds."""
    search, org = event["search"], event["org"]
    since, until = event["since"], event["until"]
    text = f"{search} created:{since}..{until}" if since else search
    first = await look.github.graphql(FIND_MERGEABILITY, org=org, search=text, first=PAGE, after=None)
    if first["search"]["issueCount"] >= MOST:
        halves = _halves(since or str(BEGINNING), until or str(look.now.date() + timedelta(days=1)))
        if halves:
            return [_search(org, search, why="it finds too many", since=a, until=b) for a, b in halves]
    nodes = await look.github.search(text, FIND_MERGEABILITY, org=org, first=PAGE)
    return [looked_at for node in nodes if node for looked_at in _differing(node)]


def _differing(node: Json) -> Iterator[LookAgain]:
    """The pull request, if its label does not say what GitHub finds, as far as it has found that out."""
    is_labelled = has([label["name"] for label in node["labels"]["nodes"]], ROLE)
    expected = "MERGEABLE" if is_labelled else "CONFLICTING"
    if node["state"] == "OPEN" and node["mergeable"] == expected:
        repository = node["repository"]
        subject = f"{repository['owner']['login']}/{repository['name']}#{node['number']}"
        yield LookAgain(role=ROLE, subject=subject, why=f"it is {expected.lower()}")


def _halves(since: str, until: str) -> list[tuple[str, str]]:
    """The two halves of a time; none of a day."""
    first, last = date.fromisoformat(since), date.fromisoformat(until)
    if first >= last:
        return []
    middle = first + (last - first) // 2
    return [(str(first), str(middle)), (str(middle + timedelta(days=1)), str(last))]


def _search(org: str, search: str, *, why: str, since: str = "", until: str = "") -> LookAgain:
    attributes = {"search": search, "org": org}
    attributes |= {"since": since, "until": until} if since else {}
    return LookAgain(role=ROLE, subject="", why=why, attributes=attributes)
