"""The queries that cutwater itself makes are valid at GitHub."""

import pytest

from cutwater.github import queries
from tests.contract.github.descriptions import validate_query


@pytest.mark.parametrize("name", ["POOL", "FIND_POOLS"])
def test_github_would_take_it(name: str) -> None:
    assert validate_query(getattr(queries, name)) == []
