"""Real payloads in which one place holds what it should not: every place of every event that plugins answer to."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.hostile import payloads
from tests.hostile.stage import ORG, REPO, Stage

pytestmark = pytest.mark.virtual
WRONG: Sequence[Any] = (None, 2**63, "x" * 100_000, [None], {"login": {}})
SAID = "/hold\n/lgtm\n/label bug\n/assign @x\n/retitle y\n/test all\n/cherrypick z\n/approve"
AT_A_TIME = 300
"""Webhooks to one GitHub: it has a limit by the hour."""


async def break_each(event: str, values: Sequence[Any], every: int) -> None:
    """Of the ways to break each place by these values, every so many."""
    payload = payloads.said_in(payloads.published()[event][0], SAID)
    ways = [(path, value) for path in payloads.places(payload) for value in values][::every]
    for first in range(0, len(ways), AT_A_TIME):
        async with Stage([f"{ORG}/{REPO}"], is_there=True) as stage:
            for path, value in ways[first : first + AT_A_TIME]:
                what = f"{event}: {'.'.join(map(str, path))} = {json.dumps(value)[:80]}"
                body = json.dumps(payloads.replaced(payload, path, value)).encode()
                status = await stage.send(event, body, what)
                assert status in {200, 403}, f"{what}: {status}"
            await stage.check()


@pytest.mark.slow
@pytest.mark.parametrize("event", payloads.TOLD)
async def test_some_ways(event: str) -> None:
    await break_each(event, WRONG, len(WRONG) + 1)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("event", payloads.TOLD)
async def test_all_ways(event: str) -> None:
    await break_each(event, payloads.VALUES, 1)
