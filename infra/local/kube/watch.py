"""Watches: the changes of a selection as they happen, one JSON object a line.

Source: k8s.io/apiserver pkg/storage/cacher and pkg/endpoints/handlers/watch.go.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from infra.local.kube.lists import Selection, number, watch_start
from infra.local.kube.statuses import FieldError, expired, forbidden, invalid_options, unsupported
from infra.local.kube.store import Change, Store, Version
from infra.local.kube.views import View

BOOKMARK_SECONDS = 60.0
_EARLY = 0.001
"""Seconds by which a timer may fire too early."""
_BEFORE_THE_END = 2.0  # seconds; the last bookmark, so that the next watch starts late
_MIN_TIMEOUT = 1800.0  # seconds, when the request names none
_CHUNK = 256 * 1024  # bytes written at once
_INITIAL_EVENTS_END = {"k8s.io/initial-events-end": "true"}


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """How a watch is asked for. `since` None begins with what is there; `timeout` is in seconds."""

    since: int | None
    bookmarks: bool
    sends_initial_events: bool
    timeout: float

    @classmethod
    def of_query(cls, query: Mapping[str, str]) -> "WatchOptions":
        """Raises ApiError: 422 for options that do not go together."""
        sends_initial = query.get("sendInitialEvents")
        if errors := _option_errors(sends_initial, query.get("resourceVersionMatch", "")):
            raise invalid_options("ListOptions", errors)
        since = watch_start(query.get("resourceVersion", ""))
        return cls(
            since=since,
            bookmarks=is_true(query.get("allowWatchBookmarks")),
            sends_initial_events=is_true(sends_initial) or (sends_initial is None and since is None),
            timeout=float(number(query, "timeoutSeconds") or _MIN_TIMEOUT * (1 + random.random())),
        )


def is_true(text: str | None) -> bool:
    return text in ("true", "1", "True", "TRUE", "t", "T")


def _option_errors(sends_initial: str | None, match: str) -> list[FieldError]:
    field = "resourceVersionMatch"
    errors = []
    if sends_initial is None and match:
        errors.append(
            forbidden(field, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
        )
    elif sends_initial is not None and not match:
        errors.append(forbidden(field, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"))
    if match and match != "NotOlderThan":
        errors.append(unsupported(field, match, ("NotOlderThan",)))
    return errors


class Watch:
    """One watch under way. `stop` ends it with the server."""

    def __init__(
        self, store: Store, selection: Selection, view: View, options: WatchOptions, stop: asyncio.Event
    ) -> None:
        self._store = store
        self._selection = selection
        self._view = view
        self._options = options
        self._stop = stop
        self._resource = selection.kind.resource
        self._told_columns = False

    async def lines(self) -> AsyncGenerator[bytes]:
        """The events in chunks of whole lines, until the time is over."""
        since = self._options.since
        if since is not None and since < self._store.compacted and not self._options.sends_initial_events:
            refusal = expired(f"too old resource version: {since} ({self._store.compacted})")
            yield b'{"type":"ERROR","object":' + refusal.body() + b"}\n"
            return
        with self._store.watched(self._resource) as changed:
            reached = self._store.revision
            if self._options.sends_initial_events:
                # One moment, though it is written in pieces.
                for chunk in _chunks(self._added(version) for version in self._existing()):
                    yield chunk
                if self._options.bookmarks:
                    yield self._bookmark(reached, _INITIAL_EVENTS_END)
            elif since is not None:
                reached = since
            else:
                reached = self._store.revision
            async for chunk in self._following(changed, reached):
                yield chunk

    def _existing(self) -> list[Version]:
        versions = self._store.newest(self._resource, self._selection.prefix)
        return [version for version in versions if self._selection.takes(version)]

    async def _following(self, changed: asyncio.Event, reached: int) -> AsyncGenerator[bytes]:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._options.timeout
        bookmark_at = min(loop.time() + BOOKMARK_SECONDS, end - _BEFORE_THE_END)
        while not self._stop.is_set():
            changed.clear()
            changes = self._store.changes(self._resource, reached)
            if changes:
                reached = changes[-1].revision
                for chunk in _chunks(event for change in changes if (event := self._event(change))):
                    yield chunk
                continue
            now = loop.time() + _EARLY
            if now >= end:
                return
            if self._options.bookmarks and now >= bookmark_at:
                reached = max(reached, self._store.revision)
                yield self._bookmark(reached, {})
                bookmark_at = min(now + BOOKMARK_SECONDS, end - _BEFORE_THE_END) if now < end - _BEFORE_THE_END else end
            wakes = min(end, bookmark_at) if self._options.bookmarks and bookmark_at > now else end
            try:
                async with asyncio.timeout_at(wakes):
                    await changed.wait()
            except TimeoutError:
                continue

    def _event(self, change: Change) -> bytes | None:
        """What a change is to this watch: an object that comes to be selected is added, one that ceases is deleted."""
        is_taken = change.type != "DELETED" and self._selection.takes(change.version)
        was_taken = change.previous is not None and self._selection.takes(change.previous)
        if is_taken:
            return self._line("MODIFIED" if was_taken else "ADDED", change.version)
        if not was_taken or change.previous is None:
            return None
        if change.type == "DELETED":
            return self._line("DELETED", change.version)
        return self._line("DELETED", _restamped(change.previous, change.revision))

    def _added(self, version: Version) -> bytes:
        return self._line("ADDED", version)

    def _line(self, kind: str, version: Version) -> bytes:
        shown = self._view.one(version, with_columns=not self._told_columns)
        self._told_columns = True
        return b'{"type":"%s","object":%s}\n' % (kind.encode(), shown)

    def _bookmark(self, revision: int, annotations: dict[str, str]) -> bytes:
        shown = self._view.bookmark(revision, annotations, with_columns=not self._told_columns)
        self._told_columns = True
        return b'{"type":"BOOKMARK","object":%s}\n' % shown


def _restamped(version: Version, revision: int) -> Version:
    """An object as it was, under the version of the change that took it out of sight."""
    content = version.parsed()
    content["metadata"]["resourceVersion"] = str(revision)
    return Version(version.key, revision, msgspec.json.encode(content))


def _chunks(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The lines joined, since each write to a socket costs more than the line."""
    pending: list[bytes] = []
    size = 0
    for line in lines:
        pending.append(line)
        size += len(line)
        if size >= _CHUNK:
            yield b"".join(pending)
            pending, size = [], 0
    if pending:
        yield b"".join(pending)
