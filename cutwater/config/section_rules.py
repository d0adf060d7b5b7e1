"""What the sections of plugins.yaml may not say. The paths are those of the merged file.

Run on sections as they were read, before any default. Source: sigs.k8s.io/prow pkg/plugins (config.go, Validate).
"""

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from cutwater.config.addresses import problem
from cutwater.config.findings import Path
from cutwater.config.patterns import compiled
from cutwater.config.sections import (
    Blockade,
    CherryPickApproved,
    CherryPickUnapproved,
    Column,
    ConfigMapTarget,
    ConfigUpdater,
    Heart,
    InvalidCommitMessage,
    MatchingLabel,
    PathLabels,
    ProjectManager,
    Reviewers,
    SigMention,
    Size,
)
from cutwater.prowjob.duration import nanoseconds

Rule = Iterator[tuple[Path, str]]

MOST_PARTITIONS = 256
_CHECKS = ("fixupPrefix", "issueClosingKeywords")


def section_problems(sections: Mapping[str, Any]) -> Rule:
    """Everything that is wrong in the sections, by their keys; each as its type, and none where it says nothing."""
    for key, section in sections.items():
        rules = _RULES.get(key)
        if rules is not None:
            yield from (((key, *path), message) for path, message in rules(section))


def section_remarks(sections: Mapping[str, Any]) -> Rule:
    """What is deprecated in them, or cannot work."""
    for key, entries in sections.get("external_plugins", {}).items():
        for index, entry in enumerate(entries):
            if not entry.address.startswith(("http://", "https://")) or problem(entry.address):
                here: Path = ("external_plugins", key, index, "endpoint")
                yield here, f'"{entry.address}" is no address that begins with http:// or https://: nobody is reached'
    for index, entry in enumerate(sections.get("triggers", ())):
        if getattr(entry, "trusted_org", ""):
            yield ("triggers", index, "trusted_org"), f'"{entry.trusted_org}": trusted_org is deprecated'
    for full_name, milestone in sections.get("repo_milestone", {}).items():
        if milestone.maintainers_id:
            path: Path = ("repo_milestone", full_name, "maintainers_id")
            yield path, f"{milestone.maintainers_id}: maintainers_id is deprecated, say maintainers_team"


def _pattern(pattern: str, here: Path) -> Rule:
    try:
        compiled(pattern)
    except ValueError as error:
        yield here, str(error)


def _reviewers(section: Reviewers) -> Rule:
    if section.request_count is not None and section.request_count < 1:
        yield ("request_count",), f"invalid request_count: {section.request_count} (needs to be positive)"
    if section.wait_for_status is not None:
        yield from _pattern(section.wait_for_status.description, ("wait_for_status", "description"))


def _blockades(section: tuple[Blockade, ...]) -> Rule:
    for index, blockade in enumerate(section):
        yield from _pattern(blockade.branchregexp or "", (index, "branchregexp"))


def _cherry_picks(section: tuple[CherryPickApproved, ...]) -> Rule:
    for index, entry in enumerate(section):
        yield from _pattern(entry.branchregexp, (index, "branchregexp"))


def _unapproved(section: CherryPickUnapproved) -> Rule:
    return _pattern(section.branchregexp, ("branchregexp",))


def _heart(section: Heart) -> Rule:
    return _pattern(section.commentregexp, ("commentregexp",))


def _sigmention(section: SigMention) -> Rule:
    return _pattern(section.regexp, ("regexp",))


def _path_labels(section: tuple[PathLabels, ...]) -> Rule:
    for index, entry in enumerate(section):
        for label, patterns in entry.labels.items():
            for place, pattern in enumerate(patterns):
                yield from _pattern(pattern, (index, "labels", label, place))


def _size(section: Size) -> Rule:
    sizes = [(name, getattr(section, name)) for name in section.__struct_fields__]
    for (name, size), (larger, least) in pairwise(sizes):
        if size > least:
            yield (larger,), f"{larger} begins at {least} lines, and the smaller {name} at {size}"


def _matching_labels(section: tuple[MatchingLabel, ...]) -> Rule:
    for index, entry in enumerate(section):
        yield from (((index, *path), message) for path, message in _matching_label(entry))


