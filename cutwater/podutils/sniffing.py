"""The type of a file by how it begins, where its name does not say it.

Source: the WHATWG's MIME Sniffing standard, as far as Go's net/http follows it.
"""

import re

LENGTH = 512
"""Bytes that are looked at."""

_TAGS = rb"!DOCTYPE HTML|HTML|HEAD|SCRIPT|IFRAME|H1|DIV|FONT|TABLE|A|STYLE|TITLE|B|BODY|BR|P|!--"
_SIGNATURES = [
    (re.compile(pattern, re.DOTALL), kind)
    for pattern, kind in (
        (rb"[\t\n\f\r ]*(?i:<(?:" + _TAGS + rb"))[ >]", "text/html; charset=utf-8"),
        (rb"[\t\n\f\r ]*<\?xml", "text/xml; charset=utf-8"),
        (rb"%PDF-", "application/pdf"),
        (rb"%!PS-Adobe-", "application/postscript"),
        (rb"\xfe\xff..", "text/plain; charset=utf-16be"),
        (rb"\xff\xfe..", "text/plain; charset=utf-16le"),
        (rb"\xef\xbb\xbf.", "text/plain; charset=utf-8"),
        (rb"\x00\x00[\x01\x02]\x00", "image/x-icon"),
        (rb"BM", "image/bmp"),
        (rb"GIF8[79]a", "image/gif"),
        (rb"RIFF....WEBPVP", "image/webp"),
        (rb"\x89PNG\r\n\x1a\n", "image/png"),
        (rb"\xff\xd8\xff", "image/jpeg"),
        (rb"FORM....AIFF", "audio/aiff"),
        (rb"ID3", "audio/mpeg"),
        (rb"OggS\x00", "application/ogg"),
        (rb"MThd\x00\x00\x00\x06", "audio/midi"),
        (rb"RIFF....AVI ", "video/avi"),
        (rb"RIFF....WAVE", "audio/wave"),
        (rb"....ftyp", "video/mp4"),
        (rb"\x1a\x45\xdf\xa3", "video/webm"),
        (rb".{34}LP", "application/vnd.ms-fontobject"),
        (rb"\x00\x01\x00\x00", "font/ttf"),
        (rb"OTTO", "font/otf"),
        (rb"ttcf", "font/collection"),
        (rb"wOFF", "font/woff"),
        (rb"wOF2", "font/woff2"),
        (rb"\x1f\x8b\x08", "application/x-gzip"),
        (rb"PK\x03\x04", "application/zip"),
        (rb"Rar!\x1a\x07(?:\x00|\x01\x00)", "application/x-rar-compressed"),
        (rb"\x00asm", "application/wasm"),
        (rb"[^\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]*\Z", "text/plain; charset=utf-8"),
    )
]


def content_type(beginning: bytes) -> str:
    """The type of what begins so; `application/octet-stream` where nothing is known."""
    looked_at = beginning[:LENGTH]
    kinds = (kind for pattern, kind in _SIGNATURES if pattern.match(looked_at))
    return next((kind for kind in kinds if kind != "video/mp4" or _is_mp4(looked_at)), "application/octet-stream")


def _is_mp4(beginning: bytes) -> bool:
    """Whether the first box, which says how long it is, names mp4 among the brands. The second word is a version."""
    size = int.from_bytes(beginning[:4], "big")
    if len(beginning) < max(size, 12) or size % 4:
        return False
    return any(beginning[start : start + 3] == b"mp4" for start in (8, *range(16, size, 4)) if start < size)
