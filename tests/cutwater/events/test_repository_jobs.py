"""Which jobs a repository brings along at a merge, over the local GitHub with git behind it; and what asking costs."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from cutwater.errors import Later, Refused
from cutwater.events import own_files
from cutwater.events.edges import Edges
from cutwater.events.look import Look, Reads, look_at
from cutwater.events.repository_jobs import IN_REPO, RepositoryJobs, jobs_of
from cutwater.github import trees
from cutwater.storage.memory import MemoryStore
from cutwater.storage.store import Stored
from infra.local.github.code import git_of
from infra.local.github.git import Entry
from infra.local.github.world import Files, Issue
from tests import virtual_time
from tests.edges import edges
from tests.functions.tide.pools import Deaf
from tests.world import CONFIG, JOBS, World, configuration

pytestmark = pytest.mark.virtual

CONFIG_OF_OWN = CONFIG + "in_repo_config: {enabled: {acme/rocket: true}}\n"
FILE, FOLDER, LINK, SUBMODULE = "100644", "40000", "120000", "160000"
FILL = "# a line that nobody changes\n" * 9


def presubmits(*names: str) -> str:
    """A file of jobs, far enough from each other that git sees no conflict."""
    return "presubmits:\n" + FILL.join(f"- {{name: {name}, spec: {{containers: [{{image: x}}]}}}}\n" for name in names)


class Asked:
    """Stands before GitHub: counts what is asked of trees, and answers otherwise where a test says so."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.answers: dict[str, list[int]] = {}

    def __call__(self, app: ASGIApp) -> ASGIApp:
        async def ask(scope: Scope, receive: Receive, send: Send) -> None:
            path = scope.get("path", "").rpartition("/repos/acme/rocket/")[2]
            if re.match("git/(trees|blobs)/|compare/", path):
                self.paths.append(re.sub("[0-9a-f]{40}", "SHA", path))
                if self.answers.get(path):
                    answer = JSONResponse({"message": "injected"}, self.answers[path].pop(0))
                    await answer(scope, receive, send)
                    return
            await app(scope, receive, send)

        return ask

    def take(self) -> list[str]:
        """What was asked since the last time."""
        taken, self.paths = self.paths, []
        return taken


class Repository:
    """acme/rocket, read by a process; `forget` begins another one, over the same state bucket."""

    def __init__(self, world: World, asked: Asked) -> None:
        self.world, self.asked = world, asked
        self.state = MemoryStore(virtual_time.clock)
        self.config = world.config
        self.forget()

    def forget(self) -> None:
        github = self.world.functions.edges.github
        self.edges: Edges = edges(config=self.config, state=self.state, github=lambda: github)

    async def push(self, files: Files) -> str:
        return await self.world.github.push(self.world.rocket, "main", files, author="alice")

    async def change(self, files: Files) -> Issue:
        return await self.world.github.pull_request(self.world.rocket, author="bob", files=files)

    def commit(self, *entries: tuple[str, str, str]) -> str:
        """A commit on top of main, of these at its root: mode, name, and content (a folder's is its only file's)."""
        here = self.world.rocket.record
        git = git_of(self.world.hub.hub, here)
        shas = {
            name: content if mode == SUBMODULE else git.write("blob", content.encode())
            for mode, name, content in entries
        }
        blobs = [Entry(mode, name, shas[name]) for mode, name, _ in entries if mode != FOLDER]
        folders = [
            Entry(mode, name, git.write_tree([Entry("100644", "a.yaml", shas[name])]))
            for mode, name, _ in entries
            if mode == FOLDER
        ]
        author = git.commit(self.world.rocket.head())
        assert author is not None
        tree = git.write_tree([*blobs, *folders])
        return git.write_commit(tree, [author.sha], "By hand", author=author.author, committer=author.author)

    async def look(self) -> Look:
        return await look_at(self.edges)

    async def jobs(self, *heads: str, base: str = "", look: Look | None = None) -> RepositoryJobs:
        """The jobs at the branch as it is, with the heads merged."""
        there = base or self.world.rocket.head()
        return await jobs_of(look or await self.look(), "acme", "rocket", base_sha=there, heads=heads)

    async def names(self, *heads: str) -> list[str]:
        """The names of its own presubmits."""
        jobs = await self.jobs(*heads)
        assert jobs.wrong == ""
        return [job.name for job in jobs.presubmits[2:]]


