import pytest

from cutwater.git.names import is_branch_name


@pytest.mark.parametrize(
    "name",
    ["main", "release-1.30", "feature/a.b", "stage", "a@b", "→", "release.lock.d", "-".join("ab"), "x" * 255],
)
def test_these_are(name: str) -> None:
    assert is_branch_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", "@", "--upload-pack=touch", "-x", "/a", "a/", "a.", "a..b", "../x", "a//b", ".a", "a/.b", "a.lock/b"),
        *("a.lock", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "a@{1}", "a\n", "a\x7f", "x" * 256),
    ],
)
def test_these_are_not(name: str) -> None:
    assert not is_branch_name(name)
