"""What trigger answers to a command that names no job, or asks which there are."""

from collections.abc import Iterable, Sequence

from cutwater.config.jobs import Presubmit
from cutwater.config.matching import TEST_ALL, all_automatic, chosen, needs_changes, runs_on
from cutwater.config.patterns import matches
from cutwater.github.types import PullRequest
from functions.plugins.kit import Look
from functions.plugins.trigger.refs import subject_of

HELP = r"(?m)^/test[ \t]*\?\s*$"
EMPTY = r"(?m)^/test\s*$"
RETEST_TARGET = r"(?m)^/retest[ \t]+\S+"
ANY_TARGET = r"(?m)^/test[ \t]+\S+"
ASKS = (HELP, EMPTY, RETEST_TARGET, ANY_TARGET)

NEEDS_TARGETS = "The `/test` command needs one or more targets.\n"
NO_TARGETS = "The `/retest` command does not accept any targets.\n"
NOTHING_FOR_ALL = "No jobs can be run with `/test all`.\n"
NOT_FOUND = "The specified target(s) for `/test` were not found.\n"
REQUIRED = "The following commands are available to trigger required jobs:"
OPTIONAL = "The following commands are available to trigger optional jobs:"
MARKERS = tuple(
    text.rstrip("\n") for text in (NEEDS_TARGETS, NO_TARGETS, NOTHING_FOR_ALL, NOT_FOUND, REQUIRED, OPTIONAL)
)


def needed(said: str, *, nothing_to_run: bool) -> str | None:
    """What is wrong with the command, before the list of those that work; None where nothing is."""
    if matches(HELP, said):
        return ""
    if matches(EMPTY, said):
        return NEEDS_TARGETS
    if matches(RETEST_TARGET, said):
        return NO_TARGETS
    if nothing_to_run and matches(TEST_ALL, said):
        return NOTHING_FOR_ALL
    if nothing_to_run and matches(ANY_TARGET, said):
        return NOT_FOUND
    return None


async def available(look: Look, pull: PullRequest, presubmits: Sequence[Presubmit], note: str) -> str:
    """The commands that start jobs of this pull request, out of these of its repository."""
    subject = subject_of(pull)
    changes: tuple[str, ...] = ()
    if needs_changes(presubmits, pull.base.ref, all_automatic):
        changes = tuple(file.filename for file in await look.github.files(subject.org, subject.repo, pull.number))
    on_branch = [job for job in presubmits if runs_on(job, pull.base.ref)]
    automatic = {job.name for job in chosen(presubmits, pull.base.ref, changes, all_automatic)}
    optional = {job.rerun_command for job in on_branch if job.optional}
    required = {job.rerun_command for job in on_branch if not job.optional}
    if not automatic and not optional and not required:
        return f"No presubmit jobs available for {subject.org}/{subject.repo}@{pull.base.ref}"
    text = note
    text += f"{REQUIRED}{_listed(required)}\n\n" if required else ""
    text += f"{OPTIONAL}{_listed(optional)}\n\n" if optional else ""
    if len(automatic) == len(optional) + len(required):
        return f"{text}Use `/test all` to run all jobs.\n"
    if automatic:
        text += "Use `/test all` to run the following jobs that were automatically triggered:"
        text += f"{_listed(automatic)}\n\n"
    return text


def _listed(commands: Iterable[str]) -> str:
    return "".join(f"\n```\n{command}\n```" for command in sorted(commands))
