"""Globs as upstream's library reads them."""

import pytest

from cutwater.config import globs


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("**/exclude", "first/exclude", True),
        ("**/exclude", "exclude", True),
        ("usr/**/*", "usr/bin/bash", True),
        ("*.log", "a.log", True),
        ("*.log", "d/a.log", False),
        ("d/**", "d/e/a.log", False),
        ("d/**", "d/a.log", True),
        ("{a,b}*", "bc", True),
        ("a?c", "abc", False),
        ("*", "a", False),
        ("d", "d/x", False),
        ("[ab]*", "ax", False),
        ("*.log", "\udcff.log", True),
        ("**/" * 20 + "x", "a/" * 2_000 + "y", False),
    ],
)
def test_globs(pattern: str, path: str, expected: bool) -> None:
    assert globs.matches(pattern, path) is expected
