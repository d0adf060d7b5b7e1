"""What one pull request costs of GitHub's hourly limit."""

from pathlib import Path

import pytest

from bench import calls

MOST = 60
"""Of 5,000 in an hour. Without what is remembered from pull request to pull request."""


@pytest.mark.slow
async def test_the_life_of_a_pull_request(tmp_path: Path) -> None:
    found = await calls.measure(tmp_path)
    assert [one for one in found if one.is_needless] == []
    assert sum(one.cost for one in found) <= MOST, found
    assert {"approve", "lgtm", "trigger", "tide", "crier"} <= {one.who for one in found}
