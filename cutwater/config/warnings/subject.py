"""What is checked, and where in its files a thing stands."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import Any

from cutwater.config.configuration import Configuration
from cutwater.config.findings import Finding, Path, Source
from cutwater.config.jobs import Job
from cutwater.config.prow import ProwConfig
from cutwater.config.report import Report
from cutwater.config.sources import Sources
from cutwater.config.tide import TideQuery
from cutwater.config.typed import read


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of supplemental files."""

    prow: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()


class Subject:
    """A configuration that loads, with the files that it was loaded from.

    `required_annotations`: what every job must have. `clusters`: the state of each build cluster, where it is known.
    """

    def __init__(
        self,
        config: Configuration,
        sources: Sources,
        *,
        folders: Folders = Folders(),
        required_annotations: tuple[str, ...] = (),
        clusters: Mapping[str, str] | None = None,
    ) -> None:
        self.config, self.sources, self.folders = config, sources, folders
        self.required_annotations, self.clusters = required_annotations, clusters
        self._report = Report(sources.all, strict=False)

    @property
    def has_plugins(self) -> bool:
        return self.sources.plugins is not None

    def section(self, name: str, wanted: Any) -> Any:
        return self.config.plugins.section(name, wanted)

    def jobs(self) -> Iterator[Job]:
        """All of them."""
        jobs = self.config.jobs
        for of_one in (*jobs.presubmits.values(), *jobs.postsubmits.values()):
            yield from of_one
        yield from jobs.periodics

    # Findings

    def of_job(self, job: Job, field: Path, message: str) -> Finding:
        return self._report.finding(job.origin.file, (*job.origin.path, *field), message)

    def in_config(self, path: Path, message: str) -> Finding:
        """In the file that says it: config.yaml, or a supplemental one."""
        return self._in(path, message, (self.sources.config, *self.sources.supplemental))

    def in_plugins(self, path: Path, message: str) -> Finding:
        assert self.sources.plugins is not None
        return self._in(path, message, (self.sources.plugins, *self.sources.supplemental_plugins))

    def in_file(self, file: str, path: Path, message: str) -> Finding:
        return self._report.finding(file, path, message)

    def _in(self, path: Path, message: str, files: tuple[Source, ...]) -> Finding:
        holding = [source.name for source in files if self._report.has(source.name, path)]
        return self._report.finding(holding[0] if holding else files[0].name, path, message)

    def in_query(self, name: str, message: str, *, having: Callable[[TideQuery], bool]) -> Finding:
        """Where a query of tide's that is so names an organisation or a repository, or else its organisation."""
        org = name.partition("/")[0]
        for wanted in (name, org):
            for file, part in self.parts:
                for index, query in enumerate(part.tide.queries):
                    named = query.repos if "/" in wanted else query.orgs
                    if wanted in named and having(query):
                        key = "repos" if "/" in wanted else "orgs"
                        return self.in_file(file, ("tide", "queries", index, key, named.index(wanted)), message)
        return self.in_config(("tide", "queries"), message)

    @cached_property
    def parts(self) -> list[tuple[str, ProwConfig]]:
        """config.yaml and its supplemental files, each as it is written."""
        return [
            (source.name, read(source, ProwConfig).value)
            for source in (self.sources.config, *self.sources.supplemental)
        ]


def below(folder: str, file: str) -> tuple[str, ...] | None:
    """The parts of a file's path below a folder; None where it lies elsewhere."""
    path = PurePath(file)
    return path.relative_to(folder).parts if path.is_relative_to(folder) else None
