"""The queries that cutwater itself makes are valid at GitHub."""

import pytest

from cutwater.github import queries
from tests.contract.github.descriptions import validate_query


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(queries.POOL, id="a pool"),
        pytest.param(queries.FIND_POOLS, id="the pools there are"),
        pytest.param(queries.texts(2), id="two files"),
    ],
)
def test_github_would_take_it(query: str) -> None:
    assert validate_query(query) == []
