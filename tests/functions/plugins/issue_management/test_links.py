"""How issues are named, and the line that they stand on."""

import pytest

from functions.plugins.issue_management.links import Reference, reference, relinked


@pytest.mark.parametrize(
    "word, named",
    [
        pytest.param("42", Reference("acme", "rocket", 42), id="a number"),
        pytest.param("007", Reference("acme", "rocket", 7), id="with noughts"),
        pytest.param("foo/bar#10", Reference("foo", "bar", 10), id="elsewhere"),
        pytest.param("x42", None, id="no number"),
        pytest.param("#42", None, id="with a hash"),
        pytest.param("4_2", None, id="a number to Python alone"),
        pytest.param("٤٢", None, id="digits that are none to GitHub"),
        pytest.param("9" * 30, None, id="too long a number"),
        pytest.param("foo/bar", None, id="no number of an issue"),
        pytest.param("foo/bar/baz#1", None, id="too many parts"),
        pytest.param("foo/bar#x", None, id="no number behind the hash"),
        pytest.param("foo/bar#1#2", None, id="two hashes"),
    ],
)
def test_reference(word: str, named: Reference | None) -> None:
    assert reference(word, "acme", "rocket") == named


@pytest.mark.parametrize(
    "named, seen",
    [
        (Reference("acme", "rocket", 1), "#1"),
        (Reference("acme", "other", 1), "acme/other#1"),
    ],
)
def test_how_it_is_written(named: Reference, seen: str) -> None:
    assert named.seen_from("acme", "rocket") == seen


@pytest.mark.parametrize(
    "body, link, unlink, after",
    [
        pytest.param("This is a PR body.", ["#12"], [], "This is a PR body.\n\nFixes #12", id="a line at the end"),
        pytest.param("Text\n", ["#12"], [], "Text\n\nFixes #12", id="behind an empty line"),
        pytest.param("", ["#12"], [], "\nFixes #12", id="an empty text"),
        pytest.param(
            "line1\nFixes #1\nline3",
            ["#2", "foo/bar#10"],
            [],
            "line1\nFixes #1 #2 foo/bar#10\nline3",
            id="more of them, in place",
        ),
        pytest.param("line1\nFixes #99\nline2", [], ["#99"], "line1\nline2", id="none is left: the line goes"),
        pytest.param("fixes #2 #1", ["#1"], [], "Fixes #1 #2", id="in order, once each"),
        pytest.param("Fixes #10 #9", [], [], "Fixes #10 #9", id="in the order of letters"),
        pytest.param("Fixes: #1", ["#2"], [], "Fixes: #1\n\nFixes #2", id="with a colon it is another line"),
        pytest.param("Fixes #1\nFixes #2", [], ["#2"], "Fixes #1\nFixes #2", id="the first line alone counts"),
        pytest.param("Fixes #1\r\nmore\r", ["#2"], [], "Fixes #1 #2\nmore\r", id="carriage returns"),
        pytest.param("Text", [], ["#2"], "Text", id="nothing to take out"),
        pytest.param("Fixes #5 foo", [], ["foo"], "Fixes #5", id="what is no issue can be taken out"),
        pytest.param("Fixes #1", ["#1"], ["#1"], "Fixes #1", id="both: it stays"),
    ],
)
def test_relinked(body: str, link: list[str], unlink: list[str], after: str) -> None:
    assert relinked(body, link=link, unlink=unlink) == after
