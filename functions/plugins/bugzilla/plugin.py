"""bugzilla: a pull request names a bug in its title that fits its branch, and the bug follows what becomes of it.

Source: sigs.k8s.io/prow pkg/plugins/bugzilla.
"""

from cutwater.bugzilla.client import Bug
from cutwater.bugzilla.effects import CloneBug, CommentOnBug, EditBug, LinkBug
from cutwater.config.configuration import Configuration
from cutwater.config.patterns import compiled
from cutwater.config.sections import BugOptions
from cutwater.github.effects import AddComment, Label, Subject
from cutwater.github.webhooks import PullRequestEvent, Webhook
from functions.plugins.bugzilla.ends import closed, merged
from functions.plugins.bugzilla.event import Event, found, is_allowed, link, number_in
from functions.plugins.bugzilla.options import options_for
from functions.plugins.bugzilla.picks import picked
from functions.plugins.bugzilla.validation import validated
from functions.plugins.kit import ANYONE, Act, Command, Comment, Look, Plugin
from functions.plugins.unable import Unable

PICK = r"This is an automated cherry-pick of #([0-9]{1,18})"
REFRESH, ASSIGN, CC = "bugzilla refresh", "bugzilla assign-qa", "bugzilla cc-qa"
ON_ISSUE = "Bugzilla bug referencing is only supported for Pull Requests, not issues."

plugin = Plugin(
    "bugzilla",
    about="Checks the bug of Bugzilla that a pull request names in its title, and moves it on as the work goes on.",
    commands=[
        Command(
            REFRESH,
            about="Checks the bug that the title of the pull request names.",
            who=ANYONE,
            examples=("/bugzilla refresh",),
        ),
        Command(
            ASSIGN,
            about="Does what /bugzilla cc-qa does, which took its place.",
            who=ANYONE,
            examples=("/bugzilla assign-qa",),
        ),
        Command(
            CC,
            about="Asks the QA contact of the bug for a review.",
            who=ANYONE,
            examples=("/bugzilla cc-qa",),
        ),
    ],
    effects=[AddComment, CloneBug, CommentOnBug, EditBug, Label, LinkBug],
)


def _matters(hook: Webhook, config: Configuration) -> bool:
    """Whether the title names another bug than before, or the pull request is new or at its end."""
    event = hook.read(PullRequestEvent)
    pull, now = event.pull_request, number_in(event.pull_request.title)
    if event.action == "opened" and compiled(PICK).search(pull.body):
        return True
    if event.action == "closed" and not pull.merged:
        return True
    before = number_in(str((event.changes.get("title") or {}).get("from", "")))
    if before is not None:
        return before != now
    repository = event.repository
    options = options_for(config, repository.owner.login, repository.name, pull.base.ref)
    return now is not None or bool(options.validate_by_default)


@plugin.on("pull_request", "opened", "reopened", "edited", "closed", wants=_matters)
async def on_pull_request(event: PullRequestEvent, look: Look, act: Act) -> None:
    """What the title says, checked; or the end of the pull request, carried to the bug."""
    pull, repository = event.pull_request, event.repository
    pick = compiled(PICK).search(pull.body) if event.action == "opened" else None
    opened = Event(
        subject=Subject(repository.owner.login, repository.name, pull.number),
        branch=pull.base.ref,
        bug=number_in(pull.title),
        merged=pull.merged,
        state=pull.state,
        text=pull.title,
        url=pull.html_url,
        login=pull.user.login,
        is_opened=event.action == "opened",
        is_closing=event.action == "closed",
        picks=int(pick.groups()[0] or 0) if pick else None,
    )
    await _answer(opened, look, act)


@plugin.on_command(REFRESH, ASSIGN, CC)
async def on_comment(comment: Comment, look: Look, act: Act) -> None:
    """The pull request as it is now, checked again."""
    subject, text, name = comment.subject, comment.text, comment.command.name
    if not text.is_pull_request:
        await act(comment.reply(ON_ISSUE))
        return
    pull = await look.github.pull_request(subject.org, subject.repo, subject.number)
    if pull is None:
        return
    typed = Event(
        subject=subject,
        branch=pull.base.ref,
        bug=number_in(pull.title),
        merged=pull.merged,
        state=pull.state,
        text=text.body,
        url=text.url,
        login=text.author.login,
        is_refresh=name == REFRESH,
        wants_qa=name in {ASSIGN, CC},
        is_old=name == ASSIGN,
    )
    await _answer(typed, look, act)


async def _answer(event: Event, look: Look, act: Act) -> None:
    try:
        await _handle(event, look, act)
    except Unable as unable:
        await act(event.answer(str(unable)))


async def _handle(event: Event, look: Look, act: Act) -> None:
    """Raises Unable with what is said where it cannot be done."""
    subject = event.subject
    options = options_for(look.config, subject.org, subject.repo, event.branch)
    bug = None if event.bug is None else await found(look, event.bug)
    if bug is not None and not is_allowed(bug, options):
        if event.is_opened or event.is_refresh:
            raise Unable(_forbidden(bug, options, look.bugzilla.address))
        return
    if event.merged or event.is_closing:
        if bug is not None:
            await (merged if event.merged else closed)(event, bug, options, look, act)
    elif event.picks is not None:
        if options.enable_backporting:
            await picked(event, event.picks, options, look, act)
    else:
        await validated(event, bug, options, look, act)


def _forbidden(bug: Bug, options: BugOptions, address: str) -> str:
    groups = "".join(f"\n- {group}" for group in options.allowed_groups)
    return (
        f"{link(address, bug.id)} is in a bug group that is not in the allowed groups for this repo.\n"
        f"Allowed groups for this repo are:{groups}"
    )
