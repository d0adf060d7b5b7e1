"""Parts of config.yaml that are kept elsewhere, put to it: branch protection, tide's queries and methods, Slack.

What one file says of something, no other may. Source: sigs.k8s.io/prow pkg/config (config.go, mergeFrom;
branch_protection.go, merge; tide.go, mergeFrom).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import fields, replace

from cutwater.config.branchprotection import BranchProtection, Policy
from cutwater.config.findings import Path
from cutwater.config.prow import ProwConfig
from cutwater.config.report import Report
from cutwater.config.tide import Tide
from cutwater.config.uniting import united

_ALLOWED = (
    "only branch-protection, slack_reporter_configs, tide.merge_method and tide.queries may be set in other files"
)
_JOBS = ("presets", "presubmits", "postsubmits", "periodics", "decorate_all_jobs", "prow_ignored")
_OPTIONS = (
    "protect_tested_repos",
    "allow_disabled_policies",
    "allow_disabled_job_policies",
    "protect_repos_with_optional_jobs",
)


class Part(NamedTuple):
    """A file, and what it says."""

    file: str
    config: ProwConfig


def merged(main: Part, others: Sequence[Part], report: Report) -> ProwConfig:
    """All together. What may not stand where it does goes to the report."""
    first: dict[Path, str] = dict.fromkeys(_said(main.config), main.file)
    whole = main.config
    for file, part in others:
        report.place(file, ((path, _ALLOWED) for path in _not_allowed(part)))
        report.remark(file, (((name,), "jobs do not count here") for name in _JOBS if getattr(part, name)))
        for path in _said(part):
            other = first.setdefault(path, file)
            if other != file:
                report.place(file, [(path, f"is set more than once, first in {report.where(other, path)}")])
        whole = replace(
            whole,
            branch_protection=united(whole.branch_protection, part.branch_protection),
            slack_reporter_configs={**whole.slack_reporter_configs, **part.slack_reporter_configs},
            tide=replace(
                whole.tide,
                queries=(*whole.tide.queries, *part.tide.queries),
                merge_method={**whole.tide.merge_method, **part.tide.merge_method},
            ),
        )
    return whole


def _not_allowed(part: ProwConfig) -> Iterator[Path]:
    aside = ("branch_protection", "slack_reporter_configs", "tide", *_JOBS)
    yield from ((name,) for name in _set_fields(part, ProwConfig()) if name not in aside)
    yield from (("tide", name) for name in _set_fields(part.tide, Tide()) if name not in ("queries", "merge_method"))


def _set_fields(value: Struct, nothing: Struct) -> Iterator[str]:
    """The fields that say something, as the file calls them."""
    for one in fields(value):
        if getattr(value, one.name) != getattr(nothing, one.name):
            yield one.name


def _said(part: ProwConfig) -> Iterator[Path]:
    """What only one file may say."""
    yield from (("slack_reporter_configs", key) for key in part.slack_reporter_configs)
    yield from (("tide", "merge_method", key) for key in part.tide.merge_method)
    yield from (("branch-protection", *path) for path in _protected(part.branch_protection))


def _protected(protection: BranchProtection) -> Iterator[Path]:
    """The levels that have a policy of their own."""
    if has_policy(protection):
        yield ()
    for name in _OPTIONS:
        if getattr(protection, name) is not None:
            yield (name.replace("_", "-") if name == "protect_tested_repos" else name,)
    for org, of_org in protection.orgs.items():
        if has_policy(of_org):
            yield ("orgs", org)
        for repo, of_repo in of_org.repos.items():
            if has_policy(of_repo):
                yield ("orgs", org, "repos", repo)
            for branch, of_branch in of_repo.branches.items():
                if has_policy(of_branch):
                    yield ("orgs", org, "repos", repo, "branches", branch)


def has_policy(level: Policy) -> bool:
    """Whether a level says anything itself, beside what lies below it."""
    return any(getattr(level, name) is not None for name in Policy.__struct_fields__)
