"""The life of one pod: volumes, init containers in order, containers side by side, restarts, the end."""

import asyncio
import contextlib
import functools
import os
import shutil
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from cutwater.errors import Later, Refused
from infra.local.pods.api import Registry
from infra.local.pods.container import attempt
from infra.local.pods.environment import NoImage, NotConfigured
from infra.local.pods.images import Images
from infra.local.pods.process import Keeper, Process
from infra.local.pods.record import Record
from infra.local.pods.spec import Container, Pod
from infra.local.pods.status import Condition, Ended, Progress, Running, Verdict, Waiting, restarts
from infra.local.pods.volumes import NotMounted, make_volumes

RETRY, LONGEST_RETRY = 0.5, 10.0
"""Seconds until it is tried again to get what is missing (a Secret), at first and at most."""
BACKOFF, LONGEST_BACKOFF, QUIET = 10.0, 300.0, 600.0
"""Seconds before a second restart, at most, and of running after which the count begins anew. The first is at once."""

UNISOLATED = Condition(
    type="cutwater.dev/Isolated",
    status="False",
    last_transition_time="",
    reason="NoBubblewrap",
    message="Without bubblewrap the containers are plain processes, and their mount paths are rewritten.",
)


class Node(Struct, frozen=True, kw_only=True):
    """This machine, as its pods need it. `root` holds what pods write by uid, `pod_logs` their logs by uid."""

    name: str
    api: Registry
    root: Path
    pod_logs: Path
    images: Images
    keeper: Keeper
    clock: Callable[[], datetime]


