"""Branch protection that says at once that it is not managed, and how it is to be.

Source: sigs.k8s.io/prow cmd/checkconfig (validateUnmanagedBranchprotectionConfigDoesntHaveSubconfig).
"""

from collections.abc import Iterator, Mapping

from cutwater.config.branchprotection import OrganisationPolicy, Policy, RepositoryPolicy
from cutwater.config.findings import Finding, Path
from cutwater.config.warnings.subject import Subject

_HERE: Path = ("branch-protection",)


def unmanaged(subject: Subject) -> Iterator[Finding]:
    protection = subject.config.prow.branch_protection
    found = [*_everywhere(protection.orgs, protection)]
    for org, of_org in protection.orgs.items():
        found += _organisation(org, of_org)
        for repo, of_repo in of_org.repos.items():
            found += _repository(org, repo, of_repo)
    for path, message in found:
        yield subject.in_config((*_HERE, *path), message)


Rule = Iterator[tuple[Path, str]]


def _everywhere(orgs: Mapping[str, OrganisationPolicy], policy: Policy) -> Rule:
    if not policy.unmanaged:
        return
    managed = any(_is_managed(org) or _has_managed(org) for org in orgs.values())
    if _has_settings(policy) and not managed:
        yield ("unmanaged",), "is true for all, but there are settings"
    for org, of_org in orgs.items():
        if not any(_is_managed(repo) for repo in of_org.repos.values()):
            yield ("orgs", org), f"{org} has settings, but all are unmanaged, and it does not say unmanaged: false"


def _organisation(org: str, of_org: OrganisationPolicy) -> Rule:
    if not of_org.unmanaged:
        return
    if _has_settings(of_org) and not _has_managed(of_org):
        yield ("orgs", org, "unmanaged"), f"{org} is unmanaged, but has settings"
    for repo, of_repo in of_org.repos.items():
        if not any(map(_is_managed, of_repo.branches.values())):
            message = f"{org}/{repo} has settings, but {org} is unmanaged, and it does not say unmanaged: false"
            yield ("orgs", org, "repos", repo), message


def _repository(org: str, repo: str, of_repo: RepositoryPolicy) -> Rule:
    here: Path = ("orgs", org, "repos", repo)
    if of_repo.unmanaged:
        if _has_settings(of_repo) and not any(map(_is_managed, of_repo.branches.values())):
            yield (*here, "unmanaged"), f"{org}/{repo} is unmanaged, but has settings"
        for branch, of_branch in of_repo.branches.items():
            if not _is_managed(of_branch):
                message = f"{branch} has settings, but {org}/{repo} is unmanaged, and it does not say unmanaged: false"
                yield (*here, "branches", branch), message
    for branch, of_branch in of_repo.branches.items():
        if of_branch.unmanaged and _has_settings(of_branch):
            yield (*here, "branches", branch), f"{branch} in {org}/{repo} is unmanaged, but has settings"


def _is_managed(policy: Policy) -> bool:
    """Whether it says so itself."""
    return policy.unmanaged is False


def _has_managed(of_org: OrganisationPolicy) -> bool:
    """Whether a repository of it, or a branch, says that it is managed."""
    return any(_is_managed(repo) or any(map(_is_managed, repo.branches.values())) for repo in of_org.repos.values())


def _has_settings(policy: Policy) -> bool:
    return any(getattr(policy, name) is not None for name in Policy.__struct_fields__ if name != "unmanaged")
