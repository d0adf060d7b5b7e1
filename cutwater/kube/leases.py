"""Exclusion by name, with Kubernetes' Leases: where two functions must not act at once.

A Lease that is given back is deleted, so that the names of finished work leave nothing behind. Whether one has
expired is judged by this function's clock: the clocks of a cluster's nodes agree to well below a lease's length.
"""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from cutwater.errors import Refused
from cutwater.kube.client import LEASE, Conflict, Exists, Kube


class Lease:
    """A Lease that is held. Its `note` is what the holder leaves for a successor (tide: what it is merging)."""

    def __init__(self, leases: "Leases", found: dict[str, Any], seconds: float) -> None:
        self._leases, self._found, self._seconds = leases, found, seconds

    @property
    def note(self) -> str:
        annotations: dict[str, str] = self._found["metadata"].get("annotations", {})
        return annotations.get(NOTE, "")

    @property
    def seconds_left(self) -> float:
        spec = self._found["spec"]
        return (_until(spec) - self._leases.clock()).total_seconds()

    async def renew(self, note: str | None = None) -> None:
        """Hold it for its whole length from now. Raises Conflict where another holder has it."""
        wanted = self._leases.body(self._found["metadata"]["annotations"][SUBJECT], self._seconds, note or self.note)
        wanted["metadata"] |= {"resourceVersion": self._found["metadata"]["resourceVersion"]}
        self._found = await self._leases.kube.replace(LEASE, self._leases.namespace, wanted["metadata"]["name"], wanted)

    async def give_back(self) -> None:
        """Free the name. That somebody else has it by now is no error."""
        meta = self._found["metadata"]
        try:
            await self._leases.kube.delete(LEASE, self._leases.namespace, meta["name"], uid=meta["uid"])
        except (Conflict, Refused):
            return


SUBJECT = "cutwater.dev/subject"
NOTE = "cutwater.dev/note"


class Leases:
    """The Leases of one namespace, taken in the name of `holder`."""

    def __init__(self, kube: Kube, namespace: str, holder: str, clock: Callable[[], datetime]) -> None:
        self.kube, self.namespace, self.holder, self.clock = kube, namespace, holder, clock

    async def take(self, subject: str, *, seconds: float) -> Lease | None:
        """The Lease of this subject, or None while another holds it."""
        wanted = self.body(subject, seconds, "")
        name = wanted["metadata"]["name"]
        found = await self.kube.get(LEASE, self.namespace, name)
        try:
            if found is None:
                return Lease(self, await self.kube.create(LEASE, self.namespace, wanted), seconds)
            if _until(found["spec"]) > self.clock():
                return None
            wanted = self.body(subject, seconds, found["metadata"].get("annotations", {}).get(NOTE, ""))
            wanted["metadata"] |= {"resourceVersion": found["metadata"]["resourceVersion"]}
            wanted["spec"]["leaseTransitions"] = found["spec"].get("leaseTransitions", 0) + 1
            return Lease(self, await self.kube.replace(LEASE, self.namespace, name, wanted), seconds)
        except (Exists, Conflict):
            return None

    def body(self, subject: str, seconds: float, note: str) -> dict[str, Any]:
        now = self.clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.kind,
            "metadata": {"name": lease_name(subject), "annotations": {SUBJECT: subject, NOTE: note}},
            "spec": {
                "holderIdentity": self.holder,
                "leaseDurationSeconds": max(1, round(seconds)),
                "acquireTime": now,
                "renewTime": now,
            },
        }


def lease_name(subject: str) -> str:
    """A name that Kubernetes takes, of a subject that may hold anything (`tide/acme/rocket:main`)."""
    readable = re.sub(r"[^a-z0-9]+", "-", subject.lower()).strip("-")[:40].rstrip("-")
    return f"cutwater-{readable}-{hashlib.sha256(subject.encode()).hexdigest()[:12]}"


def _until(spec: dict[str, Any]) -> datetime:
    renewed = datetime.fromisoformat(spec["renewTime"].replace("Z", "+00:00"))
    return renewed + timedelta(seconds=spec["leaseDurationSeconds"])
