"""The tests that a pull request must have passed on the branch as it is before tide merges it.

Source: sigs.k8s.io/prow pkg/tide (tide.go, presubmitsByPull).
"""

from collections.abc import Collection, Iterable, Sequence

from cutwater.config.jobs import Presubmit
from cutwater.config.matching import Filter, Verdict, Wish, chosen, needs_changes


def required(
    presubmits: Sequence[Presubmit], branch: str, changes: Collection[str], *, manual_jobs_count: bool
) -> Sequence[Presubmit]:
    """Those of a repository's presubmits that tide waits for, in configuration order. `changes`: files.

    `manual_jobs_count`: that a required job must have run which otherwise waits for a comment.
    """
    return chosen(presubmits, branch, changes, _filter(manual_jobs_count=manual_jobs_count))


def depend_on_changes(presubmits: Iterable[Presubmit], branch: str, *, manual_jobs_count: bool) -> bool:
    """Whether the changed files must be known to tell what is required."""
    return needs_changes(presubmits, branch, _filter(manual_jobs_count=manual_jobs_count))


def _filter(*, manual_jobs_count: bool) -> Filter:
    def wish(job: Presubmit) -> Wish | Verdict:
        if not (job.is_required or job.run_before_merge):
            return Verdict(False, "optional", "tide does not wait for it")
        is_wanted_anyway = manual_jobs_count and job.is_required and job.needs_explicit_trigger
        return Wish(forced=job.run_before_merge or is_wanted_anyway, otherwise=False)

    return wish
