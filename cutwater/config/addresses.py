"""What Go takes for an address: nearly everything, but not what its parser stumbles over.

Source: Go's net/url (Parse).
"""

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_USER = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
_HOST = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:\[\]<>\"\x80-\U0010ffff]*")
_PORT = re.compile(r"(:[0-9]*)?")


def problem(address: str) -> str | None:
    """Why this is no address; None where it is one, be it only a path."""
    if _CONTROL.search(address):
        return f"{address!r} has a control character"
    before_fragment, _, fragment = address.partition("#")
    if before_fragment.startswith(":"):
        return f'"{address}" begins with a colon: the scheme is missing'
    found = _SCHEME.match(before_fragment)
    rest = before_fragment[found.end() if found else 0 :].partition("?")[0]
    if not rest.startswith("/"):
        if found is None and ":" in rest.partition("/")[0]:
            return f'"{address}": its first part may hold no colon'
        path = "" if found else rest
    elif rest.startswith("//") and (found or not rest.startswith("///")):
        authority, slash, after = rest[2:].partition("/")
        if reason := _authority(authority):
            return f'"{address}": {reason}'
        path = slash + after
    else:
        path = rest
    if _BAD_ESCAPE.search(path) or _BAD_ESCAPE.search(fragment):
        return f'"{address}" has a % without two hexadecimal digits'
    return None


def _authority(authority: str) -> str | None:
    user, _, host = authority.rpartition("@")
    if not _USER.fullmatch(user) or _BAD_ESCAPE.search(user):
        return "what stands before the @ is no user"
    if host.startswith("["):
        inner, bracket, port = host.rpartition("]")
        if not bracket:
            return "a ] is missing in the host"
    else:
        inner, colon, number = host.rpartition(":")
        inner, port = (inner, colon + number) if colon else (host, "")
    if not _PORT.fullmatch(port):
        return f'"{port}" is no port'
    return None if _HOST.fullmatch(inner) else f'"{inner}" is no host'
