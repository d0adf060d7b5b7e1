"""A deck for tests, through its front door: an API server, buckets, the role, and a browser without a screen."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from cutwater.config.configuration import Configuration
from cutwater.config.findings import Source
from cutwater.config.load import load
from cutwater.config.sources import Sources
from cutwater.events.edges import no_jenkins, no_plugin_help
from cutwater.kube.client import PROWJOB, Json, Kube
from cutwater.storage.memory import MemoryStore
from cutwater.storage.store import Store
from functions.deck.function import role
from infra.local.kube.server import ApiServer
from infra.local.settings import CRDS
from infra.local.transport import InProcessTransport
from tests.edges import edges
from tests.jenkins import FakeJenkins

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CONFIG = """
pod_namespace: test-pods
plank:
  default_decoration_config_entries:
    - config:
        utility_images: {clonerefs: c, initupload: i, entrypoint: e, sidecar: s}
        gcs_configuration: {bucket: "s3://artifacts", path_strategy: explicit}
"""
RUN = "pr-logs/pull/acme_rocket/7/unit/1"
"""Where the files of `Site.run` lie."""


def configuration(text: str = CONFIG) -> Configuration:
    return load(Sources(Source("config.yaml", text.encode())))


@dataclass(frozen=True)
class Page:
    """An answer, read to its end."""

    status: int
    text: str
    headers: Mapping[str, str]
    body: bytes


class Site:
    """`config`: the text of config.yaml. `bucket`: the artifacts' one, where it is not to be in memory.

    `jenkins`: that of every operator. `plugin_help`: hook's answer, where there is a hook.
    """

    def __init__(
        self,
        config: str = CONFIG,
        *,
        bucket: Store | None = None,
        jenkins: FakeJenkins | None = None,
        plugin_help: Callable[[], Awaitable[bytes]] = no_plugin_help,
    ) -> None:
        self.now = NOW
        self.bucket: Store = bucket or MemoryStore(lambda: self.now)
        self.other = MemoryStore(lambda: self.now)
        self._api_server = ApiServer(None, crds=sorted(CRDS.glob("*.yaml")), clock=lambda: self.now)
        self.kube = Kube(InProcessTransport(self._api_server.app))
        self.edges = edges(
            config=configuration(config),
            clock=lambda: self.now,
            kube=lambda: self.kube,
            cluster=lambda alias: self.kube,
            bucket=lambda name: self.bucket if name == "artifacts" else self.other,
            plugin_help=plugin_help,
            jenkins=(lambda selector: jenkins.client()) if jenkins else no_jenkins,
        )
        self.respond = role.open(self.edges)

    async def run(
        self,
        job: str = "unit",
        *,
        build: str = "1",
        state: str = "success",
        pull: int = 7,
        status: Mapping[str, Any] | None = None,
        **spec: Any,
    ) -> Json:
        """A ProwJob: a presubmit of acme/rocket's pull request, begun a minute ago."""
        ended = {} if state in {"pending", "triggered"} else {"completionTime": stamp(self.now)}
        begun = {"startTime": stamp(self.now - timedelta(minutes=1)), "state": state, "build_id": build}
        wanted = {
            "type": "presubmit",
            "job": job,
            "agent": "kubernetes",
            "cluster": "default",
            "namespace": "test-pods",
            "refs": refs(pull),
            "pod_spec": {"containers": [{"name": "test", "image": "x", "command": ["make"]}]},
            "decoration_config": {"gcs_configuration": {"bucket": "s3://artifacts", "path_strategy": "explicit"}},
        }
        body = {
            "apiVersion": "prow.k8s.io/v1",
            "kind": "ProwJob",
            "metadata": {
                "generateName": f"{job.replace('/', '-')}-",
                "labels": {"prow.k8s.io/build-id": build} if build else {},
            },
            "spec": {name: value for name, value in (wanted | spec).items() if value is not None},
            "status": begun | ended | dict(status or {}),
        }
        return await self.kube.create(PROWJOB, "default", body)

    async def file(self, name: str, body: bytes | str | Mapping[str, Any], **how: Any) -> None:
        """A file of the run."""
        content = json.dumps(body).encode() if isinstance(body, Mapping) else body
        await self.bucket.put(f"{RUN}/{name}", content.encode() if isinstance(content, str) else content, **how)

    async def get(self, address: str, **headers: str) -> Page:
        return await read(await self.respond(request("GET", address, headers=headers)))

    async def post(self, address: str, body: bytes, **headers: str) -> Page:
        return await read(await self.respond(request("POST", address, body=body, headers=headers)))


def refs(pull: int) -> dict[str, Any]:
    pulls = [{"number": pull, "author": "bob", "sha": "c" * 40, "title": "Cool the engines"}]
    return {"org": "acme", "repo": "rocket", "base_ref": "main", "base_sha": "b" * 40, "pulls": pulls}


def stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def request(method: str, address: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Request:
    """What a server makes of a browser's request. Names of headers are written with `_`."""
    parts = urlsplit(address)
    named = {"accept": "text/html", "host": "deck"} | {n.replace("_", "-"): v for n, v in (headers or {}).items()}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "server": ("deck", 80),
        "root_path": "",
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(scope, receive)


async def read(response: Response) -> Page:
    """The whole answer, as a server would send it."""
    sent: list[Any] = []

    async def keep(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "asgi": {"spec_version": "2.4"}}

    async def receive() -> dict[str, Any]:
        raise AssertionError("the answer needs no more of the request")

    await response(scope, receive, keep)
    body = b"".join(message.get("body", b"") for message in sent[1:])
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Page(sent[0]["status"], body.decode(errors="replace"), headers, body)


def decoded(page: Page) -> Any:
    return msgspec.json.decode(page.body)
