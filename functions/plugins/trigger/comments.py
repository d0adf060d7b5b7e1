"""What trigger does when somebody types a command."""

from collections.abc import Iterable

from cutwater.config.configuration import Configuration
from cutwater.config.inrepo import is_enabled
from cutwater.config.jobs import Presubmit
from cutwater.config.matching import (
    OK_TO_TEST,
    RETEST,
    RETEST_REQUIRED,
    TEST_ALL,
    TEST_MANUAL_REQUIRED,
)
from cutwater.config.patterns import matches
from cutwater.events.repository_jobs import RepositoryJobs
from cutwater.github.effects import AddComment, DeleteComment, Label, Subject
from cutwater.github.webhooks import Text
from functions.plugins.kit import Effect, Look
from functions.plugins.pull_requests import pull_request_of
from functions.plugins.replies import reply
from functions.plugins.trigger import answers, workflows
from functions.plugins.trigger.own_jobs import COMPLAINT, complaint, jobs_for
from functions.plugins.trigger.refs import base_sha
from functions.plugins.trigger.runs import Cause, asked_by, create
from functions.plugins.trust import TriggerSettings, has, is_trusted, is_trusted_pull_request, settings_for

CANCEL = r"(?m)^/ok-to-test\s+cancel\s*$"
FENCES = ("```", "~~~")
KNOWN = (RETEST, RETEST_REQUIRED, TEST_MANUAL_REQUIRED, OK_TO_TEST, CANCEL, TEST_ALL)

NEEDS_OK = "Cannot trigger testing until a trusted user reviews the PR and leaves an `/ok-to-test` message."
UNTRUSTABLE = (
    "PRs from untrusted users cannot be marked as trusted with `/ok-to-test` in this repo meaning untrusted PR authors "
    "can never trigger tests themselves. Collaborators can still trigger tests on the PR using `/test`."
)
ONLY_TRUSTED = "Only trusted users can revoke `/ok-to-test`."


def outside_fences(body: str) -> str:
    """The text without its fenced blocks: what is quoted in one does not make a comment ours.

    A block begins with a line that begins with a fence, and ends with the next line that is one. One without an end is
    none. No pattern of upstream's: to find all blocks by it takes time in the square of the text.
    """
    lines = body.split("\n")
    last = {line: index for index, line in enumerate(lines) if line in FENCES}
    outside: list[str] = []
    index = 0
    while index < len(lines):
        fence = lines[index][:3]
        if last.get(fence, -1) > index:
            index = lines.index(fence, index + 1)
        else:
            outside.append(lines[index])
        index += 1
    return "\n".join(outside)


def is_germane(text: Text, config: Configuration) -> bool:
    """Whether a comment on an open pull request has one of our commands, or may start a job of the repository.

    What starts the jobs that a repository brings along is not known before they are read.
    """
    if text.action != "created" or not text.is_pull_request or text.issue_state != "open":
        return False
    org, repo = text.subject.org, text.subject.repo
    return _is_command(text, config.jobs.presubmits_of(org, repo)) or is_enabled(config.prow.in_repo_config, org, repo)


def _is_command(text: Text, presubmits: Iterable[Presubmit]) -> bool:
    """Whether it has a command that everybody knows, or one that these jobs have for themselves."""
    said = outside_fences(text.body)
    if any(matches(pattern, said) for pattern in (*KNOWN, *answers.ASKS)):
        return True
    return any(matches(job.trigger, said) for job in presubmits)


