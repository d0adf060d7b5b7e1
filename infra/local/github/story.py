"""The story of an issue or pull request for its page: everything that happened, in words, oldest first."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from markupsafe import Markup

from infra.local.github import records as r
from infra.local.github.hub import Hub
from infra.local.github.markdown import to_html
from infra.local.github.mergeability import pull_commits


class Entry(NamedTuple):
    """One line of the story; a `kind` of "comment" or "review" has a body, others are one line."""

    when: datetime
    kind: str
    who: str
    text: str
    body: Markup = Markup("")
    anchor: str = ""
    link: str = ""


def story_of(hub: Hub, row: r.Issue) -> list[Entry]:
    """All entries, by time."""
    opening = Entry(row.created_at, "comment", row.author, "opened this", to_html(row.body or ""))
    entries = [opening, *_said(hub, row), *_done(hub, row)]
    return sorted(entries, key=lambda entry: entry.when)


def _said(hub: Hub, row: r.Issue) -> Iterator[Entry]:
    for comment in hub.comments_of.all(row.id):
        body = to_html(comment.body)
        yield Entry(comment.created_at, "comment", comment.author, "commented", body, f"issuecomment-{comment.id}")
    for review in hub.reviews_of.all(row.id):
        word = review.state.lower().replace("_", " ")
        anchor = f"pullrequestreview-{review.id}"
        yield Entry(review.submitted_at, "review", review.author, word, to_html(review.body), anchor)
    for remark in hub.review_comments_of.all(row.id):
        where = f"on {remark.path}"
        yield Entry(
            remark.created_at, "comment", remark.author, where, to_html(remark.body), f"discussion_r{remark.id}"
        )


def _done(hub: Hub, row: r.Issue) -> Iterator[Entry]:
    here = hub.repositories[row.repository]
    for commit in pull_commits(hub, row) if row.pull else []:
        text = f"{commit.sha[:7]} {commit.message.partition(chr(10))[0]}"
        link = f"/{here.full_name}/commit/{commit.sha}"
        yield Entry(commit.committer.date, "commit", commit.author.name, text, link=link)
    for status in hub.statuses_of.all((here.id, row.pull.head_sha)) if row.pull else []:
        text = f"{status.context}: {status.state}. {status.description or ''}"
        link = safe_link(status.target_url)
        yield Entry(status.created_at, f"status {status.state}", status.creator, text, link=link)
    for event in hub.events_of.all(row.id):
        yield Entry(event.created_at, f"event {event.kind}", event.actor, _words(event))


def safe_link(link: str | None) -> str:
    """A link that can be followed without harm, or none."""
    return link if link and link.startswith(("http://", "https://", "/")) else ""


def _words(event: r.Event) -> str:
    match event.kind:
        case "labeled":
            return f"added the label {event.label}"
        case "unlabeled":
            return f"removed the label {event.label}"
        case "assigned" | "unassigned":
            return f"{event.kind} {event.login}"
        case "review_requested":
            return f"asked {event.login or 'a team'} for a review"
        case "merged":
            return f"merged this as {(event.commit or '')[:7]}"
        case "renamed":
            return f"changed the title from “{event.rename_from}”"
        case "base_ref_changed":
            return f"changed the base from {event.rename_from} to {event.rename_to}"
        case "milestoned" | "demilestoned":
            return f"{'set' if event.kind == 'milestoned' else 'removed'} the milestone {event.milestone}"
    return event.kind.replace("_", " ")
