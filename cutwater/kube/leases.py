"""Exclusion by name, with Kubernetes' Leases: where two functions must not act at once.

A Lease that is given back is deleted, so that the names of finished work leave nothing behind. One of a role that
paces its looks is set free instead: it goes on saying when its holder last looked, and what it left half done.
Whether a Lease has expired is judged by this function's clock: the clocks of a cluster's nodes agree to well below a
lease's length.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol

from msgspec import Struct

from cutwater.errors import Later, Refused
from cutwater.kube.client import LEASE, Conflict, Exists, Json, Kube

SUBJECT = "cutwater.dev/subject"
NOTE = "cutwater.dev/note"
"""What the holder leaves for a successor (tide: what it is merging)."""
WORD = "cutwater.dev/word"
"""The event that found the Lease taken: its holder looks again, in that event's stead."""
LOOKED = "cutwater.dev/looked"
"""When the holder last began a look."""
DOUBT = "cutwater.dev/doubt"
"""Since when holders have not come to a good end: they may have done things of which nobody knows."""
KEPT = (SUBJECT, NOTE, LOOKED)
"""What a successor finds of its predecessor's."""
ATTEMPTS = 20
"""How often a change is tried on top of other functions' changes."""


class Holding(Struct, frozen=True, kw_only=True):
    """One holding of a Lease, from its taking to its loss."""

    namespace: str
    subject: str
    holder: str
    acquired: str


class Lease:
    """A Lease that is held."""

    def __init__(self, kube: Kube, holding: Holding, found: Json, clock: Callable[[], datetime]) -> None:
        self._kube, self._holding, self._found, self._clock = kube, holding, found, clock
        annotations: Mapping[str, str] = found["metadata"]["annotations"]
        self.looked = _time(annotations.get(LOOKED))
        self.doubt = _time(annotations.get(DOUBT))

    async def begin_look(self) -> None:
        """From now on a look answers to every word that has been left. Raises Conflict where the Lease is lost."""
        self.looked = self._clock()
        await annotate(self._kube, self._holding, self._clock, {LOOKED: self.looked.isoformat(), WORD: ""})

    async def set_free(self, *, whatever_was_said: bool = False) -> bool:
        """Free the name, unless somebody has left word since the look began: then it is held still. Raises Conflict."""

        def free(found: Json) -> Json | None:
            if found["metadata"]["annotations"].get(WORD) and not whatever_was_said:
                return None
            return found | {"spec": found["spec"] | {"holderIdentity": "", "leaseDurationSeconds": 1}}

        return await _change(self._kube, self._holding, free) is not None

    async def leave_in_doubt(self) -> None:
        """Free the name; whoever takes it next knows that it must not take for undone what it sees no sign of.

        That somebody else has it by now is no error.
        """
        doubt = (self.doubt or datetime.fromisoformat(self._holding.acquired)).isoformat()

        def free(found: Json) -> Json:
            meta = found["metadata"] | {"annotations": found["metadata"]["annotations"] | {DOUBT: doubt}}
            return found | {"metadata": meta, "spec": found["spec"] | {"holderIdentity": "", "leaseDurationSeconds": 1}}

        try:
            await _change(self._kube, self._holding, free)
        except (Refused, Later):
            return  # then it runs out, which says the same

    async def put_back(self) -> None:
        """Free the name, nothing having been done under it: what was in doubt is in doubt still."""
        await (self.leave_in_doubt() if self.doubt else self.give_back())

    async def give_back(self) -> None:
        """Free the name and forget it. That somebody else has it by now is no error."""
        meta = self._found["metadata"]
        version = meta.get("resourceVersion", "")
        try:
            await self._kube.delete(LEASE, self._holding.namespace, meta["name"], version=version)
        except Refused:
            return


class Leases:
    """The Leases of one namespace, taken in the name of `holder`."""

    def __init__(self, kube: Kube, namespace: str, holder: str, clock: Callable[[], datetime]) -> None:
        self.kube, self.namespace, self.holder, self.clock = kube, namespace, holder, clock

    async def take(self, subject: str, *, seconds: float) -> Lease | None:
        """The Lease of this subject, or None while another holds it."""
        found = await self.kube.get(LEASE, self.namespace, lease_name(subject))
        return await self._take(subject, found, seconds)

    async def take_or_leave_word(self, subject: str, word: str, *, seconds: float) -> Lease | None:
        """The Lease of this subject, or None: its holder knows then that it must look once more. Raises Later."""
        for _ in range(ATTEMPTS):
            found = await self.kube.get(LEASE, self.namespace, lease_name(subject))
            lease = await self._take(subject, found, seconds)
            if lease is not None:
                return lease
            if found is not None and await self._leave_word(found, word):
                return None
        raise Later(f"the Lease of {subject} keeps changing", seconds=1)

    async def _take(self, subject: str, found: Json | None, seconds: float) -> Lease | None:
        if found is not None and _until(found["spec"]) > self.clock():
            return None
        now = self.clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        old: Mapping[str, str] = (found or {}).get("metadata", {}).get("annotations") or {}
        meta: Json = {"name": lease_name(subject)}
        meta["annotations"] = {key: old[key] for key in KEPT if key in old} | {SUBJECT: subject} | _doubt(found)
        spec = {
            "holderIdentity": self.holder,
            "leaseDurationSeconds": max(1, round(seconds)),
            "acquireTime": now,
            "renewTime": now,
        }
        wanted: Json = {"apiVersion": LEASE.api_version, "kind": LEASE.kind, "metadata": meta, "spec": spec}
        try:
            if found is None:
                taken = await self.kube.create(LEASE, self.namespace, wanted)
            else:
                meta["resourceVersion"] = found["metadata"]["resourceVersion"]
                spec["leaseTransitions"] = found["spec"].get("leaseTransitions", 0) + 1
                taken = await self.kube.replace(LEASE, self.namespace, meta["name"], wanted)
        except (Exists, Conflict):
            return None
        holding = Holding(namespace=self.namespace, subject=subject, holder=self.holder, acquired=now)
        return Lease(self.kube, holding, taken, self.clock)

    async def _leave_word(self, found: Json, word: str) -> bool:
        """False where the Lease is another one by now. Word that was left before stands for this one, too."""
        if found["metadata"]["annotations"].get(WORD):
            return True
        meta = found["metadata"] | {"annotations": found["metadata"]["annotations"] | {WORD: word}}
        try:
            await self.kube.replace(LEASE, self.namespace, meta["name"], found | {"metadata": meta})
        except Refused:
            return False
        return True


