"""Stacks in a repository of this disk."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cutwater.errors import Refused
from cutwater.git import stacking
from cutwater.git.command import Git, GitError
from cutwater.git.stacks import Change, Stack


class InPlace:
    """Stacks (`cutwater.git.stacks`) of one bare repository, which is on this disk and has all that there is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def stack(
        self, org: str, repo: str, branch: str, *, base: str, changes: Sequence[Change], limit: int = 0
    ) -> Stack:
        return await asyncio.to_thread(self._stack, base, changes, limit)

    async def push(self, org: str, repo: str, *, commit: str, ref: str) -> None:
        try:
            Git(self._folder).run("update-ref", ref, commit)
        except GitError as error:
            raise Refused(str(error)) from error

    async def keep(self, org: str, repo: str, branches: Sequence[str]) -> None:
        return  # it is here

    def _stack(self, base: str, changes: Sequence[Change], limit: int) -> Stack:
        with tempfile.TemporaryDirectory(prefix="stack-") as work:
            git = Git(Path(work), environment={"GIT_DIR": str(self._folder), "GIT_WORK_TREE": work})
            try:
                return stacking.make(git, base, changes, limit=limit)
            except GitError as error:
                raise Refused(str(error)) from error
