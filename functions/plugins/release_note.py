"""release-note: a pull request says what users must know of it, or that there is nothing.

Source: sigs.k8s.io/prow pkg/plugins/releasenote.
"""

from collections.abc import Collection
from typing import NamedTuple

from cutwater.config.configuration import Configuration
from cutwater.config.patterns import compiled, matches
from cutwater.config.sections import ReleaseNote
from cutwater.errors import Refused
from cutwater.github.edits import SetBody
from cutwater.github.effects import AddComment, DeleteComment, Label, Subject
from cutwater.github.types import IssueComment
from cutwater.github.webhooks import IssueCommentEvent, PullRequestEvent, Webhook
from functions.plugins.kit import ANYONE, MEMBERS, Command, Effect, Look, Plugin
from functions.plugins.pruning import pruned
from functions.plugins.replies import addressed, quoting, simple
from functions.plugins.trust import has

NOTE, NONE, ACTION = "release-note", "release-note-none", "release-note-action-required"
NEEDED = "do-not-merge/release-note-label-needed"
LABELS = (NONE, ACTION, NEEDED, NOTE)
DEPRECATION = "kind/deprecation"
GUIDELINES = "https://git.k8s.io/community/contributors/guide/release-notes.md"

BLOCK = r"(?s)(?:Release note\*\*:\s*(?:<!--[^<>]*-->\s*)?```(?:release-note)?|```release-note)(.+?)```"
NOTHING = r"(?i)^\W*(NONE|NO)\W*$"
PICK = r"Cherry pick of #([[:digit:]]+) on release-([[:digit:]]+\.[[:digit:]]+)."

PARENTS = (
    f'All \'parent\' PRs of a cherry-pick PR must have one of the "{NOTE}" or "{ACTION}" labels, '
    "or this PR must follow the standard/parent release note labeling requirement."
)
DEPRECATED = (
    f'Adding the "{NEEDED}" label and removing any existing "{NONE}" label because there is a "{DEPRECATION}" label on '
    "the PR."
)
OLD_COMMANDS = (
    f"the `/{NOTE}` and `/{ACTION}` commands have been deprecated.\n"
    "Please edit the `release-note` block in the PR body text to include the release note. If the release note "
    "requires additional action include the string `action required` in the release note. For example:\n"
    "````\n```release-note\nSome release note with action required.\n```\n````"
)
NOT_YOURS = f"you can only set the release note label to {NONE} if you are the PR author or an org member."
HAS_NOTE = (
    f"you can only set the release note label to {NONE} if the release-note block in the PR body text is empty or "
    '"none".'
)
IS_DEPRECATION = f'you can not set the release note label to "{NONE}" because the PR has the label "{DEPRECATION}".'

EDIT = Command(
    "release-note-edit",
    about="Replaces the release note in the text of the pull request by the one in the comment.",
    who=MEMBERS,
    refusal="You must be an org member to edit the release note.",
    on="pull requests",
    examples=("/release-note-edit\r\n```release-note\r\nThe new release note\r\n```",),
)
SET_NONE = Command(
    "release-note-none",
    about=f"Puts the {NONE} label: there is nothing that users must know. Better say so in the pull request's text.",
    who="The author of the pull request, and members of the organisation.",
    on="pull requests",
    examples=("/release-note-none",),
)
OLD = Command(
    "release-note",
    usage="/release-note[-action-required]",
    pattern=r"(?mi)^/release-note(-action-required)?\s*$",
    about="Says how it is done nowadays.",
    who=ANYONE,
    on="pull requests",
    examples=("/release-note",),
)

plugin = Plugin(
    "release-note",
    about=f"Labels pull requests by their release note. Until there is one they have the label {NEEDED}.",
    commands=[EDIT, SET_NONE, OLD],
    effects=[AddComment, DeleteComment, Label, SetBody],
)


def note_in(body: str) -> str:
    """The release note in a text; "" where there is none."""
    found = compiled(BLOCK).search(body)
    return (found.groups()[0] or "").strip() if found else ""


def label_for(body: str, labels: Collection[str]) -> str:
    """The label that a pull request deserves by its text and the other labels that it has."""
    note = note_in(body).lower()
    if not note or matches(NOTHING, note):
        if DEPRECATION in labels:
            return NEEDED
        return NONE if note or NONE in labels else NEEDED
    return ACTION if "action required" in note else NOTE


def parents_of(body: str) -> list[int]:
    """The pull requests of which this one is a cherry pick, as its text says."""
    found = (compiled(PICK).search(line) for line in body.split("\n"))
    return [int(one.groups()[0] or 0) for one in found if one]


def needed_text(config: Configuration) -> str:
    """What is said to those who have no release note."""
    url = config.plugins.section("release_note", ReleaseNote).guidelines_url or GUIDELINES
    return (
        f'Adding the "{NEEDED}" label because no release-note block was detected, '
        f"please follow our [release note process]({url}) to remove it."
    )


# The pull request itself


def _may_matter(hook: Webhook, config: Configuration) -> bool:
    return hook.action != "labeled" or hook.read(PullRequestEvent).label.name in LABELS


class _Wanted(NamedTuple):
    """The label that is to be there (None: none is put), and what is said."""

    label: str | None
    said: tuple[AddComment, ...] = ()


