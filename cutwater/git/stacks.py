"""Stacks: pull requests put one on top of another on a branch, as they would be merged; GitHub knows nothing of it yet.

Tide asks which pull requests go together, and what the branch would be with them.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct, field

Method = Literal["merge", "squash", "rebase"]


class Change(Struct, frozen=True, kw_only=True):
    """A pull request that is to be put on top, at this head (a SHA), in the way in which it would be merged.

    `title` and `body` are the words of the commit; "" stands for those that GitHub would write. For these it needs
    `subject`, the pull request's title, and `branch`, where it comes from (`owner/branch`).
    """

    number: int
    head: str
    method: Method
    title: str = ""
    body: str = ""
    subject: str = ""
    branch: str = ""


class Layer(Struct, frozen=True, kw_only=True):
    """The branch with one pull request more: its commit, and the tree of it. `head` is the pull request's."""

    number: int
    head: str
    tree: str
    commit: str


class Stack(Struct, frozen=True, kw_only=True):
    """What came of it: the layers from below to above, and why the others are left out, by number, in git's words."""

    base: str
    base_tree: str
    layers: tuple[Layer, ...] = ()
    left_out: Mapping[int, str] = field(default_factory=dict)


class Stacks(Protocol):
    """Repositories in which stacks are made. The same stack has the same commits wherever and whenever it is made.

    Every method raises Later where GitHub or the state bucket cannot be reached, and Refused where it never will be
    done: no such repository, no such commit, no right.
    """

    async def stack(
        self, org: str, repo: str, branch: str, *, base: str, changes: Sequence[Change], limit: int = 0
    ) -> Stack:
        """Put the changes on top of the commit `base` of the branch, in their order. What conflicts is left out.

        There are no more layers than `limit`, unless that is 0; nothing is said of the changes behind the last.
        """

    async def push(self, org: str, repo: str, *, commit: str, ref: str) -> None:
        """Have the repository hold a stack's commit under a ref of ours, whatever that was before.

        `ref` is no branch and no tag (`refs/cutwater/…`): GitHub tells nobody of it.
        """

    async def keep(self, org: str, repo: str, branches: Sequence[str]) -> None:
        """Keep in the state bucket what a fresh function needs of these branches, unless it is there already."""
