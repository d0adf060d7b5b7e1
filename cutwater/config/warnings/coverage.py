"""Sets of repositories as configuration names them: organisations but for some repositories, and single repositories.

Source: sigs.k8s.io/prow cmd/checkconfig (orgRepoConfig), whose answers these give.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from cutwater.config.plugins import General
from cutwater.config.tide import TideQuery, covered


class Item(NamedTuple):
    """One organisation but for some repositories (full names), or one repository."""

    name: str
    exceptions: tuple[str, ...] = ()

    def __str__(self) -> str:
        if "/" in self.name:
            return self.name
        return f"{self.name} without {', '.join(self.exceptions)}" if self.exceptions else self.name


@dataclass(frozen=True, slots=True)
class Coverage:
    """`orgs`: the full names of the repositories that are left out of each."""

    orgs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    repos: frozenset[str] = frozenset()

    def __iter__(self) -> Iterator[Item]:
        """In alphabetical order, organisations first."""
        yield from (Item(org, tuple(sorted(self.orgs[org]))) for org in sorted(self.orgs))
        yield from (Item(repo) for repo in sorted(self.repos))

    def has(self, repo: str) -> bool:
        """Whether an organisation stands for the repository."""
        org, slash, _ = repo.partition("/")
        return bool(slash) and org in self.orgs and repo not in self.orgs[org]

    def __sub__(self, other: "Coverage") -> "Coverage":
        repos = set(self.repos)
        orgs: dict[str, frozenset[str]] = {}
        for org, left_out in self.orgs.items():
            if org in other.orgs:
                repos |= other.orgs[org] - left_out
            else:
                orgs[org] = left_out | {repo for repo in other.repos if repo.startswith(f"{org}/")}
        return Coverage(orgs, frozenset(repo for repo in repos - other.repos if not other.has(repo)))

    def __and__(self, other: "Coverage") -> "Coverage":
        both = {org: self.orgs[org] | other.orgs[org] for org in self.orgs.keys() & other.orgs.keys()}
        repos = {repo for repo in other.repos if self.has(repo) and repo.partition("/")[0] not in other.orgs}
        repos |= {repo for repo in self.repos if repo in other.repos or other.has(repo)}
        return Coverage(both, frozenset(repos))

    def __or__(self, other: "Coverage") -> "Coverage":
        orgs: dict[str, frozenset[str]] = {}
        for org in self.orgs.keys() | other.orgs.keys():
            parts = [
                part.orgs[org] - another.repos for part, another in ((self, other), (other, self)) if org in part.orgs
            ]
            orgs[org] = frozenset.intersection(*parts)
        repos = {repo for repo in self.repos | other.repos if repo.partition("/")[0] not in orgs}
        return Coverage(orgs, frozenset(repos))


def of_queries(queries: Iterable[TideQuery]) -> Coverage:
    """What tide's queries are about."""
    return Coverage(*covered(queries))


def of_plugin(general: General, plugin: str) -> Coverage:
    """Where a plugin is on."""
    named = [name for name, entry in general.plugins.items() if plugin in entry.plugins]
    repos = frozenset(name for name in named if "/" in name)
    return Coverage(
        {
            org: frozenset(f"{org}/{repo}" for repo in general.plugins[org].excluded_repos) - repos
            for org in named
            if "/" not in org
        },
        repos,
    )


def of_external_plugin(general: General, plugin: str) -> Coverage:
    """Where an external plugin is on."""
    external = general.external_plugins.items()
    named = [name for name, entries in external if any(entry.name == plugin for entry in entries)]
    orgs: dict[str, frozenset[str]] = {name: frozenset() for name in named if "/" not in name}
    return Coverage(orgs, frozenset(name for name in named if "/" in name))
