"""One row of each plugin on a platform of real processes: what upstream did is done over HTTP, from webhook to effect.

The rows' worlds are loaded, one after another, into a local GitHub that is served here; hook, the plugins, the Broker,
the API server and the bucket are processes of their own. The fast tests compare all rows, in one process.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import msgspec
import pytest
import uvicorn
from msgspec.structs import replace
from starlette.types import Receive, Scope, Send

from cutwater.events.deadletters import DEAD
from cutwater.events.ledger import DELIVERIES, OWED, SUBJECTS, Delivery
from cutwater.events.receipt import RECEIPTS, Receipt
from cutwater.kube.client import PROWJOB, Exists
from cutwater.storage.s3 import S3Store
from infra.local.configuration import InForce
from infra.local.demo import seed
from infra.local.github.server import GitHub
from infra.local.settings import HOST, STATE_BUCKET, TRIGGERS, Ports, Settings
from tests import oracle_rows
from tests.e2e.running import Running, free_ports
from tests.e2e.story import soon
from tests.e2e.world import OFTEN
from tests.functions.plugins.scene import ADDRESS, NAMESPACE, PROWJOBS
from tests.oracle import plugins
from tests.oracle.plugins import DECK
from tests.oracle_rows import OnPurpose, Row

ELSEWHERE = frozenset({"cat", "dog", "goose", "pony", "testfreeze", "trick-or-treat", "yuks"})
"""Every row of these asks public sites, which a function that runs asks over https and by public names alone."""
KINDS = [kind for kind in plugins.KINDS if kind.partition("/")[2] not in ELSEWHERE]
WOKEN = {"broker.yaml": "", "plugins.yaml": "", "crier.yaml": "", "relay.yaml": OFTEN}
"""Who wakes whom, and when of their own accord: what is owed is looked at often, and otherwise no sweep comes between.

Nobody runs the ProwJobs that a row begins: it tells how they were made.
"""
AFTERWARDS = 20.0
"""Seconds in which others do what a plugin has them do: refresh answers, and crier reports."""
SELDOM = "0 0 1 1 *"
KEPT = (OWED, DELIVERIES, SUBJECTS, RECEIPTS, DEAD)


def is_suitable(row: Row) -> bool:
    """Whether something changes, by a token, on a GitHub that fails at nothing and without any other site."""
    world, upstream = row["world"], row["upstream"]
    sites = set(world.get("other_http") or ()) - {DECK}
    if upstream["error"] or row.get("auth") or world.get("fail_requests") or sites:
        return False
    return any(upstream.get(key) for key in ("calls", "prowjobs", "prowjobs_aborted", "kube_writes", "git"))


class Worlds:
    """The GitHub of the row that is being answered, as an application. `port`: where it is served."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.github = GitHub(base_url=ADDRESS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.github.app(scope, receive, send)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        """Meanwhile it answers."""
        server = uvicorn.Server(uvicorn.Config(self, host=HOST, port=self.port, lifespan="off", log_level="error"))
        serving = asyncio.create_task(server._serve())
        try:
            yield
        finally:
            server.should_exit = True
            await serving

    def of(self, row: Row, settings: Settings) -> GitHub:
        """The row's world in the place of the one before, and the bot's token for it."""
        self.github.close()
        self.github = GitHub(base_url=ADDRESS)
        plugins.load(row, self.github)
        settings.secret_file("github-token").write_text(self.github.world().token(row["world"]["bot"]))
        return self.github


@pytest.fixture(scope="module")
def rows(oracle: Path) -> dict[str, Row]:
    """The first suitable row of each kind."""
    found = {kind: next(filter(is_suitable, oracle_rows.read(oracle, kind)), None) for kind in plugins.KINDS}
    return {kind: row for kind, row in found.items() if row is not None}


@pytest.fixture(scope="module")
def worlds() -> Worlds:
    (port,) = free_ports(1)
    return Worlds(port)


@pytest.fixture(scope="module")
def platform(rows: dict[str, Row], worlds: Worlds, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The platform, to whose functions the rows' worlds are GitHub."""
    folder = tmp_path_factory.mktemp("rows")
    front, github, kube, s3, broker = free_ports(5)
    flags = {name: text for row in rows.values() for name, text in plugins.options(row).items()}
    settings = Settings(
        folder=folder,
        ports=Ports(front=front, github=github, kube=kube, s3=s3, broker=broker),
        config=Path(),
        github_api=f"http://{HOST}:{worlds.port}/api/v3",
        triggers=folder / "triggers",
        environment={"CUTWATER_PACE": "0.1", "CUTWATER_CONFIGURATION": str(_of_row(folder) / "configuration"), **flags},
    )
    settings = seed.configured(settings)
    settings.triggers.mkdir()
    for name, schedule in WOKEN.items():
        text = re.sub(r'schedule: ".*"', f'schedule: "{schedule or SELDOM}"', (TRIGGERS / name).read_text())
        (settings.triggers / name).write_text(text)
    settings.write()
    running = Running(settings)
    try:
        running.start()
        yield running
    finally:
        left = running.stop()
    assert left == []


