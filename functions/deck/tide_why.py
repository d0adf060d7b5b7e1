"""`/tide/why?pr=org/repo%23number`: what a pull request waits for, who can mend that, and what was decided when.

`/pr?query=…`: those that a search of GitHub's would find, by repository, author and head. With `pr_status_base_url` it
is where the `tide` status leads. Source: sigs.k8s.io/prow cmd/deck (/pr), which asks GitHub instead.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from cutwater.events.edges import Edges
from cutwater.events.explanations import MENDERS, Branch, Explanation, of_pull_request, of_repository
from functions.deck import pages
from functions.deck.audience import Sight, audience
from functions.deck.places import NotServed

_PULL = re.compile(r"(?:https?://[^/\s]+/)?([\w.-]{1,100})/([\w.-]{1,100})(?:#|/pull/)([0-9]{1,9})/?", re.ASCII)
MARKS = {
    "not ready": "pending",
    "blocked": "error",
    "queued": "triggered",
    "testing": "pending",
    "ready": "success",
    "refused": "error",
    "merged": "success",
    "gone": "aborted",
    "success": "success",
    "pending": "pending",
    "failure": "failure",
    "missing": "triggered",
}
"""What each verdict, and each test's state, looks like: as that of a run."""


MOST_REPOSITORIES, MOST_PULLS = 20, 300
"""Of one search."""


class Search(Struct, frozen=True, kw_only=True):
    """What of a search of GitHub's is understood here."""

    repositories: tuple[str, ...]
    author: str = ""
    head: str = ""

    def means(self, one: Explanation) -> bool:
        """Whether it would find a pull request of its repositories."""
        is_author = self.author in {"", one.author, f"app/{one.author}", f"{one.author}[bot]"}
        return is_author and self.head in {"", one.head_ref}


def search_of(query: str) -> Search:
    """`is:pr repo:acme/rocket author:bob head:topic`, in any order."""
    terms = [(name, value.strip('"')) for name, _, value in (term.partition(":") for term in query.split())]
    said = dict(terms)
    repositories = dict.fromkeys(value for name, value in terms if name == "repo" and value.count("/") == 1)
    return Search(
        repositories=tuple(repositories)[:MOST_REPOSITORIES],
        author=said.get("author", ""),
        head=said.get("head", ""),
    )


class TideWhy:
    """The pages."""

    def __init__(self, edges: Edges) -> None:
        self._edges = edges

    async def show(self, request: Request) -> Response:
        asked = request.query_params.get("pr", "").strip()[:300]
        if not asked:
            return pages.html("why.html", asked="", name="")
        named = _PULL.fullmatch(asked)
        if named is None:
            raise NotServed("a pull request is named org/repo#number, or by its address", status=400)
        name, number = f"{named[1]}/{named[2]}", int(named[3])
        branches = await self._branches(name)
        found = of_pull_request(branches, number)
        config = (await self._edges.configuration()).prow
        is_shown = Sight(config, audience()).is_shown(name, ())
        return pages.html(
            "why.html",
            asked=f"{name}#{number}",
            name=name,
            number=number,
            branch=found[0] if found else None,
            told=found[1] if found else None,
            troubles=[branch for branch in branches if branch.explained.trouble],
            has_queries=bool(is_shown and config.tide.queries_of(named[1], named[2])),
            menders=MENDERS,
            marks=MARKS,
            github=config.github.link_url.rstrip("/"),
            now=self._edges.clock(),
        )

    async def search(self, request: Request) -> Response:
        query = request.query_params.get("query", "").strip()[:1000]
        wanted = search_of(query)
        found = [(name, one) for name in wanted.repositories for one in each(await self._branches(name), wanted)]
        if len(found) == 1:
            name, one = found[0]
            return pages.see(f"/tide/why?pr={pages.segment(f'{name}#{one.number}')}")
        found.sort(key=lambda row: (not row[1].is_over, row[1].since), reverse=True)
        return pages.html(
            "pull_requests.html",
            query=query,
            wanted=wanted,
            rows=found[:MOST_PULLS],
            total=len(found),
            marks=MARKS,
            now=self._edges.clock(),
        )

    async def _branches(self, name: str) -> list[Branch]:
        """What this deck's audience sees of a repository (`org/repo`)."""
        sight = Sight((await self._edges.configuration()).prow, audience())
        org, _, repo = name.partition("/")
        found = await of_repository(self._edges.state, org, repo)
        return [branch for branch in found if sight.is_shown(name, branch.explained.tenants)]


def each(branches: Sequence[Branch], wanted: Search) -> Iterator[Explanation]:
    """Those that are meant, each once, whatever branches it has been for."""
    for number in {number for branch in branches for number in branch.explained.pulls}:
        found = of_pull_request(branches, number)
        if found is not None and wanted.means(found[1]):
            yield found[1]
