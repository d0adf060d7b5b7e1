"""GraphQL answers of which GitHub keeps a part back."""

from typing import Any

import pytest

from cutwater.errors import Refused
from cutwater.github.client import Incomplete
from cutwater.github.read import Reader
from tests.cutwater.github.answers import Answering, response

SEARCH = "query find($search: String!, $first: Int!, $after: String) {search {nodes {number}}}"
PROTECTED = [{"type": "FORBIDDEN", "message": "Protected by single sign-on"}]


def page(*nodes: Any, more: bool = False) -> dict[str, Any]:
    return {"search": {"pageInfo": {"hasNextPage": more, "endCursor": "1"}, "nodes": list(nodes)}}


async def test_what_there_is_comes_with_the_refusal() -> None:
    given = Answering(response(200, {"data": {"a": None, "b": 1}, "errors": PROTECTED}))
    with pytest.raises(Incomplete, match="GitHub: Protected by single sign-on") as refused:
        await given.github.graphql("{a b}", "acme")
    assert refused.value.data == {"a": None, "b": 1}


async def test_nothing_is_a_refusal() -> None:
    given = Answering(response(200, {"data": {"a": None}, "errors": PROTECTED}))
    with pytest.raises(Refused) as refused:
        await given.github.graphql("{a}", "acme")
    assert not isinstance(refused.value, Incomplete)


async def test_a_search_may_lack_some() -> None:
    first = response(200, {"data": page({"number": 1}, None, more=True), "errors": PROTECTED})
    given = Answering(first, response(200, {"data": page({"number": 2})}))
    found = await Reader(given.github).search("is:pr", SEARCH, org="acme", may_lack=True)
    assert found == [{"number": 1}, None, {"number": 2}]


@pytest.mark.parametrize(
    ("data", "may_lack"),
    [
        pytest.param(page({"number": 1}, None), False, id="it must be whole"),
        pytest.param({"search": None, "rateLimit": {"cost": 1}}, True, id="nothing is found at all"),
    ],
)
async def test_a_search_that_is_refused(data: dict[str, Any], may_lack: bool) -> None:
    given = Answering(response(200, {"data": data, "errors": PROTECTED}))
    with pytest.raises(Refused, match="single sign-on"):
        await Reader(given.github).search("is:pr", SEARCH, org="acme", may_lack=may_lack)
