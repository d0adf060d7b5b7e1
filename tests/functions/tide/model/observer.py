"""Who watches tide, and knows nothing of its code: what was landed had been tested, and nothing is tested twice.

It sees GitHub's branches, what each function was told before it acted, and how the runs really ended.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct, field

from cutwater.prowjob.labels import CREATED_BY_TIDE
from cutwater.prowjob.types import ProwJob
from tests import virtual_time
from tests.functions.tide.model.hub import Hub, State

Mode = Literal["compatible", "speculative"]
Member = tuple[int, str]
"""Number and head."""
MOST_TRIES = 3
"""How often a test of a batch may be started that may have failed by chance."""
ALWAYS, DOCS = ("flight", "unit"), "docs"
"""The contexts that everything needs, and the one that only changes below docs/ need."""


class Run(Struct, kw_only=True):
    """A test of `members` on the branch at `base`."""

    name: str
    kind: str
    context: str
    branch: str
    base: str
    members: tuple[Member, ...]
    is_tides: bool
    since: datetime
    state: str = "running"
    is_deleted: bool = False

    @property
    def what(self) -> tuple[str, str, tuple[Member, ...]]:
        return self.context, self.base, self.members

    def is_same_batch(self, other: "Run") -> bool:
        return (self.kind, self.base, self.members) == (other.kind, other.base, other.members)

    @property
    def tests(self) -> str:
        """The head that is tested by itself; "" for a batch."""
        return self.members[0][1] if self.kind == "presubmit" else ""


class Landing(Struct, frozen=True, kw_only=True):
    """A branch that tide has moved, by a merge of one pull request or to a commit with several (`member` None)."""

    branch: str
    before: str
    after: str
    member: Member | None


class Told(Struct, kw_only=True):
    """What one function has been told."""

    branches: dict[str, str] = field(default_factory=dict)
    pulls: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    pools: dict[str, Mapping[str, Any]] = field(default_factory=dict)


_told: ContextVar[Told] = ContextVar("told")


class Observer:
    """`violations` are what must not be, in words; `story` is what happened. `say` adds a line to it."""

    def __init__(self, hub: Hub, mode: Mode, say: Callable[[str], None]) -> None:
        self._hub, self._mode, self._say = hub, mode, say
        self.runs: list[Run] = []
        self.landings: list[Landing] = []
        self.violations: list[str] = []

    def violated(self, why: str) -> None:
        self.violations.append(why)
        self._say(f"!!! {why}")

    # The runs

    @property
    def running(self) -> Iterable[Run]:
        return [run for run in self.runs if run.state == "running" and not run.is_deleted]

    def started(self, job: ProwJob) -> None:
        refs = job.spec.refs
        assert refs is not None
        run = Run(
            name=job.metadata.name,
            kind=job.spec.type,
            context=job.spec.context,
            branch=refs.base_ref,
            base=refs.base_sha,
            members=tuple((pull.number, pull.sha) for pull in refs.pulls),
            is_tides=job.metadata.labels.get(CREATED_BY_TIDE) == "true",
            since=virtual_time.clock(),
        )
        numbers = " ".join(f"#{number}" for number, _ in run.members)
        by = "tide" if run.is_tides else "trigger"
        self._say(f"{by} starts {run.context} of {numbers} on {run.base[:7]} ({run.name[:12]})")
        if run.is_tides:
            self._check_start(run)
        self.runs.append(run)

    def _check_start(self, run: Run) -> None:
        """A single test that failed may be tried again; a batch's is not, but for one that may be flaky, and thrice at
        most. What runs is not started beside itself."""
        others = [other for other in self.runs if other.what == run.what and not other.is_deleted]
        if self._mode == "speculative" and run.kind == "batch" and len(others) >= MOST_TRIES:
            self.violated(f"{run.context} of a batch is started for the {len(others) + 1}th time")
        for other in others:
            if other.state == "running":
                self.violated(f"{run.context} is started though {other.name} is running it")
            elif other.state == "success":
                self.violated(f"{run.context} is started though {other.name} has passed it")
            elif other.state == "failure" and self._mode == "compatible" and self._is_known_batch(run):
                self.violated(f"{run.context} of a batch is started again: {other.name} has failed it")

    def _is_known_batch(self, batch: Run) -> bool:
        """Whether each test of this batch, if it is one, had been started before now, in a run that still exists."""
        if batch.kind != "batch":
            return False
        found = {
            run.context
            for run in self.runs
            if run.is_same_batch(batch) and not run.is_deleted and run.since < batch.since
        }
        return self.needed(batch.members, batch.base) <= found

    def ended(self, job: ProwJob, state: str) -> None:
        self._say(f"{job.spec.context} ({job.metadata.name[:12]}) ends: {state}")
        self._latest(job.metadata.name).state = state

    def deleted(self, name: str) -> None:
        self._say(f"somebody deletes {name[:12]}")
        self._latest(name).is_deleted = True

    def aborted(self, name: str) -> None:
        self._say(f"somebody aborts {name[:12]}")
        self._latest(name).state = "aborted"

    def _latest(self, name: str) -> Run:
        """The run of this name: where the first was deleted, there may be another."""
        return next(run for run in reversed(self.runs) if run.name == name)

    # What functions are told

    def begin(self) -> None:
        """A function begins, which knows nothing."""
        _told.set(Told())

    def tells_branch(self, branch: str, sha: str) -> None:
        _told.get().branches[branch] = sha

    def tells_pull(self, pull: Mapping[str, Any]) -> None:
        _told.get().pulls[int(pull["number"])] = pull

    def tells_pool(self, branch: str, pool: Mapping[str, Any]) -> None:
        _told.get().pools[branch] = pool

    # Landings

    def landed(self, before: State, is_merge: bool) -> None:
        """A function has just moved a branch, by a merge or by a ref update; `before`: what was there."""
        now = self._hub.state
        for branch, sha in now.branches.items():
            if before.branches[branch] == sha:
                continue
            merged = [
                (number, before.pulls[number].head)
                for number, pull in sorted(now.pulls.items())
                if number in before.pulls and pull.merged and not before.pulls[number].merged
            ]
            member = merged[0] if len(merged) == 1 else None
            landing = Landing(branch=branch, before=before.branches[branch], after=sha, member=member)
            self._say(f"tide lands {' '.join(f'#{number}' for number, _ in merged)} on {branch}: now {sha[:7]}")
            for one in merged:
                self._check_wishes(one, branch)
            if self._mode == "compatible":
                self._check_compatible(landing, merged)
            else:
                self._check_speculative(landing, merged, is_merge=is_merge)
            self.landings.append(landing)

    def _check_compatible(self, landing: Landing, merged: Sequence[Member]) -> None:
        """It was tested, alone or in a batch, on the branch as the function was told that it is."""
        if len(merged) != 1:
            self.violated(f"{landing.branch} is moved to {landing.after[:7]} by no merge of one pull request")
            return
        member, base, branch = merged[0], _told.get().branches.get(landing.branch, ""), landing.branch
        if not self._passed_in_batch(member, base, branch):
            if not self._has_passed([member], base, branch, "presubmit"):
                self.violated(f"#{member[0]} is merged, but was not tested on {base[:7]}")
            self._check_green(member, base, branch)
        self._check_race(landing)

    def _check_green(self, member: Member, base: str, branch: str) -> None:
        """All that is required of its head is green, as the function was told."""
        pool = _told.get().pools.get(branch, {})
        nodes = [node for page in ("changed", "wanted") if page in pool for node in pool[page]["nodes"]]
        statuses = [
            node["commits"]["nodes"][0]["commit"]["status"] for node in nodes if node["headRefOid"] == member[1]
        ]
        green = {
            one["context"] for status in statuses if status for one in status["contexts"] if one["state"] == "SUCCESS"
        }
        if not self.needed([member], base) <= green:
            self.violated(f"#{member[0]} is merged, though not all on its head is green: {green}")

    def _check_race(self, landing: Landing) -> None:
        """GitHub's merge knows no base: others may have moved the branch since the function was told where it is."""
        told = _told.get().branches.get(landing.branch, "")
        if landing.before != told and any(one.before == told for one in self.landings):
            self.violated(f"{landing.branch} is taken to be at {told[:7]} still: tide has moved it itself since")

    def _check_speculative(self, landing: Landing, merged: Sequence[Member], *, is_merge: bool) -> None:
        """The branch has a tree that was tested; or, with merges that GitHub makes one by one, is on the way to it."""
        base = _told.get().branches.get(landing.branch, "")
        if is_merge and landing.before != base:
            self._check_race(landing)
            return
        tree = self._hub.code.commits[landing.after].tree
        tested = [
            members for members, trees in self._passed_trials(landing.branch) if tree in trees[0 if is_merge else -1 :]
        ]
        if not any({*merged} <= {*members} for members in tested):
            self.violated(f"{landing.branch} is at {landing.after[:7]}, whose tree {tree[:7]} has not passed")

    def _passed_trials(self, branch: str) -> Iterator[tuple[tuple[Member, ...], list[str]]]:
        """What has passed together, and the trees with each of them more."""
        for kind, base, members in {(run.kind, run.base, run.members) for run in self.runs if run.branch == branch}:
            if self._has_passed(members, base, branch, kind):
                yield members, self._trees(base, members)

    def _trees(self, base: str, members: Sequence[Member]) -> list[str]:
        """The trees that come of it as the tests see them, the base's left out."""
        trees, code = [], self._hub.code
        for _, head in members:
            top = code.combine(base, head, "merge", "tested")
            assert top is not None, "what conflicts does not pass"
            trees.append(code.commits[top].tree)
            base = top
        return trees

    def _check_wishes(self, member: Member, branch: str) -> None:
        """What people want of it, as the function was told last, before it merged."""
        number, head = member
        told, said = _told.get(), _told.get().pulls.get(number)
        if said is None:
            self.violated(f"#{number} is merged without having been read")
            return
        labels = {label["name"] for label in said["labels"]}
        if not is_wanted(labels):
            self.violated(f"#{number} is merged though its labels are {sorted(labels)}")
        if (said["head"]["sha"], said["base"]["ref"], said["state"]) != (head, branch, "open"):
            self.violated(f"#{number} is merged though it was seen at another head, for another branch, or closed")
        blockers = told.pools.get(branch, {}).get("issues", {}).get("nodes", ())
        if any(blocks(str(one["title"]), branch) for one in blockers):
            self.violated(f"#{number} is merged though {branch} is blocked")

    def needed(self, members: Sequence[Member], base: str) -> set[str]:
        """The contexts that these must have passed together."""
        files = {path for _, head in members for path in self._hub.code.changed(base, head)}
        return {*ALWAYS, *([DOCS] if any(path.startswith("docs/") for path in files) else [])}

    def _has_passed(self, members: Sequence[Member], base: str, branch: str, kind: str) -> bool:
        passed = {
            run.context
            for run in self.runs
            if (run.kind, run.base, run.branch, run.members) == (kind, base, branch, tuple(members))
            and run.state == "success"
        }
        return bool(passed) and self.needed(members, base) <= passed

    def _passed_in_batch(self, member: Member, base: str, branch: str) -> bool:
        """In a batch of which only members have landed since it was tested, in their order."""
        by_base: dict[str, list[tuple[Member, ...]]] = defaultdict(list)
        for run in self.runs:
            if run.kind == "batch" and member in run.members and run.branch == branch:
                by_base[run.base].append(run.members)
        for tested, batches in by_base.items():
            since = self._landed_between(tested, base, branch)
            for batch in batches if since is not None else ():
                before = iter(batch[: batch.index(member)])
                if all(one in before for one in since or ()) and self._has_passed(batch, tested, branch, "batch"):
                    return True
        return False

    def _landed_between(self, old: str, new: str, branch: str) -> list[Member] | None:
        """What tide has landed between two commits of a branch; None where others have moved it, too."""
        if old == new:
            return []
        landed: list[Member] = []
        at = new
        for landing in reversed(self.landings):
            if landing.branch == branch and landing.after == at and landing.member is not None:
                landed.insert(0, landing.member)
                at = landing.before
                if at == old:
                    return landed
        return None


def is_wanted(labels: set[str]) -> bool:
    """Whether people want it merged."""
    return "lgtm" in labels and "hold" not in labels


def blocks(title: str, branch: str) -> bool:
    """Whether an issue of this title blocks a branch."""
    return "branch:" not in title or f"branch:{branch}" in title
