"""needs-rebase's declaration, and what it decides: for a webhook at once, and once a day for all that has changed.

What is merged elsewhere makes a pull request conflict without any event of its own: the sweep finds those.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from cutwater.config.configuration import Configuration
from cutwater.errors import Later, Refused
from cutwater.events.event import Event
from cutwater.events.publish import LookAgain
from cutwater.github.effects import AddComment, DeleteComment, Label, Subject
from cutwater.github.types import PullRequest
from cutwater.github.webhooks import NO_TIME, IssueCommentEvent, PullRequestEvent, Webhook
from functions.plugins.kit import Act, Effect, Look, Plugin
from functions.plugins.needs_rebase import sweep
from functions.plugins.pruning import pruned
from functions.plugins.replies import simple
from functions.plugins.trust import has

NEEDS_REBASE = "needs-rebase"
MESSAGE = "PR needs rebase."
DEPENDABOT, ITS_COMMAND = "dependabot[bot]", "rebase"
PATIENCE = timedelta(minutes=2)
"""How long after an event GitHub may still be finding out whether its pull request can be merged."""

plugin = Plugin(
    NEEDS_REBASE,
    about=(
        f"Puts the label {NEEDS_REBASE} on pull requests that conflict with their base branch, and takes it away when "
        "they do not any more. It looks when one is pushed or spoken of, and once a day at all of them."
    ),
    effects=[AddComment, DeleteComment, Label, LookAgain],
    recomputes=True,
)


@plugin.on("pull_request", "opened", "synchronize", "reopened")
async def on_pull_request(event: PullRequestEvent, look: Look, act: Act) -> None:
    """A head that is new may conflict."""
    told = event.pull_request
    subject = Subject(event.repository.owner.login, event.repository.name, told.number)
    if told.state == "open":
        await _decide(subject, look, act, head=told.head.sha, time=told.updated_at or NO_TIME)


def _is_on_pull_request(hook: Webhook, config: Configuration) -> bool:
    issue = hook.read(IssueCommentEvent).issue
    return issue.pull_request is not None and issue.state == "open"


@plugin.on("issue_comment", wants=_is_on_pull_request)
async def on_comment(event: IssueCommentEvent, look: Look, act: Act) -> None:
    """Whoever speaks of it may want to know."""
    subject = Subject(event.repository.owner.login, event.repository.name, event.issue.number)
    await _decide(subject, look, act, head="", time=event.comment.updated_at or NO_TIME)


@plugin.on_look
async def look_again(event: Event, look: Look, act: Act) -> None:
    """At one pull request; or at what a search finds."""
    if event["search"]:
        for wanted in await sweep.found(event, look):
            await act(wanted)
        return
    subject = Subject.read(event.subject)
    pull = await look.github.pull_request(subject.org, subject.repo, subject.number)
    if pull is not None and pull.state == "open" and pull.mergeable is not None:
        await _change(subject, pull, look, act)


@plugin.on_tick("sweep")
async def search_everywhere(event: Event, look: Look) -> Sequence[Effect[object]]:
    """Once a day: one message for each search."""
    return sweep.searches(look.config.plugins.general)


async def _decide(subject: Subject, look: Look, act: Act, *, head: str, time: datetime) -> None:
    """What GitHub finds of its mergeability is to be told. `head`: the one that the event was of; "" for any.

    Raises Later while GitHub finds out, and Refused where it does not, or where the head has moved: a later event, or
    the sweep, sees to those.
    """
    pull = await look.github.pull_request(subject.org, subject.repo, subject.number)
    if pull is None:
        raise Refused(f"GitHub has no pull request {subject}")
    if pull.state != "open":
        return
    if head not in ("", pull.head.sha):
        raise Refused(f"pull request head changed while checking mergeability ({head} -> {pull.head.sha})")
    if pull.mergeable is None:
        if look.now - time < PATIENCE * look.pace:
            raise Later(f"GitHub has not found out yet whether {subject} can be merged", seconds=5)
        raise Refused(f"GitHub does not find out whether {subject} can be merged")
    await _change(subject, pull, look, act)


async def _change(subject: Subject, pull: PullRequest, look: Look, act: Act) -> None:
    """The label, and what is said of it. Without the label nothing is said. Raises Refused."""
    is_labelled = has([label.name for label in pull.labels], NEEDS_REBASE)
    if pull.mergeable and is_labelled:
        why = f"{pull.head.sha} does not conflict with {pull.base.ref}"
        await act(Label(subject=subject, name=NEEDS_REBASE, present=False, why=why))
        for comment in await pruned(look, subject, MESSAGE, why=why):
            await act(comment)
    elif not pull.mergeable and not is_labelled:
        why = f"{pull.head.sha} conflicts with {pull.base.ref}"
        await act(Label(subject=subject, name=NEEDS_REBASE, present=True, why=why))
        said = ITS_COMMAND if pull.user.login == DEPENDABOT else MESSAGE
        await act(AddComment(subject=subject, body=simple(said), why=why))
