"""deck: woken by browsers. It reads ProwJobs, the logs of pods and artifacts; its one effect is to run a job again.

| path | what is there |
| --- | --- |
| `/` | the runs, and a filter |
| `/view/<provider>/<bucket>/<run>`, `/view/prowjob/<job>/<build>` | one run |
| `/log/lines/…`, `/log/find/…`, `/log/where/…`, `/log/follow/…`, `/log/raw/…` | its log |
| `/artifacts/<provider>/<bucket>/<path>` | files and folders |
| `/job-history/<provider>/<bucket>/<job>` | the runs of a job that are stored |
| `/prowjobs.js`, `/data.js`, `/prowjob`, `/log` | the same for programs |
| `/rerun` | a job, again |
| `/command-help`, `/plugins`, `/plugin-help.js` | what people may type, and what the plugins do |
| `/tide`, `/tide-history`, `/tide.js`, `/tide-history.js` | what tide merges from, and what it did |
| `/tide/why`, `/pr` | what a pull request waits for, or several |
| `/events`, `/events/<GUID>` | the ledger, for operators |
| `/badge.svg` | how a job's last run went, as a picture |
"""

import logging
import time
import traceback

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from cutwater.errors import Later, Refused
from cutwater.events import log
from cutwater.events.edges import Edges
from cutwater.events.effect import Apply, apply
from cutwater.events.serve import Respond
from functions.deck import pages
from functions.deck.artifacts import Artifacts
from functions.deck.badge import Badges
from functions.deck.events import Events
from functions.deck.help_pages import HelpPages
from functions.deck.job_history import JobHistory
from functions.deck.job_list import JobList
from functions.deck.kept import Runs
from functions.deck.log_view import LogView
from functions.deck.logs import Logs
from functions.deck.objects import Objects
from functions.deck.places import NotServed
from functions.deck.rerun import Rerun
from functions.deck.run_page import RunPage
from functions.deck.storage import Storage
from functions.deck.tide_kept import Pools
from functions.deck.tide_pages import TidePages
from functions.deck.tide_why import TideWhy


class Deck:
    """The role at the browser's side."""

    name = "deck"

    def open(self, edges: Edges, apply: Apply = apply) -> Respond:
        """The role at work."""
        found = routes(edges, apply)

        async def respond(request: Request) -> Response:
            started = time.perf_counter()
            response, done = await _answer(request, found)
            milliseconds = (time.perf_counter() - started) * 1000
            level = logging.ERROR if response.status_code == 500 else logging.INFO
            done = f"{request.method} {request.url.path} {done}".rstrip()
            log.event(level, self.name, None, status=response.status_code, done=done, milliseconds=milliseconds)
            return pages.packed(request, response)

        return respond


def routes(edges: Edges, apply: Apply) -> list[Route]:
    """Who answers to which path."""
    storage, runs, events = Storage(edges), Runs(edges), Events(edges)
    logs, help_pages = Logs(edges, storage, runs), HelpPages(edges)
    tide, why = TidePages(edges, Pools(edges)), TideWhy(edges)
    view, rerun, objects = LogView(edges, logs), Rerun(edges, runs, apply), Objects(edges, runs, logs)
    return [
        Route("/", JobList(edges, runs).show),
        Route("/view/{path:path}", RunPage(edges, storage, runs, view, rerun).show),
        Route("/log/lines/{path:path}", view.lines),
        Route("/log/find/{path:path}", view.find),
        Route("/log/where/{path:path}", view.where),
        Route("/log/follow/{path:path}", view.follow),
        Route("/log/raw/{path:path}", view.raw),
        Route("/artifacts/{path:path}", Artifacts(storage).show),
        Route("/job-history/{path:path}", JobHistory(edges, storage).show),
        Route("/prowjobs.js", objects.prowjobs),
        Route("/data.js", objects.jobs),
        Route("/prowjob", objects.prowjob),
        Route("/log", objects.log),
        Route("/rerun", rerun.show),
        Route("/rerun", rerun.create, methods=["POST"]),
        Route("/command-help", help_pages.commands),
        Route("/plugins", help_pages.plugins),
        Route("/plugin-help.js", help_pages.data),
        Route("/plugin-help", help_pages.moved),
        Route("/tide", tide.pools),
        Route("/tide.js", tide.pools_script),
        Route("/tide-history", tide.history),
        Route("/tide-history.js", tide.history_script),
        Route("/tide/why", why.show),
        Route("/pr", why.search),
        Route("/events", events.list),
        Route("/events/{guid}", events.show),
        Route("/badge.svg", Badges(runs).show),
        Route("/static/{digest}/{name}", pages.static),
    ]


async def _answer(request: Request, found: list[Route]) -> tuple[Response, str]:
    """The answer, and what the log says of it."""
    try:
        return await _routed(request, found), ""
    except NotServed as no:
        return pages.problem(request, no.status, str(no)), f"not served: {no}"
    except HTTPException as no:
        return pages.problem(request, no.status_code, no.detail), no.detail
    except Refused as refused:
        return pages.problem(request, 502, str(refused)), f"refused: {refused}"
    except Later as later:
        return pages.problem(request, 503, str(later)), f"later: {later}"
    except Exception:
        return pages.problem(request, 500, "a mistake of this server; its log says more"), traceback.format_exc()


async def _routed(request: Request, found: list[Route]) -> Response:
    """The answer of the route that the request means. A request's own scope is told what the route found in it."""
    is_known = False
    for route in found:
        match, scope = route.matches(request.scope)
        if match is Match.FULL:
            request.scope.update(scope)
            response: Response = await route.endpoint(Request(request.scope, request.receive))
            return response
        is_known = is_known or match is Match.PARTIAL
    raise HTTPException(405 if is_known else 404)


role = Deck()
