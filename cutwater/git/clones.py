"""Stacks from nothing but the state bucket and a partial clone.

A fresh function takes what is kept in the state bucket (`cutwater.git.packs`), and fetches what is new since then. It
keeps the clone on its disk while it lives; losing it costs time only.
"""

import asyncio
import contextlib
import functools
import hashlib
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from cutwater.errors import Later, Refused
from cutwater.git import packs
from cutwater.git.command import GitError
from cutwater.git.fetching import Unreachable
from cutwater.git.names import is_branch_name
from cutwater.git.packs import Bucket
from cutwater.git.partial import NotPushed, NotThere, PartialClone
from cutwater.git.remotes import Remote, Remotes, Result
from cutwater.git.stacks import Change, Stack

MOST_CLONES = 8
"""As many repositories are on disk at most."""
MOST_PACKS = 100
"""A clone with more has fetched file by file for long: another one is faster."""
MOST_KEPT = 10
"""Packs that are kept of a repository. Then it is cloned anew, into one."""
SECONDS = 90
"""How long a stack may take: the Lease of a pool outlives it."""
KEEPING_SECONDS = 500
OURS = "refs/cutwater/"
_SHA = re.compile(r"[0-9a-f]{40}")


class Clones:
    """The repositories behind `remotes`, and what `bucket` keeps of them."""

    def __init__(self, remotes: Remotes, bucket: Callable[[], Bucket]) -> None:
        self._remotes, self._bucket = remotes, bucket
        self._locks: dict[Path, asyncio.Lock] = {}
        self._used: list[Path] = []

    @functools.cached_property
    def _home(self) -> tempfile.TemporaryDirectory[str]:
        """Where the clones are. It goes with this process."""
        return tempfile.TemporaryDirectory(prefix="clones-", ignore_cleanup_errors=True)

    @property
    def folder(self) -> Path:
        """The clones on disk, a folder each."""
        return Path(self._home.name)

    async def stack(
        self, org: str, repo: str, branch: str, *, base: str, changes: Sequence[Change], limit: int = 0
    ) -> Stack:
        _check_branches(branch)
        _check_commits(base, *(change.head for change in changes))
        return await self._work(org, repo, lambda clone: clone.stack(branch, base, changes, limit))

    async def push(self, org: str, repo: str, *, commit: str, ref: str) -> None:
        _check_commits(commit)
        if not ref.startswith(OURS) or not is_branch_name(ref):
            raise Refused(f"{ref} is no ref of ours")
        await self._work(org, repo, lambda clone: clone.push(commit, ref))

    async def keep(self, org: str, repo: str, branches: Sequence[str]) -> None:
        """It is done beside the clone that is on disk: this one is to hold what is kept, and nothing else."""
        _check_branches(*branches)
        remote, until = await self._remotes.of(org, repo), time.monotonic() + KEEPING_SECONDS
        with tempfile.TemporaryDirectory(prefix="keep-", ignore_cleanup_errors=True) as folder, _said():
            place = _Place(org, repo, Path(folder) / "clone", remote, until)
            try:
                tips = await self._follow(place, branches, most=MOST_KEPT - 1)
            except Unreachable:
                raise
            except GitError:  # something may be wrong with what is kept
                tips = await self._follow(place, branches, most=0)
            await packs.keep(self._bucket(), org, repo, tips, place.clone.packs)

    async def _follow(self, place: "_Place", branches: Sequence[str], *, most: int) -> dict[str, str]:
        await self._begin(place, most=most)
        return await self._remotes.run(functools.partial(place.clone.follow, branches))

    async def _work(self, org: str, repo: str, work: Callable[[PartialClone], Result]) -> Result:
        """Have work done in a clone, alone. Raises Refused and Later."""
        remote, until = await self._remotes.of(org, repo), time.monotonic() + SECONDS
        folder = self.folder / hashlib.sha256(f"{org}/{repo}".encode()).hexdigest()
        place = _Place(org, repo, folder, remote, until)
        async with self._locks.setdefault(folder, asyncio.Lock()):
            with _said():
                try:
                    return await self._try(place, work, most=MOST_KEPT)
                except (Unreachable, NotThere, NotPushed):
                    raise
                except GitError:  # something may be wrong with what lies here
                    shutil.rmtree(folder, ignore_errors=True)
                return await self._try(place, work, most=0)

    async def _try(self, place: "_Place", work: Callable[[PartialClone], Result], *, most: int) -> Result:
        """Have the clone on disk, whole, and not too many others; and the work done in it."""
        folder = place.folder
        if folder.exists() and len(list(place.clone.packs.glob("*.pack"))) > MOST_PACKS:
            shutil.rmtree(folder)
        if not folder.exists():
            fresh = place._replace(folder=folder.with_suffix(".new"))
            await self._begin(fresh, most=most)
            fresh.folder.rename(folder)
        self._used = [*(other for other in self._used if other != folder), folder]
        for other in [other for other in self._used[:-MOST_CLONES] if not self._locks[other].locked()]:
            self._used.remove(other)
            shutil.rmtree(other, ignore_errors=True)
        return await self._remotes.run(functools.partial(work, place.clone))

    async def _begin(self, place: "_Place", *, most: int) -> None:
        """A clone with what is kept of the repository; without, where that is more than `most` packs, or not whole."""
        bucket, clone = self._bucket(), place.clone
        kept = await packs.read(bucket, place.org, place.repo)
        await self._remotes.run(clone.begin)
        if 0 < len(kept.packs) <= most:
            if await packs.bring(bucket, place.org, place.repo, kept, clone.packs):
                await self._remotes.run(functools.partial(clone.point, kept.tips))
            else:
                await self._remotes.run(clone.begin)


class _Place(NamedTuple):
    """A repository, where its clone is to be, and by when all must be done."""

    org: str
    repo: str
    folder: Path
    remote: Remote
    until: float

    @property
    def clone(self) -> PartialClone:
        return PartialClone(self.folder, self.remote, until=self.until)


@contextlib.contextmanager
def _said() -> Iterator[None]:
    """What git says, in the words of the world."""
    try:
        yield
    except Unreachable as error:
        raise Later(str(error)) from error
    except GitError as error:
        raise Refused(str(error)) from error
    except OSError as error:
        raise Later(f"the repository cannot be kept on disk: {error.strerror}") from error


def _check_commits(*shas: str) -> None:
    for sha in shas:
        if not _SHA.fullmatch(sha):
            raise Refused(f"{sha[:50]!r} is no commit")


def _check_branches(*branches: str) -> None:
    for branch in branches:
        if not is_branch_name(branch):
            raise Refused(f"{branch[:50]!r} is no branch")
