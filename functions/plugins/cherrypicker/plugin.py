"""cherrypicker's declaration, and what it decides: at once for what is merged, else a promise.

Nothing is stored for a promise. When the pull request is merged, its text, comments and labels are read again.
"""

from cutwater.config.configuration import Configuration
from cutwater.errors import Refused
from cutwater.git.effects import CherryPick
from cutwater.github.effects import AddComment, Assign, Label, Subject
from cutwater.github.opening import Fork, OpenIssue, OpenPullRequest
from cutwater.github.types import PullRequest
from cutwater.github.webhooks import NO_TIME, PullRequestEvent, Webhook
from functions.plugins.cherrypicker import wording
from functions.plugins.cherrypicker.asking import COMMAND, Request, Said, asked_in, requests
from functions.plugins.cherrypicker.options import Options, options
from functions.plugins.cherrypicker.picking import Merged, answer, pick_all
from functions.plugins.kit import Act, Command, Comment, Look, Plugin, Text

plugin = Plugin(
    "cherrypicker",
    about=(
        "Takes a pull request's change to other branches when it is merged, or at once if it is, each in a new pull "
        "request that is assigned to whoever asked for it. The release note and the kinds are copied."
    ),
    commands=[
        Command(
            "cherrypick",
            is_featured=True,
            usage="/cherrypick [branch] [branch…]",
            pattern=COMMAND,
            ignores_case=False,
            on="pull requests",
            about=(
                "Takes the change to a branch. Further ones follow one after the other, as each new pull request is "
                "merged. The label cherrypick/branch says the same."
            ),
            who="Members of the organisation, unless everybody may here.",
            examples=("/cherrypick release-3.9", "/cherry-pick release-1.15", "/cherrypick release-1.6 release-1.5"),
        ),
    ],
    effects=[AddComment, Assign, CherryPick, Fork, Label, OpenIssue, OpenPullRequest],
    recomputes=True,
)


def _is_comment(text: Text) -> bool:
    """Whether it was said below the pull request itself: what its text says counts when it is merged."""
    return text.comment_id is not None


@plugin.on_command("cherrypick", where=_is_comment)
async def on_command(comment: Comment, look: Look, act: Act) -> None:
    """Pick it for each branch that is asked for, or say why not."""
    text, subject = comment.text, comment.subject
    targets = asked_in(text.body)
    if not targets:
        return
    pull = await look.github.pull_request(subject.org, subject.repo, subject.number)
    if pull is None:
        raise Refused(f"GitHub has no pull request {subject}")
    base, login = pull.base.ref, text.author.login
    asks_base = targets.pop(base, None) is not None
    if not targets:
        await act(comment.reply(wording.ON_ITS_BASE.format(base=base)))
        return
    chosen = options()
    is_closed = text.issue_state == "closed"
    if is_closed and not pull.merged:
        await act(comment.reply(wording.UNMERGED))
        return
    if not await _may_ask(login, subject.org, chosen, look):
        await act(comment.reply(wording.NOT_MEMBER.format(org=subject.org, login=login)))
        return
    if not is_closed:
        await act(comment.reply(wording.promise(targets, base=base, asks_base=asks_base)))
        return
    if asks_base:
        await act(comment.reply(wording.ON_ITS_BASE.format(base=base)))
    said = Said(login, text.body, text.url)
    wanted = [Request(login, target, targets[target], said) for target in sorted(targets)]
    change = Merged(subject=subject, base=base, title=pull.title, body=pull.body, commits=pull.commits, time=text.time)
    await pick_all(wanted, change, chosen, look, act)


def _is_for_branch(hook: Webhook, config: Configuration) -> bool:
    name = hook.read(PullRequestEvent).label.name
    return bool(name) and name.startswith(options().label_prefix)


@plugin.on("pull_request", "labeled", wants=_is_for_branch)
async def on_label(event: PullRequestEvent, look: Look, act: Act) -> None:
    """Pick it for the branch that the label names. The author is taken for who asks, whoever put the label there."""
    chosen, pull, subject = options(), event.pull_request, _subject(event)
    request = Request(pull.user.login, event.label.name.removeprefix(chosen.label_prefix))
    if not await _may_ask(request.login, subject.org, chosen, look):
        await act(answer(request, subject, wording.NOT_MEMBER.format(org=subject.org, login=request.login)))
    elif request.target == pull.base.ref:
        await act(answer(request, subject, wording.SAME.format(base=pull.base.ref)))
    elif not pull.merged:
        await act(answer(request, subject, wording.promise_to(request.login, request.target)))
    else:
        await pick_all([request], _merged(pull, subject), chosen, look, act)


def _is_merged(hook: Webhook, config: Configuration) -> bool:
    pull = hook.read(PullRequestEvent).pull_request
    return pull.merged and bool(pull.merge_commit_sha)


@plugin.on("pull_request", "closed", wants=_is_merged)
async def on_merge(event: PullRequestEvent, look: Look, act: Act) -> None:
    """Keep what was promised: each branch once, for the first member who asked for it."""
    chosen, pull, subject = options(), event.pull_request, _subject(event)
    comments = await look.github.comments(subject.org, subject.repo, subject.number)
    labels = await look.github.labels(subject.org, subject.repo, subject.number)
    written = [Said(pull.user.login, pull.body)]
    written += [Said(one.user.login, one.body, one.html_url) for one in comments]
    may_ask: dict[str, bool] = {}
    wanted: dict[str, Request] = {}
    for request in requests(written, labels, prefix=chosen.label_prefix, author=pull.user.login):
        if request.login not in may_ask:
            may_ask[request.login] = await _may_ask(request.login, subject.org, chosen, look)
        if not may_ask[request.login]:
            continue
        if request.target == pull.base.ref:
            await act(answer(request, subject, wording.SAME.format(base=pull.base.ref)))
        else:
            wanted.setdefault(request.target, request)
    await pick_all(list(wanted.values()), _merged(pull, subject), chosen, look, act)


async def _may_ask(login: str, org: str, chosen: Options, look: Look) -> bool:
    return chosen.allows_all or await look.github.is_member(org, login)


def _subject(event: PullRequestEvent) -> Subject:
    return Subject(event.repository.owner.login, event.repository.name, event.pull_request.number)


def _merged(pull: PullRequest, subject: Subject) -> Merged:
    return Merged(
        subject=subject,
        base=pull.base.ref,
        title=pull.title,
        body=pull.body,
        commits=pull.commits,
        time=pull.updated_at or NO_TIME,
    )
