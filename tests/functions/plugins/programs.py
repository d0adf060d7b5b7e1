"""Programs that stand in for others: scripts on the PATH, and what pull requests change for them."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from functions.plugins import linting
from infra.local.github import seed as shape
from tests.functions.plugins.talk import Talk

Result = TypeVar("Result")


def in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs are waited for: virtual time would not wait for a thread."""

    async def aside(work: Callable[..., Result], *arguments: object) -> Result:
        return work(*arguments)

    monkeypatch.setattr(linting, "aside", aside)


def install(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, script: str) -> None:
    """Put a program on the PATH."""
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    in_place(monkeypatch)


def use_installed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The real one, where it is installed."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    in_place(monkeypatch)


def changed(path: str, text: str, *, added: tuple[int, int] | None = None, status: str = "modified") -> shape.File:
    """A file that has this text in the pull request. `added`: from which line to which it is new; else all of it."""
    lines = text.removesuffix("\n").split("\n")
    first, last = added or (1, len(lines))
    shown = lines[first - 1 : last]
    patch = f"@@ -{first},0 +{first},{len(shown)} @@\n" + "\n".join("+" + line for line in shown)
    return shape.File(path, status=status, head_content=text, patch=patch)


def reviews(talk: Talk) -> list[str]:
    """The first lines of the reviews, without whom they address."""
    hub = talk.scene.github.hub
    return [row.body.partition("\n")[0].partition(": ")[2] for row in hub.reviews_of.all(talk.issue.record.id)]


def remarks(talk: Talk) -> list[tuple[str, int | None, str]]:
    """Path, position and words of all remarks."""
    hub = talk.scene.github.hub
    return [(row.path, row.position, row.body) for row in hub.review_comments_of.all(talk.issue.record.id)]
