"""approve: the owners of all that a pull request changes have to approve it.

All is decided anew from what GitHub says of the pull request, whoever did what last.
Source: sigs.k8s.io/prow pkg/plugins/approve.
"""

import posixpath
import re
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from cutwater.config.configuration import Configuration
from cutwater.config.owners import naming_of
from cutwater.config.patterns import compiled
from cutwater.events.repository_owners import owners_of_branch
from cutwater.github.effects import AddComment, DeleteComment, Label, Subject
from cutwater.github.read import Bot
from cutwater.github.types import IssueComment, PullRequest, read
from cutwater.github.webhooks import PullRequestEvent, ReviewEvent, Text, Webhook
from cutwater.owners.owners import Owners
from functions.plugins.approve.approvals import (
    SELF_APPROVED,
    Approval,
    approvals,
    everything,
    is_command,
    is_verdict,
)
from functions.plugins.approve.coverage import Coverage
from functions.plugins.approve.notification import Links, Standing, is_notification, notification
from functions.plugins.approve.section import ApproveSettings, settings_for
from functions.plugins.kit import Command, Comment, Effect, Look, Plugin
from functions.plugins.labelled import put_last_by
from functions.plugins.pull_requests import pull_request_of
from functions.plugins.replies import reply
from functions.plugins.trust import has

APPROVED = "approved"
MOST_DIGITS = 18
"""What is longer is the number of no issue."""
UNREADABLE = "These OWNERS files do not count as they are, nor does whoever they name:\n\n"

plugin = Plugin(
    "approve",
    about=(
        f"The {APPROVED} label is on a pull request while owners of all that it changes approve it. "
        "A comment says who has, and who should be asked."
    ),
    commands=[
        Command(
            "approve",
            is_featured=True,
            pattern=r"(?mi)^/(?:remove-)?approve(?:[\t\f ][^\n\r]*|\r|$)",
            usage="/[remove-]approve [no-issue|cancel]",
            on="pull requests",
            when="open",
            about="Approves what one owns of a pull request, or takes that back.",
            who="Those whom OWNERS files name as approvers.",
            examples=("/approve", "/approve no-issue", "/approve cancel", "/remove-approve"),
        )
    ],
    effects=[AddComment, DeleteComment, Label],
    recomputes=True,
)


