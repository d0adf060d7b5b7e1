"""`cutwater config use`: put a compiled configuration in force, a former one to go back.

The function `configuration` leaves it in force until its sources change.
"""

import argparse
import asyncio
import getpass
import os
from datetime import UTC, datetime

from msgspec import Struct

from cutwater.cli import cluster
from cutwater.cli.failing import Failed, explained
from cutwater.config import compiled
from cutwater.events import environment
from cutwater.events.pointer import ARTIFACTS, NAME, NAMESPACE, Pointer, key_of, pointer_of
from cutwater.kube.announcements import WriteConfigMap
from cutwater.kube.client import CONFIG_MAP, Conflict, Json, Kube
from cutwater.kube.effects import timestamp
from cutwater.storage.store import Store

EXAMPLES = """examples:
  cutwater config use --list           what there is, the newest first, and which is in force
  cutwater config use --previous       the one that was in force before
  cutwater config use 4f7a2c           the one whose SHA-256 begins so

The state bucket is reached as functions reach it: by AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and
AWS_ENDPOINT_URL_S3.
"""
SHOWN = 12
"""Digits of a SHA-256 that are shown."""


class Edges(Struct, frozen=True):
    """What the command reaches."""

    kube: Kube
    state: Store


def add(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("sha", nargs="?", default="", metavar="SHA", help="the beginning of its SHA-256")
    which.add_argument("--previous", action="store_true", help="the one that was in force before")
    which.add_argument("--list", action="store_true", help="what there is")
    about = "the state bucket (default: $CUTWATER_STATE_BUCKET)"
    parser.add_argument("--state", default=os.environ.get("CUTWATER_STATE_BUCKET", ""), metavar="BUCKET", help=about)
    cluster.add_flags(parser)
    parser.set_defaults(run=run)


@explained("config use")
def run(chosen: argparse.Namespace) -> int:
    if not chosen.state:
        raise Failed("which state bucket? say --state BUCKET")
    edges = Edges(cluster.chosen_cluster(chosen), environment.bucket(chosen.state))
    print(asyncio.run(listed(edges) if chosen.list else use(edges, chosen.sha, by=_me())))
    return 0


def _me() -> str:
    return f"{getpass.getuser()}, by cutwater config use"


async def listed(edges: Edges) -> str:
    """A line for each that is kept, the newest first. Raises Failed, Later and Refused."""
    pointer = pointer_of(await _pointer(edges.kube))
    kept = [entry async for entry in edges.state.list(ARTIFACTS)]
    lines = []
    for entry in sorted(kept, key=lambda entry: str(entry.modified), reverse=True):
        sha = entry.key.removeprefix(ARTIFACTS)
        made = timestamp(entry.modified) if entry.modified else ""
        lines.append(f"{sha[:SHOWN]}  {made}  {entry.size:>9} bytes  {_standing(sha, pointer)}".rstrip())
    if pointer.refused:
        lines.append(f"its sources are wrong, so that they are not among these:\n{pointer.refused}")
    return "\n".join(lines) or "none was compiled yet"


def _standing(sha: str, pointer: Pointer) -> str:
    if sha == pointer.in_force:
        return f"in force since {pointer.since}, put by {pointer.by}"
    if sha in pointer.before:
        return "in force before" if sha == pointer.before[0] else "in force earlier"
    return ""


async def use(edges: Edges, wanted: str, *, by: str) -> str:
    """Put the one in force whose SHA-256 begins so; without one, the previous. Raises Failed, Later and Refused.

    It is opened first, and written again, so that it counts as new and is not deleted meanwhile.
    """
    found = await _pointer(edges.kube)
    pointer = pointer_of(found)
    sha = await _only(edges.state, wanted) if wanted else next(iter(pointer.before), "")
    if not sha:
        raise Failed("no other was in force before")
    if sha == pointer.in_force:
        return f"{sha} is in force already"
    stored = await edges.state.get(key_of(sha))
    if stored is None:
        raise Failed(f"{sha} is not kept any more")
    try:
        compiled.opened(stored.body, sha)
    except ValueError as error:
        raise Failed(str(error)) from error
    await edges.state.put(key_of(sha), stored.body)
    keys = pointer.to(sha, by=by, since=timestamp(datetime.now(UTC))).keys
    version = found["metadata"]["resourceVersion"]
    try:
        await WriteConfigMap(namespace=NAMESPACE, name=NAME, version=version, keys=keys, why="asked for").apply(edges)
    except Conflict as conflict:
        raise Failed(
            "another configuration was put in force at this moment; look at --list, and try again"
        ) from conflict
    return f"{sha} is in force; functions see it within a minute or two"


async def _pointer(kube: Kube) -> Json:
    found = await kube.get(CONFIG_MAP, NAMESPACE, NAME)
    if found is None:
        raise Failed(f"the cluster has no ConfigMap {NAME} in namespace {NAMESPACE}")
    return found


async def _only(state: Store, beginning: str) -> str:
    """The one kept whose SHA-256 begins so. Raises Failed where that is none, or several."""
    found = [entry.key.removeprefix(ARTIFACTS) async for entry in state.list(key_of(beginning))]
    if len(found) == 1:
        return found[0]
    raise Failed(f"{len(found) or 'none'} of those that are kept begin with {beginning}; --list shows them")
