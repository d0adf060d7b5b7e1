"""The HTTP verbs on resources: from a request to the registry, from its result to an answer."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from infra.local.kube import core, logs
from infra.local.kube.catalog import Catalog
from infra.local.kube.deletion import Deletion
from infra.local.kube.kinds import Kind
from infra.local.kube.lists import Selection, page
from infra.local.kube.options import WriteOptions
from infra.local.kube.patches import APPLY_PATCH, patcher
from infra.local.kube.registry import Registry
from infra.local.kube.requests import (
    Target,
    check_kind,
    delete_options,
    media_type,
    object_body,
    read_body,
    write_options,
)
from infra.local.kube.statuses import (
    JsonObject,
    bad_request,
    details_of,
    forbidden,
    internal_error,
    invalid,
    invalid_options,
    method_not_allowed,
    not_found,
    required,
    unknown_resource,
    version_too_large,
)
from infra.local.kube.store import Store
from infra.local.kube.streams import Stream
from infra.local.kube.structs import definitions
from infra.local.kube.tables import IncludeObject
from infra.local.kube.views import View, negotiated
from infra.local.kube.watch import Watch, WatchOptions, is_true


class Resources:
    """Answers for the kinds of a catalog. `pod_logs` is where the runner of pods writes; `stop` ends what is open."""

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        registry: Registry,
        deletion: Deletion,
        *,
        pod_logs: Path | None,
        clock: Callable[[], datetime],
        stop: asyncio.Event,
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._registry = registry
        self._deletion = deletion
        self._pod_logs = pod_logs
        self._clock = clock
        self._stop = stop

    async def answer(self, request: Request, target: Target) -> ASGIApp | None:
        """The answer to an API request; None where no such resource is served. Raises ApiError."""
        kind = self._catalog.find(target.group, target.version, target.plural)
        if kind is None or (kind.namespaced and target.name and not target.namespace):
            if target.group:
                return None
            raise unknown_resource()
        if kind.is_custom and kind.namespaced and not target.namespace and request.method != "GET":
            return None
        if target.subresource:
            return await self._subresource(request, kind, target)
        if target.name:
            return await self._item(request, kind, target)
        return await self._collection(request, kind, target)

    async def _collection(self, request: Request, kind: Kind, target: Target) -> ASGIApp:
        if request.method == "GET":
            return self._list(request, kind, target.namespace)
        if kind.namespaced and not target.namespace:
            raise method_not_allowed()
        if request.method == "POST":
            return await self._create(request, kind, target)
        if request.method == "DELETE" and kind.has_collection_delete:
            return await self._delete_collection(request, kind, target)
        if kind.is_custom and request.method in ("PUT", "PATCH"):
            raise bad_request("name must be provided")
        raise method_not_allowed()

    async def _item(self, request: Request, kind: Kind, target: Target) -> ASGIApp:
        match request.method:
            case "GET":
                return self._get(request, kind, target)
            case "PUT":
                return await self._update(request, kind, target, status=False)
            case "PATCH":
                return await self._patch(request, kind, target, status=False)
            case "DELETE":
                return await self._delete(request, kind, target)
            case "POST" if kind.is_custom:
                return await self._create(request, kind, target)
        raise method_not_allowed()

    async def _subresource(self, request: Request, kind: Kind, target: Target) -> ASGIApp:
        match kind, target.subresource, request.method:
            case Kind(prepare_status=prepare), "status", method if prepare:
                match method:
                    case "GET":
                        return self._get(request, kind, target)
                    case "PUT":
                        return await self._update(request, kind, target, status=True)
                    case "PATCH":
                        return await self._patch(request, kind, target, status=True)
                raise method_not_allowed()
            case core.POD, "log", "GET":
                return self._log(request, target)
            case core.POD, "binding", "POST":
                return await self._bind(request, target)
            case core.POD, "log" | "binding", _:
                raise method_not_allowed()
        raise not_found(kind.plural, kind.group, target.name) if kind.is_custom else unknown_resource()

    # Reading

    def _list(self, request: Request, kind: Kind, namespace: str) -> ASGIApp:
        query = request.query_params
        selection = Selection.of_query(kind, namespace, query)
        if is_true(query.get("watch")):
            view = self._view(request, kind, is_list=False)
            watch = Watch(self._store, selection, view, WatchOptions.of_query(query), self._stop)
            return Stream(watch.lines(), "application/json")
        view = self._view(request, kind, is_list=True)
        found = page(self._store, selection, query)
        return _json(view.many(found.versions, found.metadata))

    def _get(self, request: Request, kind: Kind, target: Target) -> Response:
        asked = request.query_params.get("resourceVersion", "")
        if asked.isdecimal() and int(asked) > self._store.revision:
            raise version_too_large(int(asked), self._store.revision)
        view = self._view(request, kind, is_list=False)
        return _json(view.one(self._registry.get(kind, target.namespace, target.name)))

    def _log(self, request: Request, target: Target) -> ASGIApp:
        pod = self._registry.get(core.POD, target.namespace, target.name).parsed()
        options = logs.LogOptions.of_query(target.name, request.query_params)
        container = logs.chosen_container(pod, options.container)
        if not pod["spec"].get("nodeName"):
            return Response(status_code=204)
        if options.previous:
            what = f'previous terminated container "{container}" in pod "{target.name}" not found'
            raise bad_request(what)
        logs.check_started(pod, container)
        if self._pod_logs is None:
            raise internal_error("this server was started without a folder of pod logs")
        uid = pod["metadata"]["uid"]

        def is_over() -> bool:
            newest = self._store.get(core.POD.resource, f"{target.namespace}/{target.name}")
            if newest is None or self._stop.is_set():
                return True
            content = newest.parsed()
            return bool(content["metadata"]["uid"] != uid or "terminated" in logs.container_state(content, container))

        path = self._pod_logs / uid / f"{container}.log"
        return Stream(logs.read(path, options, is_over), "text/plain")

    # Writing

    async def _create(self, request: Request, kind: Kind, target: Target) -> Response:
        view = self._view(request, kind, is_list=False)
        options = self._write_options(request, "CreateOptions")
        content = object_body(kind, await read_body(request), media_type(request))
        version = self._registry.create(kind, target.namespace, content, options)
        return _written(view.one(version), options, created=True)

    async def _update(self, request: Request, kind: Kind, target: Target, *, status: bool) -> Response:
        view = self._view(request, kind, is_list=False)
        options = self._write_options(request, "UpdateOptions")
        content = object_body(kind, await read_body(request), media_type(request), name=target.name)
        version, created = self._registry.update(kind, target.namespace, target.name, content, options, status=status)
        return _written(view.one(version), options, created=created)

    async def _patch(self, request: Request, kind: Kind, target: Target, *, status: bool) -> Response:
        view = self._view(request, kind, is_list=False)
        options = self._write_options(request, "PatchOptions")
        content_type = media_type(request)
        _check_patch_options(request, content_type)
        body = await read_body(request)
        shape = None if kind.is_custom else definitions()[kind.definition]
        change = patcher(content_type, body, shape, definitions())

        def apply(content: JsonObject) -> JsonObject:
            changed = change(content)
            check_kind(kind, changed, target.name)
            return changed

        version = self._registry.patch(kind, target.namespace, target.name, apply, options, status=status)
        return _written(view.one(version), options, created=False)

    async def _delete(self, request: Request, kind: Kind, target: Target) -> Response:
        query = request.query_params
        options = delete_options(await read_body(request), media_type(request), query, query.getlist("dryRun"))
        view = self._view(request, kind, is_list=False)
        deleted = self._deletion.delete(kind, target.namespace, target.name, options)
        if not deleted.gone or kind.answers_deleted_object:
            return _json(view.one(deleted.version))
        uid = deleted.version.parsed()["metadata"]["uid"]
        details = details_of(target.name, kind.group, kind.plural) | {"uid": uid}
        return _json(msgspec.json.encode(_success() | {"details": details}))

    async def _delete_collection(self, request: Request, kind: Kind, target: Target) -> Response:
        query = request.query_params
        options = delete_options(await read_body(request), media_type(request), query, query.getlist("dryRun"))
        view = self._view(request, kind, is_list=True)
        found = page(self._store, Selection.of_query(kind, target.namespace, query), query)
        self._deletion.delete_collection(kind, found.versions, options)
        return _json(view.many(found.versions, found.metadata))

    async def _bind(self, request: Request, target: Target) -> Response:
        binding = object_body(core.BINDING, await read_body(request), media_type(request))
        node = (binding.get("target") or {}).get("name")
        if not node:
            raise internal_error("target.name: Required value")
        uid = (binding.get("metadata") or {}).get("uid")
        self._registry.bind(target.namespace, target.name, node, uid)
        return _json(msgspec.json.encode(_success() | {"code": 201}), 201)

    def _view(self, request: Request, kind: Kind, *, is_list: bool) -> View:
        include: IncludeObject = "Metadata"
        match request.query_params.get("includeObject", ""):
            case "None" | "Object" as asked:
                include = asked
            case "" | "Metadata":
                pass
            case other:
                error = invalid("includeObject", other, "must be 'Metadata', 'Object', 'None', or empty")
                raise bad_request(f"Unable to convert to Table as requested: {error.field}: {error.message}")
        return View(kind, negotiated(request.headers.get("accept", ""), is_list=is_list), include, self._clock)

    @staticmethod
    def _write_options(request: Request, name: str) -> WriteOptions:
        return write_options(request.query_params, request.query_params.getlist("dryRun"), name)


def _check_patch_options(request: Request, content_type: str) -> None:
    if content_type == APPLY_PATCH:
        if not request.query_params.get("fieldManager"):
            raise invalid_options("PatchOptions", [required("fieldManager", "is required for apply patch")])
    elif "force" in request.query_params:
        raise invalid_options("PatchOptions", [forbidden("force", "may not be specified for non-apply patch")])


def _json(body: bytes, code: int = 200) -> Response:
    return Response(body, code, media_type="application/json")


def _written(body: bytes, options: WriteOptions, *, created: bool) -> Response:
    response = _json(body, 201 if created else 200)
    for warning in options.warnings:
        quoted = warning.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.append("Warning", f'299 - "{quoted}"')
    return response


def _success() -> JsonObject:
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
