"""What users write, read whole: config.yaml, job files, plugins.yaml → a `Configuration`, or everything wrong in it.

Which files are read, and what .prowignore leaves out, is the caller's.
Source of order and rules: sigs.k8s.io/prow pkg/config (Load, finalizeJobConfig, ValidateJobConfig).
"""

import gc
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePath

from msgspec.structs import replace

from cutwater.config.components import component_problems, with_component_defaults
from cutwater.config.configuration import Configuration, Jobs
from cutwater.config.defaulting import repository_of
from cutwater.config.findings import Finding, Source
from cutwater.config.finishing import Finish
from cutwater.config.jobs import JobConfig, Preset
from cutwater.config.plugins import General, Plugins, read_plugins
from cutwater.config.prow import ProwConfig
from cutwater.config.report import Report
from cutwater.config.validation import clashes_of_periodics


def load(
    config: Source, jobs: Sequence[Source] = (), plugins: Source | None = None, *, strict: bool = False
) -> Configuration:
    """The configuration of these files. Raises ConfigError with all that is wrong.

    `strict`: unknown fields and keys given twice are wrong, too; otherwise they are warnings.
    """
    with _garbage_collected_later():
        report = Report([config, *jobs, *([plugins] if plugins else [])], strict=strict)
        prow: ProwConfig = report.read(config, ProwConfig)
        own_jobs = JobConfig(
            presets=prow.presets, presubmits=prow.presubmits, postsubmits=prow.postsubmits, periodics=prow.periodics
        )
        prow = replace(prow, presets=(), presubmits={}, postsubmits={}, periodics=(), prow_ignored=None)
        files: list[JobConfig] = [own_jobs, *(report.read(source, JobConfig) for source in jobs)]
        report.add(_basenames_given_twice(jobs))
        found_plugins = _plugins(plugins, report)
        report.settle()  # what could not be read is not judged
        report.place(config.name, component_problems(prow))
        prow = with_component_defaults(prow)
        found_jobs = _jobs(files, prow, report)
        report.settle()
        return Configuration(
            prow=prow,
            jobs=found_jobs,
            plugins=found_plugins,
            digest=_digest(report.sources.values()),
            warnings=tuple(sorted(report.remarked)),
        )


def _plugins(source: Source | None, report: Report) -> Plugins:
    if source is None:
        return Plugins(General(), {})
    found = read_plugins(source, strict=report.strict)
    report.refused.extend(found.refused)
    report.remarked.extend(found.remarked)
    return found.plugins


def _jobs(files: Sequence[JobConfig], prow: ProwConfig, report: Report) -> Jobs:
    """All jobs, defaulted, with their presets, judged alone and among each other."""
    presets = tuple(preset for file in files for preset in file.presets)
    report.add(_presets_given_twice(presets))
    finish = Finish(prow, presets, report)
    presubmits = finish.repositories((file.presubmits for file in files), "presubmit")
    postsubmits = finish.repositories((file.postsubmits for file in files), "postsubmit")
    periodics = tuple(
        finish.job(job, repository_of(job), ("periodics", index))
        for file in files
        for index, job in enumerate(file.periodics)
    )
    report.judge(clashes_of_periodics(periodics))
    return Jobs(presubmits=presubmits, postsubmits=postsubmits, periodics=periodics, presets=presets)


def _basenames_given_twice(sources: Sequence[Source]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for source in sources:
        name = PurePath(source.name).name
        if name in first:
            yield Finding(source.name, 0, "", f"duplicated basename is not allowed: {name}, as in {first[name]}")
        first.setdefault(name, source.name)


def _presets_given_twice(presets: Sequence[Preset]) -> Iterator[Finding]:
    first: dict[tuple[str, str], Preset] = {}
    for preset in presets:
        for label in preset.labels.items():
            if label in first:
                place = first[label].origin
                message = f"preset label {': '.join(label)} is given twice, first in {place.file}:{place.line}"
                yield Finding(preset.origin.file, preset.origin.line, "presets", message)
            first.setdefault(label, preset)


def _digest(sources: Iterable[Source]) -> str:
    """SHA-256 over names and contents, each with its length, so that no two inputs look alike."""
    whole = hashlib.sha256()
    for source in sources:
        for part in (source.name.encode(), source.content):
            whole.update(len(part).to_bytes(8))
            whole.update(part)
    return whole.hexdigest()


@contextmanager
def _garbage_collected_later() -> Iterator[None]:
    """A load makes hundreds of thousands of objects that all stay: to look for garbage among them takes as long."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
