"""ApiServerSources: an event for each change of a Kubernetes object.

With the weaknesses of Knative's, since functions must live with them: nothing is said of objects that exist when a
watch begins, nor of what happened between two; an event is given up after three seconds, and those after it wait.
Source: knative.dev/eventing pkg/adapter/apiserver.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from uuid import uuid4

import msgspec

from cutwater.errors import Later, Refused
from infra.local.broker import events
from infra.local.broker.events import Event
from infra.local.broker.kube import Change, Json, Kube
from infra.local.broker.resources import ApiServerSource, Owner, WatchedKind
from infra.local.broker.sources import Post, emit

log = logging.getLogger(__name__)

VERBS = {"ADDED": "add", "MODIFIED": "update", "DELETED": "delete"}
NAMESPACES = "/api/v1/namespaces"


class ApiServerSources:
    """All ApiServerSources over one API server, whose URL is the events' source."""

    def __init__(
        self,
        sources: Sequence[ApiServerSource],
        kube: Kube,
        post: Post,
        *,
        api_server: str,
        clock: Callable[[], datetime] = events.utc_now,
        identify: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self._sources = sources
        self._kube = kube
        self._post = post
        self._api_server = api_server
        self._clock = clock
        self._identify = identify

    async def run(self) -> None:
        """Watches until it is cancelled."""
        async with asyncio.TaskGroup() as watching:
            for source in self._sources:
                watching.create_task(self._run(source))

    async def _run(self, source: ApiServerSource) -> None:
        """One watch a kind and namespace; all of them begin anew when the selected namespaces change."""
        while True:
            namespaces, version = await self._namespaces(source)
            paths = [(kind, path_of(kind, namespace)) for namespace in namespaces for kind in source.spec.resources]
            watching = [asyncio.ensure_future(self._watch(source, kind, path)) for kind, path in paths]
            changing = asyncio.ensure_future(self._change(source, namespaces, version))
            try:
                done, _ = await asyncio.wait([*watching, changing], return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                await _cancel(*watching, changing)

    async def _namespaces(self, source: ApiServerSource) -> tuple[list[str], str]:
        """The names of the watched namespaces, "" for all of them, and the version of the list."""
        selector = source.spec.namespace_selector
        if selector is None:
            return [source.metadata.namespace], ""
        if not str(selector):
            return [""], ""
        pauses = _pauses()
        while True:
            try:
                found = await self._kube.list(NAMESPACES, {"labelSelector": str(selector)})
                return sorted(item["metadata"]["name"] for item in found["items"]), found["metadata"]["resourceVersion"]
            except (Refused, Later) as error:
                log.warning("%s cannot list namespaces: %s", source.metadata.name, error)
                await asyncio.sleep(next(pauses))

    async def _change(self, source: ApiServerSource, namespaces: list[str], version: str) -> None:
        """Returns when other namespaces are selected than these."""
        query = {"labelSelector": str(source.spec.namespace_selector)}
        async for _ in self._changes(NAMESPACES, query, version) if version else _never():
            if (await self._namespaces(source))[0] != namespaces:
                return

    async def _watch(self, source: ApiServerSource, kind: WatchedKind, path: str) -> None:
        """Sends the changes of one kind in one namespace, one after the other."""
        query = {"labelSelector": str(kind.selector)} if str(kind.selector) else {}
        async for change in self._changes(path, query):
            if is_owned(change.object, source.spec.owner):
                event = self.event(source, kind, VERBS[change.type], change.object)
                await emit(self._post, source.metadata, source.spec.sink, event)

    async def _changes(self, path: str, query: Mapping[str, str], version: str = "") -> AsyncIterator[Change]:
        """Watches from the version or from now on: again from the last version when a watch ends, and from a new list
        when that is too old. What happened between is lost.
        """
        pauses = _pauses()
        while True:
            try:
                if not version:
                    version = (await self._kube.list(path, {**query, "limit": "1"}))["metadata"]["resourceVersion"]
                since = {**query, "resourceVersion": version, "allowWatchBookmarks": "true"}
                async for change in self._kube.watch(path, since):
                    if change.type == "ERROR":
                        raise Refused(f"{change.object.get('code', 410)} {change.object.get('message', '')}")
                    version, pauses = change.object["metadata"]["resourceVersion"], _pauses()
                    if change.type in VERBS:
                        yield change
                pauses = _pauses()
            except Refused as error:
                log.warning("%s is listed anew: %s", path, error)
                version = ""
            except Later as error:
                log.warning("%s waits for the API server: %s", path, error)
            await asyncio.sleep(next(pauses))

    def event(self, source: ApiServerSource, kind: WatchedKind, verb: str, changed: Json) -> Event:
        """The event of one change; `verb`: add, update or delete."""
        metadata = changed["metadata"]
        name, namespace = metadata["name"], metadata.get("namespace", "")
        is_whole = source.spec.mode == "Resource"
        reference = {"kind": kind.kind, "namespace": namespace, "name": name, "apiVersion": kind.api_version}
        attributes = {
            "specversion": "1.0",
            "id": self._identify(),
            "type": f"dev.knative.apiserver.{'resource' if is_whole else 'ref'}.{verb}",
            "source": self._api_server,
            "subject": f"/apis/{kind.api_version}/namespaces/{namespace}/{plural(kind.kind)}/{name}",
            "time": events.timestamp(self._clock()),
            "datacontenttype": "application/json",
            "kind": kind.kind,
            "apiversion": kind.api_version,
            "name": name,
            "namespace": namespace,
            **source.spec.ce_overrides.extensions,
        }
        return Event(attributes, msgspec.json.encode(changed if is_whole else reference))


def plural(kind: str) -> str:
    """The resource's name, guessed from its kind as Knative guesses it."""
    name = kind.lower()
    if name.endswith("s"):
        return f"{name}es"
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"


def path_of(kind: WatchedKind, namespace: str) -> str:
    """Where the API server has objects of this kind; namespace "" is all of them."""
    root = f"/apis/{kind.api_version}" if "/" in kind.api_version else f"/api/{kind.api_version}"
    return "/".join(chain([root], ["namespaces", namespace] if namespace else [], [plural(kind.kind)]))


def is_owned(changed: Json, owner: Owner | None) -> bool:
    """Whether the object's controller is of the wanted kind; any object will do where none is wanted."""
    if owner is None:
        return True
    references = changed["metadata"].get("ownerReferences", ())
    return any(
        reference.get("controller") and (reference["apiVersion"], reference["kind"]) == (owner.api_version, owner.kind)
        for reference in references
    )


def _pauses() -> Iterator[float]:
    """Seconds before an API server is asked again, try after try."""
    pause = 0.8
    while True:
        yield pause
        pause = min(pause * 2, 30.0)


async def _never() -> AsyncIterator[Change]:
    await asyncio.Event().wait()
    yield Change("", {})


async def _cancel(*tasks: asyncio.Future[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
