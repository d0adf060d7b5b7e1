"""Which ProwJobs this crier reports: those of one agent, and of the repositories that are enabled.

| variable | what it says |
| --- | --- |
| CUTWATER_REPORT_AGENT | GitHub is told of the runs of this agent alone |
| CUTWATER_GITHUB_ENABLED_ORGS, …_REPOS | where these are given, nothing is reported of others |
| CUTWATER_GITHUB_DISABLED_ORGS, …_REPOS | nothing is reported of these |

Each is a list with commas. Source: sigs.k8s.io/prow cmd/crier (--report-agent) and pkg/flagutil (GitHubEnablement).
"""

from collections.abc import Mapping

from msgspec import Struct

from cutwater.prowjob.reporting import GITHUB, is_owed
from cutwater.prowjob.types import ProwJob, Refs


class Scope(Struct, frozen=True, kw_only=True):
    """The limits of this crier; without any, it reports everything."""

    agent: str = ""
    enabled_orgs: frozenset[str] = frozenset()
    enabled_repos: frozenset[str] = frozenset()
    disabled_orgs: frozenset[str] = frozenset()
    disabled_repos: frozenset[str] = frozenset()

    def owes(self, job: ProwJob, reporter: str) -> bool:
        """Whether this reporter is still to tell of the state that the ProwJob is in."""
        if reporter == GITHUB and self.agent not in {"", job.spec.agent}:
            return False
        repositories = [*job.spec.extra_refs, *([job.spec.refs] if job.spec.refs else [])]
        if repositories and not any(map(self._enables, repositories)):
            return False
        return is_owed(job, reporter)

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
    return Scope(agent=environment.get("CUTWATER_REPORT_AGENT", ""), **lists)
