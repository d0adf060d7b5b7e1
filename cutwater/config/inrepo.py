"""Jobs that a repository brings along itself, in `.prow.yaml` or `.prow/`.

Source: sigs.k8s.io/prow pkg/config (inrepoconfig.go). Which files those are at which commit, and .prowignore, is the
caller's.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct, field

from cutwater.config.configuration import Configuration
from cutwater.config.findings import Source
from cutwater.config.finishing import Finish
from cutwater.config.jobs import BranchJob, Postsubmit, Preset, Presubmit
from cutwater.config.prow import InRepoConfig
from cutwater.config.report import Report
from cutwater.config.validation import Problem, clashes_in_repository

FILE = ".prow.yaml"
FOLDER = ".prow/"


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


def is_enabled(config: InRepoConfig, org: str, repo: str) -> bool:
    """Whether a repository may bring jobs: the first of `org/repo`, `org` and `*` that is there decides."""
    return next((config.enabled[key] for key in _keys(org, repo) if key in config.enabled), False)


def may_change_jobs(paths: Iterable[str]) -> bool:
    """Whether a change of these files may change the repository's own jobs."""
    return any(path == FILE or path.startswith(FOLDER) for path in paths)


def own_jobs(configuration: Configuration, org: str, repo: str, sources: Sequence[Source]) -> OwnJobs:
    """The jobs in a repository's own files. Raises ConfigError with all that is wrong, alone or beside static jobs."""
    report = Report(sources, strict=False)
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
    allowed = configuration.prow.in_repo_config.allowed_clusters
    report.judge(_foreign_clusters([*found.presubmits, *found.postsubmits], allowed, org, repo))
    report.settle()
    return found


def _foreign_clusters(
    jobs: Sequence[BranchJob], allowed: Mapping[str, Sequence[str]], org: str, repo: str
) -> Iterator[Problem]:
    """Any level may allow a build cluster."""
    clusters = {cluster for key in _keys(org, repo) for cluster in allowed.get(key, ())}
    for job in jobs:
        if job.cluster not in clusters:
            yield Problem(job, ("cluster",), f'cluster "{job.cluster}" is not allowed for repository "{org}/{repo}"')


def _keys(org: str, repo: str) -> tuple[str, ...]:
    """Gerrit's organisations are known with their scheme and without it."""
    names = (f"{org}/{repo}", org)
    bare = tuple(name.removeprefix("https://").removeprefix("http://") for name in names)
    return tuple(dict.fromkeys((names[0], bare[0], names[1], bare[1], "*")))
