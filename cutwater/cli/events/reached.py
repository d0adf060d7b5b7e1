"""How these commands reach the ledger: as functions do, or that of a `cutwater up` on this machine."""

import argparse
import os
from pathlib import Path

from cutwater.cli import configuration
from cutwater.cli.failing import Failed
from cutwater.cli.places import STATE
from cutwater.config import compiled
from cutwater.config.configuration import Configuration
from cutwater.errors import Later, Refused
from cutwater.events import environment
from cutwater.events.edges import Edges
from cutwater.events.history import Case, of_guid
from cutwater.events.pointer import ARTIFACTS
from cutwater.storage.store import Store
from infra.local.roles import Service
from infra.local.settings import function_environment, read

BUCKET = "CUTWATER_STATE_BUCKET"
CONFIGURATIONS = ("CUTWATER_CONFIGURATION", "CUTWATER_CONFIG_PATH")
LEAST = 4
"""Characters of a GUID that must be given."""
HELP = """
The ledger is that of a running `cutwater up` in this folder, or of --up; or else the state bucket, reached as functions
reach it: by CUTWATER_STATE_BUCKET, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL_S3.
"""


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = HELP
    group = parser.add_argument_group("the ledger").add_mutually_exclusive_group()
    group.add_argument("--state", default="", metavar="BUCKET", help=f"the state bucket (default: ${BUCKET})")
    about = f"the folder of a `cutwater up` (default: {STATE}, where it is and no bucket is named)"
    group.add_argument("--up", type=Path, metavar="DIR", help=about)


def add_configuration_flags(parser: argparse.ArgumentParser) -> None:
    configuration.add_flags(parser, are_required=False)


def edges_of(chosen: argparse.Namespace) -> Edges:
    """The world of the ledger that is meant. Raises Failed."""
    bucket = chosen.state or os.environ.get(BUCKET, "")
    if chosen.up or (not bucket and (STATE / "settings.json").exists()):
        folder = chosen.up or STATE
        try:
            settings = read(folder)
            os.environ.update(function_environment(settings, Service("events", {})))
        except (OSError, ValueError) as error:
            raise Failed(f"{folder} is no folder of a `cutwater up`: {error}") from error
    elif bucket:
        os.environ[BUCKET] = bucket
    else:
        raise Failed(f"which ledger? Say --state BUCKET, or set {BUCKET}, or start `cutwater up` here")
    return environment.edges()


async def configuration_of(chosen: argparse.Namespace, edges: Edges) -> Configuration | None:
    """The configuration at hand: that of the flags, or of the environment, or what was compiled last; None without one.

    Raises ConfigError and OSError where what the flags name cannot be read.
    """
    if chosen.config_path:
        return configuration.files_of(chosen).read()
    try:
        if any(name in os.environ for name in CONFIGURATIONS):
            return await edges.configuration()
        return await _compiled_last(edges.state)
    except (Later, Refused, OSError, ValueError):
        return None


async def _compiled_last(state: Store) -> Configuration | None:
    """One that is put in force by hand is written again, so that it is the last, too."""
    kept = [entry async for entry in state.list(ARTIFACTS)]
    if not kept:
        return None
    last = max(kept, key=lambda entry: str(entry.modified)).key
    found = await state.get(last)
    return compiled.opened(found.body, last.removeprefix(ARTIFACTS)) if found else None


async def cases_of(state: Store, guid: str) -> list[Case]:
    """The webhook whose GUID begins so: once for each time that GitHub delivered it anew. Raises Failed."""
    if len(guid) < LEAST:
        raise Failed(f"{guid}: at least {LEAST} characters of the GUID are needed")
    found = await of_guid(state, guid)
    guids = sorted({case.guid for case in found})
    if not found:
        raise Failed(
            f"no webhook is kept whose GUID begins with {guid}; nobody wanted it, or it was deleted for its age"
        )
    if len(guids) > 1:
        raise Failed(f"{len(guids)} webhooks are kept whose GUIDs begin with {guid}: {', '.join(guids[:5])}")
    return found
