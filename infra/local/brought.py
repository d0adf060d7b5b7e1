"""The jobs that a working copy brings along, put to those of the configuration as if it were committed."""

from collections.abc import Sequence

from msgspec.structs import replace

from cutwater.config.configuration import Configuration, Jobs
from cutwater.config.findings import Source
from cutwater.config.inrepo import FOLDER, check_sizes, is_enabled, sources_of
from cutwater.config.own_jobs import own_jobs
from infra.local.working_copy import WorkingCopy


def with_own_jobs(config: Configuration, copy: WorkingCopy, full_name: str) -> tuple[Jobs, Sequence[Source]]:
    """All jobs, its own among them, and the files that those stand in. Raises ConfigError where they are wrong.

    None are added where the configuration does not let the repository bring any.
    """
    org, _, repo = full_name.partition("/")
    if not is_enabled(config.prow.in_repo_config, org, repo):
        return config.jobs, ()
    files = copy.own_files()
    check_sizes({path: len(file.content) for path, file in files.items()})
    sources = sources_of(files, has_folder=(copy.root / FOLDER).is_dir())
    own = own_jobs(config, org, repo, sources)
    jobs = config.jobs
    return replace(
        jobs,
        presubmits={**jobs.presubmits, full_name: (*jobs.presubmits_of(org, repo), *own.presubmits)},
        postsubmits={**jobs.postsubmits, full_name: (*jobs.postsubmits_of(org, repo), *own.postsubmits)},
    ), sources
