"""The embedded platform: its parts in processes of their own, started in order, started again when they die."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

import httpx2

from cutwater.config.findings import ConfigError
from cutwater.errors import Later, Refused
from infra.local import configuration
from infra.local.configuration import InForce
from infra.local.furnishing import furnish, kubeconfig
from infra.local.part import end_with_parent
from infra.local.parts import kube_of, parts_of
from infra.local.settings import PRODUCT_ROOT, Settings

ABOUT = {
    "s3": "the bucket of logs and artifacts",
    "kube": "the Kubernetes API of ProwJobs and pods",
    "github": "a GitHub of your own",
    "pods": "runs what is to be tested",
    "broker": "wakes the functions, and serves deck",
}
"""What the parts are for, in words for the user."""
READY_SECONDS = 30.0
POLL = 0.02
BACK_OFF = (0.0, 0.5, 1.0, 2.0, 5.0)
"""Seconds before a part that died is started again, death after death."""


class NotReady(Exception):
    """A part did not start."""


class Platform:
    """The platform of one folder. `say` is told of what happens, in words for the user."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self.settings, self._say = settings, say
        self._parts: dict[str, asyncio.subprocess.Process] = {}
        self._in_force = InForce(settings)
        self._keeping: set[asyncio.Task[None]] = set()
        self._is_stopping = False

    async def __aenter__(self) -> "Platform":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start the parts, each when those before it answer.

        Raises NotReady with what a part's log says, and ConfigError and OSError for the user's configuration.
        """
        self.settings.write()
        await asyncio.to_thread(self._in_force.follow)
        addresses = {"s3": self.settings.s3, "kube": f"{self.settings.kube}/readyz", "github": self.settings.github}
        try:
            for name in parts_of(self.settings):
                if name == "pods":
                    await self._furnish()
                began = time.perf_counter()
                await self._start(name)
                if name in addresses:
                    await self._answers(name, addresses[name])
                if name == "broker":
                    await self._answers(name, self.settings.broker)
                self._say(f"{name:8}{ABOUT[name]:42}{time.perf_counter() - began:4.1f} s")
            self._keep_up(self._follow_configuration())
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop all parts in good order, the last started first."""
        self._is_stopping = True
        for task in self._keeping:
            task.cancel()
        for process in reversed(self._parts.values()):
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        await asyncio.gather(*(_ended(process) for process in self._parts.values()))

    def pid(self, name: str) -> int:
        """The process of a part."""
        return self._parts[name].pid

    async def _start(self, name: str, deaths: int = 0) -> None:
        with self._log(name).open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "infra.local.part", name, "--folder", str(self.settings.folder)),
                cwd=PRODUCT_ROOT,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        self._parts[name] = process
        self._keep_up(self._keep(name, process, deaths))

    def _keep_up(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)

    async def _keep(self, name: str, process: asyncio.subprocess.Process, deaths: int) -> None:
        """Start a part again when it dies."""
        began = time.monotonic()
        code = await process.wait()
        if self._is_stopping:
            return
        deaths = deaths + 1 if time.monotonic() - began < 10 else 0
        self._say(f"{name} died ({code}), starting it again; its log: {self._log(name)}")
        await asyncio.sleep(BACK_OFF[min(deaths, len(BACK_OFF) - 1)])
        await self._start(name, deaths)

    async def _follow_configuration(self) -> None:
        """Put each good change of the user's files in force, and say what is wrong with a bad one."""
        while True:
            await asyncio.sleep(configuration.SECONDS)
            try:
                if await asyncio.to_thread(self._in_force.follow) is not None:
                    self._say("the configuration was changed, and is in force")
            except (ConfigError, OSError) as error:
                self._say(f"the configuration was changed, and is wrong; the one before stays in force\n{error}")

    def _log(self, name: str) -> Path:
        return self.settings.logs / f"{name}.log"

    async def _answers(self, name: str, address: str) -> None:
        """Wait until a part answers. Raises NotReady."""
        deadline = time.monotonic() + READY_SECONDS
        async with httpx2.AsyncClient() as client:
            while time.monotonic() < deadline:
                try:
                    await client.get(address, timeout=2)
                except httpx2.TransportError:
                    await asyncio.sleep(POLL)
                else:
                    return
        raise NotReady(f"{name} does not answer at {address}:\n{_tail(self._log(name))}")

    async def _furnish(self) -> None:
        """Put into the API server what the parts expect there. Raises NotReady."""
        if not self.settings.other_kubeconfig:
            self.settings.kubeconfig.touch(mode=0o600)
            self.settings.kubeconfig.write_bytes(kubeconfig(self.settings.kube, self.settings.secret("kube-token")))
        try:
            await furnish(self.settings, kube_of(self.settings))
        except (Refused, Later) as error:
            raise NotReady(f"the API server of {self.settings.kubeconfig}: {error}") from error


async def _ended(process: asyncio.subprocess.Process) -> None:
    try:
        async with asyncio.timeout(10):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(lines[-12:])
