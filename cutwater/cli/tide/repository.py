"""The simulated repository: a branch, the pull requests to it, and what a merge of them is like."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Struct
from msgspec.structs import replace

from cutwater.cli.tide.workload import Change
from cutwater.git.stacks import Layer, Stack
from cutwater.prowjob.descriptions import with_base_sha
from cutwater.prowjob.types import Pull
from functions.tide.pull_requests import SUCCESS, Context, PullRequest

ORG, REPO, BRANCH = "acme", "rocket", "main"
LABEL = "lgtm"
"""What a pull request must have to be merged."""


class Head(Struct, frozen=True):
    """One state of a pull request: the job that fails with it, and with which others it cannot be merged."""

    number: int
    breaks: str
    conflicts: frozenset[int]


class Commit(Struct, frozen=True):
    """A commit: the pull request that it brings, on top of its parent. `tree`: what is in it, whatever its order."""

    parent: str
    number: int
    tree: int


@dataclass(slots=True)
class Proposal:
    """A pull request, from its arrival on. `is_away`: its author is at work on it, and it cannot be merged meanwhile.

    `merged`: when it was, in seconds; `left`: when it was given up.
    """

    change: Change
    pull: PullRequest
    is_away: bool = False
    merged: float | None = None
    left: float | None = None

    @property
    def is_open(self) -> bool:
        return self.merged is None and self.left is None


class Repository:
    """The branch and all pull requests, by number. `jobs`: the names of those that test them."""

    def __init__(self, jobs: Sequence[str]) -> None:
        self.base = _sha("the first commit")
        self.proposals: dict[int, Proposal] = {}
        said = with_base_sha("Job succeeded.", _sha("an older commit"))
        self._green = tuple(Context(name, SUCCESS, said) for name in jobs)
        self._heads: dict[str, Head] = {}
        self._commits = {self.base: Commit("", 0, _number("the first tree"))}

    def tree_of(self, commit: str) -> str:
        return f"{self._commits[commit].tree:040x}"

    def open(self, change: Change) -> Proposal:
        """A new pull request, green on the branch as it was some time ago."""
        conflicts = frozenset(other for other in change.conflicts if not self.has(self.base, other))
        head = self._head(Head(change.number, change.breaks, conflicts))
        pull = PullRequest(
            org=ORG,
            repo=REPO,
            number=change.number,
            head=head,
            base_ref=BRANCH,
            title=f"change {change.number}",
            author="author",
            head_ref=f"change-{change.number}",
            labels=(LABEL,),
            mergeable="MERGEABLE",
            can_be_rebased=True,
            contexts=self._green,
        )
        proposal = self.proposals[change.number] = Proposal(change, pull)
        return proposal

    def push(self, proposal: Proposal) -> None:
        """A new head, which breaks nothing and conflicts with nothing that is merged; green on an older branch, too."""
        was = self._heads[proposal.pull.head]
        conflicts = frozenset(other for other in was.conflicts if not self.has(self.base, other))
        head = self._head(Head(was.number, "", conflicts), after=proposal.pull.head)
        proposal.pull = replace(proposal.pull, head=head, contexts=self._green)

    def _head(self, head: Head, *, after: str = "") -> str:
        sha = _sha("head", head.number, after)
        self._heads[sha] = head
        return sha

    def fails(self, job: str, pulls: Sequence[Pull]) -> bool:
        """Whether the job fails on these heads together, whatever its luck."""
        return any(self._heads[pull.sha].breaks == job for pull in pulls)

    def breaks(self, pull: PullRequest) -> str:
        """The job that fails with the pull request as it is; "" for none."""
        return self._heads[pull.head].breaks

    def is_mergeable(self, pull: PullRequest) -> bool:
        """Whether it can be merged into the branch as it is."""
        return not self.conflict(self.base, pull.head)

    def conflict(self, commit: str, head: str) -> int:
        """The number of one that is in the commit, and with which the head conflicts; 0 for none."""
        return next((other for other in self._heads[head].conflicts if self.has(commit, other)), 0)

    def has(self, commit: str, number: int) -> bool:
        """Whether the pull request is in the commit."""
        while commit:
            if self._commits[commit].number == number:
                return True
            commit = self._commits[commit].parent
        return False

    def put_on(self, commit: str, head: str) -> str:
        """The commit that has the head on top of this one."""
        number = self._heads[head].number
        made = _sha(commit, head)
        self._commits[made] = Commit(commit, number, self._commits[commit].tree ^ _number("head", head))
        return made

    def stack(self, pulls: Sequence[PullRequest], *, base: str, limit: int) -> Stack:
        """What git would make of them, one upon the other; at most `limit`, 0 for all. See cutwater/git/stacks.py."""
        layers: list[Layer] = []
        left_out: dict[int, str] = {}
        for pull in pulls:
            if 0 < limit <= len(layers):
                break
            below = layers[-1].commit if layers else base
            other = self.conflict(below, pull.head)
            if other:
                left_out[pull.number] = f"it conflicts with #{other}"
                continue
            commit = self.put_on(below, pull.head)
            layer = Layer(number=pull.number, head=pull.head, tree=self.tree_of(commit), commit=commit)
            layers.append(layer)
        return Stack(base=base, base_tree=self.tree_of(base), layers=tuple(layers), left_out=left_out)


def _number(*words: object) -> int:
    text = "\n".join(map(str, words)).encode()
    return int.from_bytes(hashlib.sha1(text, usedforsecurity=False).digest())


def _sha(*words: object) -> str:
    return f"{_number(*words):040x}"
