"""Functions as processes, with real ones: plain asyncio servers, which start sooner than functions-framework."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from infra.local.broker.asgi import Exchange, Request, Response, call
from infra.local.broker.front import Front
from infra.local.broker.processes import FunctionProcess, Limits, Processes, Role, functions_framework

SERVER = """
import asyncio, os, signal, sys

async def serve(reader, writer):
    while head := await reader.readline():
        method, path, _ = head.decode().split()
        length, chunked = 0, False
        while (line := await reader.readline()) != b"\\r\\n":
            name, _, value = line.decode().partition(":")
            length = int(value) if name.lower() == "content-length" else length
        body = await reader.readexactly(length)
        if path == "/die":
            os.kill(os.getpid(), signal.SIGKILL)
        if path == "/exit":
            writer.close()
            sys.exit(3)
        if path == "/stream":
            writer.write(b"HTTP/1.1 200 OK\\r\\ntransfer-encoding: chunked\\r\\n\\r\\n")
            for piece in (b"one", b"two"):
                writer.write(b"3\\r\\n" + piece + b"\\r\\n")
                await writer.drain()
                if piece == b"one" and body != b"at once":
                    await asyncio.sleep(3600)
            writer.write(b"0\\r\\n\\r\\n")
            continue
        if path.startswith("/sleep"):
            await asyncio.sleep(float(path.rpartition("/")[2]))
        role, service = os.environ["CUTWATER_ROLE"], os.environ["K_SERVICE"]
        answer = f"{os.getpid()} {role} {service} {method} {path} ".encode() + body
        writer.write(b"HTTP/1.1 200 OK\\r\\ncontent-length: %d\\r\\n\\r\\n" % len(answer) + answer)

async def main():
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    server = await asyncio.start_server(serve, os.environ["HOST"], int(sys.argv[1]))
    print("listening", flush=True)
    await stopping.wait()
    if os.environ.get("STUBBORN"):
        await asyncio.sleep(3600)

