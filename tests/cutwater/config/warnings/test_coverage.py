"""Sets of repositories: what remains, what is common, what is either."""

import pytest

from cutwater.config.warnings.coverage import Coverage


def of(*names: str) -> Coverage:
    """`acme-secret-old` is the organisation acme without two repositories, `acme/rocket` a repository."""
    orgs = {name.split("-")[0]: name.split("-")[1:] for name in names if "/" not in name}
    return Coverage(
        {org: frozenset(f"{org}/{repo}" for repo in left_out) for org, left_out in orgs.items()},
        frozenset(name for name in names if "/" in name),
    )


@pytest.mark.parametrize(
    "first, second, left",
    [
        pytest.param(of("a"), of("a"), of(), id="itself"),
        pytest.param(of("a"), of("a-x"), of("a/x"), id="an exception of the second remains"),
        pytest.param(of("a-x"), of("a"), of(), id="one of the first does not"),
        pytest.param(of("a"), of("a/x"), of("a-x"), id="a repository becomes an exception"),
        pytest.param(of("a/x", "a/y"), of("a-y"), of("a/y"), id="the organisation takes its repositories"),
        pytest.param(of("a/x", "b/x"), of("a/x"), of("b/x"), id="a repository of two"),
    ],
)
def test_without(first: Coverage, second: Coverage, left: Coverage) -> None:
    assert first - second == left


@pytest.mark.parametrize(
    "first, second, both",
    [
        pytest.param(of("a-x"), of("a-y"), of("a-x-y"), id="exceptions of either"),
        pytest.param(of("a-x"), of("a/x", "a/y"), of("a/y"), id="repositories of the organisation"),
        pytest.param(of("a/x", "a/y"), of("a-x"), of("a/y"), id="the other way round"),
        pytest.param(of("a/x"), of("a/x", "b/x"), of("a/x"), id="repositories of both"),
        pytest.param(of("a"), of("b"), of(), id="nothing"),
    ],
)
def test_common(first: Coverage, second: Coverage, both: Coverage) -> None:
    assert first & second == both


@pytest.mark.parametrize(
    "first, second, either",
    [
        pytest.param(of("a-x-y"), of("a-y-z"), of("a-y"), id="exceptions of both"),
        pytest.param(of("a-x-y"), of("a/x"), of("a-y"), id="an exception that is named"),
        pytest.param(of("a/x"), of("b"), of("b", "a/x"), id="side by side"),
    ],
)
def test_either(first: Coverage, second: Coverage, either: Coverage) -> None:
    assert first | second == either == second | first
