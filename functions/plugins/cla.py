"""cla: labels say whether the author of a pull request has signed the contributor licence agreement, as EasyCLA has it.

Source: sigs.k8s.io/prow pkg/plugins/cla.
"""

from datetime import timedelta

from cutwater.config.configuration import Configuration
from cutwater.errors import Later
from cutwater.github.effects import Label, Subject
from cutwater.github.webhooks import StatusEvent, Webhook
from functions.plugins.kit import ANYONE, Command, Comment, Effect, Look, Plugin
from functions.plugins.pull_requests import pull_request_of, pull_requests_at

CONTEXT = "EasyCLA"
YES, NO = "cncf-cla: yes", "cncf-cla: no"
SIGNED = {"success": True, "failure": False, "error": False}
"""What a state of the context means. Others leave it open."""
PATIENCE = timedelta(seconds=50)
"""How long after a status GitHub's search may not know the pull request yet."""
PAUSE = 10.0
"""Seconds until it is asked again."""

plugin = Plugin(
    "cla",
    about=f"Keeps the labels {YES} and {NO} as the context {CONTEXT} says.",
    commands=[
        Command(
            "check-cla",
            is_featured=True,
            on="pull requests",
            when="open",
            about=f"Puts the label that the context {CONTEXT} asks for.",
            who=ANYONE,
            examples=("/check-cla",),
        ),
    ],
    effects=[Label],
)


def _decides(hook: Webhook, config: Configuration) -> bool:
    event = hook.read(StatusEvent)
    return event.context == CONTEXT and event.state in SIGNED


@plugin.on("status", wants=_decides)
async def on_status(event: StatusEvent, look: Look) -> list[Effect[object]]:
    """The labels of all pull requests that have the commit at their head. Raises Later while none is known."""
    pulls = await pull_requests_at(look, event)
    if not pulls and event.updated_at is not None and look.now - event.updated_at < PATIENCE * look.pace:
        raise Later(f"GitHub's search does not know {event.sha} yet", seconds=PAUSE)
    org, repo = event.repository.owner.login, event.repository.name
    subjects = [Subject(org, repo, pull.number) for pull in pulls]
    return [label for subject in subjects for label in _labels(subject, event.state, f"{CONTEXT} says {event.state}")]


@plugin.on_command("check-cla")
async def on_command(comment: Comment, look: Look) -> list[Effect[object]]:
    """As the context stands by now. An error says nothing here, as in Prow."""
    subject = comment.subject
    pull = await pull_request_of(look, subject)
    for status in await look.github.statuses(subject.org, subject.repo, pull.head.sha):
        if status.context == CONTEXT and status.state in {"success", "failure"}:
            return _labels(subject, status.state, comment.why)
    return []


def _labels(subject: Subject, state: str, why: str) -> list[Effect[object]]:
    """One of the two."""
    yes, no = (YES, NO) if SIGNED[state] else (NO, YES)
    return [
        Label(subject=subject, name=no, present=False, why=why),
        Label(subject=subject, name=yes, present=True, why=why),
    ]
