"""What is odd about jobs."""

from collections import Counter
from collections.abc import Iterator

from cutwater.config.findings import Finding
from cutwater.config.patterns import matches
from cutwater.config.validation import decoration_problems
from cutwater.config.warnings.subject import Subject

MOST_BYTES = 63
"""What a label of Kubernetes' holds; ProwJobs and pods are labelled with the names of their jobs."""


def not_decorated(subject: Subject) -> Iterator[Finding]:
    for job in subject.jobs():
        if job.agent == "kubernetes" and not job.decorate:
            yield subject.of_job(job, ("name",), f'"{job.name}" runs on Kubernetes without the pod utilities')


def wrong_decoration(subject: Subject) -> Iterator[Finding]:
    for job in subject.jobs():
        if job.agent == "kubernetes" and job.decorate and job.decoration_config is not None:
            for path, message in decoration_problems(job.decoration_config):
                yield subject.of_job(job, path, message)


def long_names(subject: Subject) -> Iterator[Finding]:
    for job in subject.jobs():
        if job.agent == "kubernetes" and (length := len(job.name.encode())) > MOST_BYTES:
            yield subject.of_job(job, ("name",), f'"{job.name}" is too long: {length}, at most {MOST_BYTES} are right')


def refs_given_twice(subject: Subject) -> Iterator[Finding]:
    for repository, presubmits in subject.config.jobs.presubmits.items():
        for job in presubmits:
            counted = Counter([repository, *(ref.full_name for ref in job.extra_refs)])
            for name in sorted(name for name, count in counted.items() if count > 1):
                message = f"{name} is named more than once, by {job.name} of {repository}"
                yield subject.of_job(job, ("extra_refs",), message)


def clone_options_of_periodics(subject: Subject) -> Iterator[Finding]:
    for job in subject.config.jobs.periodics:
        for name in ("clone_depth", "clone_uri", "path_alias"):
            if value := getattr(job, name):
                message = f'"{value}" has no effect: a periodic clones what its extra_refs name, and they say how'
                yield subject.of_job(job, (name,), message)


def missing_annotations(subject: Subject) -> Iterator[Finding]:
    for job in subject.jobs():
        for name in subject.required_annotations:
            if name not in job.annotations:
                yield subject.of_job(job, ("annotations",), f'{job.name} has no annotation "{name}"')


def clusters(subject: Subject) -> Iterator[Finding]:
    """Jobs on build clusters that their agent does not know, or that nobody knows."""
    for job in subject.jobs():
        if job.agent == "jenkins" and job.cluster not in ("", "default"):
            yield subject.of_job(job, ("cluster",), f'"{job.cluster}" cannot be set: the agent is jenkins')
        if subject.clusters is not None and job.cluster not in subject.clusters:
            yield subject.of_job(job, ("cluster",), f'"{job.cluster}" is no build cluster that plank knows')


def commands_not_allowed(subject: Subject) -> Iterator[Finding]:
    """Rerun commands that Gerrit's pattern does not take."""
    allowed = subject.config.prow.gerrit.allowed_presubmit_trigger_re
    if not allowed:
        return
    for presubmits in subject.config.jobs.presubmits.values():
        for job in presubmits:
            if not matches(allowed, job.rerun_command):
                message = f'"{job.rerun_command}" does not match gerrit.allowed_presubmit_trigger_re "{allowed}"'
                yield subject.of_job(job, ("rerun_command",), message)
