"""A Kubernetes API server for one machine, as an ASGI application.

It answers what a kube-apiserver would for the kinds it has, or refuses in so many words what it does not do:
server-side apply, CEL rules, conversion webhooks. tests/contract/kube holds both to the same tests.
"""

import asyncio
import functools
import hmac
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import yaml
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.local.kube import core, crds
from infra.local.kube.catalog import Catalog
from infra.local.kube.deletion import Deletion
from infra.local.kube.documents import Documents
from infra.local.kube.kinds import Kind
from infra.local.kube.options import WriteOptions
from infra.local.kube.registry import Registry
from infra.local.kube.requests import parse_target
from infra.local.kube.resources import Resources
from infra.local.kube.statuses import ApiError, JsonObject
from infra.local.kube.store import Store

AS = "/as"
"""What a path begins with that says by a token who asks."""


def utc_now() -> datetime:
    """The time of day, which tests replace."""
    return datetime.now(UTC)


class ApiServer:
    """The server's whole state, and `app`, which serves it under uvicorn or in process.

    `database` None keeps everything in memory; `crds` are files or folders of definitions, put in force at the start;
    `pod_logs` is the folder that the runner of pods writes to; `clock` is what objects are stamped with; `token`, where
    it is given, must come with every request but those for health and version, in a header or as the path's beginning
    (`/as/TOKEN`): kubectl sends no token over plain HTTP; `history` is how many changes are kept
    for watches to go on from.
    """

    def __init__(
        self,
        database: Path | None = None,
        crds: Sequence[Path] = (),
        pod_logs: Path | None = None,
        clock: Callable[[], datetime] = utc_now,
        *,
        token: str = "",
        history: int = 10_000,
    ) -> None:
        self._token = token
        self._stop = asyncio.Event()
        self._host = ""
        self._store = Store(database, history=history)
        self._catalog = Catalog(self._store)
        deletion = Deletion(self._store, self._catalog, clock)
        self._registry = Registry(self._store, self._catalog, deletion, clock)
        self._documents = Documents(self._catalog, lambda: self._host)
        self._resources = Resources(
            self._store, self._catalog, self._registry, deletion, pod_logs=pod_logs, clock=clock, stop=self._stop
        )
        self._start(crds)

    @property
    def app(self) -> ASGIApp:
        """The ASGI application."""
        return self

    def close(self) -> None:
        """End open watches and close the database. Nothing is lost without it."""
        self.end_streams()
        self._store.close()

    def end_streams(self) -> None:
        """End open watches and followed logs, so that a server may stop."""
        self._stop.set()
        self._store.wake()

    def compact(self) -> None:
        """Forget all that is past, as a real server's etcd does every few minutes."""
        self._store.compact(self._store.revision)

    def _start(self, files: Sequence[Path]) -> None:
        is_new = self._store.revision == 0
        for name in core.SYSTEM_NAMESPACES:
            self._ensure(core.NAMESPACE, {"metadata": {"name": name}})
        for crd in definitions_in(files):
            self._ensure(crds.CUSTOM_RESOURCE_DEFINITION, crd)
        if is_new:
            # What the server is born with is no change that anybody could have missed.
            self.compact()

    def _ensure(self, kind: Kind, wanted: JsonObject) -> None:
        """Make an object, or bring its spec to what it is to be."""
        name = wanted["metadata"]["name"]
        old = self._store.get(kind.resource, f"/{name}")
        if old is None:
            self._registry.create(kind, "", wanted, WriteOptions())
        elif "spec" in wanted:
            spec = {"spec": wanted["spec"]}
            self._registry.patch(kind, "", name, lambda content: content | spec, WriteOptions())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            request = Request(scope, receive)
            try:
                answer = await self._answer(request)
            except ApiError as error:
                answer = Response(error.body(), error.code, media_type="application/json")
            except ClientDisconnect:
                return
            except Exception as error:
                # The client is told in its own language, the server's log has the rest.
                bug = ApiError(500, "InternalError", f"Internal error occurred: {error!r}")
                await Response(bug.body(), bug.code, media_type="application/json")(scope, receive, send)
                raise
            await answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                self.close()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _answer(self, request: Request) -> ASGIApp:
        path, authorization = _as_somebody(request.url.path, request.headers.get("authorization", ""))
        if public := self._documents.public(path):
            return public
        self._check_token(authorization)
        self._host = request.headers.get("host", "")
        if request.method == "GET" and (document := self._documents.answer(path, request.headers.get("accept", ""))):
            return document
        target = parse_target(path)
        answer = await self._resources.answer(request, target) if target and target.plural else None
        return answer or PlainTextResponse("404 page not found\n", 404)

    def _check_token(self, authorization: str) -> None:
        expected = f"Bearer {self._token}"
        if self._token and not hmac.compare_digest(authorization.encode(), expected.encode()):
            raise ApiError(401, "Unauthorized", "Unauthorized")


def _as_somebody(path: str, authorization: str) -> tuple[str, str]:
    """The path itself, and who asks, where the path begins with that."""
    if path.startswith(f"{AS}/"):
        token, _, path = path.removeprefix(f"{AS}/").partition("/")
        path, authorization = f"/{path}", f"Bearer {token}"
    return path.rstrip("/") or "/", authorization


def definitions_in(files: Sequence[Path]) -> list[JsonObject]:
    """The CustomResourceDefinitions in YAML files and folders of them."""
    paths = [path for file in files for path in (sorted(file.glob("*.yaml")) if file.is_dir() else [file])]
    documents = [msgspec.json.decode(document) for path in paths for document in _documents(path.read_bytes())]
    return [d for d in documents if d and d.get("kind") == crds.CUSTOM_RESOURCE_DEFINITION.name]


@functools.lru_cache(maxsize=16)
def _documents(text: bytes) -> list[bytes]:
    """The documents of a YAML file, as JSON: reading YAML takes a hundred times as long."""
    return [msgspec.json.encode(document) for document in yaml.load_all(text, Loader=yaml.CSafeLoader)]
