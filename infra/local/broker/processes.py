"""Functions as processes: started when a request comes, stopped when idle, started again when they died.

The contract is that of a container on Knative: the process listens on PORT, ends in good order at SIGTERM, and is
sent no request before it accepts connections. Requests wait while it starts.
"""

import asyncio
import contextlib
import ctypes
import logging
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx2
from msgspec import Struct
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from infra.local.broker.asgi import Request, Response
from infra.local.broker.proxy import Upstream

log = logging.getLogger(__name__)

POLL = 0.005
"""Seconds between two looks whether a starting process accepts connections."""

MOURNING = 0.1
"""Seconds that a process has to die in after it broke off a request."""

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
_VARIABLE = re.compile(r"\$\((\w+)\)")

INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")

UVICORN = (
    *(sys.executable, "-m", "uvicorn", "functions_framework.aio:app"),
    *("--loop", "uvloop", "--http", "httptools", "--lifespan", "off", "--ws", "none"),
    *("--host", "$(HOST)", "--port", "$(PORT)", "--no-access-log", "--log-level", "warning"),
    *("--timeout-graceful-shutdown", "30"),
)
"""Serves a function of functions-framework on the fast parts of uvicorn."""


class Role(Struct, frozen=True, kw_only=True):
    """How a function is started. `$(NAME)` in the command is replaced from its environment, as in a container.

    `timeout`: seconds that a request may take, as its Service's timeoutSeconds says.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path
    timeout: float = 300.0


class Limits(Struct, frozen=True, kw_only=True):
    """Seconds: idle before a process is stopped, from SIGTERM to SIGKILL, from start to listening."""

    idle: float = 60.0
    grace: float = 30.0
    start: float = 60.0


class NotStarted(Exception):
    """The process ended, or took too long, before it listened."""


def functions_framework(root: Path, environment: Mapping[str, str], *, timeout: float = 300.0) -> Role:
    """The function `main` of function.py in `root`, served by functions-framework."""
    target = {"FUNCTION_TARGET": "main", "FUNCTION_SOURCE": str(root / "function.py"), "PYTHONUNBUFFERED": "1"}
    return Role(command=UVICORN, environment={**target, **environment}, directory=root, timeout=timeout)


class Processes:
    """A process a role. Logs are appended to `<logs>/<service>.log`."""

    def __init__(self, roles: Mapping[str, Role], logs: Path, limits: Limits | None = None) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self.functions = {
            service: FunctionProcess(service, role, logs / f"{service}.log", limits or Limits())
            for service, role in roles.items()
        }

    async def stop(self) -> None:
        """Stops all of them in good order."""
        await asyncio.gather(*(function.stop() for function in self.functions.values()))


class FunctionProcess:
    """One role, in at most one process that takes requests."""

    def __init__(self, service: str, role: Role, log_file: Path, limits: Limits) -> None:
        self._service = service
        self._role = role
        self._log_file = log_file
        self._limits = limits
        self._running: _Running | None = None
        self._starting: asyncio.Task[_Running] | None = None
        self._stopping: set[asyncio.Task[None]] = set()
        self._in_flight = 0
        self._idle: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int | None:
        """The process that takes requests, or None at zero."""
        return self._running.pid if self._running and self._running.is_alive else None

    async def send(self, request: Request) -> Response:
        """One request with its whole answer: 502 where the process dies over it, 503 where it does not start."""
        try:
            async with asyncio.timeout(self._role.timeout), self._lease() as upstream:
                return await upstream.send(request)
        except (NotStarted, TimeoutError, httpx2.TransportError) as error:
            status, why = _apology(error)
            about = " ".join(request.headers.get(name, "") for name in ("ce-type", "ce-subject", "ce-tick"))
            log.warning("%s did not answer to %s: %s", self._service, about.strip() or request.path, why)
            return Response(status, {"content-type": "text/plain; charset=utf-8"}, why.encode())

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request whose bodies stream."""
        is_answered = False

        async def sending(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        try:
            async with asyncio.timeout(self._role.timeout), self._lease() as upstream:
                await upstream.relay(scope, receive, sending)
        except (NotStarted, TimeoutError, httpx2.TransportError) as error:
            if is_answered:
                raise
            status, why = _apology(error)
            log.warning("%s did not answer to %s: %s", self._service, scope["path"], why)
            await PlainTextResponse(f"{why}\n", status_code=status)(scope, receive, send)

    async def stop(self) -> None:
        """Stops the process, if one runs."""
        if self._starting:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        if self._idle:
            self._idle.cancel()
        self._retire()
        await asyncio.gather(*self._stopping)

    @contextlib.asynccontextmanager
    async def _lease(self) -> AsyncIterator[Upstream]:
        """A process that listens, kept from being idle meanwhile. Raises NotStarted.

        A process that breaks off is dying, most likely: it gets the time for it, lest the next request meets it again.
        """
        self._in_flight += 1
        if self._idle:
            self._idle.cancel()
        try:
            running = await self._ready()
            try:
                yield running.upstream
            except httpx2.TransportError:
                await running.ends_within(MOURNING)
                raise
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._idle = asyncio.get_running_loop().call_later(self._limits.idle, self._retire)

    async def _ready(self) -> "_Running":
        if self._running:
            if self._running.is_alive:
                return self._running
            log.warning("%s died", self._service)
            self._retire()
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
        # The process starts for whoever comes next, too, if this request is given up meanwhile.
        return await asyncio.shield(self._starting)

    async def _start(self) -> "_Running":
        started = asyncio.get_running_loop().time()
        try:
            running = await _Running.spawn(self._service, self._role, self._log_file)
            try:
                async with asyncio.timeout(self._limits.start):
                    await running.listens()
            except BaseException as error:
                await running.stop(grace=0)
                if not isinstance(error, TimeoutError):
                    raise
                raise NotStarted(f"{self._service} did not listen within {self._limits.start:g} s") from error
            self._running = running
        finally:
            self._starting = None
        log.info("%s started in %.2f s", self._service, asyncio.get_running_loop().time() - started)
        return running

    def _retire(self) -> None:
        """Takes the process out of service and stops it; the next request starts another."""
        running, self._running = self._running, None
        if running:
            stopping = asyncio.ensure_future(running.stop(self._limits.grace))
            self._stopping.add(stopping)
            stopping.add_done_callback(self._stopping.discard)


class _Running:
    """One process, with the port that is its own while it lives."""

    def __init__(self, process: asyncio.subprocess.Process, port: socket.socket, log_file: Path) -> None:
        self._process = process
        self._port = port
        self._log_file = log_file
        self.pid = process.pid
        self.upstream = Upstream(_number(port))

    @classmethod
    async def spawn(cls, service: str, role: Role, log_file: Path) -> "_Running":
        """Starts the role's process. Raises NotStarted where the command cannot be run."""
        port = _reserved_port()
        environment = {
            **{name: os.environ[name] for name in INHERITED if name in os.environ},
            **role.environment,
            "PORT": str(_number(port)),
            "HOST": "127.0.0.1",
            "K_SERVICE": service,
            "K_CONFIGURATION": service,
            "K_REVISION": f"{service}-00001",
        }
        try:
            with log_file.open("ab") as output:
                process = await asyncio.create_subprocess_exec(
                    *(_expanded(argument, environment) for argument in role.command),
                    env=environment,
                    cwd=role.directory,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                    preexec_fn=_end_with_parent if sys.platform == "linux" else None,
                )
        except OSError as error:
            port.close()
            raise NotStarted(f"{service} cannot be started: {error}") from error
        return cls(process, port, log_file)

    @property
    def is_alive(self) -> bool:
        """Whether the process runs, by the kernel's word: asyncio may learn of a death a little later."""
        if self._process.returncode is not None:
            return False
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:
            return False

    async def listens(self) -> None:
        """Returns once the process accepts connections. Raises NotStarted when it ends before."""
        while self.is_alive:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", _number(self._port))
            except OSError:
                await asyncio.sleep(POLL)
            else:
                writer.close()
                return
        raise NotStarted(
            f"the process ended with {await self._process.wait()} before it listened; see {self._log_file}"
        )

    async def ends_within(self, seconds: float) -> bool:
        """Waits for the process's end, but no longer than this."""
        try:
            async with asyncio.timeout(seconds):
                await self._process.wait()
        except TimeoutError:
            return False
        return True

    async def stop(self, grace: float) -> None:
        """SIGTERM, and SIGKILL to all that it has started when it is still there after `grace` seconds."""
        if self.is_alive:
            self._process.terminate()
        if not await self.ends_within(grace):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            await self._process.wait()
        await self.upstream.close()
        self._port.close()


def _reserved_port() -> socket.socket:
    """A port that is given to nobody else while the socket is open. With SO_REUSEADDR a server can still bind it."""
    reservation = socket.socket()
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reservation.bind(("127.0.0.1", 0))
    return reservation


def _number(port: socket.socket) -> int:
    number: int = port.getsockname()[1]
    return number


def _expanded(argument: str, environment: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: environment.get(match[1], match[0]), argument)


def _apology(error: Exception) -> tuple[int, str]:
    """Status and words for a request that the function could not answer, as Knative's queue-proxy has them."""
    match error:
        case NotStarted():
            return 503, str(error)
        case TimeoutError():
            return 504, "request timeout"
        case _:
            return 502, f"the function broke off: {error!r}"


def _end_with_parent() -> None:
    """In the new process: SIGTERM comes when the parent dies, however it dies, so that no function is left behind."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
