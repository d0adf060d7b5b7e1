"""`/events`, `/events/<GUID>`: the ledger, for operators: which webhooks came, and what each plugin made of them.

Off unless this deck is one for operators. It reads the state bucket with this deck's own key to storage; that of a
public deck opens no more of it than the compiled configuration.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from cutwater.events import account
from cutwater.events.edges import Edges
from cutwater.events.history import OUTCOMES, Case, Wanted, Wish, given_up, newest, of_guid, parts_of
from functions.deck import pages
from functions.deck.filters import LONGEST
from functions.deck.operators import are_events_shown, is_known
from functions.deck.places import NotServed

ROWS = 50
MOST = 500
"""Webhooks that are looked at for one page."""
LONGEST_BODY = 256 * 1024
"""Bytes of a body that are shown."""
FILTERS = ("repo", "pr", "plugin", "outcome")
MARKS: Mapping[str, str] = {
    "done": "success",
    "nothing": "triggered",
    "refused": "error",
    "failed": "failure",
    "in hand": "pending",
    "owed": "pending",
    "given up": "failure",
    "planned": "pending",
    "started": "pending",
    "void": "aborted",
    "unknown": "aborted",
}
"""What each state looks like: as that of a run."""
_GUID = re.compile(r"[0-9A-Za-z-]{4,64}")
_PLACE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}-[0-9]{2}/[0-9A-Za-z-]{1,90}")


class Events:
    """The pages. Each raises NotServed where this deck is not for operators."""

    def __init__(self, edges: Edges) -> None:
        self._edges = edges

    async def list(self, request: Request) -> Response:
        if refusal := _refusal(request):
            return refusal
        query = {name: request.query_params.get(name, "").strip()[:LONGEST] for name in FILTERS}
        if guid := request.query_params.get("guid", "").strip():
            return pages.see(f"/events/{pages.segment(guid[:LONGEST])}")
        page = await newest(self._edges.state, wish_of(query, _place(request)), limit=ROWS, most=MOST)
        shown = {name: value for name, value in query.items() if value}
        return pages.html(
            "events.html",
            cases=page.cases,
            seen=page.seen,
            query=query,
            is_filtered=bool(shown),
            older=urlencode({**shown, "before": page.before}) if page.before else "",
            outcomes=OUTCOMES,
            marks=MARKS,
            account=account,
            now=self._edges.clock(),
        )

    async def show(self, request: Request) -> Response:
        if refusal := _refusal(request):
            return refusal
        guid = request.path_params["guid"]
        if _GUID.fullmatch(guid) is None:
            raise NotServed("this is no GUID of a webhook, nor four characters of one")
        cases = await of_guid(self._edges.state, guid)
        if not cases:
            raise NotServed("no webhook of this GUID is kept: nobody wanted it, or it was deleted for its age")
        if len({case.guid for case in cases}) > 1:
            raise NotServed("several webhooks have GUIDs that begin so")
        case = cases[0]
        return pages.html(
            "event.html",
            case=case,
            letters=await given_up(self._edges.state, case),
            headers=account.headers(case.delivery.headers) if case.delivery else {},
            body=_body(case),
            marks=MARKS,
            account=account,
            now=self._edges.clock(),
        )


def wish_of(query: Mapping[str, str], before: str = "") -> Wish:
    """What the filters ask for; what cannot be meant asks for nothing."""
    org, repo, number = parts_of(f"{query['repo']}#{query['pr'].lstrip('#')}")
    outcome: Wanted = next((one for one in OUTCOMES if one == query["outcome"]), "")
    return Wish(org=org, repo=repo, number=number, plugin=query["plugin"], outcome=outcome, before=before)


def _refusal(request: Request) -> Response | None:
    """The answer to who may not see them. Raises NotServed where nobody may, and Refused."""
    if not are_events_shown():
        raise NotServed("the ledger is not shown by this deck; one for operators can be set up (docs/events.md)")
    if is_known(request):
        return None
    answer = pages.problem(request, 401, "the ledger is shown to who knows this deck's password")
    answer.headers["www-authenticate"] = 'Basic realm="deck for operators", charset="UTF-8"'
    return answer


def _place(request: Request) -> str:
    before = request.query_params.get("before", "")
    return before if _PLACE.fullmatch(before) else ""


def _body(case: Case) -> str:
    if case.delivery is None:
        return ""
    text = account.body(case.delivery.body[:LONGEST_BODY])
    return text if len(case.delivery.body) <= LONGEST_BODY else f"{text}\n… and so on"
