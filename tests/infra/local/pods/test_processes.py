"""The runner as a process of its own, over HTTP: killed, started again, and asked to run a decorated pod."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn

from infra.local.transport import HttpTransport
from tests.infra.local.pods.test_pod import processes_of
from tests.infra.local.pods.world import World, phase, shell, state


@contextlib.asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[World, str]]:
    """An API server on a port, and its address; the world's requests go over HTTP."""
    world = World(folder)
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(world.server.app, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve([listener]))
    kube = HttpTransport(address)
    world.kube = kube  # type: ignore[assignment]
    try:
        yield world, address
    finally:
        await kube.close()
        world.server.end_streams()
        server.should_exit = True
        await serving
        world.server.close()


@contextlib.asynccontextmanager
async def runner(world: World, address: str, *, isolated: bool) -> AsyncIterator[asyncio.subprocess.Process]:
    """The runner's process; killed at the end."""
    words = ["--kube", address, "--root", str(world.root), "--pod-logs", str(world.logs)]
    words += [] if isolated else ["--plain"]
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "infra.local.pods", *words)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.mark.slow
async def test_a_kill_and_a_new_start(tmp_path: Path, isolated: bool) -> None:
    async with served(tmp_path) as (world, address):
        containers = [shell("test", f"echo run; exec sh -c 'sleep 300 # {tmp_path}'")]
        async with runner(world, address, isolated=isolated):
            await world.create("p", containers=containers)
            pod = await world.running("p")
            await world.until("p", lambda _: world.log(pod) == "run\n")
        async with runner(world, address, isolated=isolated) as second:
            pod = await world.over("p")
            assert (phase(pod), state(pod)["reason"]) == ("Failed", "ContainerStatusUnknown")
            assert world.log(pod) == "run\n"
            assert [p for p in processes_of(world.root) if int(p) != second.pid] == []
            assert phase(await world.run("next", "true")) == "Succeeded"
            await world.delete("p")
            await world.gone("p")


async def test_it_ends_when_told(tmp_path: Path) -> None:
    async with served(tmp_path) as (world, address), runner(world, address, isolated=True) as process:
        await world.create("p", containers=[shell("test", "sleep 300")])
        await world.running("p")
        os.kill(process.pid, signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 5) == 0
