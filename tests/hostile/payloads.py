"""Webhooks as GitHub sends them, and what might come in their place: hostile values, wrong types, no JSON at all."""

import copy
import functools
import json
import lzma
import os
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from functions.plugins.every import PLUGINS
from tests.contract.schemas.cut_examples import EXAMPLES

Place = tuple[str | int, ...]
"""Where something stands in a payload."""
TOLD = (
    "issue_comment",
    "issues",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "push",
    "status",
)
"""The events that plugins answer to."""
CANARY = Path(tempfile.gettempdir()) / f"cutwater-canary-{os.getpid()}"
"""A file that is made where something hostile reaches a shell, or is taken for an option."""
MARKUP = f"<script>alert('x')</script><img src=x onerror=alert(1)>](javascript:alert(1)) @acme/all `$(touch {CANARY})`"
CONTROLS = "".join(map(chr, range(32))) + "\x7f\x85\u2028\u202e\x1b[31m\x1b]0;title\x07"
VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**63,
    10**400,
    0.5,
    "",
    "7",
    MARKUP,
    CONTROLS,
    'a\r\nhidden: header\n{"time": "forged"}',
    "\ud800",
    "../../../etc/passwd",
    f"--upload-pack=touch {CANARY}",
    f"; touch {CANARY} #",
    "%2e%2e%2f?x=y#z",
    "🦖" * 300,
    "x" * 100_000,
    [],
    {},
    [None],
    ["x"],
    [[[]]],
    {"login": {"login": "x"}},
    {"": ""},
)
"""What may stand where GitHub has something else."""


@functools.cache
def published() -> Mapping[str, Sequence[Any]]:
    """The payloads that are published of every event, by its name."""
    found: Mapping[str, Sequence[Any]] = json.loads(lzma.decompress(EXAMPLES.read_bytes()))["payloads"]
    return found


def named(payload: Any) -> Iterator[str]:
    """The repository of a payload (`org/repo`), if it is of one."""
    repository = payload.get("repository")
    if isinstance(repository, dict) and "/" in str(repository.get("full_name")):
        yield repository["full_name"]


def places(payload: Any, path: Place = ()) -> Iterator[Place]:
    """Every place in a payload; of a list its first entry stands for all."""
    if path:
        yield path
    if isinstance(payload, dict):
        for key, value in payload.items():
            yield from places(value, (*path, key))
    elif isinstance(payload, list) and payload:
        yield from places(payload[0], (*path, 0))


def replaced(payload: Any, path: Place, value: Any) -> Any:
    """The payload with another value in this place."""
    changed = copy.deepcopy(payload)
    parent = functools.reduce(lambda part, key: part[key], path[:-1], changed)
    parent[path[-1]] = value
    return changed


def wanted(chance: random.Random) -> tuple[str, Any]:
    """A published payload that plugins answer to, with everything said in it that can be said."""
    event = chance.choice(TOLD)
    payload = copy.deepcopy(chance.choice(published()[event]))
    return event, said_in(payload, commands(chance))


def said_in(payload: Any, text: str) -> Any:
    """The payload with this text in the place of what somebody wrote."""
    for name in ("comment", "review", "issue", "pull_request"):
        if isinstance(payload.get(name), dict):
            return replaced(payload, (name, "body"), text)
    return payload


def every_command() -> list[str]:
    """All examples of all commands."""
    return [example for plugin in PLUGINS.values() for one in plugin.commands for example in one.examples]


def commands(chance: random.Random) -> str:
    """Some of all commands, with hostile arguments among them."""
    examples = every_command()
    said = chance.sample(examples, 5)
    hostile = [value for value in VALUES if isinstance(value, str)]
    said += [f"{chance.choice(examples)} {chance.choice(hostile)}" for _ in range(3)]
    chance.shuffle(said)
    return "\n".join(said)


def mutated(chance: random.Random) -> tuple[str, Any, str]:
    """A wanted payload with one to three hostile values, and where they stand."""
    event, payload = wanted(chance)
    changes = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        path = chance.choice(list(places(payload)))
        value = chance.choice(VALUES)
        payload = replaced(payload, path, value)
        changes.append(f"{'.'.join(map(str, path))} = {json.dumps(value)[:80]}")
        if not isinstance(payload, dict):
            break
    return event, payload, f"{event}: {'; '.join(changes)}"


def invented(chance: random.Random, depth: int = 5) -> Any:
    """Any JSON, with the names that GitHub has for things."""
    kind = chance.random()
    if depth == 0 or kind < 0.3:
        return chance.choice(VALUES)
    if kind < 0.5:
        return [invented(chance, depth - 1) for _ in range(chance.randrange(4))]
    return {name: invented(chance, depth - 1) for name in chance.sample(NAMES, chance.randrange(1, 9))}


NAMES = (
    *("action", "number", "repository", "owner", "login", "name", "full_name", "sender", "organization", "user"),
    *("pull_request", "issue", "comment", "review", "body", "title", "labels", "label", "base", "head", "ref", "sha"),
    *("repo", "state", "changes", "from", "after", "before", "commits", "assignees", "milestone", "id", "html_url"),
)


def damaged(chance: random.Random, body: bytes) -> bytes:
    """Some bytes of it are others, or are missing."""
    raw = bytearray(body)
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(raw))
        match chance.randrange(3):
            case 0:
                raw[at] = chance.randrange(256)
            case 1:
                del raw[at : at + chance.randrange(1, 50)]
            case _:
                raw[at:at] = chance.randbytes(3)
    return bytes(raw) or b"{"


def deep(levels: int, key: str = "changes") -> bytes:
    """A comment of a pull request, with something that is nested so deeply."""
    payload = json.dumps(published()["issue_comment"][0])
    return f'{payload[:-1]},"{key}":{"[" * levels}{"]" * levels}}}'.encode()
