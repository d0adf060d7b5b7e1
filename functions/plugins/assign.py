"""assign: people are made assignees of issues and pull requests, or asked to review.

Source: sigs.k8s.io/prow pkg/plugins/assign.
"""

from collections.abc import Callable

from cutwater.errors import Refused
from cutwater.github.edits import Reviewer
from cutwater.github.effects import AddComment, Assign
from functions.plugins.kit import ANYONE, Act, Command, Comment, Look, Plugin

CC = r"(?mi)^/(un)?cc(( +@?[-/\w]+?)*)\s*$"
NOT_ASSIGNED = (
    "GitHub didn't allow me to assign the following users: {logins}.\n\n"
    "Note that only [{org} members](https://github.com/orgs/{org}/people) with read permissions, repo collaborators "
    "and people who have commented on this issue/PR can be assigned. "
    "Additionally, issues/PRs can only have 10 assignees at the same time.\n"
    "For more information please see [the contributor guide]"
    "(https://git.k8s.io/community/contributors/guide/first-contribution.md#issue-assignment-in-github)"
)
NOT_ASKED = (
    "GitHub didn't allow me to request PR reviews from the following users: {logins}.\n\n"
    "Note that only [{org} members](https://github.com/orgs/{org}/people) and repo collaborators can review this PR, "
    "and authors cannot review their own PRs."
)

plugin = Plugin(
    "assign",
    about="Assigns people, and asks them for reviews.",
    commands=[
        Command(
            "assign",
            is_featured=True,
            usage="/[un]assign [[@]<username>...]",
            pattern=r"(?mi)^/(un)?assign(( @?[-\w]+?)*)\s*$",
            about="Makes somebody an assignee, or not any more. Without a name, whoever says so.",
            who=ANYONE,
            examples=("/assign", "/unassign", "/assign @spongebob", "/assign spongebob patrick"),
        ),
        Command(
            "cc",
            is_featured=True,
            usage="/[un]cc [[@]<username>...]",
            pattern=CC,
            on="pull requests",
            about="Asks somebody, or a team, for a review, or not any more. Without a name, whoever says so.",
            who=ANYONE,
            examples=("/cc", "/uncc", "/cc @spongebob", "/cc @kubernetes/sig-foo-bar"),
        ),
    ],
    effects=[AddComment, Assign, Reviewer],
)

Set = Callable[[str, bool], Assign | Reviewer]
"""Makes the effect for a person, who is to be it or not."""


@plugin.on_command("assign")
async def on_assign(comment: Comment, look: Look, act: Act) -> None:
    """Assignees as the last word on each of them says."""

    def assign(login: str, present: bool) -> Assign:
        return Assign(subject=comment.subject, login=login, present=present, why=comment.why)

    await _set(comment, act, assign, NOT_ASSIGNED)


@plugin.on_command("cc")
async def on_cc(comment: Comment, look: Look, act: Act) -> None:
    """Reviewers as the last word on each of them says."""

    def review(login: str, present: bool) -> Reviewer:
        return Reviewer(subject=comment.subject, login=login, present=present, why=comment.why)

    await _set(comment, act, review, NOT_ASKED)


async def _set(comment: Comment, act: Act, effect: Set, message: str) -> None:
    """First who is not to be it; then who is, with an answer that names those whom GitHub left out."""
    people = _people(comment)
    for login in (login for login, is_wanted in people.items() if not is_wanted):
        await act(effect(login, False))
    missing = []
    for login in (login for login, is_wanted in people.items() if is_wanted):
        try:
            await act(effect(login, True))
        except Refused:
            missing.append(login)
    if missing:
        await act(comment.reply(message.format(logins=", ".join(missing), org=comment.subject.org)))


def _people(comment: Comment) -> dict[str, bool]:
    """Whom it is about, and whether they are to be it; of several words on one, the last counts."""
    people = {}
    for typed in comment.all_typed:
        un, names, _ = typed.groups
        for login in [name.strip("@ ") for name in (names or "").split(" ")] if names else [comment.author.login]:
            if login:
                people[login] = un != "un"
    return people