@plugin.on("pull_request", "opened", "reopened", "synchronize")
async def on_change(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """There may be something else to approve."""
    return await _decide(_subject(event), look, why=f"the pull request was {event.action}")


def _is_approved_label(hook: Webhook, config: Configuration) -> bool:
    event = hook.read(PullRequestEvent)
    return has([event.label.name], APPROVED) and event.pull_request.state != "closed"


@plugin.on("pull_request", "labeled", wants=_is_approved_label)
async def on_label(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """Somebody has approved it by hand."""
    by = event.sender.login
    return [] if await _is_ours(look, by) else await _decide(_subject(event), look, why=f"labelled by {by}")


@plugin.on_command("approve", where=lambda text: text.stands_below)
async def on_command(comment: Comment, look: Look) -> list[Effect[object]]:
    """Somebody has approved, or does no longer. A new one's own text is looked at with the pull request."""
    return await _on_word(comment.text, look, why=comment.why)


def _is_lgtm(text: Text, config: Configuration) -> bool:
    """Whether there is a /lgtm alone, and it counts."""
    if text.action != "created" or not text.is_pull_request or text.issue_state == "closed" or not text.stands_below:
        return False
    settings = settings_for(config, text.subject.org, text.subject.repo)
    is_alone = not is_command(text.body, lgtm_counts=False)
    return settings.lgtm_acts_as_approve and is_alone and is_command(text.body, lgtm_counts=True)


@plugin.on_text(_is_lgtm)
async def on_lgtm(text: Text, look: Look) -> list[Effect[object]]:
    """Where the repository wants it so, this is an approval, too."""
    return await _on_word(text, look, why=f"/lgtm by {text.author.login}")


def _is_verdict(hook: Webhook, config: Configuration) -> bool:
    """Whether a review says it by its state; what it says by a command is heard as a comment."""
    settings, review = settings_for(config, hook.org, hook.repo), hook.read(ReviewEvent).review
    if not settings.reviews_count or review.user.type == "Bot" or not is_verdict(review.state):
        return False
    return not is_command(review.body, lgtm_counts=settings.lgtm_acts_as_approve)


@plugin.on("pull_request_review", "submitted", "dismissed", wants=_is_verdict)
async def on_review(event: ReviewEvent, look: Look) -> list[Effect[object]]:
    """GitHub's own way to approve."""
    by = event.review.user.login
    subject = Subject(event.repository.owner.login, event.repository.name, event.pull_request.number)
    why = f"review {event.review.state.lower()} by {by}"
    return [] if await _is_ours(look, by) else await _decide(subject, look, why=why)


def _subject(event: PullRequestEvent) -> Subject:
    return Subject(event.repository.owner.login, event.repository.name, event.pull_request.number)


async def _is_ours(look: Look, login: str) -> bool:
    return (await look.github.bot()).is_me(login)


async def _on_word(text: Text, look: Look, *, why: str) -> list[Effect[object]]:
    return [] if await _is_ours(look, text.author.login) else await _decide(text.subject, look, why=why, asked=text)


async def _decide(subject: Subject, look: Look, *, why: str, asked: Text | None = None) -> list[Effect[object]]:
    """The comment and the label as they should be. `asked`: what somebody wrote who waits for an answer.

    Raises Refused where the pull request or its base branch is gone, and Later.
    """
    org, repo, github = subject.org, subject.repo, look.github
    pull = await pull_request_of(look, subject)
    paths = [file.filename for file in await github.files(org, repo, subject.number)]
    owners = await owners_of_branch(look, org, repo, pull.base.ref, paths=paths)
    comments = await github.comments(org, repo, subject.number)
    settings, bot = settings_for(look.config, org, repo), await github.bot()
    standing = Standing(
        coverage=Coverage(owners, paths, subject.number),
        approvals=await _approvals(look, subject, pull, comments, settings),
        assignees=frozenset(user.login.lower() for user in pull.assignees),
        issue=_issue(pull.body, org) if settings.issue_required else None,
    )
    is_labelled = has([label.name for label in pull.labels], APPROVED)
    if is_labelled and not standing.meets_requirements:
        standing = replace(standing, by_hand=await _is_by_hand(look, subject, bot))
    text = notification(standing, _links(look.config, settings, subject, pull.base.ref))
    effects: list[Effect[object]] = [
        *_unreadable(owners, paths, asked, subject, why),
        *_updated(text, comments, bot, subject, why),
    ]
    if standing.is_approved != is_labelled:
        effects.append(Label(subject=subject, name=APPROVED, present=standing.is_approved, why=why))
    return effects


async def _approvals(
    look: Look, subject: Subject, pull: PullRequest, comments: Sequence[IssueComment], settings: ApproveSettings
) -> dict[str, Approval]:
    """Whose approvals stand. What bots say counts for nothing, as far as they are known for bots."""
    found = await look.github.pages("/repos/{org}/{repo}/pulls/{number}/comments", **subject.parts)
    remarks = [read(one, IssueComment) for one in found]
    reviews = await look.github.reviews(subject.org, subject.repo, subject.number)
    bot, others = await look.github.bot(), {one.user.login for one in reviews if one.user.type == "Bot"}
    said = everything(comments, remarks, reviews)
    author = Approval(login=pull.user.login, how=SELF_APPROVED, url=f"{pull.html_url}#")
    return approvals(
        (one for one in said if not bot.is_me(one.by) and one.by not in others),
        by_itself=author if settings.authors_approve else None,
        lgtm_counts=settings.lgtm_acts_as_approve,
        reviews_count=settings.reviews_count,
    )


def _issue(body: str, org: str) -> int:
    """The first issue that a text refers to; 0 where there is none."""
    found = compiled(rf"(?:{re.escape(org)}/[^/]+/issues/|#)(\d+)").search(body)
    digits = found.group(1) if found else "0"
    return int(digits) if len(digits) <= MOST_DIGITS else 0


async def _is_by_hand(look: Look, subject: Subject, bot: Bot) -> bool:
    """Whether somebody else has put the label there."""
    last = (await put_last_by(look, subject)).get(APPROVED, "")
    return bool(last) and not bot.is_me(last)


def _links(config: Configuration, settings: ApproveSettings, subject: Subject, branch: str) -> Links:
    return Links(
        site=config.prow.github.link_url,
        org=subject.org,
        repo=subject.repo,
        branch=branch,
        owners=naming_of(config, subject.org, subject.repo).owners,
        commands=settings.commandHelpLink,
        process=settings.pr_process_link,
    )


def _updated(
    text: str, comments: Iterable[IssueComment], bot: Bot, subject: Subject, why: str
) -> list[AddComment | DeleteComment]:
    """A new notification in place of the old ones, unless the latest says the same."""
    old = [comment for comment in comments if bot.is_me(comment.user.login) and is_notification(comment.body)]
    if old and text in old[-1].body:
        return []
    outdated = [DeleteComment(subject=subject, comment=one.id, why="it does not hold any more") for one in old]
    return [*outdated, AddComment(subject=subject, body=text, why=why)]


def _unreadable(
    owners: Owners, paths: Sequence[str], asked: Text | None, subject: Subject, why: str
) -> list[AddComment]:
    """Tell who waits for it what is wrong in the OWNERS files that are asked."""
    wrong = [one for one in owners.wrong if _concerns(one, paths)]
    if not asked or not wrong:
        return []
    body = reply(asked, UNREADABLE + "\n".join(f"    {' '.join(one.split())}" for one in wrong))
    return [AddComment(subject=subject, body=body, why=why)]


def _concerns(finding: str, paths: Sequence[str]) -> bool:
    """Whether what is wrong stands in a file that is above one of these."""
    folder = posixpath.dirname(finding.partition(":")[0])
    return any(not folder or path.startswith(f"{folder}/") for path in paths)
