"""What tide asks for, beside the plugins that give it and the branch protection that may stand in its way."""

from collections.abc import Iterator
from typing import NamedTuple

from cutwater.config.branchprotection import BranchProtection, Policy, RepositoryPolicy, merged
from cutwater.config.contexts import contexts_of
from cutwater.config.findings import Finding
from cutwater.config.tide import TideQuery
from cutwater.config.warnings.coverage import Coverage, Item, of_external_plugin, of_plugin, of_queries
from cutwater.config.warnings.subject import Subject


class Demand(NamedTuple):
    """A label that a plugin sets, which a query requires or forbids."""

    plugin: str
    label: str
    is_forbidden: bool = False

    def is_made_by(self, query: TideQuery) -> bool:
        return self.label in (query.missing_labels if self.is_forbidden else query.labels)

    @property
    def verb(self) -> str:
        return "forbid" if self.is_forbidden else "require"


REQUIRED = (Demand("lgtm", "lgtm"), Demand("approve", "approved"))
FORBIDDEN = (
    Demand("hold", "do-not-merge/hold", is_forbidden=True),
    Demand("wip", "do-not-merge/work-in-progress", is_forbidden=True),
    Demand("bugzilla", "bugzilla/invalid-bug", is_forbidden=True),
    Demand("verify-owners", "do-not-merge/invalid-owners-file", is_forbidden=True),
    Demand("release-note", "do-not-merge/release-note-label-needed", is_forbidden=True),
    Demand("cherry-pick-unapproved", "do-not-merge/cherry-pick-not-approved", is_forbidden=True),
    Demand("blockade", "do-not-merge/blocked-paths", is_forbidden=True),
)
NEEDS_REBASE = Demand("needs-rebase", "needs-rebase", is_forbidden=True)
"""An external plugin. Where it is on, tide need not ask for it: conflicts are not merged in any case."""


def mismatched(subject: Subject) -> Iterator[Finding]:
    """A label must be asked for where its plugin is on, and nowhere else."""
    yield from mismatched_leniently(subject)
    for demand in FORBIDDEN:
        yield from _mismatch(subject, demand)
    asked = _asking(subject, NEEDS_REBASE)
    enabled = of_external_plugin(subject.config.plugins.general, NEEDS_REBASE.plugin)
    yield from _without_plugin(subject, NEEDS_REBASE, asked - enabled)


def mismatched_leniently(subject: Subject) -> Iterator[Finding]:
    """The same of the labels that are required, only."""
    for demand in REQUIRED:
        yield from _mismatch(subject, demand)


def _mismatch(subject: Subject, demand: Demand) -> Iterator[Finding]:
    asked = _asking(subject, demand)
    enabled = of_plugin(subject.config.plugins.general, demand.plugin)
    yield from _without_plugin(subject, demand, asked - enabled)
    for item in (enabled & of_queries(subject.config.prow.tide.queries)) - asked:
        message = f"{item}: the {demand.plugin} plugin is on, but tide does not {demand.verb} its label {demand.label}"
        yield subject.in_plugins(("plugins", _entry_of(subject, demand.plugin, item)), message)


def _without_plugin(subject: Subject, demand: Demand, items: Coverage) -> Iterator[Finding]:
    for item in items:
        message = f"{item}: tide {demand.verb}s the label {demand.label}, but the {demand.plugin} plugin is not enabled"
        yield subject.in_query(item.name, message, having=demand.is_made_by)


def _asking(subject: Subject, demand: Demand) -> Coverage:
    return of_queries(query for query in subject.config.prow.tide.queries if demand.is_made_by(query))


def _entry_of(subject: Subject, plugin: str, item: Item) -> str:
    """The entry of `plugins` that has it on: the repository's, or its organisation's."""
    entries = subject.config.plugins.general.plugins
    return item.name if item.name in entries and plugin in entries[item.name].plugins else item.name.partition("/")[0]


def untested_can_merge(subject: Subject) -> Iterator[Finding]:
    """Queries that require lgtm and forbid needs-ok-to-test: what nobody dares to test could be merged by nobody."""
    for file, part in subject.parts:
        for index, query in enumerate(part.tide.queries):
            if "lgtm" in query.labels and "needs-ok-to-test" in query.missing_labels:
                place = query.missing_labels.index("needs-ok-to-test")
                message = '"needs-ok-to-test" is forbidden where "lgtm" is required: lgtm alone is enough'
                yield subject.in_file(file, ("tide", "queries", index, "missingLabels", place), message)


def strict_branches(subject: Subject) -> Iterator[Finding]:
    """Branches that must be up to date, which tide cannot keep them.

    One strict branch counts for its whole repository. Source: sigs.k8s.io/prow cmd/checkconfig.
    """
    protection, queries = subject.config.prow.branch_protection, subject.config.prow.tide.queries
    if not queries:
        return
    if _is_strict(protection):
        yield subject.in_config(
            ("branch-protection", "required_status_checks", "strict"),
            '"true" cannot be right everywhere, as tide merges pull requests that are behind',
        )
        return
    for item in of_queries(queries) & _strict(protection):
        org, _, repo = item.name.partition("/")
        path = ("branch-protection", "orgs", org, *(("repos", repo) if repo else ()))
        yield subject.in_config(path, f"{item}: strict: true, but tide merges pull requests that are behind")


def _is_strict(policy: Policy) -> bool:
    checks = policy.required_status_checks
    return bool(policy.protect and checks is not None and checks.strict)


def _strict(protection: BranchProtection) -> Coverage:
    orgs: dict[str, frozenset[str]] = {}
    repos: set[str] = set()
    for org, of_org in protection.orgs.items():
        of_all = merged(protection, of_org)
        strict = {f"{org}/{repo}" for repo, of_repo in of_org.repos.items() if _has_strict_branch(of_all, of_repo)}
        if _is_strict(of_all):
            orgs[org] = frozenset(f"{org}/{repo}" for repo in of_org.repos) - strict
        else:
            repos |= strict
    return Coverage(orgs, frozenset(repos))


def _has_strict_branch(above: Policy, repository: RepositoryPolicy) -> bool:
    of_repo = merged(above, repository)
    return _is_strict(of_repo) or any(_is_strict(merged(of_repo, branch)) for branch in repository.branches.values())


def wrong_context_policies(subject: Subject) -> Iterator[Finding]:
    """Contexts that are required and optional at once, on any branch that is named somewhere."""
    config = subject.config
    for full_name, branches in _known_branches(subject).items():
        org, _, repo = full_name.partition("/")
        if not repo or "/" in repo:
            continue  # Gerrit's
        for branch in sorted(branches or {"master"}):
            try:
                contexts_of(
                    config.prow.tide.context_options,
                    config.prow.branch_protection,
                    org=org,
                    repo=repo,
                    branch=branch,
                    presubmits=config.jobs.presubmits_of(org, repo),
                )
            except ValueError as error:
                path = ("tide", "context_options", "orgs", org, "repos", repo, "branches", branch)
                yield subject.in_config(path, f"context policy for {branch} branch in {full_name} is invalid: {error}")


def _known_branches(subject: Subject) -> dict[str, set[str]]:
    known: dict[str, set[str]] = {}
    for full_name, presubmits in subject.config.jobs.presubmits.items():
        known.setdefault(full_name, set()).update(branch for job in presubmits for branch in job.branches)
    prow = subject.config.prow
    for orgs in (prow.branch_protection.orgs, prow.tide.context_options.orgs):
        for org, of_org in orgs.items():
            for repo, of_repo in of_org.repos.items():
                known.setdefault(f"{org}/{repo}", set()).update(of_repo.branches)
    return known
