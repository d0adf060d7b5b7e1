"""How far a pod is: on disk before each step, at the API server right after it.

The journal on disk is what lets a new runner know what the last one did: it neither loses nor repeats a step.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cutwater.errors import Later, Refused
from infra.local.pods.api import Registry
from infra.local.pods.spec import Pod
from infra.local.pods.status import Condition, Ended, Progress, Running, Verdict, Waiting, conditions, phase, pod_status

log = logging.getLogger(__name__)

LOST = 137
RETRY, LONGEST_RETRY = 0.2, 5.0
"""Seconds until the API server is told again, at first and at most."""


class _Journal(Struct, frozen=True, kw_only=True):
    started_at: str
    progress: dict[str, Progress]
    conditions: dict[str, Condition]


def timestamp(moment: datetime) -> str:
    """As Kubernetes writes a time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Record:
    """The progress of one pod's containers. `was_cut_off`: an earlier runner died while containers ran.

    `remark` is a condition that every status of the pod carries.
    """

    def __init__(
        self, pod: Pod, api: Registry, journal: Path, *, clock: Callable[[], datetime], remark: Condition | None
    ) -> None:
        self._pod, self._api, self._file, self._clock, self._remark = pod, api, journal, clock, remark
        self._changed = asyncio.Event()
        self._is_final = False
        self.verdict: Verdict | None = None
        self.is_stopped = False
        self.was_cut_off = False
        kept = self._restored()
        self._started_at, self._progress, self._conditions = kept.started_at, kept.progress, kept.conditions

    @property
    def progress(self) -> Mapping[str, Progress]:
        return self._progress

    @property
    def phase(self) -> str:
        if self.verdict is not None and not any(isinstance(p.state, Running) for p in self._progress.values()):
            return "Failed"
        return phase(self._pod, self._progress, is_stopped=self.is_stopped)

    def age(self) -> float:
        """Seconds since the pod began."""
        return (self._clock() - datetime.fromisoformat(self._started_at)).total_seconds()

    def now(self) -> str:
        return timestamp(self._clock())

    def set(self, container: str, progress: Progress) -> None:
        """Write down how far the container is; the API server hears of it soon."""
        if self._progress.get(container) != progress:
            self._progress[container] = progress
            self.save()

    def save(self) -> None:
        """Write the journal as a whole; a crash leaves the old one or the new one."""
        journal = _Journal(started_at=self._started_at, progress=self._progress, conditions=self._conditions)
        draft = self._file.with_suffix(".new")
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(msgspec.json.encode(journal))
        draft.replace(self._file)
        self._changed.set()

    def finish(self) -> None:
        """Nothing will change any more: `report` ends when the API server knows."""
        self._is_final = True
        self.is_stopped = True
        self._changed.set()

    async def report(self) -> None:
        """Tell the API server of every change until the end. A server that does not answer is told again."""
        told: Mapping[str, object] = {}
        pause = RETRY
        while True:
            await self._changed.wait()
            self._changed.clear()
            is_last = self._is_final
            status = self._status()
            if status == told:
                if is_last:
                    return
                continue
            try:
                await self._api.set_status(self._pod, status)
                told, pause = status, RETRY
            except Refused as error:  # the pod is gone, which the watch will say too
                log.info("pod %s: its status is refused: %s", self._pod.key, error)
            except Later as error:
                log.warning("pod %s: its status has to wait: %s", self._pod.key, error)
                self._changed.set()
                is_last = False
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_RETRY)
            if is_last:
                return

    def _status(self) -> dict[str, object]:
        now, where = self.now(), self.phase
        claims = conditions(self._pod, self._progress, self._conditions, phase=where, now=now)
        self._conditions = {claim.type: claim for claim in claims}
        if self._remark is not None:
            claims = (*claims, replace(self._remark, last_transition_time=self._started_at))
        return pod_status(
            self._pod, self._progress, claims, phase=where, started_at=self._started_at, verdict=self.verdict
        )

    def _restored(self) -> _Journal:
        """What the last runner left: what it saw running has died with it."""
        try:
            kept = msgspec.json.decode(self._file.read_bytes(), type=_Journal)
        except FileNotFoundError:
            return self._first()
        running = {name: p for name, p in kept.progress.items() if isinstance(p.state, Running)}
        self.was_cut_off = bool(running)
        lost = {name: replace(p, state=self._lost(p.state)) for name, p in running.items()}
        return replace(kept, progress=kept.progress | lost)

    def _first(self) -> _Journal:
        """Nothing is kept: the pod is new. One that the API server knows to have begun is lost with its journal."""
        self.was_cut_off = bool(self._pod.status.start_time)
        is_initialized = bool(self._pod.spec.init_containers)
        state = (
            self._lost(None)
            if self.was_cut_off
            else Waiting("PodInitializing" if is_initialized else "ContainerCreating")
        )
        return _Journal(
            started_at=self._pod.status.start_time or self.now(),
            progress={container.name: Progress(state=state) for container in self._pod.containers},
            conditions={},
        )

    def _lost(self, state: object) -> Ended:
        return Ended(
            exit_code=LOST,
            reason="ContainerStatusUnknown",
            message="The container died with the program that runs the pods of this machine.",
            started_at=state.started_at if isinstance(state, Running) else "",
            finished_at=self.now(),
        )
