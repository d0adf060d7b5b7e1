"""The log on a run's page, and what its script asks for: lines, a search, where a line is, what is new.

`/log/lines/…`, `/log/find/…`, `/log/where/…`, `/log/follow/…` and `/log/raw/…`, each with the path of the log.
"""

import time
from collections.abc import AsyncIterator, Mapping

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from cutwater.config.configuration import Configuration
from cutwater.config.patterns import compiled
from cutwater.events.edges import Edges
from functions.deck import ansi, lines, pages, search
from functions.deck.following import follow
from functions.deck.lines import HIGHLIGHT, WINDOW, Line, Window
from functions.deck.logs import Log, Logs, blocks
from functions.deck.numbering import Numberings
from functions.deck.places import NotServed

COUNTED = 4 * 1024 * 1024
"""Bytes of a log whose lines are numbered at once; those of a longer one when the page is there."""
SEARCH_SECONDS = 20.0
LONGEST_HIGHLIGHTED = 10_000
"""Characters of a line in which signs of failure are looked for."""


class Opened(Struct, frozen=True, kw_only=True):
    """A log on a page: the window that it opens with, or why there is none."""

    path: str
    size: int = 0
    window: Window | None = None
    is_growing: bool = False
    why: str = ""
    wanted: str = ""
    is_pattern: bool = False
    found: search.Result | None = None


