"""Patterns of `.gitattributes`."""

import pytest

from functions.plugins.generated import matches


@pytest.mark.parametrize(
    "pattern, path, expected",
    [
        ("*.pb.go", "pkg/x.pb.go", True),
        ("*.pb.go", "x.go", False),
        ("[a-c]x", "bx", True),
        ("[^a-c]x", "bx", False),
        ("[[]x", "[x", True),
        (r"[\]]x", "]x", True),
        (r"[a\-z]", "-", True),
        (r"[a\-z]", "b", False),
        (r"[\d]", "7", False),
        ("[[:alpha:]]", "a", False),
        ("[[:alpha:]]", "a]", True),
        ("[&&a]", "&", True),
        ("[", "[", False),
        ("a?", "ab", True),
        (r"a\*", "a*", True),
        (r"a\*", "ab", False),
        pytest.param("*a" * 30 + "b", "a" * 4_000, False, id="a hostile one"),
    ],
)
def test_shell_patterns(pattern: str, path: str, expected: bool) -> None:
    assert matches(pattern, path) is expected
