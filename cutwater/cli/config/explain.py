"""`cutwater config explain`: which jobs a change would start, and why each does or does not run."""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cutwater.cli import configuration
from cutwater.cli.failing import Failed, explained
from cutwater.config import explaining
from cutwater.config.configuration import Configuration, Jobs
from cutwater.config.explaining import Explanation, Places
from cutwater.config.findings import Source
from cutwater.config.matching import Filter, all_automatic, asks_for_contexts, comment_filter
from functions.plugins.trust import has, settings_for
from infra.local.brought import with_own_jobs
from infra.local.working_copy import NotUsable, WorkingCopy

EXAMPLES = """examples:
  cutwater config explain --repo acme/rocket --branch main --changed docs/index.md
  cutwater config explain --repo acme/rocket --comment "/retest" --failed unit --reported unit,flight
  cutwater config explain --diff-base main          in a git working copy of the repository
"""


class Answer(Struct, frozen=True, kw_only=True):
    """What is printed. `obstacle`: why nothing runs, whatever the jobs say; `changes`: None where nobody said."""

    repository: str
    branch: str
    event: str
    changes: tuple[str, ...] | None
    obstacle: str
    jobs: tuple[Explanation, ...]


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog, parser.formatter_class = EXAMPLES, argparse.RawDescriptionHelpFormatter
    parser.add_argument("job", nargs="*", metavar="JOB", help="only the jobs of these names (default: all)")
    parser.add_argument("--repo", default="", metavar="ORG/REPO", help="whose jobs (default: the working copy's)")
    parser.add_argument("--branch", default="", help="the branch that is pushed to, or merged into")
    event = parser.add_mutually_exclusive_group()
    about = "what happens (default: a pull request is opened, or gets a new head)"
    event.add_argument("--event", choices=("pull_request", "push"), default="pull_request", help=about)
    event.add_argument("--comment", default="", metavar="TEXT", help="somebody who is trusted says this")
    changes = parser.add_mutually_exclusive_group()
    changes.add_argument("--changed", nargs="+", action="extend", metavar="FILE", help="the files that change")
    about = "the files that a git working copy changes against this branch or commit, committed or not"
    changes.add_argument("--diff-base", default="", metavar="REF", help=about)
    about = "the working copy, whose own jobs count, too (default with --diff-base: here)"
    parser.add_argument("--working-copy", type=Path, metavar="DIR", help=about)
    about = "contexts of the head that have failed, for /retest"
    parser.add_argument("--failed", type=_names, action="extend", default=[], metavar="CONTEXT,…", help=about)
    about = "contexts of the head that have reported, failed or not"
    parser.add_argument("--reported", type=_names, action="extend", default=[], metavar="CONTEXT,…", help=about)
    parser.add_argument("--label", action="append", default=[], help="a label that the pull request has")
    parser.add_argument("--stranger", action="store_true", help="its author is not trusted")
    parser.add_argument("--draft", action="store_true", help="it is a draft")
    parser.add_argument("--output", choices=("text", "json"), default="text", help="(default: text)")
    configuration.add_flags(parser)
    parser.set_defaults(run=run)


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


@explained("config explain")
def run(chosen: argparse.Namespace) -> int:
    config = configuration.files_of(chosen).read()
    try:
        answer = _answer(config, chosen)
    except NotUsable as error:
        raise Failed(str(error)) from error
    if chosen.output == "json":
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(answer)) + b"\n")
    else:
        print("\n".join(_lines(answer)))
    return 0


def _answer(config: Configuration, chosen: argparse.Namespace) -> Answer:
    copy = _working_copy(chosen)
    repository = chosen.repo or _repository(config, copy)
    branch = chosen.branch or (copy and copy.shared_branch) or ""
    if not branch:
        raise Failed("--branch is missing: which branch is the change for?")
    changes = copy.changed_since(chosen.diff_base) if copy and chosen.diff_base else chosen.changed
    jobs, own = with_own_jobs(config, copy, repository) if copy else (config.jobs, ())
    if repository not in jobs.repositories:
        raise Failed(f"{repository} has no presubmits and no postsubmits")
    answer = Answer(
        repository=repository,
        branch=branch,
        event=chosen.comment or chosen.event,
        changes=None if changes is None else tuple(changes),
        obstacle=_obstacle(config, repository, chosen),
        jobs=(),
    )
    explanations = _explanations(answer, jobs, config, chosen, Places(_reader(own)))
    return replace(answer, jobs=tuple(_named(explanations, answer, chosen.job)))


