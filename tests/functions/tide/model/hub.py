"""A GitHub of one repository in memory: what there is, and what people do. `answers` has what it says of it.

It is a hundred times as fast as the local GitHub, which is why thousands of schedules can be played on it; that it
says the same is what `test_twins` shows.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from cutwater.git.stacks import Method
from tests.functions.tide.model.code import Code, Files

ORG, REPO = "acme", "rocket"
FULL_NAME = f"{ORG}/{REPO}"
SHARED = "shared.txt"
"""A file that is there from the beginning: who changes it conflicts with everybody else who does."""


class Status(Struct, frozen=True):
    """What a context says of a commit. `state` is lower case."""

    context: str
    state: str
    description: str = ""


class Pull(Struct, frozen=True, kw_only=True):
    """A pull request. `base_sha`: where its branch was at the last push or change of branch. `merged`: the commit that
    its branch had after the merge, "" before.
    """

    number: int
    title: str
    head: str
    base: str
    base_sha: str
    updated_at: datetime
    labels: tuple[str, ...] = ()
    is_open: bool = True
    merged: str = ""

    @property
    def head_ref(self) -> str:
        return f"topic-{self.title}"


class Blocker(Struct, frozen=True, kw_only=True):
    """An issue with the label that blocks branches."""

    number: int
    title: str
    is_open: bool = True


class State(Struct, frozen=True, kw_only=True):
    """All that there is at one moment. `statuses`: by commit and context."""

    branches: Mapping[str, str]
    pulls: Mapping[int, Pull]
    statuses: Mapping[str, Mapping[str, Status]]
    blockers: Mapping[int, Blocker]


class Hub:
    """The repository, what people do to it, and what it was like before.

    `landed` is told when a function has moved a branch: what was there before, and whether it was by a merge.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.code = Code({SHARED: "nothing\n"})
        release = self.code.change(self.code.first, {"release.txt": "one\n"}, "The first release")
        branches = {"main": self.code.first, "release": release}
        self.state = State(branches=branches, pulls={}, statuses={}, blockers={})
        self._past: list[tuple[datetime, State]] = []
        self.landed: Callable[[State, bool], None] = lambda before, is_merge: None

    def state_at(self, time: datetime) -> State:
        """What there was at that time."""
        return next((state for until, state in reversed(self._past) if until <= time), self._past[0][1])

    def close(self) -> None:
        """Nothing is open."""

    # What people do

    async def open(self, title: str, files: Files, *, base: str = "main") -> int:
        """A pull request of one commit. Its number."""
        number = 1 + len(self.state.pulls) + len(self.state.blockers)
        sha = self.state.branches[base]
        head = self.code.change(sha, files, title)
        pull = Pull(number=number, title=title, head=head, base=base, base_sha=sha, updated_at=self._clock())
        self._become(replace(self.state, pulls={**self.state.pulls, number: pull}))
        return number

    async def push(self, number: int, files: Files) -> None:
        """Another commit on a pull request."""
        pull = self.state.pulls[number]
        self._push(pull, self.code.change(pull.head, files, f"more of {pull.title}"))

    async def rebase(self, number: int, files: Files) -> None:
        """The author puts the pull request on the branch as it is: one commit with these files."""
        pull = self.state.pulls[number]
        self._push(pull, self.code.change(self.state.branches[pull.base], files, f"{pull.title} again"))

    async def label(self, number: int, name: str, *, present: bool) -> None:
        pull = self.state.pulls[number]
        if present != (name in pull.labels):
            others = tuple(label for label in pull.labels if label != name)
            self._change(replace(pull, labels=(*others, name) if present else others))

    async def set_open(self, number: int, *, is_open: bool) -> None:
        """Close it, or open it again."""
        self._change(replace(self.state.pulls[number], is_open=is_open))

    async def retarget(self, number: int, base: str) -> None:
        self._change(replace(self.state.pulls[number], base=base, base_sha=self.state.branches[base]))

    async def push_to(self, branch: str, files: Files) -> None:
        """Somebody pushes to a branch by hand."""
        self.move(branch, self.code.change(self.state.branches[branch], files, "by hand"))

    async def block(self, title: str) -> int:
        """An issue that blocks branches. Its number."""
        number = 1 + len(self.state.pulls) + len(self.state.blockers)
        blockers = {**self.state.blockers, number: Blocker(number=number, title=title)}
        self._become(replace(self.state, blockers=blockers))
        return number

    async def unblock(self, number: int) -> None:
        done = replace(self.state.blockers[number], is_open=False)
        self._become(replace(self.state, blockers={**self.state.blockers, number: done}))

    async def set_status(self, sha: str, context: str, state: str, description: str) -> None:
        """A status by whoever."""
        of_commit = {**self.state.statuses.get(sha, {}), context: Status(context, state, description)}
        self._become(replace(self.state, statuses={**self.state.statuses, sha: of_commit}))

    # What follows

    def move(self, branch: str, sha: str) -> None:
        """The branch is elsewhere: pull requests whose head it has by now are merged."""
        self._become(replace(self.state, branches={**self.state.branches, branch: sha}))
        for pull in self.state.pulls.values():
            if pull.is_open and pull.base == branch and self.code.holds(sha, pull.head):
                self._change(replace(pull, is_open=False, merged=pull.head))

    def land(self, number: int, method: Method, message: str) -> str | None:
        """Merge it. The commit that the branch has then; None where it conflicts."""
        pull = self.state.pulls[number]
        sha = self.code.combine(self.state.branches[pull.base], pull.head, method, message)
        if sha is not None:
            self._change(replace(pull, is_open=False, merged=sha))
            self.move(pull.base, sha)
        return sha

    def _push(self, pull: Pull, head: str) -> None:
        self._change(replace(pull, head=head, base_sha=self.state.branches[pull.base]))

    def _change(self, pull: Pull) -> None:
        now = replace(pull, updated_at=self._clock())
        self._become(replace(self.state, pulls={**self.state.pulls, pull.number: now}))

    def _become(self, state: State) -> None:
        self.state = state
        self._past.append((self._clock(), state))
