"""When people are asked for reviews: blunderbuss and rifle agree on that, and differ in whom they ask.

Source: sigs.k8s.io/prow pkg/plugins/blunderbuss and pkg/plugins/rifle.
"""

from collections.abc import Awaitable, Callable
from random import Random

from cutwater.config.configuration import Configuration
from cutwater.config.patterns import matches
from cutwater.config.sections import Reviewers, WaitForStatus
from cutwater.events.repository_owners import owners_of_branch
from cutwater.github.effects import RequestReview, Subject
from cutwater.github.types import PullRequest
from cutwater.github.webhooks import PullRequestEvent, StatusEvent, Webhook
from functions.plugins.assign import CC
from functions.plugins.kit import ANYONE, Command, Comment, Effect, Look, Plugin
from functions.plugins.pull_requests import pull_request_of, pull_requests_at
from functions.plugins.reviewers import AtRandom, Availability, Change, Picker, to_ask

AUTO_CC = Command(
    "auto-cc",
    on="pull requests",
    when="open",
    about="Asks people for reviews, as when the pull request was opened: the owners may be others by now.",
    who=ANYONE,
    examples=("/auto-cc",),
)

WANTS_REVIEW = (
    r"Not mergeable. (PullRequest is missing sufficient approving GitHub review\(s\)|"
    r"Needs (lgtm|approved|approved, lgtm) labels?)\.?"
)
"""What tide says of a pull request that lacks reviews alone. RE2."""

Choose = Callable[[Look, Change, Availability, Random], Awaitable[Picker]]
"""Makes the picker for one pull request. Its chance is the delivery's: a second attempt asks the same people."""


async def at_random(look: Look, change: Change, availability: Availability, random: Random) -> Picker:
    return AtRandom(random, availability.is_busy)


def ask_for_reviews(plugin: Plugin, choose: Choose) -> None:
    """Have a plugin ask for reviews, as the configuration has it under the plugin's name."""

    def settings_of(config: Configuration) -> Reviewers:
        return config.plugins.section(plugin.name, Reviewers)

    def is_new(hook: Webhook, config: Configuration) -> bool:
        pull, settings = hook.read(PullRequestEvent).pull_request, settings_of(config)
        return settings.wait_for_status is None and not matches(CC, pull.body) and _is_meant(pull, settings)

    @plugin.on("pull_request", "opened", "ready_for_review", wants=is_new)
    async def on_pull_request(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
        """Somebody is to review what is new, unless its author has said who."""
        subject = Subject(event.repository.owner.login, event.repository.name, event.pull_request.number)
        return await ask(look, subject, event.pull_request, event.guid, f"pull request {event.action}")

    @plugin.on_command(AUTO_CC.name)
    async def on_command(comment: Comment, look: Look) -> list[Effect[object]]:
        """Ask, whoever the author is and however the pull request stands."""
        pull = await pull_request_of(look, comment.subject)
        return await ask(look, comment.subject, pull, comment.text.guid, comment.why)

    def is_awaited(hook: Webhook, config: Configuration) -> bool:
        wanted, event = settings_of(config).wait_for_status, hook.read(StatusEvent)
        return wanted is not None and _fits(wanted, event)

    @plugin.on("status", wants=is_awaited)
    async def on_status(event: StatusEvent, look: Look) -> list[Effect[object]]:
        """All that is missing is a review: ask for one, unless somebody is asked already."""
        org, repo, settings = event.repository.owner.login, event.repository.name, settings_of(look.config)
        effects: list[Effect[object]] = []
        for pull in await pull_requests_at(look, event):
            if _is_meant(pull, settings) and not pull.requested_reviewers:
                subject, why = Subject(org, repo, pull.number), f"{event.context}: {event.description}"
                effects += await ask(look, subject, pull, event.guid, why)
        return effects

    async def ask(look: Look, subject: Subject, pull: PullRequest, guid: str, why: str) -> list[Effect[object]]:
        settings = settings_of(look.config)
        files = await look.github.files(subject.org, subject.repo, subject.number)
        paths = [file.filename for file in files]
        owners = await owners_of_branch(look, subject.org, subject.repo, pull.base.ref, paths=paths)
        change = Change(subject, pull, files, owners)
        availability = Availability(look, subject.org, is_asked=settings.use_status_availability)
        picker = await choose(look, change, availability, Random(f"{guid} {subject}"))
        people = await to_ask(change, settings, picker)
        return [RequestReview(subject=subject, reviewers=tuple(people), why=why)] if people else []


def _fits(wanted: WaitForStatus, event: StatusEvent) -> bool:
    """Whether a status is the one that is waited for; tide's word that a review is missing, unless otherwise said."""
    if (event.context, event.state) != (wanted.context or "tide", wanted.state or "pending"):
        return False
    return bool(event.description) and matches(wanted.description or WANTS_REVIEW, event.description)


def _is_meant(pull: PullRequest, settings: Reviewers) -> bool:
    is_ignored = pull.draft and settings.ignore_drafts
    return not is_ignored and pull.user.login not in settings.ignore_authors