asyncio.run(main())
"""

PING = Request("POST", "/x?y=1", {"content-length": "4"}, b"body")


@asynccontextmanager
async def function(
    folder: Path,
    *,
    command: tuple[str, ...] = (),
    limits: Limits | None = None,
    timeout: float = 300,
    **environment: str,
) -> AsyncIterator[FunctionProcess]:
    """A function called f whose role is r."""
    (folder / "server.py").write_text(SERVER)
    command = command or (sys.executable, "-S", str(folder / "server.py"), "$(PORT)")
    role = Role(command=command, environment={"CUTWATER_ROLE": "r", **environment}, directory=folder, timeout=timeout)
    processes = Processes({"f": role}, folder / "logs", limits)
    try:
        yield processes.functions["f"]
    finally:
        await processes.stop()


async def until_gone(pid: int) -> None:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        while ") Z " not in Path(f"/proc/{pid}/stat").read_text():
            await asyncio.sleep(0.005)


def pid_in(response: Response) -> int:
    return int(response.body.split()[0])


async def test_started_by_the_first_request(tmp_path: Path) -> None:
    async with function(tmp_path) as f:
        assert f.pid is None
        answers = await asyncio.gather(*(f.send(PING) for _ in range(5)))
        assert {answer.body.decode() for answer in answers} == {f"{f.pid} r f POST /x?y=1 body"}
        assert (tmp_path / "logs" / "f.log").read_text() == "listening\n"


async def test_stopped_when_idle(tmp_path: Path) -> None:
    async with function(tmp_path, limits=Limits(idle=0.05)) as f:
        first = pid_in(await f.send(PING))
        await until_gone(first)
        assert f.pid is None
        assert pid_in(await f.send(PING)) != first


async def test_not_idle_while_it_answers(tmp_path: Path) -> None:
    async with function(tmp_path, limits=Limits(idle=0.05)) as f:
        first, second = await asyncio.gather(f.send(PING), f.send(Request("GET", "/sleep/0.2")))
        assert pid_in(first) == pid_in(second)


async def test_killed_when_it_will_not_stop(tmp_path: Path) -> None:
    async with function(tmp_path, limits=Limits(idle=0, grace=0.05), STUBBORN="yes") as f:
        await until_gone(pid_in(await f.send(PING)))


async def test_dies_over_a_request(tmp_path: Path) -> None:
    async with function(tmp_path) as f:
        first = pid_in(await f.send(PING))
        assert (await f.send(Request("POST", "/die"))).status == 502
        assert pid_in(await f.send(PING)) != first


@pytest.mark.slow
async def test_killed_between_requests(tmp_path: Path) -> None:
    """The next request must not meet the corpse."""
    async with function(tmp_path) as f:
        for _ in range(5):
            pid = pid_in(await f.send(PING))
            os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
            assert (await f.send(PING)).status == 200


@pytest.mark.parametrize(
    "command, start, why",
    [
        pytest.param((sys.executable, "-c", "raise SystemExit(7)"), 60, "ended with 7 before it listened", id="ends"),
        pytest.param(("/no/such/program",), 60, "f cannot be started", id="no such program"),
        pytest.param(
            (sys.executable, "-c", "import time; time.sleep(99)"), 0.2, "f did not listen within 0.2 s", id="it hangs"
        ),
    ],
)
async def test_does_not_start(tmp_path: Path, command: tuple[str, ...], start: float, why: str) -> None:
    async with function(tmp_path, command=command, limits=Limits(start=start)) as f:
        answer = await f.send(PING)
        assert (answer.status, f.pid) == (503, None)
        assert why in answer.body.decode()


async def test_request_takes_too_long(tmp_path: Path) -> None:
    async with function(tmp_path, timeout=0.3) as f:
        assert (await f.send(Request("GET", "/sleep/3600"))).status == 504


async def test_streams_through_the_front(tmp_path: Path) -> None:
    async with function(tmp_path) as f:
        exchange = Exchange(Front({"f": f}, {"/": "f"}), Request("GET", "/stream"))
        await exchange.start()
        assert await anext(exchange.chunks()) == b"one"
        exchange.leave()
        whole = await call(Front({"f": f}, {"/": "f"}), Request("POST", "/stream", {}, b"at once"))
        assert (whole.status, whole.body) == (200, b"onetwo")
        assert (await call(Front({"f": f}, {"/": "f"}), Request("POST", "/die"))).status == 502


async def test_a_client_that_leaves_frees_the_function(tmp_path: Path) -> None:
    async with function(tmp_path, limits=Limits(idle=0.05)) as f:
        exchange = Exchange(Front({"f": f}, {"/": "f"}), Request("GET", "/stream"))
        await exchange.start()
        assert f.pid is not None
        pid = f.pid
        exchange.leave()
        await until_gone(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_ends_with_its_parent(tmp_path: Path) -> None:
    """A broker that is killed leaves no function behind."""
    (tmp_path / "server.py").write_text(SERVER)
    parent = """
import asyncio, sys
from pathlib import Path
from infra.local.broker.processes import Processes, Role
from infra.local.broker.asgi import Request
async def main():
    command = (sys.executable, "server.py", "$(PORT)")
    role = Role(command=command, environment={"CUTWATER_ROLE": "r"}, directory=Path("."))
    function = Processes({"f": role}, Path("logs")).functions["f"]
    await function.send(Request("GET", "/"))
    print(function.pid, flush=True)
    await asyncio.sleep(3600)
asyncio.run(main())
"""
    root = str(Path(__file__).parents[4])
    broker = subprocess.Popen(
        [sys.executable, "-c", parent],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert broker.stdout
    pid = int(broker.stdout.readline())
    broker.kill()
    broker.communicate()
    asyncio.run(asyncio.wait_for(until_gone(pid), timeout=10))


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A project with a function of functions-framework."""
    (tmp_path / "function.py").write_text(
        "import os\n"
        "from starlette.responses import Response\n"
        "async def main(request):\n"
        "    return Response(os.environ['CUTWATER_ROLE'], status_code=202)\n"
    )
    yield tmp_path


@pytest.mark.slow
async def test_functions_framework(root: Path) -> None:
    processes = Processes({"f": functions_framework(root, {"CUTWATER_ROLE": "plank"})}, root / "logs")
    try:
        answer = await processes.functions["f"].send(PING)
        assert (answer.status, answer.body) == (202, b"plank"), (root / "logs" / "f.log").read_text()
    finally:
        await processes.stop()
