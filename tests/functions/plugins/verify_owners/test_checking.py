"""What is wrong in a changed OWNERS file, where, and whom it adds."""

import pytest

from cutwater.github.edits import Remark
from cutwater.github.types import PullFile
from functions.plugins.patches import positions
from functions.plugins.verify_owners.checking import Named, checked, is_added

DENIED = ("approved", "lgtm")


def added(path: str, text: str) -> PullFile:
    lines = text.split("\n")
    patch = f"@@ -0,0 +1,{len(lines)} @@\n" + "\n".join(f"+{line}" for line in lines)
    return PullFile(filename=path, status="added", patch=patch)


@pytest.mark.parametrize(
    "path, text, says",
    [
        pytest.param("a/OWNERS", "approvers:\n- ann\nreviewers:\n- bob\n", "bob ann", id="lists"),
        pytest.param("a/OWNERS", "filters:\n  '(':\n    approvers: [ann]\n", "ann", id="filters, whatever the pattern"),
        pytest.param("a/OWNERS", "", "", id="nothing"),
        pytest.param(
            "a/OWNERS", "required_reviewers: [ann]\napprovers: [bob]\n", "bob", id="required reviewers are not"
        ),
    ],
)
def test_names(path: str, text: str, says: str) -> None:
    assert checked(added(path, text), text.encode(), DENIED) == Named(tuple(says.split()))


@pytest.mark.parametrize(
    "path, text, position, says",
    [
        pytest.param("a/OWNERS", "x: y\nbad: [\n", 3, "Cannot parse file: a/OWNERS:", id="no YAML"),
        pytest.param(
            "a/OWNERS", "options: {no_parent_owners: x}\n", 1, "Cannot parse file: a/OWNERS", id="other types"
        ),
        pytest.param(
            "OWNERS", "", 1, "No approvers defined in this root directory OWNERS file.", id="a root for nobody"
        ),
        pytest.param(
            "a/OWNERS",
            "labels: [lgtm, docs, approved]\napprovers: [ann]\n",
            1,
            "File contains banned labels: [approved lgtm].",
            id="labels that are denied",
        ),
    ],
)
def test_what_is_wrong(path: str, text: str, position: int, says: str) -> None:
    found = checked(added(path, text), text.encode(), DENIED)
    assert isinstance(found, Remark)
    assert (found.path, found.position) == (path, position)
    assert found.body.startswith(says)


@pytest.mark.parametrize(
    "patch, found",
    [
        pytest.param("", {}, id="none"),
        pytest.param("@@ -0,0 +1,2 @@\n+a\n+b", {1: 1, 2: 2}, id="a new file"),
        pytest.param("@@ -1,3 +1,3 @@ x\n a\n-b\n+c\n d", {2: 3}, id="a line in place of another"),
        pytest.param("@@ -1 +1 @@\n-a\n+b\n\\ No newline at end of file", {1: 2}, id="one line, without its end"),
        pytest.param("@@ -1,1 +1,2 @@\n a\n+b\n@@ -9,1 +10,2 @@\n i\n+j", {2: 2, 11: 5}, id="two pieces"),
        pytest.param("@@ -0,0 +1,2 @@\n+a\n\n+c", {1: 1}, id="up to what is no patch"),
        pytest.param("Binary files differ", {}, id="no patch"),
    ],
)
def test_positions(patch: str, found: dict[int, int]) -> None:
    assert positions(patch) == found


@pytest.mark.parametrize(
    "login, patch, is_new",
    [
        ("ann", "+- ann", True),
        ("ann", "+  -   ann", True),
        ("ann", " - ann\n+- bob", False),
        ("ann", "-- ann", False),
        ("ann", "+- ann-marie", True),
        ("ann", "+- joanne", False),
        ("a.b", "+- axb", False),
        ("x(", "+- x(", False),
    ],
)
def test_is_added(login: str, patch: str, is_new: bool) -> None:
    assert is_added(login, patch) == is_new