@asynccontextmanager
async def repository(config: str = CONFIG_OF_OWN) -> AsyncIterator[Repository]:
    asked = Asked()
    world = Deaf(configuration(config, JOBS), before_github=asked)
    try:
        yield Repository(world, asked)
    finally:
        await world.hub.settle()
        await world.functions.broker.close()
        world.api_server.close()
        world.hub.close()


# Merges


@pytest.mark.parametrize(
    "before, on_branch, by_head, names",
    [
        pytest.param({}, {"x": "y"}, {"a": "b"}, [], id="nobody brings any"),
        pytest.param({}, {".prow.yaml": presubmits("own")}, {"a": "b"}, ["own"], id="the branch has them since then"),
        pytest.param({}, {"x": "y"}, {".prow.yaml": presubmits("own")}, ["own"], id="the head has them"),
        pytest.param(
            {".prow.yaml": presubmits("old")}, {".prow.yaml": None}, {"a": "b"}, [], id="the branch has them no more"
        ),
        pytest.param(
            {".prow.yaml": presubmits("a", "b", "c")},
            {".prow.yaml": presubmits("new", "b", "c")},
            {".prow.yaml": presubmits("a", "b", "more")},
            ["new", "b", "more"],
            id="both have changed one file",
        ),
        pytest.param(
            {".prow/a.yaml": presubmits("a"), ".prow/b.yaml": presubmits("b")},
            {".prow/a.yaml": presubmits("a2")},
            {".prow/b.yaml": presubmits("b2"), ".prow/c.yaml": presubmits("c")},
            ["a2", "b2", "c"],
            id="both have changed the folder",
        ),
        pytest.param(
            {".prow/a.yaml": presubmits("a", "b", "c")},
            {".prow/a.yaml": None, ".prow/z.yaml": presubmits("a", "b", "c")},
            {".prow/a.yaml": presubmits("a", "b", "more")},
            ["a", "b", "more"],
            id="one has moved what the other changed",
        ),
        pytest.param(
            {".prow.yaml": presubmits("own")},
            {".prow.yaml": presubmits("same")},
            {".prow.yaml": presubmits("same")},
            ["same"],
            id="both have made the same change",
        ),
    ],
)
async def test_what_a_merge_brings(before: Files, on_branch: Files, by_head: Files, names: list[str]) -> None:
    async with repository() as here:
        await here.push({"first": "file"} | dict(before))
        change = await here.change(by_head)
        await here.push(on_branch)
        assert await here.names(change.head) == names


async def test_a_batch_brings_what_all_of_it_does() -> None:
    async with repository() as here:
        changes = [await here.change({f".prow/{name}.yaml": presubmits(name)}) for name in "cab"]
        await here.push({".prow/z.yaml": presubmits("z")})
        assert await here.names(*(change.head for change in changes)) == ["a", "b", "c", "z"]


@pytest.mark.parametrize(
    "by_head, wrong",
    [
        pytest.param({".prow.yaml": presubmits("b")}, "Merge conflict in .prow.yaml", id="the same line"),
        pytest.param({".prow.yaml": None}, ".prow.yaml deleted in head and modified in base.", id="one has removed it"),
    ],
)
async def test_a_conflict_is_named(by_head: Files, wrong: str) -> None:
    async with repository() as here:
        await here.push({".prow.yaml": presubmits("own")})
        change = await here.change(by_head)
        await here.push({".prow.yaml": presubmits("a")})
        jobs = await here.jobs(change.head)
        assert jobs.wrong.startswith("failed to merge: CONFLICT (")
        assert jobs.wrong.endswith(wrong)
        assert [job.name for job in jobs.presubmits] == ["unit", "flight"]


async def test_commits_without_a_common_ancestor() -> None:
    async with repository() as here:
        await here.push({".prow.yaml": presubmits("own")})
        git = git_of(here.world.hub.hub, here.world.rocket.record)
        commit = git.commit(here.world.rocket.head())
        assert commit is not None
        orphan = git.write_commit(git.write("tree", b""), [], "Alone", author=commit.author, committer=commit.author)
        jobs = await here.jobs(orphan)
        assert jobs.wrong == f"failed to merge: GitHub knows no common ancestor of {commit.sha} and {orphan}"


# What it costs


TREE, BLOB, COMPARE = "git/trees/SHA", "git/blobs/SHA", "compare/SHA...SHA"


