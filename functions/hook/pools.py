"""Which of tide's pools a webhook may have changed: those it must look at again.

One push makes a hundred statuses, nearly all of them from our own tests. Of these tide hears by the relay, which knows
the branch; so they are passed over here. So is tide's own status, or it would wake itself.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from cutwater.config.configuration import Configuration
from cutwater.events.event import Event
from cutwater.events.publish import look_event
from cutwater.github.webhooks import Webhook
from cutwater.prowjob.descriptions import base_sha_of

TIDE = "tide"
PULL_REQUEST = frozenset(
    {
        "opened",
        "reopened",
        "closed",
        "synchronize",
        "edited",
        "labeled",
        "unlabeled",
        "milestoned",
        "demilestoned",
        "ready_for_review",
        "converted_to_draft",
    }
)
REVIEW = frozenset({"submitted", "dismissed"})
ISSUE = frozenset({"opened", "reopened", "closed", "deleted", "edited", "labeled", "unlabeled"})


def looks_after(webhook: Webhook, config: Configuration) -> list[Event]:
    """The events by which tide looks at the pools; none for a repository that is in no query."""
    if not webhook.repo or not config.prow.tide.queries_of(webhook.org, webhook.repo):
        return []
    full_name = f"{webhook.org}/{webhook.repo}"
    match webhook.event:
        case "pull_request" if webhook.action in PULL_REQUEST:
            return [look_event(TIDE, f"{full_name}:{branch}") for branch in _bases(webhook.payload)]
        case "pull_request_review" if webhook.action in REVIEW:
            return [look_event(TIDE, f"{full_name}:{branch}") for branch in _bases(webhook.payload)]
        case "push" if (ref := _text(webhook.payload, "ref")).startswith("refs/heads/"):
            return [look_event(TIDE, f"{full_name}:{ref.removeprefix('refs/heads/')}")]
        case "status" if _is_foreign(webhook, config):
            return [look_event(TIDE, f"{full_name}:", head=_text(webhook.payload, "sha"))]
        case "check_run" if webhook.action == "completed":
            return [look_event(TIDE, f"{full_name}:", head=_text(webhook.payload, "check_run", "head_sha"))]
        case "issues" if webhook.action in ISSUE and _is_blocker(webhook.payload, config.prow.tide.blocker_label):
            return [look_event(TIDE, f"{full_name}:")]
    return []


def _bases(payload: Mapping[str, Any]) -> Iterator[str]:
    """The pull request's branch, and the one that it was for before."""
    branches = (_text(payload, "pull_request", "base", "ref"), _text(payload, "changes", "base", "ref", "from"))
    yield from filter(None, dict.fromkeys(branches))


def _is_foreign(webhook: Webhook, config: Configuration) -> bool:
    """Whether the status is another's than ours, and says more than that something goes on.

    Ours are those of the static jobs, and, as a repository may bring others along, what names the branch's commit.
    """
    context = _text(webhook.payload, "context")
    jobs = config.jobs
    branch_jobs = (*jobs.presubmits_of(webhook.org, webhook.repo), *jobs.postsubmits_of(webhook.org, webhook.repo))
    ours = {job.context for job in branch_jobs}
    if context == TIDE or context in ours or base_sha_of(_text(webhook.payload, "description")):
        return False
    return _text(webhook.payload, "state") != "pending"


def _is_blocker(payload: Mapping[str, Any], label: str) -> bool:
    """Whether the issue has the label that blocks branches, or has just got or lost it."""
    issue = payload.get("issue")
    labels = issue.get("labels") if isinstance(issue, dict) else None
    names = [_text(one, "name") for one in labels if isinstance(one, dict)] if isinstance(labels, list) else []
    return bool(label) and label in (*names, _text(payload, "label", "name"))


def _text(payload: Mapping[str, Any], *keys: str) -> str:
    """What stands there; "" where there is no text."""
    found: Any = payload
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""
