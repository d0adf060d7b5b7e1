"""What a role may do to ProwJobs and pods. Each effect carries its reason, and knows when it already stands.

A transition of a ProwJob is tested on the state it was decided on (protocols, part 6): told that the test failed,
a role looks again. A terminal state is never overwritten.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

from msgspec import Struct, field

from cutwater.kube.client import POD, PROWJOB, Conflict, Exists, Json, Kube, Rejected
from cutwater.prowjob.types import ProwJob


class HasKube(Protocol):
    """What these effects need of the world."""

    @property
    def kube(self) -> Kube:
        """The cluster of the ProwJobs."""

    def cluster(self, alias: str) -> Kube:
        """A build cluster. Raises Refused for an alias that is not configured."""


class CreateProwJob(Struct, frozen=True, kw_only=True, tag=True):
    """Start a run. Its name is derived from its cause, so that a second creation is the first one's success."""

    job: ProwJob
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasKube) -> str:
        try:
            await world.kube.create(PROWJOB, self.job.metadata.namespace, self.job)
        except Exists:
            pass
        return self.job.metadata.name

    async def stands(self, world: HasKube, since: datetime) -> str | None:
        found = await world.kube.get(PROWJOB, self.job.metadata.namespace, self.job.metadata.name)
        return None if found is None else self.job.metadata.name


class Transition(Struct, frozen=True, kw_only=True, tag=True):
    """Change a ProwJob's status, if its state is still `was` and it is as incomplete as it was.

    `status` holds JSON keys of the status and their new values; `told` the reporters that count as having told the
    world of a state; `new_maps` names, by JSON pointer, those of the maps written to that the object lacks. Raises
    Conflict where a test does not hold. `transition` makes one of a ProwJob.
    """

    namespace: str
    name: str
    was: str
    status: Mapping[str, Any]
    why: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)
    new_maps: tuple[str, ...] = ()
    visible: ClassVar[bool] = False

    async def apply(self, world: HasKube) -> Json:
        operations: list[Mapping[str, Any]] = [
            {"op": "test", "path": "/status/state", "value": self.was},
            {"op": "test", "path": "/status/completionTime", "value": None},
        ]
        for pointer in self.new_maps:
            operations.append({"op": "test", "path": pointer, "value": None})
            operations.append({"op": "add", "path": pointer, "value": {}})
        for pointer, values in self._written().items():
            for key, value in values.items():
                operations.append({"op": "add", "path": f"{pointer}/{_escaped(key)}", "value": value})
        return await world.kube.amend(PROWJOB, self.namespace, self.name, operations)

    def _written(self) -> dict[str, Mapping[str, Any]]:
        maps = {LABELS: self.labels, ANNOTATIONS: self.annotations, TOLD: self.told}
        return {"/status": self.status, **maps}

    async def stands(self, world: HasKube, since: datetime) -> Json | None:
        found = await world.kube.get(PROWJOB, self.namespace, self.name)
        if found is None:
            return None
        status, metadata = found.get("status", {}), found["metadata"]
        there = {
            "/status": status,
            LABELS: metadata.get("labels") or {},
            ANNOTATIONS: metadata.get("annotations") or {},
            TOLD: status.get("prev_report_states") or {},
        }
        wanted = ((pointer, key, value) for pointer, values in self._written().items() for key, value in values.items())
        return found if all(there[pointer].get(key) == value for pointer, key, value in wanted) else None


class MarkReported(Struct, frozen=True, kw_only=True, tag=True):
    """Write down that a reporter has told the world of this state. A patch of single keys: it fights with nobody.

    `annotations` are written with it; one that is None goes.
    """

    namespace: str
    name: str
    reporter: str
    state: str
    why: str
    annotations: Mapping[str, str | None] = field(default_factory=dict)
    visible: ClassVar[bool] = False

    async def apply(self, world: HasKube) -> None:
        patch: dict[str, Any] = {"status": {"prev_report_states": {self.reporter: self.state}}}
        patch |= {"metadata": {"annotations": self.annotations}} if self.annotations else {}
        await world.kube.merge(PROWJOB, self.namespace, self.name, patch)

    async def stands(self, world: HasKube, since: datetime) -> bool | None:
        found = await world.kube.get(PROWJOB, self.namespace, self.name)
        reported = (found or {}).get("status", {}).get("prev_report_states", {})
        return reported.get(self.reporter) == self.state or None


class LabelProwJob(Struct, frozen=True, kw_only=True, tag=True):
    """A label is to be on a ProwJob, or (`value` None) not."""

    namespace: str
    name: str
    label: str
    value: str | None
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasKube) -> None:
        patch = {"metadata": {"labels": {self.label: self.value}}}
        await world.kube.merge(PROWJOB, self.namespace, self.name, patch)

    async def stands(self, world: HasKube, since: datetime) -> bool | None:
        found = await world.kube.get(PROWJOB, self.namespace, self.name)
        labels = (found or {}).get("metadata", {}).get("labels") or {}
        return labels.get(self.label) == self.value or None


class AnnotateProwJob(Struct, frozen=True, kw_only=True, tag=True):
    """An annotation is to be on a ProwJob, or (`value` None) not.

    With a `version` only on the ProwJob as it was then: raises Conflict where it has changed since.
    """

    namespace: str
    name: str
    annotation: str
    value: str | None
    why: str
    version: str = ""
    visible: ClassVar[bool] = False

    async def apply(self, world: HasKube) -> None:
        metadata: dict[str, Any] = {"annotations": {self.annotation: self.value}}
        metadata |= {"resourceVersion": self.version} if self.version else {}
        await world.kube.merge(PROWJOB, self.namespace, self.name, {"metadata": metadata})

    async def stands(self, world: HasKube, since: datetime) -> bool | None:
        found = await world.kube.get(PROWJOB, self.namespace, self.name)
        annotations = (found or {}).get("metadata", {}).get("annotations") or {}
        return annotations.get(self.annotation) == self.value or None


