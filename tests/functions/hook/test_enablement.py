"""Whose webhooks plugins hear of."""

import pytest

from cutwater.errors import Refused
from functions.hook.enablement import enablement_of

ENABLED_ORGS, DISABLED_ORGS = "CUTWATER_GITHUB_ENABLED_ORGS", "CUTWATER_GITHUB_DISABLED_ORGS"
ENABLED_REPOS, DISABLED_REPOS = "CUTWATER_GITHUB_ENABLED_REPOS", "CUTWATER_GITHUB_DISABLED_REPOS"


@pytest.mark.parametrize(
    "settings, is_allowed",
    [
        pytest.param({}, True, id="nothing said"),
        pytest.param({ENABLED_ORGS: "acme"}, True, id="its organisation"),
        pytest.param({ENABLED_ORGS: "other, acme"}, True, id="one of two"),
        pytest.param({ENABLED_ORGS: "other"}, False, id="another organisation"),
        pytest.param({ENABLED_REPOS: "acme/rocket"}, True, id="itself"),
        pytest.param({ENABLED_REPOS: "acme/other"}, False, id="another repository"),
        pytest.param({DISABLED_ORGS: "acme"}, False, id="its organisation is disabled"),
        pytest.param({DISABLED_REPOS: "acme/rocket"}, False, id="itself is disabled"),
        pytest.param({DISABLED_REPOS: "acme/other"}, True, id="another is disabled"),
        pytest.param({ENABLED_ORGS: "acme", DISABLED_REPOS: "acme/rocket"}, False, id="disabled wins"),
    ],
)
def test_allowed(settings: dict[str, str], is_allowed: bool) -> None:
    assert enablement_of(settings).allows("acme", "rocket") is is_allowed


@pytest.mark.parametrize(
    "settings, says",
    [
        pytest.param({ENABLED_REPOS: "x"}, f'{ENABLED_REPOS}: "x" is not in org/repo format', id="no repository"),
        pytest.param({DISABLED_REPOS: "/x"}, f'{DISABLED_REPOS}: "/x" is not in org/repo format', id="no organisation"),
        pytest.param(
            {ENABLED_ORGS: "a,b", DISABLED_ORGS: "b,c"}, f"[b] is in both {ENABLED_ORGS} and {DISABLED_ORGS}", id="both"
        ),
    ],
)
def test_wrong(settings: dict[str, str], says: str) -> None:
    with pytest.raises(Refused) as refused:
        enablement_of(settings)
    assert str(refused.value) == says
