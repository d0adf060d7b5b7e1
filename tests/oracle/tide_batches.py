"""tide/batch: which pull requests tide tests together, and what it starts for them, in a world as the row has it."""

import contextlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
from msgspec.structs import replace

from cutwater.config.jobs import Presubmit
from cutwater.errors import Later, Refused
from cutwater.events.effect import apply
from cutwater.events.look import Look, look_at
from cutwater.git.in_place import InPlace
from cutwater.git.stacks import Change, Stack
from functions.tide import batching
from functions.tide.assessment import next_batch
from functions.tide.batching import Batch
from functions.tide.choose import pick
from functions.tide.contexts import is_passing, may_be_retested
from functions.tide.demands import Demanding
from functions.tide.members import tests_of_batch
from functions.tide.pull_requests import PullRequest
from functions.tide.results import Candidate, of_base
from functions.tide.sight import PoolName, Sight, see
from functions.tide.triggering import failure, refs_of, runs_for
from tests.cutwater.git.histories import Work
from tests.oracle.clusters import Json
from tests.oracle.tide_world import Given, World, answered
from tests.oracle_rows import OnPurpose, Row, difference

KINDS = ("tide/batch",)


def check(row: Row) -> str | None:
    """The difference between our batch and upstream's, or None."""
    theirs = [_comparable(one) for one in row.get("upstream_any_of") or [row["upstream"]]]
    given = row["input"]
    with tempfile.TemporaryDirectory() as folder:
        stacks = Symbolic(given, Path(folder) / "repository") if "real_git" in given else None
        found = [difference(answered(_batched, given, stacks=stacks), one) for one in theirs]
        if None in found:
            return None
        with forgetting_failures():
            mine = answered(_batched, given, stacks=stacks)
    is_meant = any(difference(mine, one) is None for one in theirs)
    return OnPurpose("a-batch-that-failed-is-not-tested-again") if is_meant else found[0]


@contextlib.contextmanager
def forgetting_failures() -> Iterator[None]:
    """Tide as upstream's is: it does not know of any batch that it has failed before."""
    with (
        mock.patch.object(batching, "is_known_to_fail", return_value=False),
        mock.patch.object(batching, "suspects", return_value=[]),
    ):
        yield


def _comparable(theirs: Json) -> Json:
    """That there was an error, where its words are upstream's own."""
    return {**theirs, "error": bool(theirs.get("error"))}


class Symbolic:
    """A real repository of a row's files. The row has names of its own for its commits."""

    def __init__(self, given: Given, folder: Path) -> None:
        self._work = Work(folder)
        files = given["real_git"]
        base = self._commit(files["base"])
        heads = {0: base}
        for number, pull in sorted((int(number), pull) for number, pull in files["prs"].items()):
            self._work.at(heads[pull["onto"]])
            for changed in pull["commits"]:
                heads[number] = self._commit(changed)
        self._work.at(base)
        after = self._commit(files["base_after"]) if files.get("base_after") else base
        self._shas = {one["head_sha"]: heads[one["number"]] for one in given["prs"]} | {given["base_sha"]: after}
        self._stacks = InPlace(folder / ".git")

    def _commit(self, files: Mapping[str, str | None]) -> str:
        for name, content in files.items():
            file = self._work.folder / name
            if content is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        return self._work.commit()

    async def stack(
        self, org: str, repo: str, branch: str, *, base: str, changes: Sequence[Change], limit: int = 0
    ) -> Stack:
        real = [replace(one, head=self._shas[one.head]) for one in changes]
        return await self._stacks.stack(org, repo, branch, base=self._shas[base], changes=real, limit=limit)

    async def push(self, org: str, repo: str, *, commit: str, ref: str) -> None:
        raise NotImplementedError(ref)

    async def keep(self, org: str, repo: str, branches: Sequence[str]) -> None:
        raise NotImplementedError(repo)


async def _batched(given: Given, world: World) -> Json:
    look = await look_at(world.edges)
    name = PoolName(given["org"], given["repo"], given["branch"])
    sight = await see(name, look, queries=(), since=None)
    demanding = Demanding(name, sight.base, look)
    demands = await demanding.on_each(sight.pulls)

    def passes(pull: PullRequest) -> bool:
        return is_passing(pull, demands[pull.number].policy)

    def may_be(pull: PullRequest) -> bool:
        return may_be_retested(pull, demands[pull.number].policy, sight.jobs)

    async def required(batch: Sequence[Candidate]) -> Sequence[Presubmit]:
        return await tests_of_batch(batch, demanding, look)

    everybody = [Candidate(pull, ()) for pull in sight.pulls]
    candidates = [one for one in everybody if may_be(one.pull)]
    jobs = of_base(sight.jobs, str(name), sight.base)
    priorities = look.config.prow.tide.priority
    answer: Json = {
        "candidates": [one.number for one in candidates],
        "highest_priority_passing": _number(pick(everybody, priorities, passes)),
        "highest_priority_retestable": _number(pick(everybody, priorities, may_be)),
    }
    try:
        batch = await next_batch(candidates, jobs, required, sight, look)
    except (Later, Refused):
        return {**answer, "error": True, "git_merges": world.git.merges}
    answer["picked"] = [one.number for one in batch.members]
    answer["presubmits"] = [test.context for test in batch.tests]
    answer["git_merges"] = world.git.merges
    return answer | (await _started(batch, sight, look, world) if len(batch.members) > 1 else {})


def _number(candidate: Candidate | None) -> int | None:
    return candidate.number if candidate else None


async def _started(batch: Batch, sight: Sight, look: Look, world: World) -> Json:
    pulls = [one.pull for one in batch.members]
    config = look.config
    started: Json = {"refs": msgspec.to_builtins(refs_of(pulls, sight.base, config.prow.github.link_url))}
    runs = runs_for(pulls, batch.tests, base=sight.base, config=config, jobs=sight.jobs, now=look.now, why="a row")
    for run in runs:
        try:
            await apply(run, world.edges)
        except Refused as refused:
            started["trigger_error"] = failure(run, refused)
            break
    return {**started, "created_jobs": [_created(one) for one in world.created]}


def _created(made: Json) -> Json:
    spec: dict[str, Any] = made["spec"]
    return {
        "job": spec["job"],
        "context": spec["context"],
        "type": spec["type"],
        "state": made["status"]["state"],
        "pulls": [pull["number"] for pull in spec["refs"]["pulls"]],
    }
