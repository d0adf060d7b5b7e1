"""Whatever comes in a webhook: no 5xx, no plugin that fails, no line of the log that is not ours."""

import json
import random

import pytest

from functions.hook.webhook import LARGEST
from tests.hostile import payloads
from tests.hostile.payloads import published
from tests.hostile.stage import ORG, REPO, Stage

pytestmark = pytest.mark.virtual
HERE = f"{ORG}/{REPO}"
FAIR = frozenset({200, 400, 403, 413})


async def throw(seed: int, count: int) -> None:
    """So many hostile webhooks at a pull request that exists."""
    chance = random.Random(seed)
    async with Stage([HERE], is_there=True) as stage:
        for _ in range(count):
            kind = chance.random()
            if kind < 0.75:
                event, payload, what = payloads.mutated(chance)
                body = json.dumps(payload).encode()
            elif kind < 0.9:
                event, payload = chance.choice(payloads.TOLD), payloads.invented(chance)
                what, body = f"{event}: {payload!r}"[:300], json.dumps(payload).encode()
            else:
                event, payload = payloads.wanted(chance)
                body = payloads.damaged(chance, json.dumps(payload).encode())
                what = f"{event}: damaged"
            status = await stage.send(event, body, what)
            assert status in FAIR, f"{what}: {status}"
        await stage.check()
        answered = [one async for one in stage.receipts()]
    assert len(answered) > count / 10, "plugins have been asked"


@pytest.mark.parametrize("seed", [1])
async def test_some(seed: int) -> None:
    await throw(seed, 50)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
async def test_hundreds(seed: int) -> None:
    await throw(seed, 500)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(11, 21))
async def test_thousands(seed: int) -> None:
    """Each at a GitHub whose limit of the hour is whole."""
    await throw(seed, 500)


@pytest.mark.parametrize("key", ["changes", "issue"])
@pytest.mark.parametrize("levels, status", [(99, 200), (100, 403), (500, 403), (980, 403), (100_000, 403)])
async def test_nested(levels: int, status: int, key: str) -> None:
    """What hook can read, every plugin can."""
    async with Stage([HERE], is_there=True) as stage:
        assert await stage.send("issue_comment", payloads.deep(levels, key)) == status
        await stage.check()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff\xfe{}", id="no UTF-8"),
        pytest.param(b'{"action": "\xbd"}', id="no UTF-8 within"),
        pytest.param(b"\xef\xbb\xbf{}", id="a byte order mark"),
        pytest.param(b'{"action": "\\ud800"}', id="half a character"),
        pytest.param(b'{"action": ' + b"9" * 10_000 + b"}", id="a number of 10,000 digits"),
        pytest.param(b"null", id="null"),
        pytest.param(b'"' + b"x" * 1_000_000 + b'"', id="a text"),
        pytest.param(b"{" + b'"a":1,' * 100_000 + b'"a":1}', id="one key 100,000 times"),
    ],
)
async def test_no_payload(body: bytes) -> None:
    async with Stage([HERE]) as stage:
        assert await stage.send("issue_comment", body) in FAIR
        await stage.check()


@pytest.mark.slow
@pytest.mark.parametrize("above, status", [(0, 200), (1, 413)], ids=["25 MB", "a byte more"])
async def test_large(above: int, status: int) -> None:
    payload = dict(published()["issue_comment"][0])
    head = json.dumps(payload | {"comment": payload["comment"] | {"body": "BODY"}}).encode()
    before, _, after = head.partition(b"BODY")
    filler = b"/hold cancel \\n"
    room = LARGEST + above - len(before) - len(after)
    body = before + filler * (room // len(filler)) + b"x" * (room % len(filler)) + after
    async with Stage([HERE], is_there=True) as stage:
        assert len(body) == LARGEST + above
        assert await stage.send("issue_comment", body) == status
        await stage.check()
