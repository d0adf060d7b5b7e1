"""URLs as Go reads and writes them: a bucket, a clone URI and a link must come out the same to the byte.

Source: the url package of Go's standard library.
"""

import re
from urllib.parse import quote, unquote

from msgspec import Struct

from cutwater.podutils.gotext import quoted

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_PATH_AS_IT_IS = re.compile(r"[A-Za-z0-9_.~\-$&+,/:;=@!'()*\[\]%]*")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)
_USER = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
_PATH_SAFE = "$&+,/:;=@"
_USER_SAFE = "$&+,;="
_HOST_SAFE = "!$&'()*+,;=:[]<>\""


class Url(Struct, frozen=True, kw_only=True):
    """A URL in its parts. `user` is encoded already, `path` is as it stood; `opaque` is what follows `scheme:`."""

    scheme: str = ""
    opaque: str = ""
    user: str | None = None
    host: str = ""
    path: str = ""
    query: str | None = None
    fragment: str = ""

    def __str__(self) -> str:
        text = f"{self.scheme}:" if self.scheme else ""
        if self.opaque:
            text += self.opaque
        else:
            path = escaped(self.path)
            if self.scheme or self.host or self.user is not None:
                if self.host or path or self.user is not None:
                    text += "//"
                text += f"{self.user}@" if self.user is not None else ""
                text += quote(self.host, safe=_HOST_SAFE)
            if path and not path.startswith("/") and self.host:
                path = f"/{path}"
            if not text and ":" in path.partition("/")[0]:
                path = f"./{path}"
            text += path
        text += "" if self.query is None else f"?{self.query}"
        return f"{text}#{self.fragment}" if self.fragment else text

    @property
    def plain_path(self) -> str:
        """The path with its escapes undone."""
        return unquote(self.path)


def credentials(user: str, password: str) -> str:
    """`user:password` as it stands before the @."""
    return f"{quote(user, safe=_USER_SAFE)}:{quote(password, safe=_USER_SAFE)}"


def escaped(path: str) -> str:
    """The path as it is written out: as it stood where that is allowed, else escaped."""
    if _PATH_AS_IT_IS.fullmatch(path) and not _BAD_ESCAPE.search(path):
        return path
    return encoded(unquote(path))


def encoded(path: str) -> str:
    """A plain path with its escapes."""
    return quote(path, safe=_PATH_SAFE)


def parse(text: str) -> Url:
    """The parts of a URL. Raises ValueError: `parse "://x": missing protocol scheme`."""
    rest, _, fragment = text.partition("#")
    try:
        return _parse(rest, fragment)
    except ValueError as error:
        raise ValueError(f"parse {quoted(text)}: {error}") from error


def _parse(text: str, fragment: str) -> Url:
    if any(ord(c) < 0x20 or ord(c) == 0x7F for c in text):
        raise ValueError("net/url: invalid control character in URL")
    scheme, rest = _scheme(text)
    rest, mark, query = rest.partition("?")
    asked = query if mark else None
    if not rest.startswith("/"):
        if scheme:
            return Url(scheme=scheme, opaque=rest, query=asked, fragment=fragment)
        if ":" in rest.partition("/")[0]:
            raise ValueError("first path segment in URL cannot contain colon")
    user, host = None, ""
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        user, host = _authority(authority)
    _check_escapes(rest)
    return Url(scheme=scheme, user=user, host=host, path=rest, query=asked, fragment=fragment)


def _scheme(text: str) -> tuple[str, str]:
    before, colon, after = text.partition(":")
    if not colon:
        return "", text
    if not before:
        raise ValueError("missing protocol scheme")
    if _SCHEME.fullmatch(before):
        return before.lower(), after
    if before[0] in "0123456789+-." and re.fullmatch(r"[A-Za-z0-9+.-]+", before):
        raise ValueError("first path segment in URL cannot contain colon")
    return "", text


def _authority(text: str) -> tuple[str | None, str]:
    before, at, host = text.rpartition("@")
    if not _host_is_whole(host):
        raise ValueError("missing ']' in host")
    port = re.search(r":([^\]:]*)$", host if not host.startswith("[") else host[host.rindex("]") :])
    if port and not re.fullmatch(r"[0-9]*", port[1]):
        raise ValueError(f"invalid port {quoted(':' + port[1])} after host")
    bad = re.search(r"[ \\^`{|}]", host)
    if bad:
        raise ValueError(f"invalid character {quoted(bad[0])} in host name")
    _check_escapes(host)
    ascii_escape = re.search(r"%[0-7][0-9A-Fa-f]", host)
    if ascii_escape:
        raise ValueError(f"invalid URL escape {quoted(ascii_escape[0])}")
    if not at:
        return None, unquote(host)
    if not _USER.fullmatch(before):
        raise ValueError("net/url: invalid userinfo")
    _check_escapes(before)
    return before, unquote(host)


def _host_is_whole(host: str) -> bool:
    return not host.startswith("[") or "]" in host


def _check_escapes(text: str) -> None:
    bad = _BAD_ESCAPE.search(text)
    if bad:
        raise ValueError(f"invalid URL escape {quoted(bad[0])}")
