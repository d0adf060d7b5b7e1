"""branch-protection: which branches GitHub is to protect, and by which contexts.

A level (all, organisation, repository, branch) inherits from the one above: what it says itself wins, lists are united.
Source: sigs.k8s.io/prow pkg/config (branch_protection.go).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from cutwater.config.jobs import Presubmit
from cutwater.config.matching import runs_on


class ContextPolicy(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """required_status_checks. `strict`: the branch must be up to date with its base."""

    contexts: tuple[str, ...] | None = None
    strict: bool | None = None


class Restrictions(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who may do a thing. None is not said; an empty list is nobody."""

    apps: tuple[str, ...] | None = None
    users: tuple[str, ...] | None = None
    teams: tuple[str, ...] | None = None


class ReviewPolicy(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """required_pull_request_reviews."""

    dismissal_restrictions: Restrictions | None = None
    dismiss_stale_reviews: bool | None = None
    require_code_owner_reviews: bool | None = None
    required_approving_review_count: int | None = None
    bypass_pull_request_allowances: Restrictions | None = None


class Policy(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one level says. None is inherited."""

    unmanaged: bool | None = None
    protect: bool | None = None
    required_status_checks: ContextPolicy | None = None
    enforce_admins: bool | None = None
    restrictions: Restrictions | None = None
    require_manually_triggered_jobs: bool | None = None
    required_pull_request_reviews: ReviewPolicy | None = None
    required_linear_history: bool | None = None
    allow_force_pushes: bool | None = None
    allow_deletions: bool | None = None
    require_signed_commits: bool | None = None
    exclude: tuple[str, ...] | None = None
    include: tuple[str, ...] | None = None

    @property
    def is_defined(self) -> bool:
        """Whether it says anything about protection itself."""
        aside = ("unmanaged", "exclude", "include")
        return any(getattr(self, name) is not None for name in Policy.__struct_fields__ if name not in aside)


class RepositoryPolicy(Policy, frozen=True, kw_only=True, omit_defaults=True):
    """The policy of a repository, and of single branches (exact names)."""

    branches: Mapping[str, Policy] = field(default_factory=dict)


class OrganisationPolicy(Policy, frozen=True, kw_only=True, omit_defaults=True):
    """The policy of an organisation, and of single repositories."""

    repos: Mapping[str, RepositoryPolicy] = field(default_factory=dict)


class BranchProtection(Policy, frozen=True, kw_only=True, omit_defaults=True):
    """The whole section."""

    protect_tested_repos: bool | None = field(default=None, name="protect-tested-repos")
    orgs: Mapping[str, OrganisationPolicy] = field(default_factory=dict)
    allow_disabled_policies: bool | None = None
    allow_disabled_job_policies: bool | None = None
    protect_repos_with_optional_jobs: bool | None = None


class Requirements(Struct, frozen=True):
    """The contexts of the presubmits of a branch, in configuration order."""

    required: tuple[str, ...]
    required_if_present: tuple[str, ...]
    optional: tuple[str, ...]


def requirements(branch: str, presubmits: Sequence[Presubmit], *, manual_jobs_count: bool) -> Requirements:
    """`manual_jobs_count`: a required job that only a comment starts must have run, too."""
    required: list[str] = []
    required_if_present: list[str] = []
    optional: list[str] = []
    for job in presubmits:
        if not runs_on(job, branch):
            continue
        if not job.is_required:
            optional.append(job.context)
        elif job.runs_conditionally and not (manual_jobs_count and job.needs_explicit_trigger):
            required_if_present.append(job.context)
        else:
            required.append(job.context)
    return Requirements(tuple(required), tuple(required_if_present), tuple(optional))


def protection_of(
    rules: BranchProtection, *, org: str, repo: str, branch: str, presubmits: Sequence[Presubmit]
) -> Policy | None:
    """The branch's policy with what its presubmits add, or None where nothing is said of it.

    Only configured organisations count. Raises ValueError where the section contradicts itself.
    """
    if org not in rules.orgs:
        return None
    policy = inherited_policy(rules, org=org, repo=repo, branch=branch)
    needed = requirements(branch, presubmits, manual_jobs_count=bool(policy.require_manually_triggered_jobs))
    even_optional = rules.protect_repos_with_optional_jobs and (needed.required_if_present or needed.optional)
    if needed.required or even_optional:
        if policy.protect is False:
            if rules.allow_disabled_job_policies:
                return None
            raise ValueError("required prow jobs require branch protection")
        policy = merged(policy, Policy(required_status_checks=ContextPolicy(contexts=needed.required)))
        if rules.protect_tested_repos:
            policy = replace(policy, protect=True)
    if policy.protect is False and replace(policy, protect=None).is_defined and not rules.allow_disabled_policies:
        raise ValueError(f"{org}/{repo}={branch} defines a policy, which requires protect: true")
    return policy if policy.is_defined else None


def inherited_policy(rules: BranchProtection, *, org: str, repo: str, branch: str) -> Policy:
    """What all levels say of a branch. Raises ValueError for a branch of its own that does not say `protect`."""
    of_org = rules.orgs.get(org)
    of_repo = of_org.repos.get(repo) if of_org else None
    of_branch = of_repo.branches.get(branch) if of_repo else None
    policy: Policy = rules
    for level in (of_org, of_repo, of_branch):
        if level is not None:
            policy = merged(policy, level)
    if of_branch is not None and policy.protect is None and not policy.unmanaged:
        raise ValueError("defined branch policies must set protect or unmanaged=true")
    return policy


def merged(parent: Policy, child: Policy) -> Policy:
    """What the child says, completed by the parent; lists in either are united and sorted."""
    return Policy(**_joined_fields(parent, child, Policy.__struct_fields__))


def _joined_fields(parent: Struct, child: Struct, names: Sequence[str]) -> dict[str, Any]:
    return {name: _joined(getattr(parent, name), getattr(child, name)) for name in names}


def _joined(parent: object, child: object) -> object:
    if parent is None or child is None:
        return parent if child is None else child
    if isinstance(parent, tuple) and isinstance(child, tuple):
        return tuple(sorted({*parent, *child}))
    if isinstance(parent, Struct) and isinstance(child, Struct):
        return type(child)(**_joined_fields(parent, child, child.__struct_fields__))
    return child
