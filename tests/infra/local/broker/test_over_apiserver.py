"""ApiServerSources over the embedded API server: what a change of an object comes to."""

import asyncio
import json

import httpx2

from infra.local.broker.apiserver_source import ApiServerSources
from infra.local.broker.kube import Watched
from infra.local.kube.server import ApiServer
from infra.local.transport import InProcessTransport
from tests.infra.local.broker.world import Clock, Json, Subscriber, resources, service, serving, source

PODS = "/api/v1/namespaces/ns/pods"
MERGE = {"content-type": "application/merge-patch+json"}


def pod(name: str) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"created-by-prow": "true"}},
        "spec": {"containers": [{"name": "test", "image": "alpine"}]},
    }


async def test_changes_become_events(clock: Clock) -> None:
    server = ApiServer(None, clock=clock)
    client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=server.app), base_url="http://kube")
    await client.post("/api/v1/namespaces", json={"metadata": {"name": "ns"}})
    await client.post(PODS, json=pod("before"))
    function = Subscriber()
    watched = source(
        "ApiServerSource",
        mode="Resource",
        sink=service("f"),
        namespaceSelector={"matchLabels": {"kubernetes.io/metadata.name": "ns"}},
        resources=[{"apiVersion": "v1", "kind": "Pod", "selector": {"matchLabels": {"created-by-prow": "true"}}}],
    )
    post = serving(clock, {"f": function}).post
    sources = ApiServerSources(
        resources(watched).apiserver_sources,
        Watched(InProcessTransport(server.app)),
        post,
        api_server="http://kube",
        clock=clock,
    )
    watching = asyncio.create_task(sources.run())
    await asyncio.sleep(1)
    await client.post(PODS, json=pod("unit"))
    await client.patch(f"{PODS}/unit", headers=MERGE, content=json.dumps({"metadata": {"labels": {"a": "b"}}}))
    await client.patch(f"{PODS}/unit", headers=MERGE, content='{"metadata": {"labels": {"created-by-prow": null}}}')
    await client.delete(f"{PODS}/before")
    await asyncio.sleep(40)
    watching.cancel()
    told = [
        (request.headers["ce-type"].rpartition(".")[2], request.headers["ce-name"]) for request in function.requests
    ]
    assert told[:3] == [("add", "unit"), ("update", "unit"), ("delete", "unit")]
    assert told[-1] == ("delete", "before")
