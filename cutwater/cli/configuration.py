"""The flags by which every command is told where the configuration lies. They have upstream's names."""

import argparse
from pathlib import Path

from cutwater.events.configuration import PLUGINS_SUFFIX, PROW_SUFFIX, Files


def add_flags(parser: argparse.ArgumentParser, *, are_required: bool = True) -> None:
    """Add them. `are_required`: without them the command does not know what to read."""
    group = parser.add_argument_group("the configuration")
    group.add_argument("--config-path", type=Path, required=are_required, metavar="FILE", help="config.yaml")
    about = "jobs: a file, or a folder of files; may be given several times"
    group.add_argument("--job-config-path", type=Path, action="append", default=[], metavar="PATH", help=about)
    group.add_argument("--plugin-config", type=Path, metavar="FILE", help="plugins.yaml")
    _add_supplemental(group, "prow-config", "prow-configs", suffix=PROW_SUFFIX, of="config.yaml")
    _add_supplemental(group, "plugin-config", "plugin-configs", suffix=PLUGINS_SUFFIX, of="plugins.yaml")
    group.add_argument("--strict", action="store_true", help="what is odd is an error, too")


def _add_supplemental(group: argparse._ArgumentGroup, one: str, many: str, *, suffix: str, of: str) -> None:
    about = f"a folder with more of {of}; may be given several times"
    group.add_argument(f"--supplemental-{one}-dir", type=Path, action="append", default=[], metavar="DIR", help=about)
    about = f"only files in it whose names end so are read (default: {suffix})"
    group.add_argument(f"--supplemental-{many}-filename-suffix", default=suffix, metavar="SUFFIX", help=about)


def files_of(chosen: argparse.Namespace) -> Files:
    """The files that the flags name."""
    return Files(
        config=chosen.config_path,
        jobs=tuple(chosen.job_config_path),
        plugins=chosen.plugin_config,
        supplemental=tuple(chosen.supplemental_prow_config_dir),
        supplemental_suffix=chosen.supplemental_prow_configs_filename_suffix,
        supplemental_plugins=tuple(chosen.supplemental_plugin_config_dir),
        supplemental_plugins_suffix=chosen.supplemental_plugin_configs_filename_suffix,
        strict=chosen.strict,
    )
