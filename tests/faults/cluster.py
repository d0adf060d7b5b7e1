"""A build cluster without machines: pods run for a while and end as chance has it; what each did is remembered."""

import asyncio
import random
from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from cutwater.errors import Later
from cutwater.kube.client import POD, Json, as_prowjob
from cutwater.kube.transport import MERGE_PATCH
from cutwater.prowjob.pods import as_pod, build_id_of
from cutwater.prowjob.types import ProwJob
from functions.crier.storage import destination
from infra.local.broker.kube import Watched
from infra.local.transport import InProcessTransport
from tests.world import World

PASSED, FAILED, EVICTED, DELETED = "Succeeded", "Failed", "Evicted", "deleted"


class Cluster:
    """The kubelets of a world. They see the API server without the faults.

    `ends` are the ends of each ProwJob's pods, in order. A pod that passes or fails has written what the pod utilities
    write.
    """

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._random = random.Random(seed)
        self._transport = InProcessTransport(world.api_server.app)
        self._running: dict[str, asyncio.Task[None]] = {}
        self.ends: dict[str, list[str]] = defaultdict(list)

    async def run(self) -> None:
        """Run every pod that is made. Until cancelled."""
        kube = Watched(self._transport)
        path = POD.path("test-pods")
        version = (await kube.list(path, {}))["metadata"]["resourceVersion"]
        try:
            while True:
                async for change in kube.watch(path, {"resourceVersion": version}):
                    version = change.object["metadata"]["resourceVersion"]
                    self._hear(change.type, change.object)
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _hear(self, kind: str, pod: Json) -> None:
        uid = pod["metadata"]["uid"]
        if kind == "ADDED":
            self._running[uid] = asyncio.ensure_future(self._run(pod))
        elif kind == "DELETED" and uid in self._running:
            self._running[uid].cancel()

    async def _run(self, pod: Json) -> None:
        name = pod["metadata"]["name"]
        end = self._random.choices([PASSED, FAILED, EVICTED, DELETED], [75, 15, 6, 4])[0]
        await asyncio.sleep(self._random.uniform(0.5, 5))
        await self._set_status(name, {"phase": "Running", "startTime": timestamp(self._world.clock())})
        await asyncio.sleep(self._random.uniform(5, 90))
        self.ends[name].append(end)
        if end in {PASSED, FAILED}:
            await self._upload(await self._job_of(pod), passed=end == PASSED)
            await self._set_status(name, {"phase": end})
        elif end == EVICTED:
            await self._set_status(name, {"phase": "Failed", "reason": "Evicted"})
        else:
            await self._transport.request("DELETE", POD.path("test-pods", name))

    async def _upload(self, job: ProwJob, *, passed: bool) -> None:
        """What initupload and sidecar write: they try until storage takes it, or for some minutes."""
        place = destination(job, self._world.config.prow)
        assert place is not None
        bucket = self._world.bucket(place.bucket)
        now = int(self._world.clock().timestamp())
        files = {
            "started.json": {"timestamp": now},
            "build-log.txt": "balsa\n",
            "finished.json": {"timestamp": now, "passed": passed, "result": "SUCCESS" if passed else "FAILURE"},
        }
        for file, content in files.items():
            body = content.encode() if isinstance(content, str) else msgspec.json.encode(content)
            for _ in range(20):
                try:
                    await bucket.put(place.key(file), body)
                    break
                except Later:
                    await asyncio.sleep(1)

    async def _job_of(self, pod: Json) -> ProwJob:
        """The pod's ProwJob, with the build id that the pod was given: plank may not have written it down yet."""
        job = await self._world.kube.read.prowjob("default", pod["metadata"]["name"])
        assert job is not None, f"pod {pod['metadata']['name']} has no ProwJob"
        return replace(job, status=replace(job.status, build_id=build_id_of(as_pod(pod))))

    async def _set_status(self, name: str, status: dict[str, Any]) -> None:
        body = msgspec.json.encode({"status": status})
        await self._transport.request(
            "PATCH", f"{POD.path('test-pods', name)}/status", body=body, content_type=MERGE_PATCH
        )


class Limits:
    """Watches how many ProwJobs are pending at once: all of them, of each job, and of each queue."""

    def __init__(self, world: World) -> None:
        self._kube = Watched(InProcessTransport(world.api_server.app))
        self._pending: dict[str, ProwJob] = {}
        self.most: Counter[str] = Counter()

    async def watch(self) -> None:
        """See every change. Until cancelled."""
        path = "/apis/prow.k8s.io/v1/namespaces/default/prowjobs"
        version = (await self._kube.list(path, {}))["metadata"]["resourceVersion"]
        while True:
            async for change in self._kube.watch(path, {"resourceVersion": version}):
                version = change.object["metadata"]["resourceVersion"]
                self._see(as_prowjob(change.object))

    def _see(self, job: ProwJob) -> None:
        self._pending.pop(job.metadata.name, None)
        if job.status.state == "pending":
            self._pending[job.metadata.name] = job
        counted: Counter[str] = Counter()
        for pending in self._pending.values():
            counted["all"] += 1
            counted[pending.spec.job] += 1
            counted[pending.spec.job_queue_name] += 1
        for name, count in counted.items():
            self.most[name] = max(self.most[name], count)


def timestamp(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")
