"""skip: contexts of optional jobs that failed, or wait for nothing, count as passed.

Source: sigs.k8s.io/prow pkg/plugins/skip.
"""

from collections.abc import Sequence

from cutwater.config.jobs import Presubmit
from cutwater.config.matching import runs_on
from cutwater.errors import Refused
from cutwater.github.effects import AddComment, SetStatus
from cutwater.github.types import PullRequest
from functions.plugins.kit import ANYONE, Act, Command, Comment, Look, Plugin
from functions.plugins.pull_requests import pull_request_of
from functions.plugins.trigger.own_jobs import jobs_for
from functions.plugins.trigger.runs import asked_by
from functions.plugins.trust import settings_for
from functions.plugins.unable import Unable, needed

plugin = Plugin(
    "skip",
    about="Contexts of optional jobs that have not passed count as passed when somebody says so.",
    commands=[
        Command(
            "skip",
            on="pull requests",
            when="open",
            about="Sets the contexts of optional jobs that have not passed to success.",
            who=ANYONE,
            examples=("/skip",),
        ),
    ],
    effects=[AddComment, SetStatus],
)


@plugin.on_command("skip")
async def decide(comment: Comment, look: Look, act: Act) -> None:
    """What is in the way and need not be is taken out of it, unless the same comment has it run."""
    try:
        await _skip(comment, look, act)
    except Unable as unable:
        await act(comment.reply(str(unable)))


async def _skip(comment: Comment, look: Look, act: Act) -> None:
    """Raises Unable, and does not go on then."""
    subject = comment.subject
    where = f"PR #{subject.number} in {subject.org}/{subject.repo}"
    pull = await needed(pull_request_of(look, subject), lambda error: f"Cannot get {where}: {error}")
    presubmits = await needed(_presubmits(look, pull), lambda error: f"Cannot get presubmits for {where}: {error}")
    statuses = await needed(
        look.github.statuses(subject.org, subject.repo, pull.head.sha),
        lambda error: f"Cannot get combined commit statuses for {where}: {error}",
    )
    waiting = {status.context for status in statuses if status.state != "success"}
    starting = await _starting(comment, look, pull, presubmits)
    for context in _skipped(presubmits, pull.base.ref, waiting, starting):
        effect = SetStatus(
            org=subject.org,
            repo=subject.repo,
            sha=pull.head.sha,
            context=context,
            state="success",
            description="Skipped",
            target_url="",
            why=comment.why,
        )
        try:
            await act(effect)
        except Refused as refused:
            raise Unable(f"Cannot update PR status for context {context}: {refused}") from refused


async def _presubmits(look: Look, pull: PullRequest) -> Sequence[Presubmit]:
    """All of the repository. Raises Refused where its own ones cannot be used: one may require a context."""
    jobs = await jobs_for(look, pull)
    if jobs.wrong:
        raise Refused(jobs.wrong)
    return jobs.presubmits


async def _starting(
    comment: Comment, look: Look, pull: PullRequest, presubmits: Sequence[Presubmit]
) -> Sequence[Presubmit]:
    """The jobs that trigger starts for the same comment."""
    subject = comment.subject
    honours = not settings_for(look.config, subject.org, subject.repo).ignore_ok_to_test
    return await asked_by(look, pull, presubmits, comment.text.body, honours_ok_to_test=honours)


def _skipped(
    presubmits: Sequence[Presubmit], branch: str, waiting: set[str], starting: Sequence[Presubmit]
) -> list[str]:
    """The contexts that are skipped, in the order of the jobs. None that a job of the branch must report."""
    required = {job.context for job in presubmits if job.is_required and runs_on(job, branch)}
    started = {(job.name, job.context) for job in starting}
    contexts = [
        job.context
        for job in presubmits
        if not job.is_required and job.context in waiting and (job.name, job.context) not in started
    ]
    return [context for context in dict.fromkeys(contexts) if context not in required]
