"""Which contexts of a pull request must be green before tide merges it.

Source: sigs.k8s.io/prow pkg/config (tide.go, GetTideContextPolicy).
"""

from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct

from cutwater.config.branchprotection import BranchProtection, inherited_policy, protection_of, requirements
from cutwater.config.jobs import Presubmit
from cutwater.config.patterns import compiled, matches
from cutwater.config.tide import AllContextOptions, ContextOptions


class Contexts(Struct, frozen=True):
    """The policy in force for one branch. Lists are sorted; None is not said."""

    required: tuple[str, ...]
    required_if_present: tuple[str, ...]
    optional: tuple[str, ...]
    optional_patterns: tuple[str, ...]
    skip_unknown: bool | None
    overwrite_pending: bool | None
    remark: str = ""
    """Why branch protection, which was to be asked, could not answer."""

    def is_optional(self, context: str) -> bool:
        """Whether the context may be red."""
        if context in self.optional or any(matches(pattern, context) for pattern in self.optional_patterns):
            return True
        if context in self.required or context in self.required_if_present:
            return False
        return bool(self.skip_unknown)

    def missing(self, present: Collection[str]) -> tuple[str, ...]:
        """The required contexts that are not there at all, sorted."""
        return tuple(context for context in self.required if context not in present)


def contexts_of(
    options: AllContextOptions,
    protection: BranchProtection,
    *,
    org: str,
    repo: str,
    branch: str,
    presubmits: Sequence[Presubmit],
) -> Contexts:
    """`presubmits`: all of the repository's, those of the repository itself among them.

    Raises ValueError where a context is wanted in two ways at once.
    """
    said = options_of(options, org=org, repo=repo, branch=branch)
    required = set(said.required_contexts)
    manual_jobs_count = False
    remark = ""
    if said.from_branch_protection:
        try:
            policy = protection_of(protection, org=org, repo=repo, branch=branch, presubmits=presubmits)
        except ValueError as error:
            policy, remark = None, f"branch protection of {org}/{repo} {branch}: {error}"
        if policy is not None:
            manual_jobs_count = bool(policy.require_manually_triggered_jobs)
            if policy.protect and policy.required_status_checks:
                required.update(policy.required_status_checks.contexts or ())
    of_jobs = requirements(branch, presubmits, manual_jobs_count=manual_jobs_count)
    contexts = Contexts(
        required=_sorted(required, of_jobs.required),
        required_if_present=_sorted(said.required_if_present_contexts, of_jobs.required_if_present),
        optional=_sorted(said.optional_contexts, of_jobs.optional),
        optional_patterns=said.optional_regex_contexts,
        skip_unknown=said.skip_unknown_contexts,
        overwrite_pending=said.overwrite_pending_contexts,
        remark=remark,
    )
    _check(contexts)
    return contexts


def manual_jobs_count(
    options: AllContextOptions, protection: BranchProtection, *, org: str, repo: str, branch: str
) -> bool:
    """Whether tide itself starts the required jobs that otherwise wait for a comment.

    Here an organisation that branch protection does not name counts, too.
    """
    if not options_of(options, org=org, repo=repo, branch=branch).from_branch_protection:
        return False
    try:
        policy = inherited_policy(protection, org=org, repo=repo, branch=branch)
    except ValueError:
        return False
    disabled = policy.protect is False and not protection.allow_disabled_policies
    return bool(policy.require_manually_triggered_jobs) and not disabled


def options_of(options: AllContextOptions, *, org: str, repo: str, branch: str) -> ContextOptions:
    """What is said of the branch: at its own level, completed by those above."""
    of_org = options.orgs.get(org)
    of_repo = of_org.repos.get(repo) if of_org else None
    of_branch = of_repo.branches.get(branch) if of_repo else None
    said: ContextOptions = options
    for level in (of_org, of_repo, of_branch):
        if level is not None:
            said = _completed(said, level)
    return said


def _completed(above: ContextOptions, level: ContextOptions) -> ContextOptions:
    def said(name: str) -> bool | None:
        own: bool | None = getattr(level, name)
        inherited: bool | None = getattr(above, name)
        return inherited if own is None else own

    return ContextOptions(
        skip_unknown_contexts=said("skip_unknown_contexts"),
        from_branch_protection=said("from_branch_protection"),
        overwrite_pending_contexts=said("overwrite_pending_contexts"),
        required_contexts=_sorted(above.required_contexts, level.required_contexts),
        required_if_present_contexts=_sorted(above.required_if_present_contexts, level.required_if_present_contexts),
        optional_contexts=_sorted(above.optional_contexts, level.optional_contexts),
        optional_regex_contexts=_sorted(above.optional_regex_contexts, level.optional_regex_contexts),
    )


def _sorted(*lists: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({context for some in lists for context in some}))


def _check(contexts: Contexts) -> None:
    """Raises ValueError for the first contradiction, in upstream's order."""
    for one, one_is, other, other_is in (
        (contexts.required, "required", contexts.optional, "optional"),
        (contexts.required, "required", contexts.required_if_present, "required if present"),
        (contexts.optional, "optional", contexts.required_if_present, "required if present"),
    ):
        if both := sorted({*one} & {*other}):
            raise ValueError(f"contexts {', '.join(both)} are defined as {one_is} and {other_is}")
    for pattern in contexts.optional_patterns:
        try:
            compiled(pattern)
        except ValueError as error:
            raise ValueError(f'optional context regex "{pattern}" doesn\'t compile: {error}') from error
        for wanted, how in ((contexts.required, "required"), (contexts.required_if_present, "required if present")):
            for context in wanted:
                if matches(pattern, context):
                    raise ValueError(f'optional context regex "{pattern}" matches {how} context {context}')
