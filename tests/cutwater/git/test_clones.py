"""Stacks from a state bucket and a partial clone, of repositories on this disk."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from cutwater.errors import Later, Refused
from cutwater.git import clones, packs
from cutwater.git.clones import Clones
from cutwater.git.command import Git as Command
from cutwater.git.in_place import InPlace
from cutwater.git.remotes import Remotes
from cutwater.git.stacks import Change, Stack
from cutwater.storage.memory import MemoryStore
from infra.local.github.commits import Files, write_files
from infra.local.github.git import Git
from tests import virtual_time
from tests.cutwater.git.histories import History
from tests.cutwater.git.test_picking import WHO

LONG = "".join(f"line {number}\n" for number in range(40))


def clones_of(url: str, bucket: MemoryStore) -> Clones:
    """A function's clones of the repository there, and a state bucket."""

    async def token(org: str, repo: str) -> str:
        return ""

    return Clones(Remotes(lambda org, repo: url, token), lambda: bucket)


class Scene:
    """A repository with a branch, main, and pull requests to it; a state bucket; and functions, which come and go."""

    def __init__(self, folder: Path) -> None:
        self.git = Git(folder / "origin.git")
        self.git.create("main")
        self.main = ""
        self.commit({"a": LONG, "b": "b\n", "large": "x" * 100_000, ".gitattributes": "*.log merge=union\n"})
        self.bucket, self.url = MemoryStore(virtual_time.clock), ""
        self.fresh(f"file://{folder}/origin.git")

    def fresh(self, url: str = "") -> None:
        """Another function, which has nothing on its disk; it finds the repository at `url`, if it is said."""
        self.url = url or self.url
        self.clones = clones_of(self.url, self.bucket)

    def commit(self, files: Files) -> str:
        """Put a commit on the branch."""
        self.main = write_files(self.git, files, base=self.main or None, message="A change", author=WHO)
        self.git.keep("refs/heads/main", self.main)
        return self.main

    def change(self, number: int, files: Files, *, base: str = "") -> Change:
        """A pull request."""
        head = write_files(self.git, files, base=base or self.main, message=f"Change {number}", author=WHO)
        self.git.keep(f"refs/pull/{number}/head", head)
        return Change(number=number, head=head, method="merge", branch=f"bob/change-{number}", subject=f"No. {number}")

    async def stack(self, *changes: Change, base: str = "", limit: int = 0) -> Stack:
        return await self.clones.stack("acme", "rocket", "main", base=base or self.main, changes=changes, limit=limit)

    async def keep(self) -> list[str]:
        """The keys of what is kept."""
        await self.clones.keep("acme", "rocket", ["main"])
        return [entry.key async for entry in self.bucket.list("git/")]

    def folders(self) -> list[Path]:
        """The clones that the function has on its disk."""
        return sorted(self.clones.folder.iterdir())

    def packs_with(self, sha: str) -> int:
        """In how many packs an object is."""
        indices = self.clones.folder.rglob("*.idx")
        listed = [Command(file.parent).run("show-index", stdin=file.read_bytes()) for file in indices]
        return sum(sha.encode() in one for one in listed)

    async def expected(self, *changes: Change, base: str = "") -> Stack:
        here = InPlace(self.git.folder)
        return await here.stack("acme", "rocket", "main", base=base or self.main, changes=changes)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def numbers(stack: Stack) -> list[int]:
    return [layer.number for layer in stack.layers]


async def test_nothing_is_kept_yet(scene: Scene) -> None:
    one, two = scene.change(1, {"a": LONG.replace("line 3\n", "3\n")}), scene.change(2, {"b": "c\n"})
    three = scene.change(3, {"b": "d\n"})
    stack = await scene.stack(one, two, three)
    assert numbers(stack) == [1, 2]
    assert dict(stack.left_out) == {3: "CONFLICT (content): Merge conflict in b"}
    assert stack == await scene.expected(one, two, three), "the same commits are made elsewhere"
    assert (stack.base, stack.base_tree) == (scene.main, scene.git.commit(scene.main).tree)  # type: ignore[union-attr]
    assert numbers(await scene.stack(one, two, three, limit=1)) == [1]


