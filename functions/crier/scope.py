"""Which ProwJobs this crier reports, and to whom: those of one agent, and of the repositories that are enabled.

| variable | what it says |
| --- | --- |
| CUTWATER_REPORTERS | the reporters at work (cutwater/prowjob/reporting.py); relay reads it, too |
| CUTWATER_KUBERNETES_REPORT_FRACTION | the share of ProwJobs whose pods are described, from 0 to 1 |
| CUTWATER_REPORT_AGENT | GitHub is told of the runs of this agent alone |
| CUTWATER_GITHUB_ENABLED_ORGS, …_REPOS | where these are given, nothing is reported of others |
| CUTWATER_GITHUB_DISABLED_ORGS, …_REPOS | nothing is reported of these |

Lists have commas. Source: sigs.k8s.io/prow cmd/crier and pkg/flagutil (GitHubEnablement).
"""

import struct
from collections.abc import Mapping, Sequence
from functools import cache

from msgspec import Struct

from cutwater.config.prow import ProwConfig
from cutwater.prowjob.reporting import BY_DEFAULT, GITHUB, PODINFO, reporters_of
from cutwater.prowjob.types import ProwJob, Refs
from functions.crier.reporters import reporter_of

_CASTAGNOLI = 0x82F63B78
_MOST = 0xFFFFFFFF


class Scope(Struct, frozen=True, kw_only=True):
    """The limits of this crier; without any, it reports everything. `fraction`: of the pods that are described."""

    reporters: Sequence[str] = BY_DEFAULT
    fraction: float = 1
    agent: str = ""
    enabled_orgs: frozenset[str] = frozenset()
    enabled_repos: frozenset[str] = frozenset()
    disabled_orgs: frozenset[str] = frozenset()
    disabled_repos: frozenset[str] = frozenset()

    def owes(self, job: ProwJob, reporter: str, config: ProwConfig) -> bool:
        """Whether this reporter is still to tell of the state that the ProwJob is in."""
        told = job.status.prev_report_states.get(reporter, "")
        return told != job.status.state and self.concerns(job, reporter, config)

    def concerns(self, job: ProwJob, reporter: str, config: ProwConfig) -> bool:
        """Whether this reporter tells of such a ProwJob at all."""
        if reporter == GITHUB and self.agent not in {"", job.spec.agent}:
            return False
        if reporter == PODINFO and not self._describes(job.metadata.name):
            return False
        repositories = [*job.spec.extra_refs, *([job.spec.refs] if job.spec.refs else [])]
        if repositories and not any(map(self._enables, repositories)):
            return False
        return reporter_of(reporter).concerns(job, config)

    def _describes(self, name: str) -> bool:
        """Whether the pod is of the share that is described: the same names always are. Source: as in crier's."""
        return self.fraction >= 1 or crc32c(name.encode()) <= int(_single(_single(self.fraction) * _single(_MOST)))

    def _enables(self, refs: Refs) -> bool:
        if self.enabled_orgs or self.enabled_repos:
            is_enabled = refs.org in self.enabled_orgs or refs.full_name in self.enabled_repos
        else:
            is_enabled = True
        return is_enabled and refs.org not in self.disabled_orgs and refs.full_name not in self.disabled_repos


def scope_of(environment: Mapping[str, str]) -> Scope:
    """The scope that the environment gives. Raises ValueError for what contradicts itself."""
    lists = {
        name: frozenset(filter(None, environment.get(f"CUTWATER_GITHUB_{name.upper()}", "").split(",")))
        for name in ("enabled_orgs", "enabled_repos", "disabled_orgs", "disabled_repos")
    }
    for name in ("enabled_repos", "disabled_repos"):
        for repository in sorted(lists[name]):
            if len(repository.split("/")) != 2 or not all(repository.split("/")):
                raise ValueError(f'CUTWATER_GITHUB_{name.upper()}: "{repository}" is not of the form org/repo')
    for kind in ("orgs", "repos"):
        if both := sorted(lists[f"enabled_{kind}"] & lists[f"disabled_{kind}"]):
            raise ValueError(f"{', '.join(both)}: both enabled and disabled, of CUTWATER_GITHUB_…_{kind.upper()}")
    text = environment.get("CUTWATER_KUBERNETES_REPORT_FRACTION", "") or "1"
    try:
        fraction = float(text)
    except ValueError:
        fraction = -1
    if not 0 <= fraction <= 1:
        raise ValueError(f'CUTWATER_KUBERNETES_REPORT_FRACTION: "{text}" is not a number between 0 and 1')
    return Scope(
        reporters=reporters_of(environment),
        fraction=fraction,
        agent=environment.get("CUTWATER_REPORT_AGENT", ""),
        **lists,
    )


def crc32c(content: bytes) -> int:
    """The CRC-32C (Castagnoli) of some bytes."""
    crc = _MOST
    for byte in content:
        crc = (crc >> 8) ^ _remainder((crc ^ byte) & 0xFF)
    return crc ^ _MOST


@cache
def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (_CASTAGNOLI if byte & 1 else 0)
    return byte


def _single(number: float) -> float:
    """The number in the precision that upstream's flag has."""
    rounded: float = struct.unpack("f", struct.pack("f", number))[0]
    return rounded
