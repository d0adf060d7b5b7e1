"""refresh's declaration, and what it decides. It tells nothing itself: it has crier report anew, in crier's order."""

from collections.abc import Iterable

from cutwater.errors import Refused
from cutwater.events.publish import LookAgain
from cutwater.github.effects import Subject
from cutwater.prowjob.labels import PULL, TYPE
from cutwater.prowjob.reporting import GITHUB
from cutwater.prowjob.types import ProwJob
from cutwater.prowjob.wants import JENKINS, KUBERNETES
from functions.plugins.kit import ANYONE, Command, Comment, Look, Plugin, Text

plugin = Plugin(
    "refresh",
    about="Has the statuses of a pull request's newest tests told to GitHub again, and with them what failed.",
    commands=[
        Command(
            "refresh",
            on="pull requests",
            when="open",
            about="Tells GitHub again what the tests of the newest commit have found.",
            who=ANYONE,
            examples=("/refresh",),
        ),
    ],
    effects=[LookAgain],
)


def _is_comment(text: Text) -> bool:
    """Whether it was said below the pull request: reviews and its own text do not count."""
    return text.comment_id is not None


@plugin.on_command("refresh", where=_is_comment)
async def decide(comment: Comment, look: Look) -> list[LookAgain]:
    """crier is to look at the newest run of each of its presubmits, for the head that it has now."""
    subject = comment.subject
    pull = await look.github.pull_request(subject.org, subject.repo, subject.number)
    if pull is None:
        raise Refused(f"GitHub has no pull request {subject}")
    # Not by organisation and repository: not every name may be a label's value.
    labels = f"{PULL}={subject.number},{TYPE}=presubmit"
    runs = await look.kube.prowjobs(look.config.prow.prowjob_namespace, labels=labels)
    return [_again(run, comment.why) for run in newest(runs, subject, pull.head.sha)]


def newest(runs: Iterable[ProwJob], subject: Subject, head: str) -> list[ProwJob]:
    """The newest run of each presubmit for this head that is to be reported."""
    chosen: dict[str, ProwJob] = {}
    for run in sorted(runs, key=lambda run: str(run.status.startTime)):
        if run.spec.type == "presubmit" and run.spec.report and _is_for(run, subject, head):
            chosen[run.spec.job] = run
    return [chosen[job] for job in sorted(chosen) if chosen[job].spec.agent in (KUBERNETES, JENKINS)]


def _is_for(run: ProwJob, subject: Subject, head: str) -> bool:
    refs = run.spec.refs
    if refs is None or not refs.pulls:
        return False
    return (refs.org, refs.repo, refs.pulls[0].number, refs.pulls[0].sha) == (*subject.parts.values(), head)


def _again(run: ProwJob, why: str) -> LookAgain:
    attributes = {"reporter": GITHUB, "state": run.status.state, "anew": "true"}
    subject = f"{run.metadata.namespace}/{run.metadata.name}"
    return LookAgain(role="crier", subject=subject, why=why, attributes=attributes)