@plugin.on("pull_request", "opened", "edited", "ready_for_review", "labeled", wants=_may_matter)
async def on_pull_request(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """One of the labels, as the text says; and what we said goes when it is no longer true."""
    pull, repository = event.pull_request, event.repository
    subject = Subject(repository.owner.login, repository.name, pull.number)
    labels = set(await look.github.labels(subject.org, subject.repo, subject.number))
    noteless = await _noteless_parents(look, event, subject)
    label = label_for(pull.body, labels)
    if label == NEEDED and pull.merged:
        return []
    wanted = await _without_note(look, event, subject, labels, noteless) if label == NEEDED else _Wanted(label)
    effects: list[Effect[object]] = [*wanted.said]
    if wanted.label is None:
        after = labels - {NEEDED}
        effects.append(Label(subject=subject, name=NEEDED, present=False, why="its parents have release notes"))
    else:
        after = (labels - set(LABELS)) | {wanted.label}
        effects += _only(subject, wanted.label, labels, why="its release note says so")
    if noteless is not None and not after & {NOTE, ACTION, NONE}:
        return effects
    return [*effects, *(await pruned(look, subject, needed_text(look.config), PARENTS, why="it is settled"))]


async def _noteless_parents(look: Look, event: PullRequestEvent, subject: Subject) -> list[int] | None:
    """The parents that have no release note; none of them where it has no parents, and None where it needs no note.

    A cherry pick needs none of its own when each of its parents has one.
    """
    parents = [] if event.pull_request.base.ref == "master" else parents_of(event.pull_request.body)
    if not parents:
        return []
    noteless = []
    for parent in parents:
        try:
            labels = await look.github.labels(subject.org, subject.repo, parent)
        except Refused:
            continue  # whatever it is, it is no pull request here
        if not has(labels, NOTE) and not has(labels, ACTION):
            noteless.append(parent)
    return noteless or None


async def _without_note(
    look: Look, event: PullRequestEvent, subject: Subject, labels: set[str], noteless: list[int] | None
) -> _Wanted:
    """What becomes of a pull request that must have a release note and has none."""
    if noteless is None:
        return _Wanted(None)
    is_new = NEEDED not in labels
    said = []
    if noteless and is_new:
        numbers = ", ".join(f"#{number}" for number in noteless)
        reason = f'The following parent PRs have neither the "{NOTE}" nor the "{ACTION}" labels: {numbers}.'
        said.append(addressed(event.pull_request.user.login, PARENTS, reason))
    label = NEEDED
    if DEPRECATION in labels:
        said += [simple(DEPRECATED)] if is_new else []
    elif any(SET_NONE.is_in(one.body) for one in await look.github.comments(subject.org, subject.repo, subject.number)):
        label = NONE
    elif is_new:
        said.append(simple(needed_text(look.config)))
    comments = tuple(AddComment(subject=subject, body=body, why="it has no release note") for body in said)
    return _Wanted(label, comments)


def _only(subject: Subject, wanted: str, labels: Collection[str], *, why: str) -> list[Label]:
    """This label, and none of the others."""
    others = [label for label in LABELS if label != wanted and label in labels]
    return [
        Label(subject=subject, name=wanted, present=True, why=why),
        *(Label(subject=subject, name=other, present=False, why=why) for other in others),
    ]


# Commands


def _is_command(hook: Webhook, config: Configuration) -> bool:
    event = hook.read(IssueCommentEvent)
    is_pull = event.issue.pull_request is not None
    return is_pull and any(command.is_in(event.comment.body) for command in plugin.commands)


@plugin.on("issue_comment", "created", wants=_is_command)
async def on_comment(event: IssueCommentEvent, look: Look) -> list[Effect[object]]:
    """Upstream hears these in comments alone: not in reviews, nor in what a pull request says itself."""
    subject = Subject(event.repository.owner.login, event.repository.name, event.issue.number)
    body = event.comment.body
    if EDIT.is_in(body):
        return await _edit(event, subject, look)
    is_old = OLD.typed(body)
    if is_old and not (SET_NONE.is_in(body) and all(typed.groups[0] for typed in is_old)):
        return [_answer(subject, event.comment, OLD_COMMANDS)]
    return await _set_none(event, subject, look)


def _answer(subject: Subject, comment: IssueComment, message: str, *, url: str = "") -> AddComment:
    login = comment.user.login
    quoted = quoting(comment.body, url or comment.html_url)
    return AddComment(subject=subject, body=addressed(login, message, quoted), why=f"{login} asked")


async def _set_none(event: IssueCommentEvent, subject: Subject, look: Look) -> list[Effect[object]]:
    """The label that says that there is nothing to say, unless there is."""
    login, labels = event.comment.user.login, [label.name for label in event.issue.labels]
    if login != event.issue.user.login and not await look.github.is_member(subject.org, login):
        return [_answer(subject, event.comment, NOT_YOURS)]
    if label_for(event.issue.body, labels) in {NOTE, ACTION}:
        return [_answer(subject, event.comment, HAS_NOTE)]
    if has(labels, DEPRECATION):
        return [_answer(subject, event.comment, IS_DEPRECATION)]
    return [*_only(subject, NONE, labels, why=f"{SET_NONE} by {login}")]


async def _edit(event: IssueCommentEvent, subject: Subject, look: Look) -> list[Effect[object]]:
    """The note of the comment takes the place of the pull request's."""
    comment, body = event.comment, event.issue.body
    if not await look.github.is_member(subject.org, comment.user.login):
        return [_answer(subject, comment, EDIT.refusal, url=event.issue.html_url)]
    note, old = note_in(comment.body), compiled(BLOCK).search(body)
    if not note:
        return [_answer(subject, comment, f"{EDIT} must be used with a release note block.")]
    if old is None:
        return [_answer(subject, comment, f"{EDIT} must be used with a single release note block.")]
    head, tail = body[: old.start(1)], body[old.end(1) :]
    why = f"{EDIT} by {comment.user.login}"
    return [SetBody(subject=subject, body=f"{head}\r\n{note}\r\n{tail}", why=why)]
