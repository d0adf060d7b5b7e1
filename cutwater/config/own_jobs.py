"""The jobs in a repository's own files, defaulted and judged as static ones are, and together with them.

Source: sigs.k8s.io/prow pkg/config (inrepoconfig.go, DefaultAndValidateProwYAML).
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from msgspec import Struct, field

from cutwater.config.configuration import Configuration
from cutwater.config.findings import Source
from cutwater.config.finishing import Finish
from cutwater.config.inrepo import allowed_clusters
from cutwater.config.jobs import BranchJob, Postsubmit, Preset, Presubmit
from cutwater.config.report import Report
from cutwater.config.validation import Problem, clashes_in_repository


class OwnJobs(NamedTuple):
    """What a repository's own files add to the static jobs, in force."""

    presubmits: tuple[Presubmit, ...] = ()
    postsubmits: tuple[Postsubmit, ...] = ()


class _ProwYaml(Struct, frozen=True, kw_only=True):
    """One file. There are no periodics here."""

    presets: tuple[Preset, ...] = ()
    presubmits: tuple[Presubmit, ...] = ()
    postsubmits: tuple[Postsubmit, ...] = ()
    prow_ignored: Any = field(default=None)


def own_jobs(
    configuration: Configuration, org: str, repo: str, sources: Sequence[Source], *, strict: bool = False
) -> OwnJobs:
    """The jobs in a repository's own files. Raises ConfigError with all that is wrong, alone or beside static jobs."""
    report = Report(sources, strict=strict)
    files: list[_ProwYaml] = [report.read(source, _ProwYaml) for source in sources]
    report.settle()
    presets = [*configuration.jobs.presets, *(preset for file in files for preset in file.presets)]
    finish = Finish(configuration.prow, presets, report)
    full_name = f"{org}/{repo}"
    found = OwnJobs(
        tuple(
            finish.job(job, full_name, ("presubmits", index))
            for file in files
            for index, job in enumerate(file.presubmits)
        ),
        tuple(
            finish.job(job, full_name, ("postsubmits", index))
            for file in files
            for index, job in enumerate(file.postsubmits)
        ),
    )
    static = configuration.jobs
    report.judge(clashes_in_repository([*static.presubmits_of(org, repo), *found.presubmits], "presubmit"))
    report.judge(clashes_in_repository([*static.postsubmits_of(org, repo), *found.postsubmits], "postsubmit"))
    allowed = allowed_clusters(configuration.prow.in_repo_config, org, repo)
    report.judge(_on_foreign_clusters([*found.presubmits, *found.postsubmits], allowed, full_name))
    report.settle()
    return found


def _on_foreign_clusters(jobs: Sequence[BranchJob], allowed: frozenset[str], full_name: str) -> Iterator[Problem]:
    for job in jobs:
        if job.cluster not in allowed:
            yield Problem(job, ("cluster",), f'cluster "{job.cluster}" is not allowed for repository "{full_name}"')