class LogView:
    """What is shown of logs."""

    def __init__(self, edges: Edges, logs: Logs) -> None:
        self._edges, self._logs = edges, logs
        self._numberings = Numberings()

    async def of(self, path: str, query: Mapping[str, str], *, is_over: bool) -> Opened:
        """The log as the page opens: at its end, or at the byte `at`; with what `find` finds in it."""
        try:
            log = await self._logs.open(path)
        except NotServed as error:
            why = str(error) if is_over else "The log will appear here as soon as there is one."
            return Opened(path=path, why=why, is_growing=not is_over)
        at = _number(query.get("at", ""))
        window = await self._before(log, log.size) if at is None else await self._after(log, at)
        wanted, is_pattern = query.get("find", "").strip(), query.get("pattern") == "on"
        return Opened(
            path=path,
            size=log.size,
            window=window,
            is_growing=not log.version and not is_over,
            wanted=wanted,
            is_pattern=is_pattern,
            found=await self._found(log, wanted, is_pattern=is_pattern) if wanted else None,
        )

    async def lines(self, request: Request) -> Response:
        """A window: the lines `before` a byte, or `after` one. `number`: that of the line at that byte, if known."""
        query = request.query_params
        log = await self._logs.open(request.path_params["path"])
        number, before, after = (_number(query.get(name, "")) for name in ("number", "before", "after"))
        if before is not None:
            window = await self._before(log, min(before, log.size), number)
        else:
            style = ansi.styled(ansi.PLAIN, query["style"]) if _is_code(query.get("style", "")) else ansi.PLAIN
            window = await self._after(log, after or 0, number, style)
        return pages.html("lines.html", window=window, size=log.size, is_bad=await self.is_bad())

    async def find(self, request: Request) -> Response:
        """The lines that hold what is looked for; or, for `errors`, those that look like failures."""
        log = await self._logs.open(request.path_params["path"])
        wanted = request.query_params.get("find", "").strip()
        is_pattern = request.query_params.get("pattern") == "on"
        if request.query_params.get("errors") == "on":
            wanted, is_pattern = highlight(await self._edges.configuration()), True
        found = await self._found(log, wanted, is_pattern=is_pattern)
        return pages.html("matches.html", found=found, page="")

    async def where(self, request: Request) -> Response:
        """Where a `line` begins, or which line a `byte` is in. JSON: {byte, line, lines, size}."""
        log = await self._logs.open(request.path_params["path"])
        byte, line = (_number(request.query_params.get(name, "")) for name in ("byte", "line"))
        if line is not None:
            byte = await self._numberings.byte_of(log, line)
        elif byte is None:
            raise NotServed("either a byte or a line is asked for", status=400)
        line = await self._numberings.line_at(log, byte)
        lines_ = (await self._numberings.of(log)).last
        return JSONResponse(
            {"byte": byte, "line": line, "lines": lines_, "size": log.size}, headers={**pages.GUARDED, **pages.FRESH}
        )

    async def follow(self, request: Request) -> Response:
        """What is new `after` a byte, as it comes: an object of JSON a line, with the lines as HTML."""
        path = request.path_params["path"]
        await self._logs.check(path)
        after, number = (_number(request.query_params.get(name, "")) for name in ("after", "number"))
        code = request.query_params.get("style", "")
        style = ansi.styled(ansi.PLAIN, code) if _is_code(code) else ansi.PLAIN
        return StreamingResponse(
            self._news(path, after or 0, number, style),
            media_type="application/x-ndjson",
            headers={**pages.GUARDED, **pages.FRESH, "x-accel-buffering": "no"},
        )

    async def _news(self, path: str, start: int, number: int | None, style: ansi.Style) -> AsyncIterator[bytes]:
        is_bad = await self.is_bad()
        async for body in follow(self._logs, path, start):
            if body is None:
                yield msgspec.json.encode({"over": True}) + b"\n"
                return
            window = lines.window(body, start, number=number, style=style)
            part = pages.rendered("lines.html", window=window, size=window.end, is_bad=is_bad)
            yield msgspec.json.encode({"html": part}) + b"\n"
            start, style = window.end, window.style
            number = None if number is None else number + len(window.lines)

    async def raw(self, request: Request) -> Response:
        """The log as it is, as plain text."""
        log = await self._logs.open(request.path_params["path"])
        return StreamingResponse(blocks(log), media_type="text/plain", headers={**pages.GUARDED, **pages.FRESH})

    async def is_bad(self) -> "IsBad":
        """What tells a line that looks like a failure."""
        return IsBad(highlight(await self._edges.configuration()))

    async def _before(self, log: Log, end: int, number: int | None = None) -> Window:
        start = max(end - WINDOW, 0)
        body = await log.read(start, end)
        is_end = end < log.size or bool(log.version)
        first, last = lines.whole_lines_before(body, is_beginning=start == 0, is_end=is_end)
        body = body[first:last]
        if number is not None:
            number = max(number - body.count(b"\n"), 1)
        else:
            number = await self._number_of(log, start + first)
        return lines.window(body, start + first, number=number)

    async def _after(self, log: Log, start: int, number: int | None = None, style: ansi.Style = ansi.PLAIN) -> Window:
        start = max(min(start, log.size), 0)
        body = await log.read(start, start + WINDOW)
        is_end = start + len(body) == log.size and bool(log.version)
        _, last = lines.whole_lines_before(body, is_beginning=True, is_end=is_end)
        if number is None:
            number = await self._number_of(log, start)
        return lines.window(body[:last], start, number=number, style=style)

    async def _number_of(self, log: Log, byte: int) -> int | None:
        """The number of the line at this byte, unless much would have to be read for it."""
        return await self._numberings.line_at(log, byte) if log.size <= COUNTED else None

    async def _found(self, log: Log, wanted: str, *, is_pattern: bool) -> search.Result:
        if not wanted:
            return search.Result(lines=(), count=0, searched=0, is_all=True)
        try:
            match = search.pattern(wanted) if is_pattern else search.words(wanted)
        except ValueError as error:
            raise NotServed(str(error), status=400) from error
        deadline = time.monotonic() + SEARCH_SECONDS
        return await search.find(blocks(log), match, lambda: time.monotonic() < deadline)


class IsBad:
    """Whether a line looks like a failure."""

    def __init__(self, pattern: str) -> None:
        self._search = compiled(pattern).search

    def __call__(self, line: Line) -> bool:
        text = line.text
        return 0 < len(text) <= LONGEST_HIGHLIGHTED and self._search(text) is not None


def highlight(config: Configuration) -> str:
    """The pattern of lines that look like failures: the buildlog lens' own, if it has one."""
    for entry in config.prow.deck.spyglass.lenses:
        patterns: object = (entry.lens.config or {}).get("highlight_regexes")
        if entry.lens.name == "buildlog" and isinstance(patterns, list) and patterns:
            joined = "|".join(map(str, patterns))
            try:
                compiled(joined)
            except ValueError:
                break
            return joined
    return HIGHLIGHT


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _is_code(text: str) -> bool:
    return bool(text) and len(text) < 40 and all(part.isdigit() for part in text.split(";"))
