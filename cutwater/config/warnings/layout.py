"""Where supplemental files lie: an organisation's in a folder of its name, a repository's in a folder below.

Source: sigs.k8s.io/prow cmd/checkconfig, and HasConfigFor of pkg/config and pkg/plugins.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import fields

from cutwater.config.findings import Finding, Source
from cutwater.config.prow import ProwConfig
from cutwater.config.supplemental import has_policy
from cutwater.config.tide import Tide
from cutwater.config.typed import read
from cutwater.config.warnings.subject import Subject, below

ANYTHING, ORGANISATION, REPOSITORY = 1, 2, 3
"""How many parts the path of a file has below the folder, and what it may hold then."""


@dataclass(slots=True)
class Scope:
    """Whom a file is about."""

    is_global: bool = False
    orgs: set[str] = field(default_factory=set)
    repos: set[str] = field(default_factory=set)

    def add(self, names: Iterable[str]) -> None:
        for name in names:
            (self.repos if "/" in name else self.orgs).add(name)


def misplaced(subject: Subject) -> Iterator[Finding]:
    sources, folders = subject.sources, subject.folders
    for source in sources.supplemental:
        yield from _misplaced(subject, source, folders.prow, of_config(read(source, ProwConfig).value))
    for source in sources.supplemental_plugins:
        yield from _misplaced(subject, source, folders.plugins, of_plugins(read(source, Mapping[str, Any]).value))


def _misplaced(subject: Subject, source: Source, folders: Sequence[str], scope: Scope) -> Iterator[Finding]:
    parts = next((found for folder in folders if (found := below(folder, source.name)) is not None), ())
    if len(parts) <= ANYTHING:
        return
    if len(parts) > REPOSITORY:
        message = "lies too deep: right are a folder of an organisation's name, and in it one of a repository's"
        yield subject.in_file(source.name, (), message)
        return
    meant = "/".join(parts[:-1])
    others = sorted((scope.orgs | scope.repos) - {meant})
    if scope.is_global or others or meant not in scope.orgs | scope.repos:
        held = [*(["what is for all"] if scope.is_global else []), *others] or ["nothing of it"]
        yield subject.in_file(source.name, (), f"must hold only what is for {meant}, but holds {', '.join(held)}")


def of_config(config: ProwConfig) -> Scope:
    """Whom a part of config.yaml is about."""
    protection = config.branch_protection
    scope = Scope(is_global=_says_more(config) or has_policy(protection) or "*" in config.slack_reporter_configs)
    for org, of_org in protection.orgs.items():
        if has_policy(of_org):
            scope.orgs.add(org)
        scope.add(f"{org}/{repo}" for repo in of_org.repos)
    scope.add(config.tide.merge_method)
    for query in config.tide.queries:
        scope.orgs.update(query.orgs)
        scope.repos.update(query.repos)
    scope.add(name for name in config.slack_reporter_configs if name != "*")
    return scope


def _says_more(config: ProwConfig) -> bool:
    """Whether it sets anything that is nobody's own."""
    nothing, no_tide, protection = ProwConfig(), Tide(), config.branch_protection
    aside = ("branch_protection", "slack_reporter_configs", "tide")
    whole = (one.name for one in fields(config) if one.name not in aside)
    of_tide = (one.name for one in fields(no_tide) if one.name not in ("queries", "merge_method"))
    options = ("protect_tested_repos", "allow_disabled_policies", "allow_disabled_job_policies")
    return (
        any(getattr(config, name) != getattr(nothing, name) for name in whole)
        or any(getattr(config.tide, name) != getattr(no_tide, name) for name in of_tide)
        or any(getattr(protection, name) is not None for name in (*options, "protect_repos_with_optional_jobs"))
    )


def of_plugins(said: Mapping[str, Any]) -> Scope:
    """Whom a part of plugins.yaml is about."""
    mine = ("plugins", "external_plugins", "approve", "lgtm", "triggers", "welcome", "label", "bugzilla")
    label, bugzilla = said.get("label") or {}, said.get("bugzilla") or {}
    restricted = label.get("restricted_labels") or {}
    scope = Scope(
        is_global=any(value for name, value in said.items() if name not in mine)
        or bool(label.get("additional_labels") or bugzilla.get("default"))
        or "*" in restricted
    )
    for name in ("plugins", "external_plugins"):
        scope.add(said.get(name) or {})
    for name in ("approve", "lgtm", "triggers", "welcome"):
        for entry in said.get(name) or ():
            scope.add(entry.get("repos") or ())
    scope.add(name for name in restricted if name != "*")
    for org, of_org in (bugzilla.get("orgs") or {}).items():
        if of_org.get("default"):
            scope.orgs.add(org)
        scope.add(f"{org}/{repo}" for repo in of_org.get("repos") or {})
    return scope
