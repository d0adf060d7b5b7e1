"""An API server in process and the runner beside it: pods are created in a few words, and waited for."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from cutwater.kube.transport import Answer
from infra.local.kube import ApiServer
from infra.local.pods.runner import Pods
from infra.local.transport import InProcessTransport

Json = dict[str, Any]
PATIENCE = 20.0
"""Seconds in which what a test waits for has to come."""


class World:
    """One API server and the runner of its pods, whose `options` are those of Pods."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.root, self.logs = folder / "pods", folder / "logs"
        self.server = ApiServer(pod_logs=self.logs)
        self.kube = InProcessTransport(self.server.app)
        self._options = options
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        self.server.close()

    def start(self) -> None:
        """Start the runner (again)."""
        self._running = asyncio.create_task(Pods(self.kube, self.root, self.logs, **self._options).run())

    async def stop(self) -> None:
        """Cut the runner off: what it runs dies."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    # -- objects

    async def create(self, name: str, *, metadata: Json | None = None, **spec: Any) -> Json:
        """A pod of the default namespace with restartPolicy Never, unless the spec says otherwise."""
        spec = {"restartPolicy": "Never", **spec}
        return await self.send("POST", "pods", {"metadata": {"name": name, **(metadata or {})}, "spec": spec})

    async def secret(self, name: str, values: Mapping[str, str]) -> None:
        await self.send("POST", "secrets", {"metadata": {"name": name}, "stringData": values})

    async def config_map(self, name: str, values: Mapping[str, str]) -> None:
        await self.send("POST", "configmaps", {"metadata": {"name": name}, "data": values})

    async def delete(self, name: str, **options: Any) -> None:
        await self.send("DELETE", f"pods/{name}", options)

    async def pod(self, name: str) -> Json | None:
        """The pod as it is now, None where there is none."""
        answer = await self.ask("GET", f"pods/{name}")
        return None if answer.status == 404 else msgspec.json.decode(answer.body)

    async def send(self, method: str, path: str, body: Json) -> Json:
        content_type = "application/merge-patch+json" if method == "PATCH" else "application/json"
        answer = await self.ask(method, path, msgspec.json.encode(body), content_type)
        assert answer.status < 300, answer.body.decode()
        found: Json = msgspec.json.decode(answer.body)
        return found

    async def ask(self, method: str, path: str, body: bytes | None = None, content_type: str = "") -> Answer:
        place = f"/api/v1/namespaces/default/{path}"
        return await self.kube.request(method, place, body=body, content_type=content_type or "application/json")

    # -- what happens

    async def until(self, name: str, holds: Callable[[Json], bool]) -> Json:
        """The pod, once it is so."""
        pod: Json | None = None
        async with asyncio.timeout(PATIENCE):
            while True:
                pod = await self.pod(name)
                assert pod is not None, f"pod {name} is gone"
                if holds(pod):
                    return pod
                await asyncio.sleep(0.005)

    async def over(self, name: str) -> Json:
        """The pod, once it is over."""
        return await self.until(name, lambda pod: phase(pod) in {"Succeeded", "Failed"})

    async def running(self, name: str) -> Json:
        """The pod, once all its containers run."""
        return await self.until(name, lambda pod: condition(pod, "Ready")["status"] == "True")

    async def gone(self, name: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while await self.pod(name) is not None:
                await asyncio.sleep(0.005)

    async def run(self, name: str, script: str, **container: Any) -> Json:
        """A pod of one container that runs a shell script, once it is over. `volumes` go to the pod."""
        volumes = container.pop("volumes", [])
        await self.create(name, containers=[shell("test", script, **container)], volumes=volumes)
        return await self.over(name)

    def log(self, pod: Json, container: str = "test") -> str:
        return (self.logs / str(pod["metadata"]["uid"]) / f"{container}.log").read_text()


def shell(name: str, script: str, **more: Any) -> Json:
    """A container that runs a shell script."""
    return {"name": name, "image": "debian:12", "command": ["sh", "-c", script], **more}


def phase(pod: Json) -> str:
    return str(pod["status"].get("phase", ""))


def condition(pod: Json, kind: str) -> Json:
    found = (c for c in pod["status"].get("conditions", ()) if c["type"] == kind)
    return next(found, {"status": ""})


def state(pod: Json, container: str = "test") -> Json:
    """A container's state: its kind under `is`, and what belongs to it."""
    status = pod["status"]
    every = [*status.get("containerStatuses", ()), *status.get("initContainerStatuses", ())]
    found = (s["state"] for s in every if s["name"] == container)
    return next(({"is": kind, **fields} for each in found for kind, fields in each.items()), {"is": ""})
