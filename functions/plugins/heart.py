"""heart: the bot is glad of some comments, and of new owners.

Source: sigs.k8s.io/prow pkg/plugins/heart.
"""

import posixpath

from cutwater.config.configuration import Configuration
from cutwater.config.patterns import matches
from cutwater.config.sections import Heart
from cutwater.github.edits import React, Reaction
from cutwater.github.effects import Subject
from cutwater.github.webhooks import IssueCommentEvent, PullRequestEvent, Webhook
from functions.plugins.kit import Effect, Look, Plugin

REACTIONS: tuple[Reaction, ...] = ("+1", "heart", "hooray")

plugin = Plugin(
    "heart",
    about="Reacts to comments of certain people, and to pull requests that add to OWNERS files.",
    effects=[React],
)


def _is_adored(hook: Webhook, config: Configuration) -> bool:
    settings = config.plugins.section("heart", Heart)
    if not settings.adorees or not settings.commentregexp:
        return False
    event = hook.read(IssueCommentEvent)
    if event.issue.pull_request is None or event.comment.user.login not in settings.adorees:
        return False
    return matches(settings.commentregexp, event.comment.body)


def _one_of_them(number: int) -> Reaction:
    """Any; but the same one for the same thing, however often it is decided."""
    return REACTIONS[number % len(REACTIONS)]


@plugin.on("issue_comment", "created", wants=_is_adored)
async def on_comment(event: IssueCommentEvent, look: Look) -> list[Effect[object]]:
    """Gladness at a comment."""
    subject = Subject(event.repository.owner.login, event.repository.name, event.issue.number)
    comment = event.comment.id
    return [React(subject=subject, comment=comment, content=_one_of_them(comment), why="This is a wonderful thing!")]


@plugin.on("pull_request", "opened")
async def on_pull_request(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """Gladness at whoever takes charge of something."""
    subject = Subject(event.repository.owner.login, event.repository.name, event.pull_request.number)
    names = look.config.plugins.owners.filenames_of(subject.org, subject.repo)
    for file in await look.github.files(subject.org, subject.repo, subject.number):
        if file.additions and posixpath.basename(file.filename) in {names.owners, names.owners_aliases}:
            why = "Adding new OWNERS makes me happy!"
            return [React(subject=subject, content=_one_of_them(subject.number), why=why)]
    return []
