"""hook at GitHub's side: what it takes, what it answers, what it keeps before it answers."""

import asyncio
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from starlette.requests import Request

from cutwater.config.configuration import Configuration
from cutwater.config.findings import Source
from cutwater.config.load import load
from cutwater.config.sources import Sources
from cutwater.errors import Later, Refused
from cutwater.events import names
from cutwater.events.edges import Edges
from cutwater.events.event import Event
from cutwater.events.ledger import OWED, Delivery
from cutwater.storage.memory import MemoryStore
from functions.hook.function import role
from tests import virtual_time
from tests.edges import Published, edges

pytestmark = pytest.mark.virtual

SECRET = b"webhook secret"
PULL_REQUEST = {
    "action": "opened",
    "number": 7,
    "repository": {"name": "rocket", "full_name": "acme/rocket", "owner": {"login": "acme"}},
    "sender": {"login": "bob"},
    "pull_request": {
        "number": 7,
        "user": {"login": "bob"},
        "updated_at": "2026-03-02T11:59:58Z",
        "base": {"ref": "main", "sha": "b", "repo": {"name": "rocket", "owner": {"login": "acme"}}},
        "head": {"ref": "topic", "sha": "h"},
    },
}


def configuration(plugins: str = "plugins: {acme/rocket: {plugins: [trigger, lgtm]}}") -> Configuration:
    tide = b"tide: {queries: [{repos: [acme/rocket]}]}"
    return load(Sources(Source("config.yaml", tide), plugins=Source("plugins.yaml", plugins.encode())))


def signed(body: bytes, secret: bytes = SECRET) -> str:
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


async def post(
    world: Edges, payload: Any = PULL_REQUEST, *, event: str = "pull_request", method: str = "POST", **headers: str
) -> tuple[int, str]:
    """One webhook to `/hook`: the status and the text of the answer. `headers` (with `_`) replace GitHub's."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    sent = {
        "x-github-event": event,
        "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "x-hub-signature-256": signed(body),
        "content-type": "application/json",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {
        "type": "http",
        "method": method,
        "path": "/hook",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items() if value],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    response = await role.open(world)(Request(scope, receive))
    return response.status_code, bytes(response.body).decode()


async def owed(world: Edges) -> list[Delivery]:
    found = [await world.state.get(entry.key) async for entry in world.state.list(OWED)]
    return [msgspec.json.decode(one.body, type=Delivery) for one in found if one]


@pytest.mark.parametrize(
    "change, status, text",
    [
        pytest.param({"method": "GET"}, 405, "405 Method not allowed", id="a GET"),
        pytest.param({"event": ""}, 400, "Missing X-GitHub-Event Header", id="no event"),
        pytest.param({"x_github_delivery": ""}, 400, "Missing X-GitHub-Delivery Header", id="no delivery"),
        pytest.param({"x_hub_signature_256": ""}, 403, "Missing X-Hub-Signature-256", id="no signature"),
        pytest.param({"content_type": "application/json; charset=utf-8"}, 400, "only accepts", id="a charset"),
        pytest.param({"content_type": "application/x-www-form-urlencoded"}, 400, "only accepts", id="a form"),
        pytest.param({"x_hub_signature_256": "sha1=00"}, 403, "invalid signature", id="another kind of signature"),
        pytest.param({"x_hub_signature_256": "sha256=zz"}, 403, "invalid signature", id="no hexadecimal"),
        pytest.param(
            {"x_hub_signature_256": signed(b"{}", b"x")},
            403,
            "misconfigured webhook secret from organization/repo: acme/rocket",
            id="another secret",
        ),
        pytest.param({"payload": b"[]"}, 403, "invalid payload", id="a list"),
        pytest.param({"payload": b""}, 403, "invalid payload", id="nothing"),
        pytest.param({"payload": b"{"}, 403, "invalid payload", id="half of it"),
        pytest.param({"payload": b'{"action": "\xbd"}'}, 403, "invalid payload", id="no UTF-8"),
        pytest.param({"payload": b"[" * 200_000}, 403, "invalid payload", id="a deep one"),
        pytest.param({"payload": {"repository": "rocket"}}, 403, "invalid payload", id="wrong types"),
        pytest.param({"x_github_delivery": "../../x"}, 400, "is no GUID", id="a path for a GUID"),
        pytest.param({"payload": b" " * (25 * 1024 * 1024 + 1)}, 413, "413 Payload Too Large", id="above 25 MB"),
    ],
)
async def test_refused(change: dict[str, Any], status: int, text: str) -> None:
    world = edges(config=configuration())
    answer = await post(world, **change)
    assert (answer[0], text in answer[1]) == (status, True), answer
    assert await owed(world) == []


async def test_kept_before_it_is_published_and_answered() -> None:
    published = Published()
    world = edges(config=configuration(), publish=published.publish)
    assert await post(world) == (200, "Event received. Have a nice day.")
    [delivery] = await owed(world)
    assert delivery.plugins == ("trigger",)
    assert json.loads(delivery.body) == PULL_REQUEST
    webhooks = [event for event in published if event.type == names.WEBHOOK]
    assert [(event["plugin"], event.subject, event["hookevent"]) for event in webhooks] == [
        ("trigger", "acme/rocket#7", "pull_request")
    ]
    looks = [(event["role"], event.subject) for event in published if event.type == names.LOOK]
    assert looks == [("tide", "acme/rocket:main")]


@pytest.mark.parametrize(
    "event, payload",
    [
        pytest.param("ping", {"zen": "Keep it simple."}, id="ping"),
        pytest.param("watch", PULL_REQUEST, id="an event of no plugin"),
        pytest.param("pull_request", PULL_REQUEST | {"action": "locked"}, id="an action of no plugin"),
        pytest.param("pull_request", {"action": "opened"}, id="no repository"),
    ],
)
async def test_what_nobody_wants_is_not_kept(event: str, payload: Any) -> None:
    world = edges(config=configuration())
    assert (await post(world, payload, event=event))[0] == 200
    assert await owed(world) == []


async def test_a_store_that_refuses_is_told_to_github() -> None:
    class Full(MemoryStore):
        async def put(self, key: str, body: bytes, **_: Any) -> Any:
            raise Refused("bucket state does not exist")

    world = edges(config=configuration(), state=Full(virtual_time.clock))
    status, text = await post(world)
    assert (status, "could not be kept" in text) == (503, True)


async def test_what_a_broker_did_not_take_is_published_by_the_sweep() -> None:
    heard = Published()
    is_away = True

    async def publish(event: Event) -> None:
        if is_away:
            raise Later("away")
        await heard.publish(event)

    world = edges(config=configuration(), publish=publish)
    assert (await post(world))[0] == 200
    is_away = False
    assert await sweep(world) == "0 settled, 0 published again", "it is younger than two minutes"
    await asyncio.sleep(timedelta(minutes=4).total_seconds())
    assert await sweep(world) == "0 settled, 1 published again"
    assert [event["plugin"] for event in heard] == ["trigger"]


async def sweep(world: Edges) -> str:
    from functions.relay import owed as sweeps

    return await sweeps.sweep(world)
