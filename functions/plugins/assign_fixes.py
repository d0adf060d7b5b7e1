"""assign-fixes: whoever proposes to fix an issue is its assignee, where it has none.

Source: mungegithub's assign-fixes, which Prow never had.
"""

from cutwater.config.configuration import Configuration
from cutwater.errors import Refused
from cutwater.github.effects import Assign, Subject
from cutwater.github.webhooks import PullRequestEvent, Webhook
from functions.plugins.closing_keywords import closed_issues
from functions.plugins.kit import Act, Look, Plugin

MOST = 10
"""Issues of one pull request that are looked at: anybody may write hundreds into one."""

plugin = Plugin(
    "assign-fixes",
    about=(
        "Assigns the author of a pull request to the open issues that its text says it fixes (`Fixes #9`), those that "
        "nobody is assigned to. An issue of another repository is left alone."
    ),
    effects=[Assign],
)


def fixed_by(event: PullRequestEvent) -> list[Subject]:
    """The issues that a pull request says it fixes."""
    org, repo = event.repository.owner.login, event.repository.name
    numbers = closed_issues(event.pull_request.body, org, repo)
    return [Subject(org, repo, number) for number in numbers[:MOST]]


def _fixes_something(hook: Webhook, config: Configuration) -> bool:
    event = hook.read(PullRequestEvent)
    is_new = event.action != "edited" or "body" in event.changes
    return is_new and event.pull_request.state == "open" and bool(fixed_by(event))


@plugin.on("pull_request", "opened", "reopened", "edited", wants=_fixes_something)
async def decide(event: PullRequestEvent, look: Look, act: Act) -> None:
    """Each issue by itself: GitHub may refuse one person for one issue. The receipt says so, and it is no matter."""
    author = event.pull_request.user.login
    for subject in fixed_by(event):
        issue = await look.github.issue(subject.org, subject.repo, subject.number)
        if issue is None or issue.pull_request is not None or issue.state != "open" or issue.assignees:
            continue
        why = f"#{event.pull_request.number} by {author} says that it fixes it"
        try:
            await act(Assign(subject=subject, login=author, present=True, why=why))
        except Refused:
            continue
