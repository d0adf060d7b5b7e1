"""`cutwater config check`: what is wrong or odd in a configuration, all of it, each with its file and line.

Source of the names of warnings and flags: sigs.k8s.io/prow cmd/checkconfig.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from cutwater.cli import configuration
from cutwater.cli.failing import Failed, explained
from cutwater.config.configuration import Configuration
from cutwater.config.findings import ConfigError, Finding, Source
from cutwater.config.load import load
from cutwater.config.own_jobs import own_jobs
from cutwater.config.sources import Sources
from cutwater.config.typed import UNKNOWN_FIELDS
from cutwater.config.warnings.every import EVERY, NEED_GITHUB, UNKNOWN_FIELDS_ALL, chosen, findings
from cutwater.config.warnings.subject import Folders, Subject
from cutwater.events.configuration import Files, job_files
from functions.plugins.every import PLUGINS
from functions.plugins.sections import SECTIONS

EXAMPLES = """examples:
  cutwater config check --config-path config.yaml --job-config-path jobs/ --plugin-config plugins.yaml
  cutwater config check --config-path config.yaml --exclude-warning long-job-names --strict
  cutwater config check --config-path config.yaml --prow-yaml-repo-name acme/rocket      in its working copy

names of warnings:
  {names}

The exit status is 0 where the configuration can be used, 1 where it cannot or, with --strict, where there are warnings.
"""


class Shown(Struct, frozen=True, kw_only=True):
    """A finding as JSON. `warning` is empty for what makes the configuration unusable."""

    file: str
    line: int
    field: str
    message: str
    severity: str
    warning: str = ""


class Answer(Struct, frozen=True, kw_only=True):
    """Everything that was found, in the order of the files. `left_out`: what was asked for and not looked for."""

    findings: tuple[Shown, ...]
    errors: int
    warnings: int
    left_out: tuple[str, ...] = ()


def add(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES.format(names="\n  ".join(EVERY))
    about = "only warnings of this name; may be given several times (default: those that upstream gives by default)"
    parser.add_argument("--warnings", action="append", default=[], metavar="NAME", help=about)
    about = "no warnings of this name; may be given several times"
    parser.add_argument("--exclude-warning", action="append", default=[], metavar="NAME", help=about)
    parser.add_argument("--include-default-warnings", action="store_true", help="the default ones beside --warnings")
    parser.add_argument("--expensive-checks", action="store_true", help="all warnings that there are")
    about = "an annotation that every job must have; may be given several times"
    parser.add_argument("--required-job-annotations", action="append", default=[], metavar="NAME", help=about)
    parser.add_argument("--prow-yaml-repo-name", default="", metavar="ORG/REPO", help="check a repository's own jobs")
    about = "its .prow.yaml (default: .prow or .prow.yaml in this folder)"
    parser.add_argument("--prow-yaml-path", type=Path, metavar="FILE", help=about)
    parser.add_argument("--output", choices=("text", "json"), default="text", help="(default: text)")
    configuration.add_flags(parser)
    parser.set_defaults(run=run)


@explained("config check")
def run(chosen_flags: argparse.Namespace) -> int:
    names = _names(chosen_flags)
    answer = _checked(configuration.files_of(chosen_flags), names, chosen_flags)
    if chosen_flags.output == "json":
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(answer)) + b"\n")
    else:
        print("\n".join(_lines(answer)))
    return 1 if answer.errors or (chosen_flags.strict and answer.warnings) else 0


def _names(flags: argparse.Namespace) -> frozenset[str]:
    if flags.prow_yaml_path and not flags.prow_yaml_repo_name:
        raise Failed("--prow-yaml-path needs --prow-yaml-repo-name: whose jobs are they?")
    try:
        return chosen(
            flags.warnings,
            flags.exclude_warning,
            expensive=flags.expensive_checks,
            with_defaults=flags.include_default_warnings,
        )
    except LookupError as error:
        raise Failed(str(error.args[0])) from error


def _checked(files: Files, names: frozenset[str], flags: argparse.Namespace) -> Answer:
    """`--strict` makes errors of the warnings that are asked for, not of every field that nobody knows."""
    sources = files.sources()
    try:
        config = load(sources, sections=SECTIONS, now=datetime.now(UTC))
        unknown = _unknown_plugins(config, sources)
        if unknown:
            raise ConfigError(unknown)
        if flags.prow_yaml_repo_name:
            strictly = UNKNOWN_FIELDS_ALL in names
            _check_own_jobs(config, flags.prow_yaml_repo_name, flags.prow_yaml_path, strict=strictly)
    except ConfigError as error:
        return _answer(error.findings, ())
    clusters, left_out = _clusters(config)
    subject = Subject(
        config,
        sources,
        folders=Folders(tuple(map(str, files.supplemental)), tuple(map(str, files.supplemental_plugins))),
        required_annotations=tuple(flags.required_job_annotations),
        clusters=clusters,
    )
    notes = tuple(finding for finding in config.warnings if finding.kind != UNKNOWN_FIELDS)
    left_out += tuple(f"{name} is left out: it needs GitHub" for name in NEED_GITHUB if name in names)
    return _answer((), findings(subject, names), notes=notes, left_out=left_out)


def _unknown_plugins(config: Configuration, sources: Sources) -> list[Finding]:
    """Names that nobody answers to; hook passes them over in silence."""
    subject = Subject(config, sources)
    return [
        subject.in_plugins(("plugins", name, "plugins", index), f'unknown plugin: "{plugin}"')
        for name, entry in config.plugins.general.plugins.items()
        for index, plugin in enumerate(entry.plugins)
        if plugin not in PLUGINS
    ]


def _check_own_jobs(config: Configuration, repository: str, path: Path | None, *, strict: bool) -> None:
    """Raises ConfigError with what is wrong in the repository's own jobs."""
    folder = path.parent if path else Path()
    org, _, repo = repository.partition("/")
    if (folder / ".prow").is_dir():
        found = [Source(str(file), file.read_bytes()) for file in job_files(folder / ".prow")]
    else:
        file = path or folder / ".prow.yaml"
        found = [Source(str(file), file.read_bytes())]
    own_jobs(config, org, repo, found, strict=strict)