class HasLeases(Protocol):
    """What the effect below needs of the world."""

    @property
    def kube(self) -> Kube:
        """The cluster of the ProwJobs."""

    @property
    def clock(self) -> Callable[[], datetime]:
        """What time it is."""


class LeaveNote(Struct, frozen=True, kw_only=True, tag=True):
    """Leave a note for whoever holds the Lease next, and hold it for its whole length from now.

    Raises Conflict where it is no longer held: then what the note announces must not be done.
    """

    holding: Holding
    note: str
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasLeases) -> None:
        await annotate(world.kube, self.holding, world.clock, {NOTE: self.note})

    async def stands(self, world: HasLeases, since: datetime) -> bool | None:
        found = await world.kube.get(LEASE, self.holding.namespace, lease_name(self.holding.subject))
        return (found is not None and note_of(found) == self.note) or None


class ForgetLease(Struct, frozen=True, kw_only=True, tag=True):
    """Delete a Lease that nobody holds, unless somebody has taken it meanwhile."""

    namespace: str
    name: str
    version: str
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasLeases) -> None:
        await world.kube.delete(LEASE, self.namespace, self.name, version=self.version)

    async def stands(self, world: HasLeases, since: datetime) -> bool | None:
        return await world.kube.get(LEASE, self.namespace, self.name) is None or None


def forgotten(found: Json, now: datetime, age: timedelta) -> bool:
    """Whether a Lease is one of ours that has been nobody's for so long."""
    annotations = found["metadata"].get("annotations") or {}
    return SUBJECT in annotations and now - _until(found["spec"]) > age


def note_of(found: Json) -> str:
    """What its last holder left."""
    return str((found["metadata"].get("annotations") or {}).get(NOTE, ""))


def holding_of(found: Json) -> Holding:
    """The holding that a Lease is in now."""
    meta, spec = found["metadata"], found["spec"]
    return Holding(
        namespace=meta["namespace"],
        subject=meta["annotations"][SUBJECT],
        holder=spec["holderIdentity"],
        acquired=spec["acquireTime"],
    )


async def annotate(kube: Kube, holding: Holding, clock: Callable[[], datetime], annotations: Mapping[str, str]) -> None:
    """Write on a Lease that is held, and hold it for its whole length from now. Raises Conflict where it is lost."""

    def change(found: Json) -> Json:
        spec = found["spec"] | {"renewTime": clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
        meta = found["metadata"] | {"annotations": found["metadata"]["annotations"] | annotations}
        return found | {"metadata": meta, "spec": spec}

    await _change(kube, holding, change)


async def _change(kube: Kube, holding: Holding, change: Callable[[Json], Json | None]) -> Json | None:
    """The Lease as it was written; None where `change` wants nothing. Raises Conflict where it is lost, and Later."""
    name = lease_name(holding.subject)
    for _ in range(ATTEMPTS):
        found = await kube.get(LEASE, holding.namespace, name)
        if found is None or not _is_held(found, holding):
            raise Conflict(f"the Lease of {holding.subject} is lost")
        wanted = change(found)
        if wanted is None:
            return None
        try:
            return await kube.replace(LEASE, holding.namespace, name, wanted)
        except Conflict:
            continue  # word was left meanwhile
    raise Later(f"the Lease of {holding.subject} keeps changing", seconds=1)


def _doubt(found: Json | None) -> dict[str, str]:
    """What is to be said of doubt on a Lease that is taken over: its holder has died, or one before it has failed."""
    if found is None:
        return {}
    since = (found["metadata"].get("annotations") or {}).get(DOUBT)
    has_died = found["spec"].get("holderIdentity")
    return {DOUBT: since or found["spec"]["acquireTime"]} if since or has_died else {}


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _is_held(found: Json, holding: Holding) -> bool:
    spec = found["spec"]
    return (spec.get("holderIdentity"), spec.get("acquireTime")) == (holding.holder, holding.acquired)


def lease_name(subject: str) -> str:
    """A name that Kubernetes takes, of a subject that may hold anything (`tide/acme/rocket:main`)."""
    readable = re.sub(r"[^a-z0-9]+", "-", subject.lower()).strip("-")[:40].rstrip("-")
    return f"cutwater-{readable}-{hashlib.sha256(subject.encode()).hexdigest()[:12]}"


def _until(spec: Mapping[str, Any]) -> datetime:
    renewed = datetime.fromisoformat(spec["renewTime"].replace("Z", "+00:00"))
    return renewed + timedelta(seconds=spec["leaseDurationSeconds"] if spec.get("holderIdentity") else 0)
