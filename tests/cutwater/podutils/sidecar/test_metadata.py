"""What tests say of themselves."""

from pathlib import Path
from typing import Any

import pytest

from cutwater.podutils import status
from cutwater.podutils.options import Entry
from cutwater.podutils.sidecar.metadata import ERRORS, combined


def entries(folder: Path, *said: str | bytes | None) -> list[Entry]:
    """An entry for each text; None writes nothing."""
    for index, text in enumerate(said):
        if text is not None:
            (folder / f"{index}.json").write_bytes(text.encode() if isinstance(text, str) else text)
    return [Entry(args=("run", str(index)), metadata_file=str(folder / f"{index}.json")) for index in range(len(said))]


def test_later_entries_win(tmp_path: Path) -> None:
    told = entries(tmp_path, '{"hello": "hello", "first": 1}', '{"hello": "hola", "second": 2}', None, "null")
    assert combined(told) == {"hello": "hola", "first": 1, "second": 2}


def test_what_cannot_be_understood_is_named(tmp_path: Path) -> None:
    told = entries(tmp_path, '{"first": 1}', "{", None)
    (tmp_path / "2.json").mkdir()
    metadata = combined(told)
    assert metadata.pop(ERRORS).keys() == {"entry 1: run 1", "entry 2: run 2"}
    assert metadata == {"first": 1}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param('{"a": "\\ud83d", "\\ud83d\\ude80": 1}', {"a": "\ufffd", "\U0001f680": 1}, id="half of a pair"),
        pytest.param(b'{"a": "\xff"}', {"a": "\ufffd"}, id="no UTF-8"),
        pytest.param('{"a": 123456789012345678901234567890}', {"a": 123456789012345678901234567890}, id="large number"),
        pytest.param('{"a": 1, "a": 2}', {"a": 2}, id="a key twice"),
        pytest.param('{"a": "\\u0000"}', {"a": "\0"}, id="a zero byte"),
        pytest.param('{"a": NaN}', None, id="no number"),
        pytest.param('{"a": 1e400}', None, id="a number without end"),
        pytest.param("[1]", None, id="a list"),
        pytest.param("", None, id="nothing"),
        pytest.param("[" * 100_000, None, id="too deep"),
        pytest.param('{"a":' * 2_000 + "1" + "}" * 2_000, None, id="too deep, but whole"),
    ],
)
def test_hostile_texts(tmp_path: Path, text: str | bytes, read: dict[str, Any] | None) -> None:
    """finished.json is written, whatever a test says."""
    metadata = combined(entries(tmp_path, text), (b"secret",))
    if read is None:
        assert list(metadata) == [ERRORS]
    else:
        assert metadata == read
    assert status.text(status.Finished(timestamp=0, passed=True, metadata=metadata, result="SUCCESS"))


@pytest.mark.parametrize(
    "text",
    [
        r'{"a": "hunter2"}',
        r'{"a": "\u0068unter2"}',
        r'{"a": ["key: hunter2!"], "b": {"hunter2": 1}}',
    ],
)
def test_a_secret_that_is_escaped(tmp_path: Path, text: str) -> None:
    metadata = combined(entries(tmp_path, text), (b"hunter2",))
    assert "hunter2" not in str(metadata)
    assert "XXXXXXX" in str(metadata)


def test_a_secret_of_several_lines(tmp_path: Path) -> None:
    assert combined(entries(tmp_path, r'{"a": "-BEGIN\nkey\n-END"}'), (b"-BEGIN\nkey\n-END",)) == {"a": "X" * 15}
