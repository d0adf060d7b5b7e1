"""`/badge.svg`: whether a job's last run passed, as a picture for a README.

Source: sigs.k8s.io/prow cmd/deck (badge.go).
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from functions.deck import pages
from functions.deck.filters import matcher
from functions.deck.kept import Runs
from functions.deck.places import NotServed
from functions.deck.runs import Run

LETTER = 6
MARGIN = 13
_COLOURS = {"brightgreen": "#2f7d32", "red": "#b3261e", "darkgrey": "#5f6368"}


class Badge(Struct, frozen=True):
    """The picture's words and measures."""

    subject: str
    status: str
    colour: str

    @property
    def left(self) -> int:
        return MARGIN + LETTER * len(self.subject)

    @property
    def right(self) -> int:
        return MARGIN + LETTER * len(self.status)


class Badges:
    """Badges of the jobs that an address names."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    async def show(self, request: Request) -> Response:
        wanted = [name for name in request.query_params.get("jobs", "").split(",") if name]
        if not wanted:
            raise NotServed("missing jobs query parameter", status=400)
        badge = of(latest(await self._runs.all(), wanted))
        body = pages.rendered("badge.svg", badge=badge, fill=_COLOURS[badge.colour])
        return Response(body, media_type="image/svg+xml", headers={**pages.GUARDED, "cache-control": "max-age=60"})


def latest(runs: Iterable[Run], wanted: Sequence[str]) -> list[Run]:
    """The last ended run of each job that one of the names or patterns means. `runs`: the newest first."""
    matchers = [matcher(name) if "*" in name else name.__eq__ for name in wanted]
    found: dict[str, Run] = {}
    for run in runs:
        if run.is_over and run.spec.job not in found and any(matches(run.spec.job) for matches in matchers):
            found[run.spec.job] = run
    return list(found.values())


def of(runs: Sequence[Run]) -> Badge:
    """The words for the last runs of some jobs. Only a failed test counts as failing."""
    if not runs:
        return Badge("build", "no results", "darkgrey")
    failed = sorted(run.spec.job for run in runs if run.state == "failure")
    if not failed:
        return Badge("build", "passing", "brightgreen")
    return Badge("build", f"failing {', '.join(failed[:3])}" + ("..." if len(failed) > 3 else ""), "red")
