"""Who owns what at a commit, over the local GitHub with git behind it; and what asking costs."""

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from cutwater.errors import Later, Refused
from cutwater.events import repository_owners
from cutwater.events.edges import Edges
from cutwater.events.look import Look, Reads, look_at
from cutwater.events.repository_owners import OWNERS, owners_of, owners_of_branch
from cutwater.owners.owners import Owners
from cutwater.storage.memory import MemoryStore
from cutwater.storage.store import Stored
from infra.local.github.code import git_of
from infra.local.github.git import Entry
from infra.local.github.world import Files
from tests import virtual_time
from tests.edges import edges
from tests.functions.tide.pools import Deaf
from tests.world import CONFIG, JOBS, configuration

pytestmark = pytest.mark.virtual

EVERYBODY = "owners: {skip_collaborators: [acme]}"
TREE, TEXTS, BLOB, COLLABORATORS = "git/trees/SHA", "graphql", "git/blobs/SHA", "collaborators"
FILES = {
    "OWNERS": "approvers: [Alice]\nreviewers: [team]",
    "OWNERS_ALIASES": "aliases: {team: [bob, carl]}",
    "wing/OWNERS": "approvers: [zoe]",
    "wing/flap.go": "package wing",
}


class Asked:
    """Stands before GitHub: counts what is asked for owners' sake, and answers otherwise where a test says so."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.refused: dict[str, int] = {}
        self.cut_off: set[str] = set()

    def __call__(self, app: ASGIApp) -> ASGIApp:
        async def ask(scope: Scope, receive: Receive, send: Send) -> None:
            path = scope.get("path", "").rpartition("/acme/rocket/")[2].removeprefix("/api/")
            if re.match("git/(trees|blobs)/|collaborators$|graphql$", path):
                self.paths.append(re.sub("[0-9a-f]{40}", "SHA", path))
            sha = path.rpartition("/")[2]
            if path in self.refused:
                await JSONResponse({"message": "injected"}, self.refused[path])(scope, receive, send)
            elif sha in self.cut_off and scope["query_string"]:
                await JSONResponse({"sha": sha, "tree": [], "truncated": True})(scope, receive, send)
            else:
                await app(scope, receive, send)

        return ask

    def take(self) -> list[str]:
        """What was asked since the last time."""
        taken, self.paths = self.paths, []
        return taken


class Repository:
    """acme/rocket, read by a process; `forget` begins another one, over the same state bucket."""

    def __init__(self, world: Deaf, asked: Asked) -> None:
        self.world, self.asked = world, asked
        self.state = MemoryStore(virtual_time.clock)
        self.forget()

    def forget(self) -> None:
        github = self.world.functions.edges.github
        self.edges: Edges = edges(config=self.world.config, state=self.state, github=lambda: github)

    async def push(self, files: Files, branch: str = "main") -> str:
        return await self.world.github.push(self.world.rocket, branch, files, author="alice")

    async def look(self, reads: Reads | None = None) -> Look:
        return await look_at(self.edges, reads)

    async def owners(self, *, look: Look | None = None, paths: Iterable[str] | None = None) -> Owners:
        """The owners where main is now."""
        wanted = None if paths is None else list(paths)
        return await owners_of(look or await self.look(), "acme", "rocket", self.world.rocket.head(), paths=wanted)


@asynccontextmanager
async def repository(plugins: str = EVERYBODY, files: Files | None = None) -> AsyncIterator[Repository]:
    asked = Asked()
    world = Deaf(configuration(CONFIG, JOBS, plugins), before_github=asked)
    try:
        here = Repository(world, asked)
        await here.push(FILES if files is None else files)
        yield here
    finally:
        await world.hub.settle()
        await world.functions.broker.close()
        world.api_server.close()
        world.hub.close()


async def test_owners() -> None:
    async with repository() as here:
        owners = await here.owners()
        assert list(owners.approvers("wing/flap.go")) == ["zoe", "alice"]
        assert list(owners.reviewers("wing/flap.go")) == ["bob", "carl"]
        assert owners.wrong == ()


async def test_each_branch_has_its_own() -> None:
    async with repository() as here:
        await here.push({"tail/OWNERS": "approvers: [maggie]"}, "release-1.10")
        look = await here.look()
        release = await owners_of_branch(look, "acme", "rocket", "release-1.10")
        main = await owners_of_branch(look, "acme", "rocket", "main")
        assert (release.place_of_approvers("tail/x"), main.place_of_approvers("tail/x")) == ("tail", "")


async def test_a_branch_or_a_commit_that_is_not_there_is_refused() -> None:
    async with repository() as here:
        look = await here.look()
        with pytest.raises(Refused, match="GitHub has no branch gone in acme/rocket"):
            await owners_of_branch(look, "acme", "rocket", "gone")
        with pytest.raises(Refused, match=f"GitHub has no commit {'0' * 40} in acme/rocket"):
            await owners_of(look, "acme", "rocket", "0" * 40)


async def test_links_and_submodules_do_not_count() -> None:
    async with repository() as here:
        git = git_of(here.world.hub.hub, here.world.rocket.record)
        tip = git.commit(here.world.rocket.head())
        assert tip is not None
        real = git.write("blob", b"approvers: [ann]")
        folder = git.write_tree(
            [Entry("120000", "OWNERS", git.write("blob", b"../OWNERS")), Entry("100755", "x", real)]
        )
        root = [
            Entry("100755", "OWNERS", real),
            Entry("160000", "OWNERS_ALIASES", tip.sha),
            Entry("40000", "a", folder),
        ]
        sha = git.write_commit(git.write_tree(root), [tip.sha], "By hand", author=tip.author, committer=tip.author)
        owners = await owners_of(await here.look(), "acme", "rocket", sha)
        assert owners.place_of_approvers("a/x") == ""
        assert owners.everybody == {"ann"}


# Collaborators


async def test_only_collaborators_approve() -> None:
    async with repository("") as here:
        owners = await here.owners()
        assert (list(owners.approvers("wing/x")), list(owners.reviewers("wing/x"))) == (["alice"], ["bob"])
        assert COLLABORATORS in here.asked.take()


@pytest.mark.parametrize("status", [403, 404])
async def test_all_owners_count_where_github_does_not_tell_who_collaborates(status: int) -> None:
    async with repository("") as here:
        here.asked.refused[COLLABORATORS] = status
        assert list((await here.owners()).approvers("wing/x")) == ["zoe", "alice"]


async def test_a_github_that_is_down_is_asked_again_later() -> None:
    async with repository("") as here:
        here.asked.refused[COLLABORATORS] = 502
        with pytest.raises(Later):
            await here.owners()


# What is wrong


async def test_what_does_not_count_is_recorded() -> None:
    async with repository(files=FILES | {"wing/OWNERS": "- zoe"}) as here:
        look = await here.look()
        owners = await here.owners(look=look)
        assert list(owners.approvers("wing/x")) == ["alice"]
        assert owners.wrong == ("wing/OWNERS:1: a list is not a mapping",)
        recorded = {read.question: read.answer for read in look.reads.record}
        assert recorded[f"OWNERS acme/rocket {here.world.rocket.head()} WRONG"] == owners.wrong


async def test_a_file_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository_owners, "MOST_BYTES", 40)
    async with repository(files=FILES | {"wing/OWNERS": "approvers: [zoe]" + "\n" * 40}) as here:
        owners = await here.owners()
        assert owners.all_approvers == {"alice"}
        assert owners.wrong == ("wing/OWNERS: is too large, and not read",)


async def test_what_is_no_text_is_read_as_it_is() -> None:
    async with repository(files=FILES | {"wing/OWNERS": "approvers: [zoe]\n\0"}) as here:
        assert (await here.owners()).wrong == ("wing/OWNERS:2: not YAML: control characters are not allowed",)
        assert here.asked.take() == [TREE, TEXTS, BLOB]


# Markdown


MARKDOWN = {name: f"---\napprovers: [{name[0]}]\n---\n# Title\n" for name in ("a.md", "b.md", "wing/c.md")}


@pytest.mark.parametrize(
    "paths, found",
    [
        pytest.param(["a.md", "wing/flap.go"], {"a", "alice", "zoe"}, id="what is asked about"),
        pytest.param(["new.md"], {"alice", "zoe"}, id="which may not be there"),
        pytest.param(None, {"a", "b", "w", "alice", "zoe"}, id="all of them"),
    ],
)
async def test_markdown_files_that_may_have_owners(paths: list[str] | None, found: set[str]) -> None:
    async with repository(EVERYBODY.replace("}", ", mdyamlrepos: [acme]}"), FILES | MARKDOWN) as here:
        assert (await here.owners(paths=paths)).all_approvers == found


async def test_markdown_files_that_may_not() -> None:
    async with repository(files=FILES | MARKDOWN) as here:
        assert (await here.owners()).all_approvers == {"alice", "zoe"}


# What it costs


async def test_what_github_is_asked() -> None:
    async with repository() as here:
        await here.owners()
        assert here.asked.take() == [TREE, TEXTS]
        await here.owners()
        assert here.asked.take() == []  # the commit was seen
        await here.push({"x": "y"})
        await here.owners()
        assert here.asked.take() == [TREE]  # another commit, the same files
        await here.push({"wing/OWNERS": "approvers: [bob]"})
        assert (await here.owners()).all_approvers == {"alice", "bob"}
        assert here.asked.take() == [TREE, TEXTS]
        here.forget()
        assert (await here.owners()).all_approvers == {"alice", "bob"}
        assert here.asked.take() == []  # another process


async def test_many_files_are_read_a_few_questions_at_once() -> None:
    many = {f"a{number:03}/OWNERS": f"approvers: [u{number}]" for number in range(120)}
    async with repository(files=many) as here:
        assert len((await here.owners()).all_approvers) == 120
        assert here.asked.take() == [TREE, TEXTS, TEXTS, TEXTS]
        await here.push({"a060/OWNERS": "approvers: [bob]"})
        assert "bob" in (await here.owners()).all_approvers
        assert here.asked.take() == [TREE, TEXTS]  # only those that stand beside it


async def test_what_is_too_much_for_one_answer_is_listed_by_folders() -> None:
    async with repository(files=FILES | {"tail/fin/OWNERS": "approvers: [finn]"}) as here:
        here.asked.cut_off = {here.world.rocket.head()}
        assert (await here.owners()).all_approvers == {"alice", "finn", "zoe"}
        assert here.asked.take() == [TREE, TREE, TREE, TREE, TEXTS]  # the whole, the root, its two folders
        here.asked.cut_off = {await here.push({"tail/x": "y"})}
        assert (await here.owners()).all_approvers == {"alice", "finn", "zoe"}
        assert here.asked.take() == [TREE, TREE, TREE]  # the folder that has changed


async def test_a_receipt_answers_which_files_count() -> None:
    async with repository() as here:
        look = await here.look()
        await here.owners(look=look)
        here.state = MemoryStore(virtual_time.clock)
        here.forget()
        here.asked.take()
        again = await here.look(Reads(look.reads.record))
        assert (await here.owners(look=again)).all_approvers == {"alice", "zoe"}
        assert here.asked.take() == [TEXTS]


async def test_a_bucket_that_spoiled_what_was_kept_costs_only_time() -> None:
    async with repository() as here:
        await here.owners()
        kept = [entry.key async for entry in here.state.list(OWNERS)]
        assert [key.split("/")[5] for key in kept] == ["commits", "said", "texts"]
        for key in kept:
            await here.state.put(key, b"spoiled")
        here.forget()
        assert (await here.owners()).all_approvers == {"alice", "zoe"}


async def test_a_bucket_that_does_not_answer_costs_only_time() -> None:
    class Gone(MemoryStore):
        async def get(self, key: str, *, start: int | None = None, end: int | None = None) -> Stored | None:
            raise Later("the store does not answer")

        async def put(self, key: str, body: bytes, **more: Any) -> Stored:
            raise Refused("the bucket is gone")

    async with repository() as here:
        here.state = Gone(virtual_time.clock)
        here.forget()
        assert (await here.owners()).all_approvers == {"alice", "zoe"}
