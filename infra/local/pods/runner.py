"""The pods of one API server, run on this machine: what scheduler and kubelet are on a cluster.

Driven by a watch. A pod without a node is taken when it fits and there is room, in the order of arrival; from then on
it is a PodRun until it is over. What is not done here: probes, resource limits, preStop and postStart hooks, security
contexts, service account tokens, images. A process that the kernel kills for want of memory ends in Error, 137.
"""

import asyncio
import contextlib
import logging
import os
import re
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from cutwater.errors import Later, Refused
from cutwater.kube.transport import Transport
from infra.local.pods.api import Change, Expired, PodsApi
from infra.local.pods.images import Images, local_images
from infra.local.pods.pod import UNISOLATED, Node, PodRun, remove_tree
from infra.local.pods.process import Keeper, leftovers
from infra.local.pods.record import timestamp
from infra.local.pods.sandbox import bubblewrap
from infra.local.pods.scheduling import TOO_MANY, default_limit, node_labels, unschedulable
from infra.local.pods.spec import Envelope, Pod, Spec

log = logging.getLogger(__name__)

UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""A folder of this name is a pod's: nothing else is ever removed."""
RECONNECT, LONGEST_RECONNECT = 0.05, 5.0
"""Seconds until an API server that hung up is asked again, at first and at most."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Told(NamedTuple):
    """What a waiting pod's status says, and the request that says it."""

    why: str
    task: asyncio.Task[None]


