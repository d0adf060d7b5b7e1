"""Both ways in which a container is kept to its pod."""

import pytest

from infra.local.pods.sandbox import bubblewrap


@pytest.fixture(params=["bubblewrap", "plain"])
def isolated(request: pytest.FixtureRequest) -> bool:
    """Whether the test's pods run in bubblewrap; every test that takes this runs both ways."""
    if request.param == "bubblewrap" and bubblewrap() is None:
        pytest.skip("bubblewrap does not work here")
    return bool(request.param == "bubblewrap")
