"""What storage is told of a file."""

import pytest

from cutwater.podutils import sniffing
from cutwater.podutils.files import TEXT, MediaTypes, StoredFile, may_compress, media_type_problem


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("build-log.txt", StoredFile(name="build-log.txt", content_type=TEXT)),
        ("build-log.txt.gz", StoredFile(name="build-log.txt", content_type=TEXT, content_encoding="gzip")),
        ("events.json.gzip", StoredFile(name="events.json", content_type="application/json", content_encoding="gzip")),
        ("build-log.gz", StoredFile(name="build-log", content_type="application/gzip")),
        ("gz", StoredFile(name="gz", content_type="application/gzip")),
        ("x.LOG", StoredFile(name="x.LOG")),
        ("x.TXT", StoredFile(name="x.TXT", content_type=TEXT)),
        ("x.", StoredFile(name="x.")),
    ],
)
def test_names(name: str, stored: StoredFile) -> None:
    assert MediaTypes().describe(name) == stored


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        pytest.param("text/plain", TEXT, id="a text is UTF-8"),
        pytest.param("text/plain; charset=latin1", "text/plain; charset=latin1", id="unless it says otherwise"),
        pytest.param("text/plain; a=b", "", id="with other parameters there is no type at all"),
        pytest.param("application/x-custom; a=b", "application/x-custom; a=b", id="as it stands"),
        pytest.param("no type/", "", id="what cannot be read adds nothing"),
    ],
)
def test_added_types(added: str, expected: str) -> None:
    assert MediaTypes({"log": added}).of("log") == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("text/plain", None),
        ("text", None),
        ('text/plain; a="b;c"; d=e', None),
        ("", "mime: no media type"),
        ("bad type/", "mime: expected slash after first token"),
        ("text/", "mime: expected token after slash"),
        ("text/a/b", "mime: unexpected content after media subtype"),
        ("text/plain; a", "mime: invalid media parameter"),
        ("text/plain; a=b; a=c", "mime: duplicate parameter name"),
    ],
)
def test_media_types(text: str, problem: str | None) -> None:
    assert media_type_problem(text) == problem


@pytest.mark.parametrize(
    ("name", "kinds", "expected"),
    [
        ("a.log", ["log"], True),
        ("a.log", ["*"], True),
        ("a.log", ["txt"], False),
        ("a.gz", ["*"], False),
        ("dir.txt/a", ["txt"], False),
        ("a", [""], True),
    ],
)
def test_compression(name: str, kinds: list[str], expected: bool) -> None:
    assert may_compress(name, kinds) is expected


@pytest.mark.parametrize(
    ("beginning", "kind"),
    [
        (b"", TEXT),
        (b"plain\n", TEXT),
        (b"{}", TEXT),
        (b" \n<!doctype html>", "text/html; charset=utf-8"),
        (b"<pre>", TEXT),
        (b"<p>", "text/html; charset=utf-8"),
        (b"<?xml version", "text/xml; charset=utf-8"),
        (b"\x1f\x8b\x08\x00", "application/x-gzip"),
        (b"PK\x03\x04", "application/zip"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\x00\x00\x00\x10ftypmp42\x00\x00\x00\x00", "video/mp4"),
        (b"\x00\x00\x00\x14ftypisom\x00\x00\x00\x00mp41", "video/mp4"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00", "application/octet-stream"),
        (b"\x00\x00\x00\x10ftypisommp42", "application/octet-stream"),
        (b"a\x00b", "application/octet-stream"),
        ("ümlaut".encode(), TEXT),
        (b"a" * 600 + b"\x00", TEXT),
    ],
)
def test_types_by_content(beginning: bytes, kind: str) -> None:
    assert sniffing.content_type(beginning) == kind
