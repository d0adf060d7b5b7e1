"""`cutwater config render`: the configuration with all defaults and presets written out."""

import argparse

from cutwater.cli import configuration
from cutwater.cli.failing import Failed, explained
from cutwater.config.configuration import Configuration
from cutwater.config.listing import Listed, NotOne, any_of, listed
from cutwater.config.rendering import rendered, rendered_jobs
from cutwater.config.yaml_text import yaml_text


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("job", nargs="*", metavar="JOB", help="only the jobs of these names (default: everything)")
    parser.add_argument("--repo", default="", metavar="ORG/REPO", help="only the jobs of this repository")
    configuration.add_flags(parser)
    parser.set_defaults(run=run)


@explained("config render")
def run(chosen: argparse.Namespace) -> int:
    config = configuration.files_of(chosen).read()
    whole = rendered_jobs(_wanted(config, chosen)) if chosen.job or chosen.repo else rendered(config)
    print(yaml_text(whole), end="")
    return 0


def _wanted(config: Configuration, chosen: argparse.Namespace) -> list[Listed]:
    """The jobs that are meant. Raises Failed for a name, or a repository, of which there is none."""
    try:
        found = [one for name in chosen.job for one in any_of(config.jobs, name, repository=chosen.repo)]
    except NotOne as error:
        raise Failed(str(error)) from error
    if chosen.job:
        return found
    found = [one for one in listed(config.jobs) if one.repository == chosen.repo]
    if not found:
        raise Failed(f"{chosen.repo} has no jobs")
    return found
