"""What a role may have done with a repository's code. Each effect carries its reason."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import ClassVar, Literal, Protocol, TypedDict

from msgspec import Struct

from cutwater.errors import Later, Refused
from cutwater.git import picking
from cutwater.git.command import GitError
from cutwater.git.fetching import Unreachable
from cutwater.git.picking import Change, Committer, NotApplied, NotPushed
from cutwater.git.remotes import Remotes, Run
from cutwater.git.stacks import Stacks

MEGABYTE = 1024 * 1024
LARGEST_PATCH = 20 * MEGABYTE


class GivesPatches(Protocol):
    """What is needed of GitHub."""

    async def patch(self, org: str, repo: str, number: int) -> bytes: ...


class HasCode(Protocol):
    """What these effects need of the world."""

    @property
    def github(self) -> GivesPatches:
        """GitHub under the bot's identity."""

    @property
    def git(self) -> Remotes:
        """The repositories, as git reaches them."""


class Picked(TypedDict):
    """What came of a cherry-pick: the commit, or at what it failed, and why in git's or GitHub's words."""

    sha: str
    failed: Literal["", "patch", "fetch", "apply", "push"]
    words: str


class CherryPick(Struct, frozen=True, kw_only=True, tag=True):
    """A branch is to hold the change of a pull request, on top of a commit of the same repository.

    `place` is the repository that has the branch, `org/repo`. `commits`: how many the pull request has. `name`, `email`
    and `at` are the committer's: done again, the very same commits are made.
    """

    org: str
    repo: str
    number: int
    commits: int
    onto: str
    place: str
    branch: str
    name: str
    email: str
    at: datetime
    why: str
    visible: ClassVar[bool] = False
    seconds: ClassVar[float] = picking.SECONDS + 20
    writes: ClassVar[tuple[str, ...]] = ("contents", "workflows")

    async def apply(self, world: HasCode) -> Picked:
        try:
            patch = await world.github.patch(self.org, self.repo, self.number)
        except Refused as refused:
            return _failed("patch", str(refused))
        if len(patch) > LARGEST_PATCH:
            return _failed("patch", f"it is larger than {LARGEST_PATCH // MEGABYTE} MB")
        source, target = await world.git.of(self.org, self.repo), await world.git.of(*self.place.split("/", 1))
        work = partial(
            picking.pick,
            Change(self.number, self.commits, patch),
            onto=self.onto,
            source=source,
            target=target,
            branch=self.branch,
            committer=Committer(self.name, self.email, self.at),
        )
        return await _done(world.git.run, work)

    async def stands(self, world: HasCode, since: datetime) -> Picked | None:
        return None  # to do it again makes the same commits, and pushes what is there


class HasStacks(Protocol):
    """What these effects need of the world."""

    @property
    def stacks(self) -> Stacks:
        """Repositories in which stacks are made."""


class PushStack(Struct, frozen=True, kw_only=True, tag=True):
    """A repository is to hold a stack's commit, under a ref of ours: GitHub can then move the branch to it.

    `ref` is no branch and no tag (`refs/cutwater/…`): nobody is told of it.
    """

    org: str
    repo: str
    commit: str
    ref: str
    why: str
    visible: ClassVar[bool] = False
    writes: ClassVar[tuple[str, ...]] = ("contents", "workflows")

    async def apply(self, world: HasStacks) -> None:
        await world.stacks.push(self.org, self.repo, commit=self.commit, ref=self.ref)

    async def stands(self, world: HasStacks, since: datetime) -> bool | None:
        return None  # to push again pushes what is there


class KeepCommits(Struct, frozen=True, kw_only=True, tag=True):
    """The state bucket is to hold what is on these branches: a fresh function takes it from there."""

    org: str
    repo: str
    branches: tuple[str, ...]
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasStacks) -> None:
        await world.stacks.keep(self.org, self.repo, self.branches)

    async def stands(self, world: HasStacks, since: datetime) -> bool | None:
        return None  # where it is there, little is done


async def _done(run: Run, work: Callable[[], str]) -> Picked:
    try:
        return Picked(sha=await run(work), failed="", words="")
    except NotApplied as error:
        return _failed("apply", str(error))
    except NotPushed as error:
        return _failed("push", str(error))
    except Unreachable as error:
        raise Later(str(error)) from error
    except GitError as error:
        return _failed("fetch", str(error))


def _failed(at: Literal["patch", "fetch", "apply", "push"], words: str) -> Picked:
    return Picked(sha="", failed=at, words=words)
