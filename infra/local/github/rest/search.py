"""REST: searching issues."""

from infra.local.github import forms
from infra.local.github.access import Level
from infra.local.github.errors import Invalid, field_error
from infra.local.github.rest.calls import Answer, Call, Route
from infra.local.github.search import search


def search_issues(call: Call) -> Answer:
    query = call.query.get("q", "")
    if not query.strip():
        raise Invalid(errors=[field_error("Search", "q", "missing")])
    found = search(
        call.hub,
        query,
        lambda here: call.level(here) >= Level.READ,
        call.query.get("sort", ""),
        call.query.get("order", "desc"),
    )
    items = [forms.issue(call.hub, row) | {"score": 1.0} for row in call.page(found)]
    return Answer(
        200, {"total_count": len(found), "incomplete_results": False, "search_type": "lexical", "items": items}
    )


ROUTES = [Route("GET", "/search/issues", search_issues)]