def _named(explanations: Iterable[Explanation], answer: Answer, names: Sequence[str]) -> list[Explanation]:
    """Those of the jobs of these names; all, where none are given. Raises Failed for a name of no job."""
    found = [one for one in explanations if not names or one.job in names]
    if absent := sorted({*names} - {one.job for one in found}):
        kind = "postsubmit" if answer.event == "push" else "presubmit"
        raise Failed(f"{answer.repository} has no {kind} {', '.join(absent)}")
    return found


def _working_copy(chosen: argparse.Namespace) -> WorkingCopy | None:
    if chosen.working_copy is None and not chosen.diff_base:
        return None
    return WorkingCopy(chosen.working_copy or Path())


def _repository(config: Configuration, copy: WorkingCopy | None) -> str:
    """The repository of the working copy, by the addresses of its remotes."""
    names = copy.full_names if copy else []
    found = next((name for name in names if name in config.jobs.repositories), names[0] if names else "")
    if not found:
        raise Failed("--repo is missing: whose jobs are meant?")
    return found


def _explanations(
    answer: Answer, jobs: Jobs, config: Configuration, chosen: argparse.Namespace, places: Places
) -> Iterator[Explanation]:
    org, _, repo = answer.repository.partition("/")
    changes = answer.changes or ()
    if chosen.event == "push":
        return explaining.of_push(jobs.postsubmits_of(org, repo), answer.branch, changes, places)
    asked = _asked(config, org, repo, chosen)
    return explaining.of_pull_request(jobs.presubmits_of(org, repo), answer.branch, changes, asked, places)


def _asked(config: Configuration, org: str, repo: str, chosen: argparse.Namespace) -> Filter:
    """The filter that trigger uses for the event."""
    if not chosen.comment:
        return all_automatic
    if asks_for_contexts(chosen.comment) and not (chosen.failed or chosen.reported):
        print("no context is taken to have reported: say --failed and --reported", file=sys.stderr)
    return comment_filter(
        chosen.comment,
        failed=chosen.failed,
        reported={*chosen.failed, *chosen.reported},
        honours_ok_to_test=not settings_for(config, org, repo).ignore_ok_to_test,
    )


def _obstacle(config: Configuration, repository: str, chosen: argparse.Namespace) -> str:
    """Why trigger starts nothing, before it looks at any job; "" where it does."""
    org, _, repo = repository.partition("/")
    if chosen.plugin_config and "trigger" not in config.plugins.enabled_for(org, repo):
        return f"the plugin trigger is not on for {repository}"
    if chosen.event == "push" or chosen.comment:
        return ""
    if chosen.stranger and not has(chosen.label, "ok-to-test"):
        return "its author is not trusted, and it does not have the label ok-to-test"
    return "a draft is tested only when somebody says so" if chosen.draft else ""


def _reader(own: Sequence[Source]) -> Callable[[str], Source]:
    known = {source.name: source for source in own}
    return lambda name: known.get(name) or Source(name, Path(name).read_bytes())


def _lines(answer: Answer) -> Iterator[str]:
    yield f"{answer.repository}: {_event(answer)} {answer.branch}{_files(answer.changes)}"
    if answer.obstacle:
        yield f"\nNothing runs: {answer.obstacle}. Otherwise it would be so:"
    for title, jobs in _groups(answer.jobs):
        yield f"\n{title} ({len(jobs)})"
        for job in jobs:
            weight = f"  [{job.weight}]" if job.runs and answer.event != "push" else ""
            yield f"  {job.job}: {job.why}{weight}"
            yield f"      {job.place}"


def _event(answer: Answer) -> str:
    names = {"pull_request": "a pull request to", "push": "a push to"}
    return names.get(answer.event, f"“{answer.event}” on a pull request to")


def _files(changes: Sequence[str] | None) -> str:
    if changes is None:
        return ", changed files not said"
    return f", {len(changes)} changed file{'s' if len(changes) != 1 else ''}"


def _groups(jobs: Sequence[Explanation]) -> Iterator[tuple[str, list[Explanation]]]:
    """Those that run; those that do not, and last, being many and dull, those of other branches."""
    of_other_branches = {"branches", "skip_branches"}
    groups = {
        "runs": [job for job in jobs if job.runs],
        "does not run": [job for job in jobs if not job.runs and job.rule not in of_other_branches],
        "is for other branches": [job for job in jobs if not job.runs and job.rule in of_other_branches],
    }
    return ((title, found) for title, found in groups.items() if found)