async def decide(text: Text, look: Look) -> list[Effect[object]]:
    """Trust first; then the labels that say it; then what is to run."""
    subject, said = text.subject, outside_fences(text.body)
    if (await look.github.bot()).is_me(text.author.login):
        return []
    if not _is_command(text, look.config.jobs.presubmits_of(subject.org, subject.repo)):
        jobs = await jobs_for(look, await pull_request_of(look, subject))
        if not _is_command(text, jobs.presubmits):
            return []
    settings = settings_for(look.config, subject.org, subject.repo)
    honours = not settings.ignore_ok_to_test
    is_known = await is_trusted(look, settings, text.author.login, subject.org, subject.repo)
    if not is_known and not await is_trusted_pull_request(look, settings, subject, text.issue_author.login):
        return [_answer(text, NEEDS_OK if honours else UNTRUSTABLE)]
    effects = await _labels(text, look, is_ok=honours and matches(OK_TO_TEST, said))
    if honours and matches(CANCEL, said):
        return effects + _cancel(text, is_known=is_known)
    return effects + await _runs(text, said, look, settings)


def _answer(text: Text, message: str) -> Effect[object]:
    return AddComment(subject=text.subject, body=reply(text, message), why=f"{text.author.login} asked")


async def _labels(text: Text, look: Look, *, is_ok: bool) -> list[Effect[object]]:
    """ok-to-test as the comment says, also where it is there, and no needs-ok-to-test beside it."""
    subject = text.subject
    labels = await look.github.labels(subject.org, subject.repo, subject.number)
    effects: list[Effect[object]] = []
    if is_ok:
        why = f"/ok-to-test by {text.author.login}"
        effects.append(Label(subject=subject, name="ok-to-test", present=True, why=why))
    if is_ok or (has(labels, "ok-to-test") and has(labels, "needs-ok-to-test")):
        effects.append(Label(subject=subject, name="needs-ok-to-test", present=False, why="it is ok to test"))
    return effects


def _cancel(text: Text, *, is_known: bool) -> list[Effect[object]]:
    """Take the trust back: the labels change places, and nothing runs."""
    if not is_known:
        return [_answer(text, ONLY_TRUSTED)]
    subject, why = text.subject, f"/ok-to-test cancel by {text.author.login}"
    return [
        Label(subject=subject, name="ok-to-test", present=False, why=why),
        Label(subject=subject, name="needs-ok-to-test", present=True, why=why),
    ]


async def _runs(text: Text, said: str, look: Look, settings: TriggerSettings) -> list[Effect[object]]:
    subject = text.subject
    pull = await pull_request_of(look, subject)
    jobs = await jobs_for(look, pull)
    honours = not settings.ignore_ok_to_test
    to_run = await asked_by(look, pull, jobs.presubmits, text.body, honours_ok_to_test=honours)
    complained = await complaint(look, pull, jobs)
    cause = Cause(text.guid, "comment", f"{text.body.strip().splitlines()[0][:80]} by {text.author.login}")
    has_workflows = settings.trigger_github_workflows
    effects: list[Effect[object]] = []
    if has_workflows and honours and matches(OK_TO_TEST, said):
        effects += await workflows.approved(look, pull, cause.why)
    note = answers.needed(said, nothing_to_run=not to_run)
    if note is not None:
        answer = _answer(text, await answers.available(look, pull, jobs.presubmits, note))
        return [*effects, answer, *complained]
    if has_workflows and (matches(RETEST, said) or matches(TEST_ALL, said)):
        effects += await workflows.run_again(look, pull, cause.why)
    if matches(r"(?m)^/(?:re)?test\b", said):
        effects += await _prune(look, subject, jobs)
    is_retest = matches(RETEST, said) or matches(RETEST_REQUIRED, said)
    labels = {"prow.k8s.io/retest": "true"} if is_retest else {}
    return effects + create(look, cause, pull, await base_sha(look, pull), to_run, labels=labels) + complained


async def _prune(look: Look, subject: Subject, jobs: RepositoryJobs) -> list[Effect[object]]:
    """Our older answers about commands go when a good one is typed, and what was wrong and is mended."""
    bot = await look.github.bot()
    settled = answers.MARKERS if jobs.wrong else (*answers.MARKERS, COMPLAINT)
    return [
        DeleteComment(subject=subject, comment=comment.id, why="the question it answers is settled")
        for comment in await look.github.comments(subject.org, subject.repo, subject.number)
        if bot.is_me(comment.user.login) and any(marker in comment.body for marker in settled)
    ]
