"""ApiServerSources, over an API server that says what a test wants it to say."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping

import pytest

from cutwater.errors import Later, Refused
from infra.local.broker.apiserver_source import ApiServerSources, plural
from infra.local.broker.kube import Change, Json
from tests.infra.local.broker.world import Clock, Subscriber, broker, resources, service, serving, source, trigger

POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "unit", "namespace": "test", "resourceVersion": "5"}}
PODS = "/api/v1/namespaces/ns/pods"


def pod(name: str, version: int, **metadata: object) -> Json:
    return {"kind": "Pod", "metadata": {"name": name, "namespace": "ns", "resourceVersion": str(version), **metadata}}


class Script:
    """An API server: each watch gets the next of the episodes (changes, then how it ends), the last one hangs."""

    def __init__(self, *episodes: Iterable[Change | Exception], lists: Mapping[str, list[Json]] | None = None) -> None:
        self._episodes = list(episodes)
        self.lists = lists or {}
        self.asked: list[tuple[str, str, Mapping[str, str]]] = []

    async def list(self, path: str, query: Mapping[str, str]) -> Json:
        self.asked.append(("list", path, query))
        return {"metadata": {"resourceVersion": "1"}, "items": self.lists.get(path, [])}

    async def watch(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Change]:
        self.asked.append(("watch", path, query))
        if path == "/api/v1/namespaces" or not self._episodes:
            await asyncio.Event().wait()
        for step in self._episodes.pop(0):
            if isinstance(step, Exception):
                raise step
            yield step


async def run(clock: Clock, kube: Script, function: Subscriber, *, seconds: float = 10, **spec: object) -> None:
    """Lets a source of pods in namespace ns run for some seconds."""
    spec = {"resources": [{"apiVersion": "v1", "kind": "Pod"}], "mode": "Resource", **spec}
    sources = resources(source("ApiServerSource", **spec)).apiserver_sources
    serves = serving(clock, {"f": function}, broker(), trigger())
    watching = asyncio.create_task(
        ApiServerSources(sources, kube, serves.post, api_server="https://10.96.0.1:443", clock=clock).run()
    )
    await asyncio.sleep(seconds)
    assert not watching.done(), watching.result()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


@pytest.mark.parametrize(
    "change, verb", [("ADDED", "add"), ("MODIFIED", "update"), ("DELETED", "delete")], ids=["add", "update", "delete"]
)
async def test_resource_mode(clock: Clock, change: str, verb: str) -> None:
    """S1, S5: a label that goes is a DELETED of the API server, and no more is known."""
    function = Subscriber()
    await run(clock, Script([Change(change, POD)]), function)
    [request] = function.requests
    attributes = {k.removeprefix("ce-"): v for k, v in request.headers.items() if k not in ("ce-id", "host")}
    assert attributes == {
        "specversion": "1.0",
        "type": f"dev.knative.apiserver.resource.{verb}",
        "source": "https://10.96.0.1:443",
        "subject": "/apis/v1/namespaces/test/pods/unit",
        "time": "2026-11-25T08:00:30Z",
        "kind": "Pod",
        "apiversion": "v1",
        "name": "unit",
        "namespace": "test",
        "content-type": "application/json",
        "knativearrivaltime": "2026-11-25T08:00:30Z",
        "kn-namespace": "ns",
        "prefer": "reply",
    }
    assert json.loads(request.body) == POD


async def test_reference_mode(clock: Clock) -> None:
    """S2, S10: the default."""
    function = Subscriber()
    await run(clock, Script([Change("ADDED", POD)]), function, mode="Reference")
    [request] = function.requests
    assert request.headers["ce-type"] == "dev.knative.apiserver.ref.add"
    assert json.loads(request.body) == {"kind": "Pod", "namespace": "test", "name": "unit", "apiVersion": "v1"}


async def test_custom_resource(clock: Clock) -> None:
    """S3."""
    function = Subscriber()
    kube = Script([Change("ADDED", {"metadata": {"name": "p1", "namespace": "ns", "resourceVersion": "2"}})])
    await run(clock, kube, function, resources=[{"apiVersion": "prow.k8s.io/v1", "kind": "ProwJob"}])
    assert function.requests[0].headers["ce-subject"] == "/apis/prow.k8s.io/v1/namespaces/ns/prowjobs/p1"
    assert kube.asked[0][1] == "/apis/prow.k8s.io/v1/namespaces/ns/prowjobs"


async def test_what_exists_at_the_start_is_not_told(clock: Clock) -> None:
    """S4."""
    function = Subscriber()
    kube = Script(lists={PODS: [POD]})
    await run(clock, kube, function)
    assert not function.requests
    assert kube.asked[1] == ("watch", PODS, {"resourceVersion": "1", "allowWatchBookmarks": "true"})


@pytest.mark.parametrize(
    "owner, events",
    [
        pytest.param([], 0, id="S6 no owner"),
        pytest.param([{"apiVersion": "apps/v1", "kind": "Deployment", "controller": True}], 1, id="its controller"),
        pytest.param([{"apiVersion": "apps/v1", "kind": "Deployment"}], 0, id="owner, no controller"),
        pytest.param([{"apiVersion": "apps/v1", "kind": "StatefulSet", "controller": True}], 0, id="another kind"),
    ],
)
async def test_owner(clock: Clock, owner: list[Json], events: int) -> None:
    function = Subscriber()
    kube = Script([Change("ADDED", pod("a", 2, ownerReferences=owner))])
    await run(clock, kube, function, owner={"apiVersion": "apps/v1", "kind": "Deployment"})
    assert len(function.requests) == events


@pytest.mark.parametrize(
    "status, times",
    [
        pytest.param(503, [0, 0.1, 0.3, 0.7, 1.5, 3.1], id="S7 six tries over 3.1 s"),
        pytest.param(500, [0], id="S8 one try"),
        pytest.param(404, [0, 0.1, 0.3, 0.7, 1.5, 3.1], id="404"),
        pytest.param(409, [0], id="409"),
        pytest.param(ConnectionRefusedError(), [0, 0.1, 0.3, 0.7, 1.5, 3.1], id="nothing listens"),
    ],
)
async def test_a_failing_sink(clock: Clock, status: int | Exception, times: list[float]) -> None:
    """The event is lost, and the next one waits until it is."""
    function = Subscriber(*([status] * len(times)), 200)
    await run(clock, Script([Change("ADDED", pod("a", 2)), Change("ADDED", pod("b", 3))]), function, sink=service("f"))
    assert function.times == [*times, times[-1]]
    assert [request.headers["ce-name"] for request in function.requests] == ["a"] * len(times) + ["b"]


async def test_overrides(clock: Clock) -> None:
    """S9."""
    function = Subscriber()
    await run(
        clock, Script([Change("ADDED", POD)]), function, ceOverrides={"extensions": {"kind": "x", "cluster": "c"}}
    )
    headers = function.requests[0].headers
    assert (headers["ce-kind"], headers["ce-cluster"]) == ("x", "c")


async def test_selector_is_the_servers(clock: Clock) -> None:
    selector = {
        "matchLabels": {"a": "b"},
        "matchExpressions": [
            {"key": "c", "operator": "In", "values": ["d", "e"]},
            {"key": "f", "operator": "DoesNotExist"},
            {"key": "g", "operator": "Exists"},
            {"key": "h", "operator": "NotIn", "values": ["i"]},
        ],
    }
    kube = Script()
    await run(clock, kube, Subscriber(), resources=[{"apiVersion": "v1", "kind": "Pod", "selector": selector}])
    assert {query["labelSelector"] for _, _, query in kube.asked} == {"a=b,c in (d,e),!f,g,h notin (i)"}


@pytest.mark.parametrize(
    "end, versions",
    [
        pytest.param([], ["1", "7"], id="it ends: from the last version"),
        pytest.param([Later("it hung up")], ["1", "7"], id="it breaks: from the last version"),
        pytest.param([Change("ERROR", {"code": 410, "message": "too old"})], ["1", "1"], id="too old: from a new list"),
        pytest.param([Refused("403")], ["1", "1"], id="refused: from a new list"),
    ],
)
async def test_a_watch_that_ends(clock: Clock, end: list[Change | Exception], versions: list[str]) -> None:
    bookmark = Change("BOOKMARK", {"metadata": {"resourceVersion": "7"}})
    function = Subscriber()
    kube = Script([Change("ADDED", pod("a", 6)), bookmark, *end], [Change("ADDED", pod("b", 8))])
    await run(clock, kube, function, seconds=2)
    assert [query["resourceVersion"] for verb, _, query in kube.asked if verb == "watch"][:2] == versions
    assert [request.headers["ce-name"] for request in function.requests] == ["a", "b"]


@pytest.mark.parametrize(
    "selector, paths",
    [
        pytest.param({}, {"/api/v1/pods"}, id="all namespaces"),
        pytest.param(
            {"matchLabels": {"x": "y"}}, {"/api/v1/namespaces/m/pods", "/api/v1/namespaces/n/pods"}, id="some"
        ),
    ],
)
async def test_namespaces(clock: Clock, selector: Json, paths: set[str]) -> None:
    kube = Script(lists={"/api/v1/namespaces": [{"metadata": {"name": "m"}}, {"metadata": {"name": "n"}}]})
    await run(clock, kube, Subscriber(), namespaceSelector=selector)
    assert {path for verb, path, _ in kube.asked if verb == "watch" and path != "/api/v1/namespaces"} == paths


class Growing(Script):
    """An API server in which namespace `late` is made after a second."""

    async def watch(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Change]:
        if path == "/api/v1/namespaces" and not self.lists:
            await asyncio.sleep(1)
            self.lists = {path: [{"metadata": {"name": "late"}}]}
            yield Change("ADDED", {"metadata": {"name": "late", "resourceVersion": "2"}})
        async for change in super().watch(path, query):
            yield change


async def test_a_namespace_that_is_made_later(clock: Clock) -> None:
    kube = Growing()
    await run(clock, kube, Subscriber(), namespaceSelector={"matchLabels": {"x": "y"}})
    assert ("watch", "/api/v1/namespaces/late/pods") in [asked[:2] for asked in kube.asked]


@pytest.mark.parametrize(
    "kind, name",
    [("Pod", "pods"), ("ProwJob", "prowjobs"), ("Ingress", "ingresses"), ("NetworkPolicy", "networkpolicies")],
)
def test_plural(kind: str, name: str) -> None:
    assert plural(kind) == name
