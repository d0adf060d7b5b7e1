"""How a pull request is merged, and what of itself stands in the way.

Source: sigs.k8s.io/prow pkg/tide (github.go, isAllowedToMerge, prMergeMethod).
"""

from collections.abc import Collection
from typing import Literal

from cutwater.config.tide import MergeMethod, Tide, setting
from functions.tide.pull_requests import PullRequest

CONFLICTING_LABELS = "PR has conflicting merge method override labels"
BlocksPolicy = Literal["ignore", "permit", "block"]


def method_of(pull: PullRequest, tide: Tide) -> MergeMethod | None:
    """The method that a label of its own says, else the configured one; None where its labels say several."""
    said: list[MergeMethod] = []
    by_label: tuple[tuple[str, MergeMethod], ...] = (
        (tide.squash_label, "squash"),
        (tide.rebase_label, "rebase"),
        (tide.merge_label, "merge"),
    )
    for label, method in by_label:
        if label and label in pull.labels:
            said.append(method)
    if len(said) > 1:
        return None
    return said[0] if said else tide.merge_method_of(pull.org, pull.repo, pull.base_ref)


def blocks_policy(org: str, repo: str, tide: Tide) -> BlocksPolicy:
    """What it means to us that GitHub calls a pull request BLOCKED."""
    default: BlocksPolicy = "permit"
    return setting(tide.github_merge_blocks_policy, org, repo, default)


def obstacle(pull: PullRequest, tide: Tide, allowed: Collection[MergeMethod]) -> str:
    """Why it cannot be merged, or "". `allowed`: the methods that the repository's settings allow."""
    if pull.mergeable == "CONFLICTING":
        return "PR has a merge conflict."
    method = method_of(pull, tide)
    if method is None:
        return CONFLICTING_LABELS
    if method == "rebase" and not pull.can_be_rebased:
        return "PR can't be rebased"
    if method not in allowed:
        return f'Merge type "{method}" disallowed by repo settings'
    if pull.is_blocked and blocks_policy(pull.org, pull.repo, tide) == "block":
        return "PR is blocked from merging by GitHub (check branch protection, required reviews, or rulesets)"
    return ""
