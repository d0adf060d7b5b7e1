"""What override hears, and what it does."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from msgspec import Struct, structs

from cutwater.errors import Refused
from cutwater.github.effects import AddComment, PassCheck, SetStatus, StatusState
from cutwater.github.types import PullRequest, Status
from cutwater.kube.effects import CreateProwJob
from cutwater.prowjob.descriptions import SKIP_RETEST, with_base_sha
from cutwater.prowjob.types import ProwJob, ProwJobStatus
from functions.plugins.kit import Act, Command, Comment, Effect, Look, Plugin, Typed
from functions.plugins.override.contexts import Standing, history_of, standing_of
from functions.plugins.override.named import named
from functions.plugins.override.permission import in_words, may, settings_of
from functions.plugins.pull_requests import pull_request_of
from functions.plugins.trigger.refs import refs_of
from functions.plugins.trigger.runs import Cause, new_run
from functions.plugins.unable import Unable, needed

OVERRIDDEN = "Overridden by"
LASTING = (
    "\n\nThese overrides will persist across retests on the current HEAD SHA. Pushing a new commit will clear them. "
    "Use `/override-cancel` to remove them."
)
# The plugin itself checks who may: a command that lacks a name is answered first, and the refusal says who may in this
# repository.
WHO = "Repo administrators; top level approvers and teams where the configuration has them."


def _command(name: str, argument: str, about: str, *examples: str) -> Command:
    return Command(
        name,
        argument=argument,
        pattern=rf"(?mi)^/{name}( ([^\r\n]+))?[\r\n]?$",
        on="pull requests",
        when="open",
        about=about,
        who=WHO,
        examples=examples,
    )


CANCEL = _command(
    "override-cancel",
    "[context…]",
    "Takes overrides back: these contexts fail again, or all that were overridden.",
    "/override-cancel pull-repo-whatever",
    "/override-cancel",
)
STICKY = _command(
    "override-sticky",
    "<context…>",
    "As /override, and it holds on however far the branch moves. A push ends it.",
    "/override-sticky pull-repo-whatever",
    '/override-sticky "test / Unit Tests"',
)
OVERRIDE = _command(
    "override",
    "<context…>",
    "Contexts that failed count as passed, until the branch moves. A name with blanks stands in quotes.",
    "/override pull-repo-whatever",
    '/override "test / Unit Tests"',
    "/override deleted-job other-job",
)

plugin = Plugin(
    "override",
    about="Contexts, check runs and jobs that failed count as passed when an administrator says so.",
    commands=[CANCEL, STICKY, OVERRIDE],
    effects=[AddComment, CreateProwJob, PassCheck, SetStatus],
    reads=["administration"],
)


class _Word(Struct, frozen=True, kw_only=True):
    """One of the commands, as often as a comment has it. `before`: what the comment has set already, newest first."""

    comment: Comment
    command: Command
    typed: tuple[Typed, ...]
    before: list[Status]

    @property
    def by(self) -> str:
        return self.comment.author.login

    @property
    def why(self) -> str:
        return f"{self.typed[0]} by {self.by}"

    @property
    def description(self) -> str:
        """What an override says of itself."""
        return f"{OVERRIDDEN} {self.by}" + (f" {SKIP_RETEST}" if self.command is STICKY else "")


CarryOut = Callable[[_Word, Look, Act], Awaitable[None]]


@plugin.on_command(CANCEL.name, STICKY.name, OVERRIDE.name)
async def decide(comment: Comment, look: Look, act: Act) -> None:
    """First what is taken back, then what is to last, then the rest. Each sees what the ones before it have set."""
    before: list[Status] = []
    for command in plugin.commands:
        typed = tuple(one for one in comment.all_typed if one.command is command)
        if typed:
            word = _Word(comment=comment, command=command, typed=typed, before=before)
            await _answered(word, _cancel if command is CANCEL else _override, look, act)


async def _answered(word: _Word, carry_out: CarryOut, look: Look, act: Act) -> None:
    try:
        await carry_out(word, look, act)
    except Unable as unable:
        await _say(word, act, str(unable))


async def _say(word: _Word, act: Act, message: str) -> None:
    await act(word.comment.reply(message))


async def _permitted(word: _Word, look: Look) -> PullRequest:
    """The pull request. Raises Unable for those who may not override there."""
    subject = word.comment.subject
    where = f"{subject.org}/{subject.repo}"
    pull = await needed(pull_request_of(look, subject), f"Cannot get PR #{subject.number} in {where}")
    if not await needed(may(look, pull, word.by), f"Cannot find out what {word.by} may do in {where}"):
        who = in_words(settings_of(look.config), subject.org, subject.repo)
        raise Unable(f"{word.by} unauthorized: {word.command} is restricted to {who}")
    return pull


async def _carried_out(act: Act, effect: Effect[Any], otherwise: str) -> None:
    """Raises Unable where it is refused."""
    try:
        await act(effect)
    except Refused as refused:
        raise Unable(otherwise) from refused


async def _set(word: _Word, pull: PullRequest, act: Act, was: Status, *, state: StatusState, description: str) -> None:
    """The context says something else of the head, and leads where it led. Raises Unable."""
    subject = word.comment.subject
    effect = SetStatus(
        org=subject.org,
        repo=subject.repo,
        sha=pull.head.sha,
        context=was.context,
        state=state,
        description=description,
        target_url=was.target_url,
        why=word.why,
    )
    await _carried_out(act, effect, f"Cannot update PR status for context {was.context}")
    word.before.insert(0, structs.replace(was, state=state, description=description))


# /override and /override-sticky


async def _override(word: _Word, look: Look, act: Act) -> None:
    names = named(word.typed)
    if names is None:
        raise Unable(f"{word.command} requires failed status contexts to operate on, but none was given")
    pull = await _permitted(word, look)
    standing = await standing_of(look, pull, word.before)
    unknown = names - standing.names
    if unknown:
        raise Unable(_unknown(word.command, unknown, standing.names))
    done: set[str] = set()
    try:
        await _pass_contexts(word, look, act, pull, standing, names, done)
        await _pass_checks(word, act, pull, standing, names, done)
    except Unable as unable:
        await _say(word, act, str(unable))
    if done:
        lasting = LASTING if word.command is STICKY else ""
        await _say(word, act, f"Overrode contexts on behalf of {word.by}: {', '.join(sorted(done))}{lasting}")


def _unknown(command: Command, unknown: Iterable[str], known: Iterable[str]) -> str:
    return (
        f"{command} requires failed status contexts, check run or a prowjob name to operate on.\n"
        f"The following unknown contexts/checkruns were given:\n{_listed(unknown)}\n\n"
        f"Only the following failed contexts/checkruns were expected:\n{_listed(known)}\n\n"
        "If you are trying to override a checkrun that has a space in it, you must put a double quote on the context.\n"
    )


def _listed(names: Iterable[str]) -> str:
    return "\n".join(f" - `{name}`" for name in sorted(names))


async def _pass_contexts(
    word: _Word, look: Look, act: Act, pull: PullRequest, standing: Standing, names: set[str], done: set[str]
) -> None:
    """Each context that is named has a status that says so, and each job of them a run. Raises Unable."""
    for status in standing.to_override(names):
        job = standing.presubmit_for(status.context)
        if job is not None:
            cause = Cause(word.comment.text.guid, word.command.name, word.why, plugin=plugin.name)
            run = new_run(look, cause, refs_of(pull, standing.base), job)
            otherwise = f"Failed to create override job for {status.context}"
            await _carried_out(act, CreateProwJob(job=_passed(run, word), why=word.why), otherwise)
        description = with_base_sha(word.description, standing.base)
        await _set(word, pull, act, status, state="success", description=description)
        done.add(status.context)


def _passed(run: ProwJob, word: _Word) -> ProwJob:
    """A run that never ran."""
    start = run.status.startTime
    status = ProwJobStatus(
        state="success",
        startTime=start,
        completionTime=start,
        description=word.description,
        url=word.comment.text.url,
    )
    return structs.replace(run, status=status)


async def _pass_checks(
    word: _Word, act: Act, pull: PullRequest, standing: Standing, names: set[str], done: set[str]
) -> None:
    """Each check run that is named has one of ours beside it, which has passed. Raises Unable."""
    subject = word.comment.subject
    for name in (check for check in standing.checks if check in names):
        effect = PassCheck(
            org=subject.org,
            repo=subject.repo,
            sha=pull.head.sha,
            name=name,
            title=f"Prow override - {name}",
            summary=f"Prow has received override command for the {name} checkrun.",
            why=word.why,
        )
        await _carried_out(act, effect, f"cannot create prow-override CheckRun {name}")
        done.add(name)


# /override-cancel


async def _cancel(word: _Word, look: Look, act: Act) -> None:
    pull = await _permitted(word, look)
    names = named(word.typed)
    newest: dict[str, Status] = {}
    for status in (*word.before, *await history_of(look, pull)):
        newest.setdefault(status.context, status)
    overrides = [
        status
        for status in newest.values()
        if OVERRIDDEN in status.description and (names is None or status.context in names)
    ]
    for status in overrides:
        await _set(word, pull, act, status, state="failure", description=f"Override cancelled by {word.by}")
    if not overrides:
        raise Unable("No overrides found to cancel")
    cancelled = ", ".join(sorted(status.context for status in overrides))
    await _say(word, act, f"Cancelled overrides on behalf of {word.by}: {cancelled}")
