"""A platform as its user has it: supervisor, parts and functions, each a process of its own, and all in one folder."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from cutwater.kube.client import Kube
from cutwater.storage.s3 import S3Store
from infra.local.parts import kube_of
from infra.local.settings import ARTIFACTS_BUCKET, PRODUCT_ROOT, Settings
from tests.e2e.supervisor import READY

START_SECONDS = 90.0
END_SECONDS = 20.0
IDLE = ('"done":"nothing"', '"done":"KeepState done"', '"done":"nobody wants it"', '"done":"0 ')


class Running:
    """The platform of some settings, which can be killed and started again."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._supervisor: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until every part answers."""
        log = self.settings.logs / "supervisor.log"
        said = log.read_text().count(READY) if log.exists() else 0
        with log.open("ab") as output:
            self._supervisor = subprocess.Popen(
                [sys.executable, "-m", "tests.e2e.supervisor", str(self.settings.folder)],
                cwd=PRODUCT_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while log.read_text().count(READY) <= said:
            if self._supervisor.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the platform did not start:\n{self.tail('supervisor')}")
            time.sleep(0.05)

    def stop(self) -> list[str]:
        """End it in good order. The processes that are left behind, which is none."""
        if self._supervisor is not None:
            self._supervisor.terminate()
            self._supervisor.wait(END_SECONDS)
        return self._left_after(END_SECONDS)

    def crash(self) -> None:
        """Kill everything at once: nobody sees another die."""
        pids = self.processes()
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        if self._supervisor is not None:
            self._supervisor.wait()
        if left := self._left_after(END_SECONDS):
            raise RuntimeError(f"they outlived a SIGKILL: {left}")

    def processes(self) -> dict[int, str]:
        """All processes of the platform, by their command lines: they were told of its folder, or work in it."""
        mark = os.fsencode(self.settings.folder)
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes()
                place = os.fsencode((entry / "cwd").readlink())
                is_ours = mark in command or mark in (entry / "environ").read_bytes() or place.startswith(mark)
                if command and is_ours and int(entry.name) != os.getpid():
                    found[int(entry.name)] = command.replace(b"\0", b" ").decode(errors="replace")
        return found

    def part(self, name: str) -> int | None:
        """The process of a part, if it runs."""
        return next((pid for pid, command in self.processes().items() if f"infra.local.part {name} " in command), None)

    def function(self, service: str) -> int | None:
        """The process of a function that listens, if there is one."""
        for pid in self.processes():
            variables = _environment(pid)
            if variables.get("K_SERVICE") == service and _listens(int(variables["PORT"])):
                return pid
        return None

    def log(self, name: str) -> str:
        """What a part, a function or the supervisor has logged."""
        path = self.settings.logs / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def tail(self, name: str, lines: int = 12) -> str:
        """The end of a log, without the many lines of sweeps that found nothing to do."""
        told = [line for line in self.log(name).splitlines() if not any(idle in line for idle in IDLE)]
        return "\n".join(told[-lines:])

    def kube(self) -> Kube:
        """The API server, for the event loop of one test."""
        return Kube(kube_of(self.settings))

    def bucket(self, name: str = ARTIFACTS_BUCKET) -> S3Store:
        key = f"s3-{name}"
        return S3Store(
            name,
            endpoint_url=self.settings.s3,
            region_name="local",
            aws_access_key_id=key,
            aws_secret_access_key=self.settings.secret(key),
        )

    def _left_after(self, seconds: float) -> list[str]:
        deadline = time.monotonic() + seconds
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return list(left.values())


async def death_of(pid: int) -> None:
    """Wait until a killed process is gone."""
    while Path(f"/proc/{pid}").exists() and _state(pid) != "Z":
        await asyncio.sleep(0.01)


async def stop(platform: Running, service: str) -> None:
    """End a function's process, so that the next request finds none."""
    if (pid := platform.function(service)) is not None:
        os.kill(pid, signal.SIGKILL)
        await death_of(pid)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    with contextlib.ExitStack() as open_sockets:
        sockets = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _environment(pid: int) -> dict[str, str]:
    try:
        pairs = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return {}
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"