class Pods:
    """Runs the pods that `kube` has.

    `root` is for what pods write, `pod_logs` for their logs (<uid>/<container>.log). `hidden` are folders that no pod
    may see: the platform's own state. `limit` is how many run at once. Without bubblewrap, or where `isolated` is
    false, containers are plain processes.
    """

    def __init__(
        self,
        kube: Transport,
        root: Path,
        pod_logs: Path,
        images: Images | None = None,
        *,
        clock: Callable[[], datetime] = utc_now,
        node: str = "local",
        labels: Mapping[str, str] | None = None,
        limit: int | None = None,
        namespace: str = "",
        hidden: Iterable[Path] = (),
        isolated: bool = True,
    ) -> None:
        images = images or local_images()
        root, pod_logs = root.resolve(), pod_logs.resolve()
        private = (root, pod_logs, *(folder.resolve() for folder in hidden))
        self._api = PodsApi(kube, namespace=namespace)
        self._node = Node(
            name=node,
            api=self._api,
            root=root,
            pod_logs=pod_logs,
            images=images,
            keeper=Keeper(bubblewrap=bubblewrap() if isolated else None, shown=images.shown, hidden=private),
            clock=clock,
        )
        self._labels = node_labels(node, labels or {})
        self._limit = default_limit() if limit is None else limit
        self._runs: dict[str, PodRun] = {}
        self._queue: dict[str, Pod] = {}
        self._told: dict[str, Told] = {}
        self._over: set[str] = set()
        self._work: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Run pods until cancelled; what runs then is killed, and the next `run` says so in its status."""
        self._prepare()
        pause = RECONNECT
        try:
            while True:
                try:
                    await self._look_at_all()
                    pause = RECONNECT
                    await self._follow()
                except (Expired, Later, Refused, msgspec.DecodeError) as error:
                    log.info("pods are listed again: %s", error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_RECONNECT)
        finally:
            for task in self._work:
                task.cancel()
            await asyncio.gather(*self._work, return_exceptions=True)

    def _prepare(self) -> None:
        for folder in (self._node.root, self._node.pod_logs):
            folder.mkdir(parents=True, exist_ok=True)
        if self._node.keeper.bubblewrap is None:
            log.warning("%s", UNISOLATED.message)
            for process in leftovers(self._node.root):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)

    async def _look_at_all(self) -> None:
        """Every pod as it is now; those that are not there any more have gone meanwhile."""
        seen = set()
        for raw in await self._api.list():
            seen.add(self._see(raw))
        for uid in [uid for uid in (*self._runs, *self._queue) if uid not in seen]:
            self._forget(uid)
        self._over &= seen
        for folder in (self._node.root, self._node.pod_logs):
            for entry in list(folder.iterdir()):
                if UID.fullmatch(entry.name) and entry.name not in seen and entry.name not in self._runs:
                    await asyncio.to_thread(remove_tree, entry)

    async def _follow(self) -> None:
        async with contextlib.aclosing(self._api.watch()) as changes:
            async for change in changes:
                self._hear(change)

    def _hear(self, change: Change) -> None:
        if change.type == "DELETED":
            uid = msgspec.json.decode(change.object, type=Envelope).metadata.uid
            self._forget(uid)
            self._over.discard(uid)
            self._begin(asyncio.to_thread(remove_tree, self._node.pod_logs / uid))
        else:
            self._see(change.object)

    def _see(self, raw: Raw) -> str:
        """Do what the pod, as it is now, asks for. Its uid."""
        envelope = msgspec.json.decode(raw, type=Envelope)
        uid = envelope.metadata.uid
        if envelope.spec.node_name not in {"", self._node.name}:
            return uid
        try:
            pod = msgspec.json.decode(raw, type=Pod)
        except msgspec.ValidationError as error:
            pod = Pod(metadata=envelope.metadata, spec=Spec(containers=()), status=envelope.status)
            if uid not in self._over:
                self._over.add(uid)
                self._begin(self._fail(pod, "NotSupported", f"This machine cannot run the pod: {error}"))
        if running := self._runs.get(uid):
            running.see(pod)
        elif uid in self._over or pod.is_over:
            self._over.add(uid)
            self._begin(self._let_go(pod))
        elif pod.spec.node_name:
            self._begin(self._run(self._started(pod)))
        elif not (pod.spec.scheduling_gates or pod.metadata.deletion_timestamp):
            self._queue[uid] = pod
        self._schedule()
        return uid

    def _schedule(self) -> None:
        """Take the pods that fit, oldest first, while there is room. Those that stay are told why, once."""
        for uid, pod in list(self._queue.items()):
            why = unschedulable(pod, self._labels) or (TOO_MANY if len(self._runs) >= self._limit else "")
            if not why:
                del self._queue[uid]
                taken = replace(pod, spec=replace(pod.spec, node_name=self._node.name))
                self._begin(self._take(self._started(taken), self._told.pop(uid, None)))
            elif (told := self._told.get(uid)) is None or told.why != why:
                self._told[uid] = Told(why, self._begin(self._explain(pod, why)))

    def _started(self, pod: Pod) -> PodRun:
        """The pod, which has its place among those that run from now on."""
        self._runs[pod.metadata.uid] = run = PodRun(pod, self._node)
        return run

    async def _take(self, run: PodRun, told: Told | None) -> None:
        """Bind the pod to this machine, then run it; not before its status has said why it waited."""
        if told is not None:
            await asyncio.wait([told.task])
        try:
            await insist(lambda: self._api.bind(run.pod, self._node.name))
        except Refused as error:
            log.info("pod %s is not taken: %s", run.pod.key, error)
            del self._runs[run.pod.metadata.uid]
            # Gone, somebody else's, or ours by a request whose answer was lost.
            if (now := await self._api.get(run.pod)) is not None:
                self._see(now)
            return
        await self._run(run)

    async def _run(self, run: PodRun) -> None:
        uid = run.pod.metadata.uid
        try:
            await run.run()
        except Exception as error:
            log.exception("pod %s: the runner failed", run.pod.key)
            await self._fail(run.pod, "RunnerFailed", repr(error))
        del self._runs[uid]
        log.info("pod %s: over", run.pod.key)
        self._over.add(uid)
        await self._let_go(run.pod)
        self._schedule()

    async def _let_go(self, pod: Pod) -> None:
        """Clean up after a pod that is over; if it is to be deleted, tell the API server that nothing holds it."""
        metadata = pod.metadata
        folder = self._node.root / metadata.uid
        if folder.exists():
            await asyncio.to_thread(remove_tree, folder)
        is_told = metadata.finalizers and metadata.deletion_grace_period_seconds == 0
        if metadata.deletion_timestamp and not is_told:
            with contextlib.suppress(Refused):
                await insist(lambda: self._api.remove(pod))

    async def _fail(self, pod: Pod, reason: str, message: str) -> None:
        with contextlib.suppress(Refused):
            await insist(lambda: self._api.set_status(pod, {"phase": "Failed", "reason": reason, "message": message}))

    async def _explain(self, pod: Pod, why: str) -> None:
        """Say in the pod's status why it waits."""
        now = timestamp(self._node.clock())
        claim = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": why}
        with contextlib.suppress(Refused, Later):
            await self._api.set_status(pod, {"conditions": [{**claim, "lastTransitionTime": now}]})

    def _forget(self, uid: str) -> None:
        self._queue.pop(uid, None)
        self._told.pop(uid, None)
        if run := self._runs.get(uid):
            run.stop(grace=0)

    def _begin(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a task of the pod runner failed", exc_info=error)


async def insist(call: Callable[[], Awaitable[None]]) -> None:
    """Make a call to the API server again until it answers. Raises Refused."""
    pause = RECONNECT
    while True:
        try:
            return await call()
        except Later as error:
            log.warning("the API server is asked again: %s", error)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_RECONNECT)
