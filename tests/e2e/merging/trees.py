"""Which states of a branch were tested: their trees are compared with those of which a run was green."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from cutwater.prowjob.types import Refs
from tests.e2e.merging import Line

ME = {f"GIT_{who}_{what}": "e2e" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


async def untested(line: Line, commits: Iterable[str]) -> list[str]:
    """Those of the commits whose trees no green run had."""
    async with _cloned(line) as folder:
        tested = {await _tree(folder, refs) for refs in await line.green()}
        return [sha for sha in commits if await _git(folder, "rev-parse", f"{sha}^{{tree}}") not in tested]


@asynccontextmanager
async def _cloned(line: Line) -> AsyncIterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        await _git(folder, "clone", "--quiet", "--mirror", line.address, ".")
        yield folder


async def _tree(folder: str, refs: Refs) -> str:
    """The tree of what was tested: the pull requests, merged one upon the other."""
    at = refs.base_sha
    for pull in refs.pulls:
        tree = await _git(folder, "merge-tree", "--write-tree", at, pull.sha)
        at = await _git(folder, "commit-tree", tree, "-p", at, "-p", pull.sha, "-m", "merged")
    return await _git(folder, "rev-parse", f"{at}^{{tree}}")


async def _git(folder: str, *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        "git", *arguments, cwd=folder, env=os.environ | ME, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, arguments
    return said.decode().strip()
