"""What stands on the head of a pull request, measured by the contexts that must be green.

Source: sigs.k8s.io/prow pkg/tide (tide.go: unsuccessfulContexts, filterPR, isPassingTests, isRetestEligible).
"""

from collections.abc import Iterable, Sequence

from cutwater.config.contexts import Contexts
from cutwater.config.jobs import Presubmit
from cutwater.prowjob.labels import BASE_REF, CONTEXT, CREATED_BY_TIDE, ORG, PULL, REPO, TYPE
from cutwater.prowjob.types import ProwJob
from functions.tide.pull_requests import EXPECTED, PENDING, SUCCESS, TIDE, Context, PullRequest


def unsuccessful(found: Sequence[Context], policy: Contexts) -> list[Context]:
    """What must be green and is not, and what is required and not there (EXPECTED)."""
    bad = [
        context
        for context in found
        if context.name != TIDE and context.state != SUCCESS and not policy.is_optional(context.name)
    ]
    missing = policy.missing({context.name for context in found})
    return [*bad, *(Context(name, EXPECTED) for name in missing)]


def may_stay_in_pool(pull: PullRequest, policy: Contexts, presubmits: Iterable[Presubmit]) -> bool:
    """Whether nothing but the tests that tide waits for, and would start itself, is pending, and nothing is red."""
    awaited = {job.context for job in presubmits}
    return pull.contexts is not None and all(
        context.state == PENDING and context.name in awaited for context in unsuccessful(pull.contexts, policy)
    )


def is_passing(pull: PullRequest, policy: Contexts) -> bool:
    """Whether all that must be green on its head is."""
    return pull.contexts is not None and not unsuccessful(pull.contexts, policy)


def may_be_retested(pull: PullRequest, policy: Contexts, jobs: Sequence[ProwJob]) -> bool:
    """Whether all that must be green on its head is, but for what waits for tests that tide itself has started."""
    if pull.contexts is None or policy.missing({context.name for context in pull.contexts}):
        return False
    return all(
        context.state == PENDING and any(_is_ours(job, pull, context.name) for job in jobs)
        for context in unsuccessful(pull.contexts, policy)
    )


def _is_ours(job: ProwJob, pull: PullRequest, context: str) -> bool:
    """Whether tide has made this run for exactly this head: its labels say so."""
    wanted = {
        CREATED_BY_TIDE: "true",
        TYPE: "presubmit",
        ORG: pull.org,
        REPO: pull.repo,
        BASE_REF: pull.base_ref,
        PULL: str(pull.number),
        CONTEXT: context,
    }
    pulls = job.spec.refs.pulls if job.spec.refs else ()
    has_labels = all(job.metadata.labels.get(label) == value for label, value in wanted.items())
    return has_labels and [one.sha for one in pulls] == [pull.head]