class PodRun:
    """One pod that is this machine's. `run` ends when the pod is over and the API server knows."""

    def __init__(self, pod: Pod, node: Node) -> None:
        self.pod = pod
        self._node = node
        self._folder = node.root / pod.metadata.uid
        remark = None if node.keeper.bubblewrap else UNISOLATED
        self._record = Record(pod, node.api, self._folder / "journal.json", clock=node.clock, remark=remark)
        self._processes: dict[str, Process] = {}
        self._stopping = asyncio.Event()
        self._grace = 0.0

    async def run(self) -> None:
        """Run the pod to its end. Cancelled, it kills what runs and writes nothing: the next one reads the journal."""
        self._record.save()
        tasks = [asyncio.create_task(work) for work in (self._record.report(), self._end_when_told(), self._deadline())]
        reporting, ending, deadline = tasks
        try:
            if self._record.was_cut_off and self.pod.spec.restart_policy == "Never":
                self.stop(grace=0)
            await self._live()
            deadline.cancel()
            self._stopping.set()
            await ending
            self._record.finish()
            await reporting
        finally:
            for task in tasks:
                task.cancel()
            for process in self._processes.values():
                process.kill()
        await asyncio.to_thread(remove_tree, self._folder)

    def see(self, pod: Pod) -> None:
        """The pod as it is now: it may be on its way out."""
        self.pod = pod
        if pod.metadata.deletion_timestamp:
            self.stop(grace=pod.grace)

    def stop(self, *, grace: float, verdict: Verdict | None = None) -> None:
        """End the pod: SIGTERM to its containers, `grace` seconds later SIGKILL; at once where grace is 0."""
        self._record.verdict = self._record.verdict or verdict
        if not self._stopping.is_set():
            self._grace = grace
            self._record.is_stopped = True
            self._stopping.set()
        if grace == 0:
            for process in self._processes.values():
                process.kill()

    async def _live(self) -> None:
        """All that the pod runs; what stands in the record as done is not done again."""
        if self._record.phase in {"Succeeded", "Failed"}:
            return
        spec = self.pod.spec
        await self._until_done(self._mount, spec.containers, "ContainerCreating")
        async with asyncio.TaskGroup() as beside:
            for container in spec.init_containers:
                if container.is_sidecar:
                    beside.create_task(self._keep(container))
                else:
                    await self._keep(container)
                    if not self._record.progress[container.name].has_succeeded:
                        break
            else:
                async with asyncio.TaskGroup() as side_by_side:
                    for container in spec.containers:
                        side_by_side.create_task(self._keep(container))
            self.stop(grace=spec.termination_grace_period_seconds)  # the sidecars

    async def _keep(self, container: Container) -> None:
        """Run the container until it is over or the pod is stopped, again and again where its policy says so."""
        backoff, loop = 0.0, asyncio.get_running_loop()
        while not self._stopping.is_set():
            last, count = self._before(container)
            if last is not None:
                if not restarts(container, policy=self._policy(container), exit_code=last.exit_code):
                    return
                if backoff:
                    who = f"{self.pod.metadata.name}_{self.pod.metadata.namespace}({self.pod.metadata.uid})"
                    why = f"back-off {backoff:.0f}s restarting failed container={container.name} pod={who}"
                    state = Waiting("CrashLoopBackOff", why)
                    self._record.set(container.name, Progress(state=state, last=last, restarts=count))
                    await self._pause(backoff)
                count, backoff = count + 1, min(max(BACKOFF, backoff * 2), LONGEST_BACKOFF)
            began = loop.time()
            again = Progress(state=Waiting("PodInitializing"), last=last, restarts=count)
            await self._until_done(
                functools.partial(self._once, container, again), [container], "CreateContainerConfigError"
            )
            if loop.time() - began > QUIET:
                backoff = 0.0

    def _before(self, container: Container) -> tuple[Ended | None, int]:
        """How the container ended last, and how often it was restarted."""
        progress = self._record.progress[container.name]
        return (progress.state if isinstance(progress.state, Ended) else progress.last), progress.restarts

    def _policy(self, container: Container) -> str:
        """An init container that succeeded is never run again."""
        policy = self.pod.spec.restart_policy
        return "OnFailure" if policy == "Always" and container in self.pod.spec.init_containers else policy

    async def _once(self, container: Container, progress: Progress) -> None:
        """Run the container's process to its end. Raises NotConfigured and NotMounted before it has begun."""
        node, record = self._node, self._record
        sources = await node.api.sources(self.pod)
        output = node.pod_logs / self.pod.metadata.uid / f"{container.name}.log"
        ready = attempt(container, self.pod, sources, node.images, node.keeper, folder=self._folder, output=output)
        if self._stopping.is_set():
            return
        running = Running(record.now())
        record.set(container.name, replace(progress, state=running))
        try:
            outcome = await ready.run(node.keeper, lambda process: self._started(container, process))
        finally:
            self._processes.pop(container.name, None)
        ended = Ended(
            exit_code=outcome.exit_code,
            reason=outcome.reason,
            message=outcome.message,
            started_at=running.started_at,
            finished_at=record.now(),
        )
        record.set(container.name, replace(progress, state=ended))

    async def _started(self, container: Container, process: Process) -> None:
        self._processes[container.name] = process
        if self._stopping.is_set():  # told while it was starting
            await process.stop(self._grace)

    async def _mount(self) -> None:
        make_volumes(self._folder / "volumes", self.pod, await self._node.api.sources(self.pod))

    async def _until_done(self, step: Callable[[], Awaitable[None]], waiting: Iterable[Container], reason: str) -> None:
        """Do what may lack something that comes later; meanwhile the containers wait for it, and say so."""
        pause = RETRY
        while not self._stopping.is_set():
            try:
                return await step()
            except (NotConfigured, NotMounted, Later, Refused) as error:
                told = "InvalidImageName" if isinstance(error, NoImage) else reason
                for container in waiting:
                    before = self._record.progress[container.name]
                    self._record.set(container.name, replace(before, state=Waiting(told, str(error))))
                if pause == RETRY:
                    await self._warn("FailedMount" if isinstance(error, NotMounted) else "Failed", str(error))
            await self._pause(pause)
            pause = min(pause * 2, LONGEST_RETRY)
        return None

    async def _warn(self, reason: str, message: str) -> None:
        with contextlib.suppress(Later, Refused):
            await self._node.api.warn(self.pod, reason=reason, message=message, now=self._record.now())

    async def _pause(self, seconds: float) -> None:
        """Wait, but not past the pod's end."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _end_when_told(self) -> None:
        """SIGTERM to the containers, then to those that ran beside them; together within the grace period."""
        await self._stopping.wait()
        loop = asyncio.get_running_loop()
        until = loop.time() + self._grace
        sidecars = {container.name for container in self.pod.spec.init_containers if container.is_sidecar}
        main = [process for name, process in self._processes.items() if name not in sidecars]
        await asyncio.gather(*(process.stop(self._grace) for process in main))
        beside = list(self._processes.values())
        await asyncio.gather(*(process.stop(max(until - loop.time(), 0.0)) for process in beside))

    async def _deadline(self) -> None:
        seconds = self.pod.spec.active_deadline_seconds
        if seconds is not None:
            await asyncio.sleep(max(0.0, seconds - self._record.age()))
            message = "Pod was active on the node longer than the specified deadline"
            grace = self.pod.spec.termination_grace_period_seconds
            self.stop(grace=grace, verdict=Verdict(reason="DeadlineExceeded", message=message))


def remove_tree(folder: Path) -> None:
    """Remove a pod's folder, also what its processes wrote without leave to delete."""
    for place, folders, _ in os.walk(folder):
        for inside in (Path(place, name) for name in folders):
            with contextlib.suppress(OSError):
                if not inside.is_symlink():
                    inside.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
