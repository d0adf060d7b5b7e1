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
    """Finishes jobs under one config.yaml and one set of presets. What is wrong goes to the report.

    `config`: the name of config.yaml, where it is among the files of the report.
    """

    def __init__(self, prow: ProwConfig, presets: Sequence[Preset], report: Report, *, config: str = "") -> None:
        self.prow = prow
        self.presets = Presets(presets)
        self.report = report
        self.defaults = Defaults(prow)
        self._config = config
        self._told: set[str] = set()

    def job(self, job: J, repository: str, path: Path) -> J:
        placed = replace(job, origin=Origin(job.origin.file, job.origin.line, path))
        finished, twice = with_presets(defaulted(placed, self.defaults, repository), self.presets)
        self.report.judge(Problem(placed, ("spec",), message) for message in twice)
        if not twice:  # what a preset adds twice is told once
            for problem in problems(finished, self.prow):
                self._judge(problem, placed)
        return finished

    def _judge(self, problem: Problem, written: Job) -> None:
        """What is wrong in a default is wrong in config.yaml, and is told once, not for each of a thousand jobs."""
        if not self._config or not _is_default(problem, written):
            self.report.judge([problem])
        elif problem.message not in self._told:
            self._told.add(problem.message)
            place = f"{written.origin.file}:{written.origin.line}"
            message = f"{problem.message}, first for {written.name} in {place}"
            keys = ("default_decoration_config_entries", "default_decoration_configs")
            paths: list[Path] = [("plank", key) for key in keys]
            path = next((path for path in paths if self.report.has(self._config, path)), ("plank",))
            self.report.place(self._config, [(path, message)])

    def repositories(self, files: Iterable[Mapping[str, Sequence[B]]], kind: str) -> Mapping[str, tuple[B, ...]]:
        found: dict[str, list[B]] = defaultdict(list)
        for file in files:
            for repository, jobs in file.items():
                path: Path = (f"{kind}s", repository)
                found[repository].extend(self.job(job, repository, (*path, index)) for index, job in enumerate(jobs))
        for jobs_of_one in found.values():
            self.report.judge(clashes_in_repository(jobs_of_one, kind))
        return {repository: tuple(jobs_of_one) for repository, jobs_of_one in found.items()}


def _is_default(problem: Problem, written: Job) -> bool:
    """Whether a job is wrong by what it says nothing of."""
    if problem.field[:1] != ("decoration_config",):
        return False
    own = written.decoration_config
    return own is None or (len(problem.field) > 1 and not getattr(own, str(problem.field[1]), None))