async def test_what_github_is_asked() -> None:
    async with repository() as here:
        await here.push({".prow.yaml": presubmits("own")})
        first, second = await here.change({"a": "b"}), await here.change({"c": "d"})
        assert await here.names(first.head) == ["own"]
        assert here.asked.take() == [TREE, TREE, BLOB]  # the branch, the head, and what both have
        assert await here.names(second.head) == ["own"]
        assert here.asked.take() == [TREE]
        await here.push({"x": "y"})
        assert await here.names(first.head) == ["own"]
        assert here.asked.take() == [TREE]  # the branch has moved
        third = await here.change({".prow.yaml": presubmits("new")})
        assert await here.names(third.head) == ["new"]
        assert here.asked.take() == [TREE, COMPARE, BLOB]
        here.forget()
        assert [await here.names(one.head) for one in (first, second, third)] == [["own"], ["own"], ["new"]]
        assert here.asked.take() == []


async def test_who_asks_at_the_same_time_shares_the_answer() -> None:
    async with repository() as here:
        await here.push({".prow.yaml": presubmits("own")})
        changes = [await here.change({name: "x"}) for name in "abcde"]
        await asyncio.gather(*(here.jobs(change.head) for change in (*changes, *changes)))
        assert sorted(here.asked.take()) == [BLOB, *[TREE] * 6]


async def test_under_another_configuration_the_jobs_are_made_anew() -> None:
    async with repository() as here:
        await here.push({".prow.yaml": presubmits("own")})
        assert await here.names() == ["own"]
        here.config = configuration(CONFIG_OF_OWN.replace("job_url_prefix", "max_concurrency: 9\n  job_url_prefix"), "")
        here.forget()
        here.asked.take()
        assert [job.name for job in (await here.jobs()).presubmits] == ["own"]
        assert here.asked.take() == []


async def test_a_bucket_that_lost_or_spoiled_what_was_kept_costs_only_time() -> None:
    async with repository() as here:
        await here.push({".prow.yaml": presubmits("own")})
        assert await here.names() == ["own"]
        kept = [entry.key async for entry in here.state.list(IN_REPO)]
        assert [key.split("/")[5] for key in kept] == ["blobs", "commits", "jobs"]
        for spoil in (kept[:1], kept[1:]):
            for key in spoil:
                await here.state.put(key, b"spoiled")
            await here.state.delete(kept[-1])
            here.forget()
            assert await here.names() == ["own"]


async def test_a_bucket_that_does_not_answer_costs_only_time() -> None:
    class Gone(MemoryStore):
        async def get(self, key: str, *, start: int | None = None, end: int | None = None) -> Stored | None:
            raise Later("the store does not answer")

        async def put(self, key: str, body: bytes, **more: Any) -> Stored:
            raise Refused("the bucket is gone")

    async with repository() as here:
        await here.push({".prow.yaml": presubmits("own")})
        here.state = Gone(virtual_time.clock)
        here.forget()
        assert await here.names() == ["own"]


async def test_the_next_day_begins_cold() -> None:
    async with repository() as here:
        await here.push({".prow.yaml": presubmits("own")})
        assert await here.names() == ["own"]
        await asyncio.sleep(24 * 3600)
        here.asked.take()
        assert await here.names() == ["own"]
        assert here.asked.take() == [TREE, BLOB]


async def test_where_it_is_not_enabled_nothing_is_asked() -> None:
    async with repository(CONFIG) as here:
        await here.push({".prow.yaml": presubmits("own")})
        assert await here.names() == []
        assert here.asked.take() == []


async def test_a_retry_takes_it_from_the_receipt() -> None:
    async with repository() as here:
        await here.push({".prow.yaml": presubmits("own")})
        look = await here.look()
        jobs = await here.jobs(look=look)
        here.state = MemoryStore(virtual_time.clock)
        here.forget()
        here.asked.take()
        again = Look(here.edges, here.config, Reads(look.reads.record))
        assert await here.jobs(look=again) == jobs
        assert here.asked.take() == [BLOB]  # but not the tree: what it is made of is in the receipt


# What GitHub answers otherwise


@pytest.mark.parametrize(
    "answers, waits",
    [pytest.param([404], 2, id="once"), pytest.param([404, 404], 6, id="twice")],
)
async def test_a_commit_that_github_does_not_know_yet(answers: list[int], waits: float) -> None:
    async with repository() as here:
        head = await here.push({".prow.yaml": presubmits("own")})
        here.asked.answers[f"git/trees/{head}"] = answers
        before = virtual_time.clock()
        assert await here.names() == ["own"]
        assert (virtual_time.clock() - before).total_seconds() == waits


