"""What becomes of a change of the sources: they are compiled and put in force, or refused, and both are told.

The pointer is the state. What its last look saw is in it, so that the same sources are judged once; a former
configuration that somebody has gone back to stays in force until the sources change.
"""

import asyncio
import contextlib
import hashlib
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cutwater.config import compiled
from cutwater.config.findings import ConfigError
from cutwater.config.load import load
from cutwater.config.sources import Sources
from cutwater.errors import Later, Refused
from cutwater.events.edges import Edges
from cutwater.events.effect import Apply
from cutwater.events.origin import ConfigMaps, Places, Repository
from cutwater.events.pointer import NAME, NAMESPACE, Pointer, key_of, pointer_of
from cutwater.kube.announcements import WriteConfigMap
from cutwater.kube.client import CONFIG_MAP, Conflict
from cutwater.kube.effects import timestamp
from cutwater.storage.effects import KeepArtifact
from functions.configuration.config_maps import InConfigMaps
from functions.configuration.files import Gathering
from functions.configuration.repository import InRepository
from functions.configuration.telling import announcements
from functions.plugins.sections import SECTIONS

LOOKS = 3
"""How often it looks again at once when somebody else has written the pointer meanwhile."""
LONGEST_REFUSAL = 16_000
"""Characters of findings that the pointer keeps."""


class Judged(Struct, frozen=True, kw_only=True):
    """Sources that were judged: `content` is the file that they make, `refused` why they make none.

    Both are empty where these very sources are in force, or were when somebody has gone back to former ones.
    """

    considered: str
    content: bytes = b""
    refused: str = ""

    @property
    def sha(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


class Found(Struct, frozen=True, kw_only=True):
    """The pointer as it was read."""

    pointer: Pointer
    version: str
    uid: str


async def follow(origin: ConfigMaps | Repository, edges: Edges, apply: Apply, *, is_sweep: bool) -> str:
    """One look at the sources and the pointer, and what follows of it; in words. Raises Later and Refused.

    Whoever writes several ConfigMaps passes through states that nobody meant: what is wrong with them then is told by
    the sweep, if it still is.
    """
    may_complain = is_sweep or isinstance(origin, Repository)
    gathering = _opened(origin, edges)
    for _ in range(LOOKS):
        try:
            # In this order: what is put in force is never older than what it replaces.
            found, version = await _pointer(edges), await gathering.version()
            done = await _consider(origin, gathering, version, found, edges, apply)
            found = await _pointer(edges) if done else found
            if may_complain or not found.pointer.refused:
                await _tell(origin, version, found, edges, apply)
            return done or "nothing new"
        except Conflict:
            continue  # somebody else has changed the pointer
    raise Later(f"ConfigMap {NAME} keeps changing", seconds=1)


def _opened(origin: ConfigMaps | Repository, edges: Edges) -> Gathering:
    if isinstance(origin, Repository):
        return InRepository(origin, edges.github, edges.state)
    return InConfigMaps(origin, edges.kube)


async def _pointer(edges: Edges) -> Found:
    """Raises Refused where there is none."""
    found = await edges.kube.get(CONFIG_MAP, NAMESPACE, NAME)
    if found is None:
        raise Refused(f"there is no ConfigMap {NAME} in {NAMESPACE}: infra/knative/base brings it")
    metadata: dict[str, Any] = found["metadata"]
    return Found(pointer=pointer_of(found), version=metadata["resourceVersion"], uid=metadata["uid"])


async def _consider(
    origin: Places, gathering: Gathering, version: str, found: Found, edges: Edges, apply: Apply
) -> str:
    """Judge the sources and act on it; what has come of it, "" where this version was seen before. Raises Conflict."""
    seen = _digest(repr(origin), version)
    if found.pointer.seen == seen:
        return ""
    judged = await _judge(origin, gathering, version, found.pointer)
    if judged.content:
        why = "its sources have changed"
        await apply(KeepArtifact(key=key_of(judged.sha), content=judged.content, why=why), edges)
    pointer = decided(replace(found.pointer, seen=seen), judged, since=timestamp(edges.clock()))
    await _write(pointer, found, edges, apply)
    return f"refused: {pointer.refused}" if pointer.refused else f"{pointer.in_force} is in force"


async def _judge(origin: Places, gathering: Gathering, version: str, pointer: Pointer) -> Judged:
    """What the sources have come to. Those that were judged before are not judged again."""
    try:
        sources = await gathering.read(version)
    except ConfigError as error:
        return Judged(considered=_digest(str(error)), refused=shortened(error))
    considered = _digest(sources.digest)
    if considered == pointer.considered:
        return Judged(considered=considered, refused=pointer.refused)
    try:
        content = await asyncio.to_thread(_compiled, sources, strict=origin.strict)
    except ConfigError as error:
        return Judged(considered=considered, refused=shortened(error))
    return Judged(considered=considered, content=content)


def _compiled(sources: Sources, *, strict: bool) -> bytes:
    """Raises ConfigError."""
    configuration = load(sources, strict=strict, sections=SECTIONS, now=datetime.now(UTC))
    return compiled.write(configuration, sections=SECTIONS)


def decided(pointer: Pointer, judged: Judged, *, since: str) -> Pointer:
    """What the pointer says after that: the file in force is another one only where a new one was made."""
    if judged.content:
        pointer = pointer.to(judged.sha, by="its sources", since=since)
    return replace(pointer, considered=judged.considered, refused=judged.refused)


def shortened(error: ConfigError) -> str:
    """The findings, a line each, as many of them as a ConfigMap should keep."""
    kept: list[str] = []
    room = LONGEST_REFUSAL
    for finding in map(str, error.findings):
        room -= len(finding) + 1
        if room < 0:
            left = len(error.findings) - len(kept)
            return "\n".join([*kept, f"and {left} more: `cutwater config check` has them all"])
        kept.append(finding)
    return "\n".join(kept)


def _digest(*parts: str) -> str:
    """A name for what was judged, and for the way in which it was."""
    return hashlib.sha256(repr((*parts, compiled.FORMAT)).encode()).hexdigest()


async def _write(pointer: Pointer, found: Found, edges: Edges, apply: Apply) -> None:
    """Write down what has changed. Raises Conflict where somebody else has written since."""
    before = found.pointer.keys
    keys = {key: value for key, value in pointer.keys.items() if value != before[key]}
    why = "the sources are wrong" if pointer.refused else "the sources were read"
    await apply(WriteConfigMap(namespace=NAMESPACE, name=NAME, version=found.version, keys=keys, why=why), edges)


async def _tell(origin: ConfigMaps | Repository, version: str, found: Found, edges: Edges, apply: Apply) -> None:
    """Say what has become of the sources, then that it was said. What is refused is not tried again."""
    if found.pointer.told == found.pointer.considered:
        return
    for effect in announcements(found.pointer, origin, version, uid=found.uid, now=edges.clock()):
        with contextlib.suppress(Refused):
            await apply(effect, edges)
    await _write(replace(found.pointer, told=found.pointer.considered), found, edges, apply)
