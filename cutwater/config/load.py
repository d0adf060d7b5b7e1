"""What users write, read whole: config.yaml, job files, plugins.yaml → a `Configuration`, or everything wrong in it.

Which files are read, and what .prowignore leaves out, is the caller's.
Source of order and rules: sigs.k8s.io/prow pkg/config (Load, finalizeJobConfig, ValidateJobConfig).
"""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from cutwater.config.components import component_problems, with_component_defaults
from cutwater.config.configuration import Configuration, Jobs
from cutwater.config.defaulting import repository_of
from cutwater.config.findings import Finding, Source
from cutwater.config.finishing import Finish
from cutwater.config.foreign import webhook_problems
from cutwater.config.jobs import JobConfig, Preset
from cutwater.config.own import cutwaters_own
from cutwater.config.plugin_files import read_plugins
from cutwater.config.plugins import General, Plugins
from cutwater.config.prow import ProwConfig
from cutwater.config.report import Report
from cutwater.config.sections import SECTIONS
from cutwater.config.sources import Sources
from cutwater.config.supplemental import Part, merged
from cutwater.config.validation import clashes_of_periodics

NO_SECTIONS: Mapping[str, Any] = MappingProxyType({})


def load(
    sources: Sources,
    *,
    strict: bool = False,
    sections: Mapping[str, Any] = NO_SECTIONS,
    now: datetime | None = None,
) -> Configuration:
    """The configuration of these files. Raises ConfigError with all that is wrong.

    `strict`: unknown fields and keys given twice are wrong, too; otherwise they are warnings. `sections`: the types of
    plugins' own sections by their keys in plugins.yaml; the others are known here. Without `now` no date is judged.
    """
    with _garbage_collected_later():
        report = Report(sources.all, strict=strict)
        prow: ProwConfig = report.read(sources.config, ProwConfig, converts=False)
        own_jobs = JobConfig(
            presets=prow.presets, presubmits=prow.presubmits, postsubmits=prow.postsubmits, periodics=prow.periodics
        )
        prow = replace(
            prow,
            config_version_sha=sources.version or prow.config_version_sha,
            presets=(),
            presubmits={},
            postsubmits={},
            periodics=(),
            prow_ignored=cutwaters_own(prow.prow_ignored),
        )
        files: list[JobConfig] = [own_jobs, *(report.read(source, JobConfig) for source in sources.jobs)]
        report.add(_basenames_given_twice(sources.jobs))
        found_plugins = _plugins(sources, sections, report)
        parts = [Part(source.name, report.read(source, ProwConfig, converts=False)) for source in sources.supplemental]
        report.settle()  # what could not be read is not judged
        main = Part(sources.config.name, prow)
        for file, part in (main, *parts):
            report.place(file, component_problems(part))
        if now is not None:
            paths = webhook_problems(prow.managed_webhooks, now)
            report.place(main.file, ((("managed_webhooks", *path), message) for path, message in paths))
        prow = with_component_defaults(merged(main, parts, report))
        found_jobs = _jobs(files, prow, report, config=main.file)
        report.settle()
        return Configuration(
            prow=lambda: prow,
            jobs=found_jobs,
            plugins=lambda: found_plugins,
            digest=sources.digest,
            warnings=tuple(sorted(report.remarked)),
        )


def _plugins(sources: Sources, sections: Mapping[str, Any], report: Report) -> Plugins:
    if sources.plugins is None:
        return Plugins(General(), {})
    return read_plugins(sources.plugins, sources.supplemental_plugins, {**SECTIONS, **sections}, report)


def _jobs(files: Sequence[JobConfig], prow: ProwConfig, report: Report, *, config: str) -> Jobs:
    """All jobs, defaulted, with their presets, judged alone and among each other."""
    presets = tuple(preset for file in files for preset in file.presets)
    report.add(_presets_given_twice(presets))
    finish = Finish(prow, presets, report, config=config)
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
