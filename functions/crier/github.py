"""The report to GitHub: a commit status for every state, and a comment on the pull request when a run is over.

Source: sigs.k8s.io/prow pkg/crier/reporters/github and pkg/github/report.
"""

from collections.abc import Iterable, Sequence

from cutwater.config.jenkins import report_templates_for
from cutwater.config.prow import GitHubReporter
from cutwater.config.template import TemplateError, parse
from cutwater.errors import Refused
from cutwater.events.effect import Act
from cutwater.events.look import Look
from cutwater.github.effects import AddComment, DeleteComment, EditComment, Subject
from cutwater.kube.client import Conflict
from cutwater.prowjob.labels import ORG, PULL, REPO
from cutwater.prowjob.types import ProwJob, Refs
from functions.crier import comment, status
from functions.crier.outcome import Outcome


async def report(job: ProwJob, look: Look, act: Act) -> Outcome:
    """Tell GitHub of the state that the run is in.

    Raises Refused in GitHub's words, and Conflict where the run is over since its pull request was asked to be held.
    """
    config = look.config.prow.github_reporter
    lock = comment_lock(job, config)
    if lock and lock not in look.held:
        raise Conflict(f"{job.metadata.name} is over by now, and {lock} is not held")
    runs = await _runs(job, look)
    if status.is_overtaken(job, runs) or not await _set_status(job, config, act):
        return Outcome.TOLD
    if job.spec.type == "presubmit" and _subject(job) is None:
        pulls = len(job.spec.refs.pulls) if job.spec.refs else 0
        raise Refused(f"{job.metadata.name} is of {pulls} pull requests, not of one: there is nowhere to comment")
    if lock:
        is_summary = _is_among(job, config.summary_comment_repos)
        jobs = [one for one in (summarised(runs) if is_summary else [job]) if _is_told(one, config)]
        if jobs:
            await _comment(jobs, look, act, is_summary=is_summary)
    return Outcome.TOLD


def comment_lock(job: ProwJob, config: GitHubReporter) -> str | None:
    """What must be held to comment on this run's end: its pull request. None where there will be no comment."""
    subject = _subject(job)
    if not job.is_complete or not _is_told(job, config) or subject is None or _is_among(job, config.no_comment_repos):
        return None
    return f"crier/comments/{subject}"


def summarised(runs: Iterable[ProwJob]) -> Sequence[ProwJob]:
    """What the comment sums up, by job: the newest run of each, and nothing while one of any kind is going on."""
    newest: dict[str, ProwJob] = {}
    for run in sorted(runs, key=lambda run: str(run.metadata.creation_timestamp)):
        if not run.is_complete:
            return ()
        if run.spec.report:
            newest[run.spec.job] = run
    return [newest[name] for name in sorted(newest)]


async def _set_status(job: ProwJob, config: GitHubReporter, act: Act) -> bool:
    """Set the status, if there is one to be set. False where the commit takes none any more."""
    wanted = status.status_of(job) if _is_told(job, config) else None
    if wanted is None:
        return True
    try:
        await act(wanted)
    except Refused as refused:
        if not status.is_hopeless(refused):
            raise
        return False
    return True


async def _comment(jobs: Sequence[ProwJob], look: Look, act: Act, *, is_summary: bool) -> None:
    """Bring our comments on the pull request up to date.

    What is new is written before anything old is deleted: whoever dies in between leaves a comment too many, which
    the next one deletes, and loses no row.
    """
    subject, first = _subject(jobs[0]), jobs[0]
    if subject is None:
        return
    comments = await look.github.comments(subject.org, subject.repo, subject.number)
    bot = await look.github.bot()
    own = [comment.Own(one.id, one.body) for one in comments if bot.is_me(one.user.login)]
    change = comment.change_for(jobs, own)
    why = ", ".join(f"{job.spec.context}: {job.status.state}" for job in jobs)
    has_passed = is_summary and not any(job.status.state == "aborted" for job in jobs)
    written = 0
    if change.rows or has_passed:
        author = first.spec.refs.pulls[0].author if first.spec.refs else ""
        body = comment.body_of(change.rows, author=author, extra=_extra(first, look))
        if change.edit is None:
            written = await act(AddComment(subject=subject, body=body, why=why))
        else:
            written = await act(EditComment(subject=subject, comment=change.edit, body=body, why=why))
    for old in change.delete:
        if old == written:
            continue  # somebody died right after writing it: it is the new one
        await act(DeleteComment(subject=subject, comment=old, why=why))


def _extra(job: ProwJob, look: Look) -> str | None:
    """What the template for the repository says of the run. Raises Refused for one that cannot say anything of it."""
    templates, refs = report_templates_for(job, look.config.prow), job.spec.refs
    keys = [refs.full_name, refs.org, "*"] if refs else ["*"]
    text = next((templates[key] for key in keys if key in templates), None)
    try:
        return None if text is None else parse(text).render(job)
    except TemplateError as error:
        raise Refused(f"generating comment: {error}") from error


async def _runs(job: ProwJob, look: Look) -> list[ProwJob]:
    """All runs for the same pull request, by their labels; none where the run itself has no such labels."""
    if not all(job.metadata.labels.get(label) for label in (ORG, REPO, PULL)):
        return []
    selector = ",".join(f"{label}={job.metadata.labels[label]}" for label in (ORG, REPO, PULL))
    return await look.kube.prowjobs(job.metadata.namespace, labels=selector)


def _is_told(job: ProwJob, config: GitHubReporter) -> bool:
    """Whether the configuration wants this type of run to be told of, and the run does so itself."""
    types = config.job_types_to_report or ("presubmit", "postsubmit")
    return job.spec.report and job.spec.type in types


def _subject(job: ProwJob) -> Subject | None:
    """The one pull request of the run."""
    refs = job.spec.refs
    if refs is None or len(refs.pulls) != 1:
        return None
    return Subject(refs.org, refs.repo, refs.pulls[0].number)


def _is_among(job: ProwJob, repositories: Iterable[str]) -> bool:
    refs: Refs | None = job.spec.refs
    return refs is not None and not {refs.org, refs.full_name}.isdisjoint(repositories)
