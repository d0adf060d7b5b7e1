"""How messages look on the wire."""

import hashlib
import hmac

import httpx2
import msgspec
import pytest

from cutwater.outgoing.client import LONGEST_ANSWER, Outgoing
from cutwater.outgoing.effects import PostCloudEvent, PostWebhook, Sent, signature

ATTRIBUTES = {"specversion": "1.0", "id": "1", "source": "/a", "type": "t", "subject": 'hélp 50% of "it"'}


class World:
    """A way out that ends at `answer`."""

    def __init__(self, answer: httpx2.Response) -> None:
        self.request = httpx2.Request("GET", "http://nobody")

        def handle(request: httpx2.Request) -> httpx2.Response:
            self.request = request
            return answer

        def client() -> httpx2.AsyncClient:
            return httpx2.AsyncClient(transport=httpx2.MockTransport(handle))

        self.outgoing = Outgoing(client, slack_token=lambda host: "", secret=lambda name: b"key")


def event(mode: str) -> PostCloudEvent:
    wanted = {"type": "PostCloudEvent", "mode": mode, "address": "http://lake/in", "attributes": ATTRIBUTES}
    return msgspec.convert(wanted | {"body": '{"state":"success"}', "why": "a test"}, PostCloudEvent)


async def test_a_binary_cloudevent() -> None:
    world = World(httpx2.Response(202))
    assert await event("binary").apply(world) == Sent(True)
    headers = {name: value for name, value in world.request.headers.items() if name.startswith("ce-")}
    assert headers["ce-subject"] == "h%C3%A9lp%2050%25%20of%20%22it%22"
    assert headers["ce-type"] == "t" and world.request.headers["content-type"] == "application/json"
    assert world.request.content == b'{"state":"success"}'


async def test_a_structured_cloudevent() -> None:
    world = World(httpx2.Response(202))
    assert await event("structured").apply(world) == Sent(True)
    assert world.request.headers["content-type"].startswith("application/cloudevents+json")
    whole = msgspec.json.decode(world.request.content)
    assert whole == ATTRIBUTES | {"datacontenttype": "application/json", "data": {"state": "success"}}


@pytest.mark.parametrize("secret", ["", "audit"])
async def test_a_webhook_is_signed_where_it_has_a_key(secret: str) -> None:
    world = World(httpx2.Response(204))
    call = PostWebhook(address="http://a", secret=secret, delivery="7", body="{}", why="a test")
    await call.apply(world)
    signed = world.request.headers.get("x-cutwater-signature-256")
    assert signed == (signature(b"key", b"{}") if secret else None)
    assert world.request.headers["x-cutwater-delivery"] == "7"


def test_the_signature_is_githubs() -> None:
    assert signature(b"key", b"body") == f"sha256={hmac.new(b'key', b'body', hashlib.sha256).hexdigest()}"


async def test_of_a_long_answer_only_the_start_is_read() -> None:
    world = World(httpx2.Response(200, content=b"x" * (LONGEST_ANSWER * 3)))
    answer = await world.outgoing.post("http://a", headers={}, body=b"")
    assert len(answer.body) == LONGEST_ANSWER
