"""How jobs as written become jobs in force: defaulted, with their presets, judged alone and among each other."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from msgspec.structs import replace

from cutwater.config.defaulting import Defaults, Presets, defaulted, with_presets
from cutwater.config.findings import Origin, Path
from cutwater.config.jobs import BranchJob, Job, Preset
from cutwater.config.prow import ProwConfig
from cutwater.config.report import Report
from cutwater.config.validation import Problem, clashes_in_repository, problems

J = TypeVar("J", bound=Job)
B = TypeVar("B", bound=BranchJob)


class Finish:
    """Finishes jobs under one config.yaml and one set of presets. What is wrong goes to the report."""

    def __init__(self, prow: ProwConfig, presets: Sequence[Preset], report: Report) -> None:
        self.prow = prow
        self.presets = Presets(presets)
        self.report = report
        self.defaults = Defaults(prow)

    def job(self, job: J, repository: str, path: Path) -> J:
        placed = replace(job, origin=Origin(job.origin.file, job.origin.line, path))
        finished, twice = with_presets(defaulted(placed, self.defaults, repository), self.presets)
        self.report.judge(Problem(placed, ("spec",), message) for message in twice)
        self.report.judge(problems(finished, self.prow))
        return finished

    def repositories(self, files: Iterable[Mapping[str, Sequence[B]]], kind: str) -> Mapping[str, tuple[B, ...]]:
        found: dict[str, list[B]] = defaultdict(list)
        for file in files:
            for repository, jobs in file.items():
                path: Path = (f"{kind}s", repository)
                found[repository].extend(self.job(job, repository, (*path, index)) for index, job in enumerate(jobs))
        for jobs_of_one in found.values():
            self.report.judge(clashes_in_repository(jobs_of_one, kind))
        return {repository: tuple(jobs_of_one) for repository, jobs_of_one in found.items()}
