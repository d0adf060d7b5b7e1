"""What storage should say of a file by its name: content type and encoding, and whether it is compressed on the way.

Source: sigs.k8s.io/prow pkg/pod-utils/gcs (metadata, upload), and the table of types in Go's mime package.
"""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

TEXT = "text/plain; charset=utf-8"
GZIP_MAGIC = b"\x1f\x8b\x08"
COMPRESSED_ABOVE = 1024
"""Bytes: what is smaller is stored as it is."""

_HTML, _XML, _JAVASCRIPT = "text/html; charset=utf-8", "text/xml; charset=utf-8", "text/javascript; charset=utf-8"
_OFFICE = "application/vnd.openxmlformats-officedocument"
_KNOWN = {
    "application/gzip": "gz",
    "application/json": "json",
    "application/msword": "doc",
    "application/octet-stream": "bin com exe",
    "application/pdf": "pdf",
    "application/postscript": "ai eps ps",
    "application/rdf+xml": "rdf",
    "application/rtf": "rtf",
    "application/vnd.android.package-archive": "apk",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    f"{_OFFICE}.presentationml.presentation": "pptx",
    f"{_OFFICE}.spreadsheetml.sheet": "xlsx",
    f"{_OFFICE}.wordprocessingml.document": "docx",
    "application/wasm": "wasm",
    "application/xhtml+xml": "xht xhtml",
    "application/zip": "zip",
    "audio/flac": "flac",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "oga ogg opus",
    "audio/wav": "wav",
    "audio/webm": "webm",
    "image/apng": "apng",
    "image/avif": "avif",
    "image/bmp": "bmp",
    "image/gif": "gif",
    "image/jpeg": "jfif jpeg jpg pjp pjpeg",
    "image/png": "png",
    "image/svg+xml": "svg",
    "image/tiff": "tif tiff",
    "image/vnd.microsoft.icon": "ico",
    "image/webp": "webp",
    "image/x-xbitmap": "xbm",
    "message/rfc822": "eml",
    "text/calendar; charset=utf-8": "ics",
    "text/css; charset=utf-8": "css",
    "text/csv; charset=utf-8": "csv",
    _HTML: "ehtml htm html shtml",
    _JAVASCRIPT: "js mjs",
    TEXT: "text txt",
    "text/vtt; charset=utf-8": "vtt",
    _XML: "xbl xml xsl",
    "video/mp4": "mp4",
    "video/ogg": "ogv",
}
_BY_EXTENSION = {extension: kind for kind, extensions in _KNOWN.items() for extension in extensions.split()}
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_PARAMETER = re.compile(
    r"\s*;\s*(?P<name>[!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*=\s*"
    r"(?P<value>[!#$%&'*+\-.^_`|~0-9A-Za-z]+|\"(?:[^\"\\\r\n]|\\.)*\")"
)


class StoredFile(Struct, frozen=True, kw_only=True):
    """How a file is stored. An empty type is for the store to find out, an empty encoding is none."""

    name: str
    content_type: str = ""
    content_encoding: str = ""


class MediaTypes:
    """The types by extension: the common ones, and those that a job's configuration adds."""

    def __init__(self, added: Mapping[str, str] | None = None) -> None:
        self._exact = dict(_BY_EXTENSION)
        self._lower = dict(_BY_EXTENSION)
        for extension, media_type in (added or {}).items():
            registered = _registered(media_type)
            if registered is not None:
                self._exact[extension] = self._lower[extension.lower()] = registered

    def of(self, extension: str) -> str:
        """The type of `txt`, or "". Upper and lower case are the same unless both are known."""
        return self._exact.get(extension, self._lower.get(extension.lower(), ""))

    def describe(self, name: str) -> StoredFile:
        """How an artifact of this name is stored: `log.txt.gz` becomes a text that is gzipped on the wire."""
        before, dot, last = name.rpartition(".")
        if last not in {"gz", "gzip"}:
            return StoredFile(name=name, content_type=self.of(last) if last else "")
        if not dot:
            return StoredFile(name=name, content_type="application/gzip")
        inner = before.rpartition(".")[2]
        content_type = self.of(inner) if inner else ""
        if not content_type:
            return StoredFile(name=before, content_type="application/gzip")
        return StoredFile(name=before, content_type=content_type, content_encoding="gzip")


def may_compress(destination: str, file_types: Sequence[str]) -> bool:
    """Whether `compress_file_types` names this file; `*` names all but those that are compressed already."""
    extension = destination.rpartition("/")[2].rpartition(".")
    last = extension[2] if extension[1] else ""
    return last not in {"gz", "gzip"} and ("*" in file_types or last in file_types)


def media_type_problem(text: str) -> str | None:
    """What is wrong with a media type, or None."""
    kind, semicolon, _ = text.partition(";")
    return _kind_problem(kind.strip().lower()) or (_parameter_problem(text[len(kind) :]) if semicolon else None)


def _kind_problem(kind: str) -> str | None:
    major = _TOKEN.match(kind)
    if not major:
        return "mime: no media type"
    rest = kind[major.end() :]
    if not rest:
        return None
    if not rest.startswith("/"):
        return "mime: expected slash after first token"
    minor = _TOKEN.match(rest, 1)
    if not minor:
        return "mime: expected token after slash"
    return "mime: unexpected content after media subtype" if minor.end() != len(rest) else None


def _parameter_problem(text: str) -> str | None:
    seen: dict[str, str] = {}
    while text.strip() and text.strip() != ";":
        found = _PARAMETER.match(text)
        if not found:
            return "mime: invalid media parameter"
        if seen.setdefault(found["name"].lower(), found["value"]) != found["value"]:
            return "mime: duplicate parameter name"
        text = text[found.end() :]
    return None


def _registered(media_type: str) -> str | None:
    """The type as it is looked up later, or None where it cannot be read: a text is UTF-8 unless it says otherwise."""
    if media_type_problem(media_type):
        return None
    kind, _, parameters = media_type.partition(";")
    if not media_type.startswith("text/") or re.search(r"(^|;)\s*charset\s*=\s*[^;\s]", parameters, re.IGNORECASE):
        return media_type
    # With other parameters the charset cannot be added, and Go then registers no type at all.
    return "" if parameters else f"{kind}; charset=utf-8"