def _clusters(config: Configuration) -> tuple[Mapping[str, str] | None, tuple[str, ...]]:
    """The states of build clusters as plank has written them, where it has; and what could not be read."""
    place = config.prow.plank.build_cluster_status_file
    if not place:
        return None, ()
    try:
        return msgspec.json.decode(Path(place).read_bytes(), type=dict[str, str]), ()
    except (OSError, msgspec.DecodeError) as error:
        return None, (f"whether build clusters are known is left out: {place} cannot be read: {error}",)


def _answer(
    errors: Sequence[Finding],
    warnings: Sequence[Finding],
    *,
    notes: Sequence[Finding] = (),
    left_out: tuple[str, ...] = (),
) -> Answer:
    found = [
        (finding, severity)
        for severity, some in (("error", errors), ("warning", warnings), ("note", notes))
        for finding in some
    ]
    found.sort()
    return Answer(
        findings=tuple(_shown(*one) for one in found), errors=len(errors), warnings=len(warnings), left_out=left_out
    )


def _shown(finding: Finding, severity: str) -> Shown:
    return Shown(
        file=finding.file,
        line=finding.line,
        field=finding.where,
        message=finding.message,
        severity=severity,
        warning=finding.kind if severity == "warning" else "",
    )


def _lines(answer: Answer) -> Iterator[str]:
    for one in answer.findings:
        name = f" [{one.warning or one.severity}]"
        yield str(Finding(one.file, one.line, one.field, one.message)) + ("" if one.severity == "error" else name)
    yield from answer.left_out
    if answer.errors or answer.warnings:
        yield f"{_count(answer.errors, 'error')}, {_count(answer.warnings, 'warning')}"
    else:
        yield "nothing is wrong"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
