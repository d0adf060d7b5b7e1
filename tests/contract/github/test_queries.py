"""The queries that cutwater itself makes are valid at GitHub."""

import pytest

from cutwater.github import queries
from tests.contract.github.descriptions import validate_query


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(queries.POOL, id="a pool"),
        pytest.param(queries.PULLS, id="more of its pull requests"),
        pytest.param(queries.FIND_POOLS, id="the pools there are"),
        pytest.param(queries.AVAILABILITY, id="whether somebody has time"),
        pytest.param(queries.BLAME, id="who wrote which lines"),
        pytest.param(queries.FIND_MERGEABILITY, id="which can be merged"),
        pytest.param(queries.texts(2), id="two files"),
        pytest.param(queries.PIN_ISSUE, id="pin an issue"),
        pytest.param(queries.UNPIN_ISSUE, id="unpin an issue"),
        pytest.param(queries.TRANSFER_ISSUE, id="transfer an issue"),
        pytest.param(queries.ISSUE, id="where an issue is, and whether it is pinned"),
    ],
)
def test_github_would_take_it(query: str) -> None:
    assert validate_query(query) == []
