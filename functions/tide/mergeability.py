"""How a pull request is merged, and what of itself stands in the way.

Source: sigs.k8s.io/prow pkg/tide (github.go, isAllowedToMerge, prMergeMethod).
"""

from collections.abc import Collection, Iterator
from typing import Literal

from msgspec import Struct

from cutwater.config.tide import MergeMethod, Tide, setting
from cutwater.events.explanations import Mender
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
    return next((one.text for one in obstacles(pull, tide, allowed)), "")


class Obstacle(Struct, frozen=True):
    """What of a pull request itself stands in the way of a merge, and who can mend it."""

    text: str
    mend: Mender


def obstacles(pull: PullRequest, tide: Tide, allowed: Collection[MergeMethod]) -> Iterator[Obstacle]:
    """Everything of itself that stands in the way, in the order in which one of them is named."""
    if pull.mergeable == "CONFLICTING":
        yield Obstacle("PR has a merge conflict.", "author")
    method = method_of(pull, tide)
    if method is None:
        yield Obstacle(CONFLICTING_LABELS, "author")
    if method == "rebase" and not pull.can_be_rebased:
        yield Obstacle("PR can't be rebased", "author")
    if method is not None and method not in allowed:
        yield Obstacle(f'Merge type "{method}" disallowed by repo settings', "repository")
    if pull.is_blocked and blocks_policy(pull.org, pull.repo, tide) == "block":
        text = "PR is blocked from merging by GitHub (check branch protection, required reviews, or rulesets)"
        yield Obstacle(text, "reviewer")
