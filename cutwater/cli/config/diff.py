"""`cutwater config diff`: which jobs change between two configurations, and how their pods change."""

import argparse
import contextlib
import sys
import tempfile
from pathlib import Path

import msgspec

from cutwater.cli import configuration
from cutwater.cli.config.differences import lines
from cutwater.cli.config.pods import example_pod
from cutwater.cli.failing import Failed, explained
from cutwater.config.comparing import compared
from cutwater.config.configuration import Configuration
from cutwater.config.findings import ConfigError
from infra.local.working_copy import NotUsable, WorkingCopy

SAME, DIFFERENT, TROUBLE = 0, 1, 2
"""The exit statuses, which are diff's."""
CONFIG = ("config.yaml", "prow/config.yaml", "config/prow/config.yaml")
JOBS = ("jobs", "jobs.yaml", "config/jobs", "prow/jobs")
PLUGINS = ("plugins.yaml", "prow/plugins.yaml", "config/prow/plugins.yaml")
"""Where a tree has its files, in the order in which they are looked for, where no flag says so."""

EXAMPLES = """examples:
  cutwater config diff old/ new/
  cutwater config diff --git main          in a git working copy of the configuration: what is different since then
  cutwater config diff --git main --config-path prow/config.yaml --job-config-path prow/jobs

The flags that name files are relative to each of the two trees. The exit status is 0 where nothing is different, 1
where something is, 2 where that cannot be told."""


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog, parser.formatter_class = EXAMPLES, argparse.RawDescriptionHelpFormatter
    parser.add_argument("trees", nargs="*", type=Path, metavar="OLD NEW", help="two folders, each a configuration")
    about = "compare a git working copy with a revision of it, or two revisions (OLD..NEW)"
    parser.add_argument("--git", default="", metavar="REVISION", help=about)
    about = "that working copy (default: here)"
    parser.add_argument("--working-copy", type=Path, default=Path(), metavar="DIR", help=about)
    parser.add_argument("--output", choices=("text", "json"), default="text", help="(default: text)")
    configuration.add_flags(parser, are_required=False)
    parser.set_defaults(run=run)


@explained("config diff", status=TROUBLE)
def run(chosen: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="cutwater-diff-") as scratch:
        try:
            trees = _trees(chosen, Path(scratch))
        except NotUsable as error:
            raise Failed(str(error)) from error
        old, new = (_configuration(side, tree, chosen) for side, tree in zip(("old", "new"), trees, strict=True))
        found = compared(old, new, example_pod)
    if chosen.output == "json":
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    else:
        for line in lines(found):
            print(line)
    return SAME if found.is_empty else DIFFERENT


def _trees(chosen: argparse.Namespace, scratch: Path) -> tuple[Path, Path]:
    """The two folders. A revision is written into the scratch folder."""
    if bool(chosen.git) == bool(chosen.trees) or (chosen.trees and len(chosen.trees) != 2):
        raise Failed("say two folders, OLD and NEW, or --git REVISION")
    if chosen.trees:
        return chosen.trees[0], chosen.trees[1]
    copy = WorkingCopy(chosen.working_copy)
    old, dots, new = chosen.git.partition("..")
    return copy.export(old, scratch / "old"), copy.export(new, scratch / "new") if dots else copy.root


def _configuration(side: str, tree: Path, chosen: argparse.Namespace) -> Configuration:
    """The configuration in the folder. It is read from inside, so that its files have the same names in both."""
    if not tree.is_dir():
        raise Failed(f"{tree} is no folder")
    with contextlib.chdir(tree):
        given = argparse.Namespace(**vars(chosen))
        if given.config_path is None:
            given.config_path = _first(CONFIG)
            if given.config_path is None:
                raise Failed(f"{tree} has none of {', '.join(CONFIG)}: say --config-path")
            given.job_config_path = given.job_config_path or [path for path in (_first(JOBS),) if path]
            given.plugin_config = given.plugin_config or _first(PLUGINS)
        try:
            return configuration.files_of(given).read()
        except ConfigError as error:
            raise Failed(f"the {side} configuration is wrong\n{error}") from error


def _first(names: tuple[str, ...]) -> Path | None:
    return next((Path(name) for name in names if Path(name).exists()), None)
