"""lifecycle: issues are closed, opened again, and labelled with how alive they are.

Source: sigs.k8s.io/prow pkg/plugins/lifecycle.
"""

import re

from cutwater.errors import Refused
from cutwater.github.edits import Reason, SetState
from cutwater.github.effects import AddComment, Label
from functions.plugins.commands import is_author_or_collaborator
from functions.plugins.exclusive import chosen
from functions.plugins.kit import (
    ANYONE,
    AUTHOR_OR_COLLABORATORS,
    Act,
    Command,
    Comment,
    Effect,
    Look,
    Plugin,
    Text,
    Who,
)
from functions.plugins.trust import has

FROZEN, STALE, ROTTEN = "lifecycle/frozen", "lifecycle/stale", "lifecycle/rotten"
LABELS = ("lifecycle/active", FROZEN, STALE, ROTTEN)
NOT_PLANNED = "not-planned"
CLOSED_UNPLANNED = 'Closing this issue, marking it as "Not Planned".'
NO_FROZEN_PULLS = f"The `{FROZEN}` label cannot be applied to Pull Requests."
FINAL = re.compile(r"state cannot be changed\.[^'\"]*")
"""GitHub's words where a pull request can never be opened again."""


async def _may_close(text: Text, look: Look) -> bool:
    """Anybody may close what nobody cares for any more."""
    if await is_author_or_collaborator(text, look):
        return True
    labels = await look.github.labels(text.subject.org, text.subject.repo, text.subject.number)
    return has(labels, STALE) or has(labels, ROTTEN)


plugin = Plugin(
    "lifecycle",
    about="Closes, reopens and labels issues and pull requests: active, frozen, stale or rotten.",
    commands=[
        Command(
            "reopen",
            about="Opens it again.",
            who=AUTHOR_OR_COLLABORATORS,
            refusal="You can't reopen an issue/PR unless you authored it or you are a collaborator.",
            when="closed",
            examples=("/reopen",),
        ),
        Command(
            "close",
            argument=f"[{NOT_PLANNED}]",
            forms={NOT_PLANNED: r"(?mi)^/close not-planned\s*$", "": r"(?mi)^/close\s*$"},
            about="Closes it: an issue as completed, unless it is said to be not planned.",
            who=Who("The author, and the repository's collaborators; anyone where it is stale or rotten.", _may_close),
            refusal="You can't close an active issue/PR unless you authored it or you are a collaborator.",
            when="open",
            examples=("/close", "/close not-planned"),
        ),
        Command(
            "lifecycle",
            usage="/[remove-]lifecycle <active|frozen|stale|rotten>",
            pattern=r"(?mi)^/(remove-)?lifecycle (active|frozen|stale|rotten)\s*$",
            about="Puts one of the labels in place of the others, or takes it away.",
            who=ANYONE,
            examples=("/lifecycle frozen", "/remove-lifecycle stale"),
        ),
    ],
    effects=[AddComment, Label, SetState],
)


@plugin.on_command("reopen")
async def on_reopen(comment: Comment, look: Look, act: Act) -> None:
    """Open it again, and say so; what GitHub never opens again is said, too."""
    is_pull = comment.text.is_pull_request
    try:
        await act(SetState(subject=comment.subject, state="open", why=comment.why))
    except Refused as refused:
        final = FINAL.search(str(refused))
        if final is None:
            raise
        await act(comment.reply(f"Failed to re-open {'PR' if is_pull else 'Issue'}: {final.group()}"))
        return
    await act(comment.reply("Reopened this PR." if is_pull else "Reopened this issue."))


@plugin.on_command("close")
async def on_close(comment: Comment, look: Look, act: Act) -> None:
    """Close it, and then say who wished so."""
    is_not_planned = comment.command.argument == NOT_PLANNED
    if comment.text.is_pull_request:
        if is_not_planned:
            await act(comment.reply("PRs cannot be closed as Not Planned."))
            return
        await act(SetState(subject=comment.subject, state="closed", why=comment.why))
        await act(comment.reply("Closed this PR."))
        return
    reason: Reason = "not_planned" if is_not_planned else "completed"
    await act(SetState(subject=comment.subject, state="closed", reason=reason, why=comment.why))
    await act(comment.reply(CLOSED_UNPLANNED if is_not_planned else "Closing this issue."))


@plugin.on_command("lifecycle")
async def on_label(comment: Comment, look: Look) -> list[Effect[object]]:
    """All that was said, in its order. A pull request cannot be frozen."""
    subject = comment.subject
    effects: list[Effect[object]] = []
    wanted = []
    for remove, word in (typed.groups for typed in comment.all_typed):
        if comment.text.is_pull_request and word == "frozen" and not remove:
            effects.append(comment.reply(NO_FROZEN_PULLS))
        else:
            wanted.append((f"lifecycle/{word}", not remove))
    labels = await look.github.labels(subject.org, subject.repo, subject.number)
    return [*effects, *chosen(wanted, labels, LABELS, subject=subject, why=comment.why)]