async def test_a_commit_that_github_never_heard_of() -> None:
    async with repository() as here:
        jobs = await here.jobs("1" * 40)
        assert jobs.wrong == f"GitHub has no commit {'1' * 40} in acme/rocket"
        assert [job.name for job in jobs.presubmits] == ["unit", "flight"]


@pytest.mark.parametrize(("status", "times"), [(429, 1), (500, 3), (502, 3)])
async def test_what_may_be_answered_later(status: int, times: int) -> None:
    async with repository() as here:
        head = await here.push({".prow.yaml": presubmits("own")})
        here.asked.answers[f"git/trees/{head}"] = [status] * times
        with pytest.raises(Later):
            await here.jobs()
        assert await here.names() == ["own"]


async def test_what_is_forbidden_is_told_and_not_remembered() -> None:
    async with repository() as here:
        head = await here.push({".prow.yaml": presubmits("own")})
        here.asked.answers[f"git/trees/{head}"] = [403]
        assert (await here.jobs()).wrong == "GitHub answers 403: injected"
        assert await here.names() == ["own"]


# What is hostile


@pytest.mark.parametrize(
    "entries, wrong",
    [
        pytest.param(
            [(LINK, ".prow.yaml", "/etc/passwd")],
            ".prow.yaml: is a symbolic link, which is not followed",
            id="a link for the file",
        ),
        pytest.param(
            [(LINK, ".prow", "/etc")],
            ".prow: is a symbolic link, which is not followed",
            id="a link for the folder",
        ),
        pytest.param([(SUBMODULE, ".prow", "1" * 40)], ".prow: is a submodule", id="a submodule"),
        pytest.param([(FILE, ".prow", "presubmits: []")], ".prow: is a file", id="a file for the folder"),
        pytest.param([(FOLDER, ".prow.yaml", "presubmits: []")], ".prow.yaml: is a folder", id="a folder for the file"),
        pytest.param(
            [(FILE, ".prow.yaml", "prow_ignored: &b [*b, *b]\n")],
            ".prow.yaml:1: is nested too deeply, or its aliases unfold without end",
            id="aliases without end",
        ),
        pytest.param(
            [(FILE, ".prow.yaml", "prow_ignored: " + "[" * 100_000)],
            ".prow.yaml:1: not YAML: while increasing flow level, exceeded maximum nesting depth",
            id="a deep one",
        ),
        pytest.param(
            [(FILE, ".prow.yaml", "#" * 8_388_609)],
            ".prow.yaml: is too large: 8388609 bytes in all are more than the 8388608 that are read",
            id="a large one",
        ),
        pytest.param([(FILE, ".prow.yaml", "\0\0")], ".prow.yaml:1: not YAML: control characters", id="no text"),
        pytest.param([(FILE, ".prow.yaml", "[]")], ".prow.yaml:1: a list is not a mapping", id="a list"),
    ],
)
async def test_what_cannot_be_used_says_why(entries: Sequence[tuple[str, str, str]], wrong: str) -> None:
    async with repository() as here:
        jobs = await here.jobs(base=here.commit(*entries))
        assert jobs.wrong.startswith(wrong)
        assert [job.name for job in jobs.presubmits] == ["unit", "flight"]
        here.forget()
        assert await here.jobs(base=here.commit(*entries)) == jobs


async def test_a_link_that_does_not_count_is_passed_over() -> None:
    async with repository() as here:
        sha = here.commit((LINK, ".prow.yaml", "x"), (FOLDER, ".prow", presubmits("own")))
        assert [job.name for job in (await here.jobs(base=sha)).presubmits] == ["unit", "flight", "own"]


async def test_more_files_than_are_read() -> None:
    async with repository() as here:
        await here.push({f".prow/{number}.yaml": "" for number in range(1001)})
        assert (await here.jobs()).wrong == ".prow: has 1001 files, of which 1000 at most are read"
        assert BLOB not in here.asked.take()


def test_a_merge_of_what_only_one_side_has_changed_is_none() -> None:
    one, two = (own_files.Brought((_entry(sha),)) for sha in "12")
    nothing = own_files.Brought()
    assert own_files.combined(base=one, ours=one, theirs=two) == two
    assert own_files.combined(base=one, ours=two, theirs=one) == two
    assert own_files.combined(base=nothing, ours=one, theirs=one) == one
    assert own_files.combined(base=nothing, ours=one, theirs=two) == own_files.Merge(nothing, one, two)


def _entry(sha: str) -> trees.Entry:
    return trees.Entry(path=".prow.yaml", mode="100644", type="blob", sha=sha)