def _matching_label(entry: MatchingLabel) -> Rule:
    for name in ("org", "regexp", "missing_label"):
        if not getattr(entry, name):
            yield (), f"must specify '{name}'"
    if "/" in entry.repo:
        yield ("repo",), f"\"{entry.repo}\": 'repo' may not contain '/'; specify the organization with 'org'"
    if not entry.prs and not entry.issues:
        yield (), "must specify 'prs: true' and/or 'issues: true'"
    if not entry.prs and entry.branch:
        yield ("branch",), f'"{entry.branch}": branch cannot be specified without prs: true'
    try:
        if entry.regexp and compiled(entry.regexp).search(entry.missing_label):
            yield ("regexp",), f"'regexp' \"{entry.regexp}\" must not match 'missing_label' \"{entry.missing_label}\""
    except ValueError as error:
        yield ("regexp",), str(error)
    try:
        nanoseconds(entry.grace_period or "0s")
    except ValueError as error:
        yield ("grace_period",), str(error)


def _config_updater(section: ConfigUpdater) -> Rule:
    first: dict[tuple[str, str, str, str], str] = {}
    for pattern, target in section.maps.items():
        here: Path = ("maps", pattern)
        yield from (((*here, *path), message) for path, message in _target(target, section))
        name = target.name or ",".join(target.partitioned_names)
        key = target.key or posixpath.basename(pattern)
        for cluster, namespaces in _clusters(target).items():
            for namespace in namespaces:
                other = first.setdefault((name, namespace, cluster, key), pattern)
                if other != pattern:
                    yield here, f'key {key} in configmap {name} updated with more than one file, by "{other}" too'


def _clusters(target: ConfigMapTarget) -> Mapping[str, tuple[str, ...]]:
    return target.clusters or ({} if target.cluster_groups else {"default": ("",)})


def _target(target: ConfigMapTarget, section: ConfigUpdater) -> Rule:
    if target.name and target.partitioned_names:
        yield ("name",), f'"{target.name}": name and partitioned_names are mutually exclusive'
    if len(target.partitioned_names) > MOST_PARTITIONS:
        yield ("partitioned_names",), f"{len(target.partitioned_names)} partitions are more than {MOST_PARTITIONS}"
    if target.clusters and target.cluster_groups:
        yield ("cluster_groups",), "contains both clusters and cluster_groups"
        return
    for index, group in enumerate(target.cluster_groups):
        if group not in section.cluster_groups:
            yield ("cluster_groups", index), f"references inexistent cluster group named {group}"


def _projects(section: ProjectManager) -> Rule:
    for full_name, managed in section.orgs_repos.items():
        here: Path = ("orgsRepos", full_name)
        if not managed.projects:
            yield here, "has no projects configured"
        for name, project in managed.projects.items():
            there: Path = (*here, "projects", name)
            if not project.columns:
                yield there, "has no columns configured"
            yield from (((*there, "columns", *path), message) for path, message in _columns(project.columns))


def _columns(columns: Iterable[Column]) -> Rule:
    seen: list[frozenset[str]] = []
    for index, column in enumerate(columns):
        if column.id is None and not column.name:
            yield (index,), "has no name/id configured"
        for name in ("labels", "org"):
            if not getattr(column, name):
                yield (index,), f'column "{column.name}" has no {name} configured'
        labels = frozenset(column.labels)
        if labels and labels in seen:
            yield (index, "labels"), f'column "{column.name}" has same labels configured as another column'
        seen.append(labels)


def _commit_messages(section: tuple[InvalidCommitMessage, ...]) -> Rule:
    for index, entry in enumerate(section):
        for place, repo in enumerate(entry.repos):
            if not repo.strip():
                yield (index, "repos", place), f'repo "{repo}" must be of form org or org/repo'
        for place, check in enumerate(entry.checks):
            here: Path = (index, "checks", place)
            if not check.name.strip():
                yield here, "check name cannot be empty"
            elif check.name not in _CHECKS:
                yield (*here, "name"), f'unknown check name "{check.name}" (valid: {", ".join(_CHECKS)})'


_RULES: Mapping[str, Any] = {
    "blockades": _blockades,
    "blunderbuss": _reviewers,
    "rifle": _reviewers,
    "cherry_pick_approved": _cherry_picks,
    "cherry_pick_unapproved": _unapproved,
    "config_updater": _config_updater,
    "heart": _heart,
    "invalid_commit_msg": _commit_messages,
    "path_labels": _path_labels,
    "project_manager": _projects,
    "require_matching_label": _matching_labels,
    "sigmention": _sigmention,
    "size": _size,
}