@pytest.mark.parametrize("kind", KINDS)
async def test_a_row(kind: str, rows: dict[str, Row], worlds: Worlds, platform: Running) -> None:
    row = rows[kind]
    async with worlds.served():
        difference = await difference_of(row, worlds, platform)
    assert difference is None or isinstance(difference, OnPurpose), row["id"]


async def test_nothing_is_owed_in_the_end(platform: Running) -> None:
    state = platform.bucket(STATE_BUCKET)
    await soon("all are put away", lambda: _put_away(state))
    assert await _keys(state, "", DEAD) == []


def test_only_those_that_need_other_sites_are_left_out(rows: dict[str, Row]) -> None:
    assert set(plugins.KINDS) - set(rows) == {f"plugins/{name}" for name in ELSEWHERE}


async def difference_of(row: Row, worlds: Worlds, platform: Running) -> str | None:
    """How differs what became of a row's event. It has a GUID of the row's own: the rows all have one."""
    settings, kube, state = platform.settings, platform.kube(), platform.bucket(STATE_BUCKET)
    github = worlds.of(row, settings)
    _put_in_force(row, settings)
    await _forget(state)
    with contextlib.suppress(Exists):
        await kube.create(NAMESPACE, "", {"metadata": {"name": PROWJOBS}})
    before = await plugins.furnish(row, github.hub, kube, plugins.configured(row))
    await _post(row, before.payload, settings)
    receipts = await soon(f"{row['id']} is answered", lambda: _finished(state, row["id"]))
    is_given_up = any([True async for _ in state.list(DEAD)])
    deadline = time.monotonic() + AFTERWARDS
    while True:
        prowjobs = await kube.find(PROWJOB, "")
        told = msgspec.json.encode(await before.compared(receipts, prowjobs, is_given_up=is_given_up))
        ours = json.loads(told.replace(row["id"].encode(), row["event"]["guid"].encode()))
        difference = plugins.judged(row, ours)
        if difference is None or isinstance(difference, OnPurpose) or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.2)
    for one in prowjobs:
        await kube.delete(PROWJOB, one["metadata"]["namespace"], one["metadata"]["name"])
    return difference


def _of_row(folder: Path) -> Path:
    """Where the configuration of the row lies, beside the platform's own."""
    return folder / "row"


def _put_in_force(row: Row, settings: Settings) -> None:
    folder = _of_row(settings.folder)
    folder.mkdir(exist_ok=True)
    texts = {"config": row["prow_config"] or "{}", "jobs": row["job_config"] or "", "plugins": row["plugins_config"]}
    files = {name: folder / f"{name}.yaml" for name in texts}
    for name, path in files.items():
        path.write_text(texts[name])
    InForce(replace(settings, folder=folder, **files)).follow()


async def _forget(state: S3Store) -> None:
    """Forget what else is kept beside the ledger: all rows are about one repository, which is another for each."""
    for entry in [entry async for entry in state.list("") if not entry.key.startswith(KEPT)]:
        await state.delete(entry.key)


async def _post(row: Row, body: bytes, settings: Settings) -> None:
    """The webhook, as GitHub sends it."""
    digest = hmac.new(settings.secret("hmac-token").encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "x-github-event": row["event"]["type"],
        "x-github-delivery": row["id"],
        "x-hub-signature-256": f"sha256={digest}",
        "content-type": "application/json",
    }
    async with httpx2.AsyncClient(timeout=30) as client:
        answer = await client.post(f"{settings.deck}/hook", content=body, headers=headers)
    assert answer.status_code == 200, answer.text


async def _finished(state: S3Store, guid: str) -> list[Receipt] | None:
    """The receipts of all plugins that owe an answer to the webhook; None before they are finished."""
    found = [await state.get(key) for key in await _keys(state, f"/{guid}", OWED, DELIVERIES)]
    owing = {name for one in found if one for name in msgspec.json.decode(one.body, type=Delivery).plugins}
    kept = [await state.get(key) for key in await _keys(state, f"/{guid}/", RECEIPTS)]
    receipts = [msgspec.json.decode(one.body, type=Receipt) for one in kept if one is not None]
    return receipts if owing and owing == {one.plugin for one in receipts if one.is_finished} else None


async def _keys(state: S3Store, part: str, *prefixes: str) -> list[str]:
    return [entry.key for prefix in prefixes async for entry in state.list(prefix) if part in entry.key]


async def _put_away(state: S3Store) -> bool:
    return not await _keys(state, "", OWED)
