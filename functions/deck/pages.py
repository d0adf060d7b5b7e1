"""What a browser gets: templates, the files they need, and the headers that keep hostile content in its place."""

import gzip
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from functions.deck.markup import harmless
from functions.deck.operators import are_events_shown

HERE = Path(__file__).parent
POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
GUARDED: Mapping[str, str] = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
FRESH: Mapping[str, str] = {"cache-control": "no-store"}
FOR_EVER: Mapping[str, str] = {"cache-control": "public, max-age=31536000, immutable"}
STATIC_TYPES: Mapping[str, str] = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
LEAST_PACKED = 1400
"""Bytes of an answer that packing would not make faster: they go in one packet."""


def html(template: str, *, status: int = 200, **values: object) -> Response:
    """A page, or a part of one."""
    return HTMLResponse(rendered(template, **values), status_code=status, headers={**GUARDED, **FRESH})


def rendered(template: str, **values: object) -> str:
    """The template, filled in. Whatever a value holds is escaped."""
    return _templates().get_template(template).render(values)


def text(body: str | bytes, *, status: int = 200) -> Response:
    """Plain text, which no browser takes for anything else."""
    return PlainTextResponse(body, status_code=status, headers={**GUARDED, **FRESH})


def see(path: str) -> Response:
    """Another page of this deck. The path has been escaped."""
    return RedirectResponse(path, status_code=302, headers=dict(FRESH))


def problem(request: Request, status: int, why: str) -> Response:
    """The answer that is an error: a page for a browser that navigates, else the words alone."""
    if "text/html" not in request.headers.get("accept", "") or request.headers.get("x-part"):
        return text(f"{why}\n", status=status)
    return html("error.html", status=status, code=status, why=why)


def packed(request: Request, response: Response) -> Response:
    """The same answer in fewer bytes, where the browser takes that. What streams is left as it is."""
    body = getattr(response, "body", b"")
    kind = response.headers.get("content-type", "")
    accepts = "gzip" in request.headers.get("accept-encoding", "")
    if len(body) < LEAST_PACKED or not accepts or "content-encoding" in response.headers or "image/" in kind:
        return response
    response.body = gzip.compress(body, compresslevel=5, mtime=0)
    response.headers["content-length"] = str(len(response.body))
    response.headers["content-encoding"] = "gzip"
    response.headers.add_vary_header("accept-encoding")
    return response


async def static(request: Request) -> Response:
    """`/static/<digest>/<name>`: under this address it never changes."""
    found = _static_files().get(request.path_params["name"])
    if found is None:
        return text("there is no such file\n", status=404)
    body, kind, digest = found
    headers = FOR_EVER if request.path_params["digest"] == digest else FRESH
    return Response(body, media_type=kind, headers={"x-content-type-options": "nosniff", **headers})


@cache
def _static_files() -> dict[str, tuple[bytes, str, str]]:
    """Content, type and digest by name."""
    found = {}
    for path in sorted((HERE / "static").iterdir()):
        body = path.read_bytes()
        found[path.name] = (body, STATIC_TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:12])
    return found


def static_address(name: str) -> str:
    return f"/static/{_static_files()[name][2]}/{name}"


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "size": size,
        "span": span,
        "ago": ago,
        "until": until,
        "web": web,
        "segment": segment,
        "address": address,
    }
    environment.filters["harmless"] = harmless
    environment.globals |= {"are_events_shown": are_events_shown, "static": static_address}
    return environment


def web(address: str) -> str:
    """An address that a link may lead to, or "": a ProwJob's links may be anybody's."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if parts.scheme in {"http", "https"} and parts.netloc else ""


def segment(name: str) -> str:
    """A name as one part of a path."""
    return quote(name, safe="")


def address(path: str) -> str:
    """A path as it stands in a link."""
    return quote(path, safe="/:@,+=")


def size(count: int) -> str:
    """Bytes for people: `1.4 MB`."""
    number, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if number < 1000:
            break
        number, unit = number / 1000, larger
    return f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{number:.1f} {unit}"


def until(moment: datetime, now: datetime) -> str:
    """How soon, to the minute, or how late."""
    if moment < now:
        return f"{ago(moment, now)}: it is late"
    minutes = max(round((moment - now).total_seconds() / 60), 1)
    return f"in {minutes} min" if minutes < 60 else f"in {span(timedelta(minutes=minutes))}"


def span(time: timedelta) -> str:
    """How long, in the two largest units: `1h 2m`."""
    seconds = int(time.total_seconds())
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days}d {hours}h"
    if hours:
        return f"{hours}h {minutes}m"
    return f"{minutes}m {seconds % 60}s" if minutes else f"{seconds}s"


def ago(moment: datetime, now: datetime) -> str:
    """How long ago, in the largest unit."""
    seconds = max(int((now - moment).total_seconds()), 0)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit} ago"
    return "just now" if seconds < 10 else f"{seconds} s ago"