async def test_a_fresh_function_needs_what_is_new_alone(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept is in many small pieces; no file is here that git has not asked for."""
    monkeypatch.setattr(packs, "PIECE", 100)
    one = scene.change(1, {"a": LONG.replace("line 3\n", "3\n")})
    keys = await scene.keep()
    assert len(keys) > 10
    scene.commit({"b": "c\n"})
    scene.fresh()
    assert await scene.stack(one) == await scene.expected(one)
    [folder] = scene.folders()
    here = Command(folder, {"extensions.partialClone": ""}).run("cat-file", "--batch-all-objects", "--batch-check")
    large = scene.git.read(f"{scene.main}:large")
    assert large is not None and large.sha.encode() not in here and scene.main.encode() in here


async def test_files_are_fetched_at_once(scene: Scene) -> None:
    """Not once for each pull request."""
    base = scene.main
    scene.commit({"a": LONG.replace("line 30\n", "30\n"), "b": "c\n"})
    changes = [scene.change(one, {"a": LONG.replace(f"line {one}\n", "x\n")}, base=base) for one in (3, 9, 15)]
    assert numbers(await scene.stack(*changes)) == [3, 9, 15]
    assert len(list(scene.folders()[0].rglob("*.pack"))) == 2, "commits and trees, and files"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2000, 2020))
async def test_whatever_is_not_here_is_found(tmp_path: Path, seed: int) -> None:
    """Where all is here, the same comes of it."""
    history = History(tmp_path / "work", seed)
    history.work.git.run("config", "uploadpack.allowFilter", "true")
    changes = history.changes(("merge", "squash", "rebase"))
    clones = clones_of(f"file://{tmp_path}/work/.git", MemoryStore(virtual_time.clock))
    stack = await clones.stack("acme", "rocket", "main", base=history.base, changes=changes)
    here = InPlace(tmp_path / "work/.git")
    assert stack == await here.stack("acme", "rocket", "main", base=history.base, changes=changes)


async def test_what_is_kept_is_not_asked_for(scene: Scene) -> None:
    await scene.keep()
    old = scene.main
    scene.fresh()
    scene.commit({"c": "c\n"})
    one = scene.change(1, {"b": "c\n"})
    await scene.stack(one)
    assert scene.packs_with(old) == 1


async def test_keeping_goes_on_where_it_was(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clones, "MOST_KEPT", 3)
    counts = []
    for number in range(5):
        scene.commit({"b": f"{number}\n"})
        counts.append(sum("pack/" in key for key in await scene.keep()))
    assert counts == [1, 2, 3, 1, 2], "a pack for what is new, until all is cloned anew"
    assert sum("pack/" in key for key in await scene.keep()) == 2, "nothing is new"


@pytest.mark.slow
@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda key: "pack/" in key, id="a pack is gone"),
        pytest.param(lambda key: "idx/" in key, id="an index is gone"),
        pytest.param(lambda key: "kept" in key, id="nothing is said to be kept"),
    ],
)
async def test_what_is_kept_is_not_whole(scene: Scene, spoil: Callable[[str], bool]) -> None:
    for key in await scene.keep():
        if spoil(key):
            await scene.bucket.delete(key)
    scene.fresh()
    one = scene.change(1, {"b": "c\n"})
    assert await scene.stack(one) == await scene.expected(one)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pack", "idx"])
async def test_what_lies_here_is_broken(scene: Scene, kind: str) -> None:
    one, two = scene.change(1, {"b": "c\n"}), scene.change(2, {"c": "c\n"})
    await scene.stack(one)
    for file in scene.folders()[0].rglob(f"*.{kind}"):
        file.chmod(0o600)
        file.write_bytes(b"PACK" + b"\0" * 100)
    assert numbers(await scene.stack(one, two)) == [1, 2], "it is thrown away, and made again"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pack", "idx", "kept"])
async def test_what_is_kept_is_broken(scene: Scene, kind: str) -> None:
    for key in await scene.keep():
        found = await scene.bucket.get(key)
        if (f"{kind}/" in key or f"{kind}.json" in key) and found is not None:
            await scene.bucket.put(key, bytes(len(found.body)))
    scene.fresh()
    assert numbers(await scene.stack(scene.change(1, {"b": "c\n"}))) == [1]
    scene.commit({"c": "c\n"})
    await scene.keep()
    scene.fresh()
    assert numbers(await scene.stack(scene.change(1, {"b": "c\n"}))) == [1]


@pytest.mark.slow
async def test_there_is_room_for_some(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clones, "MOST_CLONES", 2)
    for repo in ("one", "two", "one", "three"):
        await scene.clones.stack("acme", repo, "main", base=scene.main, changes=())
        used = scene.folders()
    assert len(used) == 2
    monkeypatch.setattr(clones, "MOST_PACKS", 0)
    one = scene.change(1, {"b": "c\n"})
    assert numbers(await scene.stack(one)) == [1]


async def test_two_at_once(scene: Scene) -> None:
    changes = [scene.change(number, {f"{number}": "x\n"}) for number in (1, 2, 3)]
    found = await asyncio.gather(*(scene.stack(change) for change in changes))
    assert [numbers(stack) for stack in found] == [[1], [2], [3]]


async def test_a_head_that_was_pushed_over(scene: Scene) -> None:
    gone, fine = (scene.change(number, {f"{number}": "x\n"}) for number in (1, 2))
    (scene.git.folder / "objects" / gone.head[:2] / gone.head[2:]).unlink()
    stack = await scene.stack(gone, fine)
    assert numbers(stack) == [2]
    assert dict(stack.left_out) == {1: "its head is not to be had any more"}


async def test_branches_come_and_go(scene: Scene) -> None:
    """One is called as another was called a folder."""
    one = scene.change(1, {"b": "c\n"})
    for branch in ("release", "release/1", "release"):
        stack = await scene.clones.stack("acme", "rocket", branch, base=scene.main, changes=[one])
        assert numbers(stack) == [1]
    scene.git.keep("refs/heads/release/1", scene.main)
    await scene.clones.keep("acme", "rocket", ["gone", "release/1"])
    assert (await packs.read(scene.bucket, "acme", "rocket")).tips == {"release/1": scene.main}


@pytest.mark.parametrize(
    ("base", "head", "branch"),
    [
        pytest.param("--upload-pack=touch x", "", "main", id="the base is an option"),
        pytest.param("", "--upload-pack=touch x", "main", id="the head is an option"),
        pytest.param("", "refs/heads/main", "main", id="the head is a name"),
        pytest.param("", "1" * 64, "main", id="too long"),
        pytest.param("", "", "--force", id="the branch is an option"),
        pytest.param("", "", "a b", id="no branch is called so"),
        pytest.param("1" * 40, "", "main", id="no such commit"),
    ],
)
async def test_what_is_refused(scene: Scene, base: str, head: str, branch: str) -> None:
    one = scene.change(1, {"b": "c\n"})
    with pytest.raises(Refused, match=r"no commit|no branch"):
        await scene.clones.stack(
            "acme", "rocket", branch, base=base or scene.main, changes=[replace(one, head=head or one.head)]
        )


@pytest.mark.parametrize(
    ("url", "error"),
    [
        pytest.param("http://127.0.0.1:9/acme/rocket.git", Later, id="nobody listens"),
        pytest.param("file:///nonexistent/rocket.git", Refused, id="no such repository"),
        pytest.param("ext::touch /tmp/out", Refused, id="a program"),
    ],
)
async def test_a_repository_that_cannot_be_read(scene: Scene, url: str, error: type[Exception]) -> None:
    scene.fresh(url)
    with pytest.raises(error):
        await scene.stack(scene.change(1, {"b": "c\n"}))
    with pytest.raises(error):
        await scene.keep()


async def test_a_stack_is_pushed(scene: Scene) -> None:
    """By one function after another: of what the ref was before, nothing is fetched that lies below."""
    first = scene.main
    for number in (1, 2):
        scene.fresh()
        stack = await scene.stack(scene.change(number, {"a": LONG.replace(f"line {number}\n", "x\n")}))
        scene.commit({"c": f"{number}\n"})
        for _ in range(2):
            commit = stack.layers[-1].commit
            await scene.clones.push("acme", "rocket", commit=commit, ref="refs/cutwater/tide/main")
            pushed = scene.git.commit("refs/cutwater/tide/main")
            assert pushed is not None and pushed.sha == commit
        assert scene.packs_with(first) == 1


async def test_a_stack_that_is_not_there(scene: Scene) -> None:
    """Its function was another one."""
    stack = await scene.stack(scene.change(1, {"b": "c\n"}))
    scene.fresh()
    with pytest.raises(Refused, match="its stack is to be made first"):
        await scene.clones.push("acme", "rocket", commit=stack.layers[-1].commit, ref="refs/cutwater/x")


@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/tags/x", "refs/cutwater/..", "+refs/cutwater/x:y", "--force"])
async def test_a_ref_that_is_not_ours(scene: Scene, ref: str) -> None:
    with pytest.raises(Refused, match="no ref of ours"):
        await scene.clones.push("acme", "rocket", commit=scene.main, ref=ref)


async def test_a_push_that_is_refused(scene: Scene) -> None:
    stack = await scene.stack(scene.change(1, {"b": "c\n"}))
    (scene.git.folder / "config").write_text("[core]\n\tbare = true\n[receive]\n\thideRefs = refs/cutwater\n")
    with pytest.raises(Refused, match="hidden ref"):
        await scene.clones.push("acme", "rocket", commit=stack.layers[0].commit, ref="refs/cutwater/x")