class DeleteProwJob(Struct, frozen=True, kw_only=True, tag=True):
    """Remove a ProwJob that nobody wants any more: the one with this uid, not a namesake."""

    namespace: str
    name: str
    uid: str
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasKube) -> None:
        try:
            await world.kube.delete(PROWJOB, self.namespace, self.name, uid=self.uid)
        except Conflict:
            pass  # another object bears the name by now

    async def stands(self, world: HasKube, since: datetime) -> bool | None:
        found = await world.kube.get(PROWJOB, self.namespace, self.name)
        return found is None or found["metadata"]["uid"] != self.uid or None


class CreatePod(Struct, frozen=True, kw_only=True, tag=True):
    """Start the pod of a ProwJob. Raises Exists and Rejected: what they mean is plank's to say."""

    cluster: str
    pod: Mapping[str, Any]
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasKube) -> Json:
        return await world.cluster(self.cluster).create(POD, self.pod["metadata"]["namespace"], self.pod)

    async def stands(self, world: HasKube, since: datetime) -> Json | None:
        meta = self.pod["metadata"]
        return await world.cluster(self.cluster).get(POD, meta["namespace"], meta["name"])


class DeletePod(Struct, frozen=True, kw_only=True, tag=True):
    """Stop and remove a pod: the one with this uid, where a uid is given."""

    cluster: str
    namespace: str
    name: str
    why: str
    uid: str = ""
    visible: ClassVar[bool] = False

    async def apply(self, world: HasKube) -> None:
        try:
            await world.cluster(self.cluster).delete(POD, self.namespace, self.name, uid=self.uid)
        except Conflict:
            pass  # another pod bears the name by now

    async def stands(self, world: HasKube, since: datetime) -> bool | None:
        found = await world.cluster(self.cluster).get(POD, self.namespace, self.name)
        if found is None or (self.uid and found["metadata"]["uid"] != self.uid):
            return True
        return "deletionTimestamp" in found["metadata"] or None


class HoldPod(Struct, frozen=True, kw_only=True, tag=True):
    """Put a finalizer on a pod, so that it stays to be read. Raises Conflict where the pod changes, or is gone.

    On one that is being deleted none can be put any more: then there is nothing to be held.
    """

    cluster: str
    namespace: str
    name: str
    finalizer: str
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasKube) -> None:
        kube = world.cluster(self.cluster)
        found = await kube.get(POD, self.namespace, self.name)
        if found is None:
            raise Conflict(f"pod {self.name} is gone")
        meta = found["metadata"]
        held = meta.get("finalizers") or []
        if self.finalizer in held or meta.get("deletionTimestamp"):
            return
        metadata = {"finalizers": sorted([*held, self.finalizer]), "resourceVersion": meta.get("resourceVersion")}
        try:
            await kube.merge(POD, self.namespace, self.name, {"metadata": metadata})
        except Rejected as rejected:
            if _BEING_DELETED not in str(rejected):
                raise

    async def stands(self, world: HasKube, since: datetime) -> bool | None:
        found = await world.cluster(self.cluster).get(POD, self.namespace, self.name)
        return self.finalizer in ((found or {}).get("metadata", {}).get("finalizers") or []) or None


class ReleasePod(Struct, frozen=True, kw_only=True, tag=True):
    """Take a finalizer off a pod that nobody will take off it otherwise. Raises Conflict where the pod changes."""

    cluster: str
    namespace: str
    name: str
    finalizer: str
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasKube) -> None:
        kube = world.cluster(self.cluster)
        found = await kube.get(POD, self.namespace, self.name)
        held = (found or {}).get("metadata", {}).get("finalizers") or []
        if found is None or self.finalizer not in held:
            return
        left = sorted(finalizer for finalizer in held if finalizer != self.finalizer)
        version = found["metadata"].get("resourceVersion")
        patch = {"metadata": {"finalizers": left or None, "resourceVersion": version}}
        await kube.merge(POD, self.namespace, self.name, patch)

    async def stands(self, world: HasKube, since: datetime) -> bool | None:
        found = await world.cluster(self.cluster).get(POD, self.namespace, self.name)
        return self.finalizer not in ((found or {}).get("metadata", {}).get("finalizers") or []) or None


_BEING_DELETED = "no new finalizers can be added if the object is being deleted"

LABELS, ANNOTATIONS, TOLD = "/metadata/labels", "/metadata/annotations", "/status/prev_report_states"
NOTHING: Mapping[str, str] = MappingProxyType({})


def transition(
    job: ProwJob,
    status: Mapping[str, Any],
    *,
    why: str,
    labels: Mapping[str, str] = NOTHING,
    annotations: Mapping[str, str] = NOTHING,
    told: Mapping[str, str] = NOTHING,
) -> Transition:
    """The change of this very ProwJob, as it was read."""
    maps = [
        (LABELS, labels, job.metadata.labels),
        (ANNOTATIONS, annotations, job.metadata.annotations),
        (TOLD, told, job.status.prev_report_states),
    ]
    return Transition(
        namespace=job.metadata.namespace,
        name=job.metadata.name,
        was=job.status.state,
        status=status,
        why=why,
        labels=dict(labels),
        annotations=dict(annotations),
        told=dict(told),
        new_maps=tuple(pointer for pointer, wanted, there in maps if wanted and not there),
    )


def timestamp(moment: datetime) -> str:
    """A moment as Kubernetes writes it: whole seconds, UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _escaped(key: str) -> str:
    """A key as a part of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")
