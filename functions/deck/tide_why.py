"""`/tide/why?pr=org/repo%23number`: what a pull request waits for, who can mend that, and what was decided when."""

import re

from starlette.requests import Request
from starlette.responses import Response

from cutwater.events.edges import Edges
from cutwater.events.explanations import MENDERS, of_pull_request, of_repository
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


class TideWhy:
    """The page."""

    def __init__(self, edges: Edges) -> None:
        self._edges = edges

    async def show(self, request: Request) -> Response:
        asked = request.query_params.get("pr", "").strip()[:300]
        if not asked:
            return pages.html("why.html", asked="", name="")
        named = _PULL.fullmatch(asked)
        if named is None:
            raise NotServed("a pull request is named org/repo#number, or by its address", status=400)
        org, repo, number = named[1], named[2], int(named[3])
        config = (await self._edges.configuration()).prow
        sight = Sight(config, audience())
        branches = [
            branch
            for branch in await of_repository(self._edges.state, org, repo)
            if sight.is_shown(f"{org}/{repo}", branch.explained.tenants)
        ]
        found = of_pull_request(branches, number)
        return pages.html(
            "why.html",
            asked=f"{org}/{repo}#{number}",
            name=f"{org}/{repo}",
            number=number,
            branch=found[0] if found else None,
            told=found[1] if found else None,
            troubles=[branch for branch in branches if branch.explained.trouble],
            has_queries=bool(sight.is_shown(f"{org}/{repo}", ()) and config.tide.queries_of(org, repo)),
            menders=MENDERS,
            marks=MARKS,
            github=config.github.link_url.rstrip("/"),
            now=self._edges.clock(),
        )
