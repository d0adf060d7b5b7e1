from collections.abc import Mapping

import pytest

from cutwater.git.merging import Conflict, File, merged

LONG = "".join(f"line {number}\n" for number in range(40))
FIRST, LAST = LONG.replace("line 0\n", "first\n"), LONG.replace("line 39\n", "last\n")
BOTH = FIRST.replace("line 39\n", "last\n")


def files(texts: Mapping[str, str]) -> dict[str, File]:
    return {path: File(text.encode()) for path, text in texts.items()}


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "expected"),
    [
        pytest.param({}, {}, {}, {}, id="nothing"),
        pytest.param({}, {"a": "1"}, {"b": "2"}, {"a": "1", "b": "2"}, id="each has added one"),
        pytest.param({}, {"a": "1"}, {"a": "1"}, {"a": "1"}, id="both the same"),
        pytest.param({"a": LONG}, {"a": FIRST}, {"a": LAST}, {"a": BOTH}, id="both ends of one file"),
        pytest.param({"a": "1", "b": "2"}, {"b": "2"}, {"a": "1"}, {}, id="each has removed one"),
        pytest.param({"a": LONG}, {"x/b": LONG}, {"a": LAST}, {"x/b": LAST}, id="moved and changed"),
        pytest.param({"a": ""}, {"a": "", 'q"\\\n é': ""}, {"a": "1"}, {"a": "1", 'q"\\\n é': ""}, id="odd names"),
        pytest.param({"a": "x"}, {"a": "x"}, {"a": "no end"}, {"a": "no end"}, id="no newline at the end"),
    ],
)
def test_merged(base: dict[str, str], ours: dict[str, str], theirs: dict[str, str], expected: dict[str, str]) -> None:
    assert merged(base=files(base), ours=files(ours), theirs=files(theirs)) == files(expected)


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "where"),
    [
        pytest.param({"a": "0\n"}, {"a": "1\n"}, {"a": "2\n"}, "Merge conflict in a", id="one line"),
        pytest.param({}, {"a": "1\n"}, {"a": "2\n"}, "Merge conflict in a", id="both have added it"),
        pytest.param({"a": "0\n"}, {"a": "1\n"}, {}, "a deleted in head and modified in base.", id="removed there"),
        pytest.param({"a": "0\n"}, {}, {"a": "1\n"}, "a deleted in base and modified in head.", id="removed here"),
        pytest.param({}, {"a": "1\n"}, {"a/b": "2\n"}, "directory in the way of a", id="a file and a folder"),
    ],
)
def test_conflicts(base: dict[str, str], ours: dict[str, str], theirs: dict[str, str], where: str) -> None:
    with pytest.raises(Conflict, match=r"^CONFLICT \(") as conflict:
        merged(base=files(base), ours=files(ours), theirs=files(theirs))
    assert where in str(conflict.value)


def test_links_stay_links() -> None:
    link = {"a": File(b"b", "120000")}
    assert merged(base={}, ours=link, theirs=files({"c": "1"})) == {**link, **files({"c": "1"})}


def test_bytes_stay_as_they_are() -> None:
    content = bytes(range(256))
    ours = {"a": File(content), "b": File(b"\r\n")}
    assert merged(base={}, ours=ours, theirs=files({"c": "1"})) == {**ours, **files({"c": "1"})}
