"""`/`: the runs, newest first, and those among them that somebody asks for."""

from collections import Counter
from collections.abc import Iterable, Sequence

from starlette.requests import Request
from starlette.responses import Response

from cutwater.events.edges import Edges
from functions.deck import pages
from functions.deck.filters import Filter, chosen, from_query
from functions.deck.kept import Runs
from functions.deck.runs import Run

ROWS = 100
"""Runs of one page."""
MOST_SUGGESTED = 300
"""Names that a field suggests."""
TYPES = ("presubmit", "postsubmit", "periodic", "batch")
STATES = ("scheduling", "triggered", "pending", "success", "failure", "aborted", "error")


class JobList:
    """The page, and the part of it that a script asks for again."""

    def __init__(self, edges: Edges, runs: Runs) -> None:
        self._edges, self._runs = edges, runs

    async def show(self, request: Request) -> Response:
        runs = await self._runs.all()
        wanted = from_query(request.query_params)
        jobs = {run.spec.job for run in runs}
        of_any_state = chosen(runs, wanted.but(state=""), jobs)
        found = [run for run in of_any_state if wanted.state in {"", run.state}]
        pages_ = max(-(-len(found) // ROWS), 1)
        page = min(page_number(request.query_params.get("page", "")), pages_)
        return pages.html(
            "found.html" if "x-part" in request.headers else "list.html",
            rows=found[(page - 1) * ROWS : page * ROWS],
            first=(page - 1) * ROWS,
            total=len(found),
            of=len(runs),
            page=page,
            pages=pages_,
            wanted=wanted,
            states=states(of_any_state, wanted),
            is_filtered=wanted != Filter(),
            types=TYPES,
            all_states=STATES,
            clusters=sorted({run.spec.cluster or "default" for run in runs}),
            jobs=_some(jobs),
            repos=_some({run.repository for run in runs if run.repository}),
            now=self._edges.clock(),
            github=(await self._edges.configuration()).prow.github.link_url.rstrip("/"),
        )


def page_number(text: str) -> int:
    """The page that is asked for; the first where that is no number."""
    return max(int(text), 1) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def states(runs: Sequence[Run], wanted: Filter) -> list[tuple[str, int, str]]:
    """Each state that there is, how many runs are in it, and the query that shows those, or lets them go."""
    counts = Counter(run.state for run in runs)
    return [
        (state, counts[state], wanted.but(state="" if wanted.state == state else state).query)
        for state in STATES
        if counts[state]
    ]


def _some(names: Iterable[str]) -> list[str]:
    return sorted(names)[:MOST_SUGGESTED]
