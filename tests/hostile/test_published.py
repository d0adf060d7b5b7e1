"""GitHub's published payloads of every webhook event: hook takes each, and no plugin fails on any."""

import json
from itertools import chain

import pytest

from cutwater.events import ledger
from tests.hostile.payloads import every_command, named, published, said_in
from tests.hostile.stage import Stage

pytestmark = pytest.mark.virtual
EVERY_EVENT = 75
"""Events that GitHub describes."""
AT_LEAST = {"issue_comment": 9, "issues": 25, "pull_request": 29, "pull_request_review": 4, "push": 7, "status": 4}
"""Payloads of those that plugins answer to."""


def test_there_is_one_of_every_event() -> None:
    found = published()
    assert len(found) == EVERY_EVENT
    assert all(len(found[event]) >= least for event, least in AT_LEAST.items())


COMMANDS = "\n".join(every_command())


@pytest.mark.parametrize(
    "is_there, text, without",
    [
        pytest.param(False, "", "rifle", id="nothing is on GitHub"),
        pytest.param(True, "", "rifle", id="the pull request is there", marks=pytest.mark.slow),
        pytest.param(True, "", "blunderbuss", id="rifle in blunderbuss' place", marks=pytest.mark.slow),
        pytest.param(False, COMMANDS, "rifle", id="every command, and nothing is on GitHub", marks=pytest.mark.slow),
        pytest.param(
            True, COMMANDS, "rifle", id="every command, and the pull request is there", marks=pytest.mark.slow
        ),
    ],
)
async def test_each_is_taken(is_there: bool, text: str, without: str) -> None:
    every = [(event, payload) for event, payloads in published().items() for payload in payloads]
    repositories = chain.from_iterable(named(payload) for _, payload in every)
    async with Stage(repositories, is_there=is_there, without=without) as stage:
        for event, payload in every:
            sent = said_in(payload, text) if text else payload
            what = f"{event} {payload.get('action', '')}"
            assert await stage.send(event, json.dumps(sent).encode(), what) == 200, what
        await stage.check()
        asked = {one.delivery async for one in stage.receipts()}
        owed = [entry async for entry in stage.scene.state.list(ledger.OWED)]
    assert len(owed) == len(asked), "each that somebody wants is kept, and answered"
    events = {stage.sent[guid].split()[0] for guid in asked}
    assert events >= {"pull_request", "pull_request_review"} | ({"issues", "issue_comment"} if text else set())
