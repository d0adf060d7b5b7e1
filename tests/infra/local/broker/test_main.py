"""The broker as a program of its own, with functions of functions-framework, killed and started again."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
import yaml

from tests.infra.local.broker.world import EVENT, broker, dead_letter_sink, trigger

FUNCTION = """
import os, signal
from pathlib import Path
from starlette.responses import Response

async def main(request):
    role = os.environ["CUTWATER_ROLE"]
    body = await request.body()
    marker = Path("killed")
    if body == b"kill" and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    with open("events", "a") as events:
        print(role, request.headers.get("ce-id", "-"), os.environ["K_SINK"], file=events)
    answer = {"GET": role.encode(), "PUT": body}.get(request.method, b"")
    return Response(answer, status_code=400 if body == b"refuse" else 200)
"""
PROJECT = Path(__file__).parents[4]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


class Running:
    """A broker over the folder, and the client of its two ports."""

    def __init__(self, folder: Path, process: asyncio.subprocess.Process, events: str, front: str) -> None:
        self.folder = folder
        self.process = process
        self.events = events
        self.front = front
        self.client = httpx2.AsyncClient(trust_env=False, timeout=20)

    async def post(self, identity: str, body: bytes) -> int:
        return (
            await self.client.post(f"{self.events}/ns/b", headers={**EVENT, "ce-id": identity}, content=body)
        ).status_code

    async def listens(self) -> None:
        while True:
            try:
                await self.client.options(self.events)
                return
            except httpx2.TransportError:
                assert self.process.returncode is None, (self.folder / "broker.log").read_text()
                await asyncio.sleep(0.01)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Running]:
    port, front = free_port(), free_port()
    with (folder / "broker.log").open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "infra.local.broker", "--triggers", "triggers", "--services", "services.json"),
            *("--state", "state", "--port", str(port), "--front-port", str(front), "--route", "/=deck"),
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stdout=output,
            stderr=output,
        )
    one = Running(folder, process, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{front}")
    try:
        await one.listens()
        yield one
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "triggers").mkdir()
    objects = [broker(), trigger("plank", delivery=dead_letter_sink(1))]
    (tmp_path / "triggers" / "plank.yaml").write_text(yaml.safe_dump_all(objects))
    services = {name: {"environment": {"CUTWATER_ROLE": name}} for name in ("plank", "deck")}
    (tmp_path / "services.json").write_text(json.dumps(services))
    (tmp_path / "function.py").write_text(FUNCTION)
    return tmp_path


async def pieces() -> AsyncIterator[bytes]:
    yield b"one"
    yield b"two"


async def test_a_life_with_deaths(folder: Path) -> None:
    async with running(folder) as first:
        assert await first.post("1", b"kill") == 202
        assert await first.post("2", b"refuse") == 202
        assert (await first.client.get(f"{first.front}/view/x")).text == "deck"
        assert (await first.client.put(first.front, content=pieces())).text == "onetwo"
        first.process.send_signal(signal.SIGKILL)
        await first.process.wait()
    async with running(folder) as second:
        assert await second.post("3", b"") == 202
        [letter] = (await second.client.get(f"{second.events}/deadletters")).json()
        assert (letter["event"]["id"], letter["code"]) == ("2", "400")
    assert second.process.returncode == 0
    lines = [line.split() for line in (folder / "events").read_text().splitlines()]
    assert [line[:2] for line in lines] == [
        ["plank", "1"],
        ["plank", "2"],
        ["deck", "-"],
        ["deck", "-"],
        ["plank", "3"],
    ]
    assert lines[-1][2] == f"{second.events}/ns/b"
    assert '"status": 502' in (folder / "broker.log").read_text()
