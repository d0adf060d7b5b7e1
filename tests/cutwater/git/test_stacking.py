"""Stacks, beside what git makes of the same pull requests in a work tree; and the commits that they consist of."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from cutwater.git.command import Git
from cutwater.git.in_place import InPlace
from cutwater.git.stacks import Change, Method, Stack
from tests.cutwater.git.histories import WHO, History, Work

METHODS: tuple[Method, ...] = ("merge", "squash", "rebase")
LONG = "".join(f"line {number}\n" for number in range(40))
THREE, SEVEN = LONG.replace("line 3\n", "three\n"), LONG.replace("line 7\n", "seven\n")
BOTH = THREE.replace("line 7\n", "seven\n")


async def compare(folder: Path, seed: int, *methods: Method) -> None:
    history = History(folder / "work", seed)
    changes = history.changes(methods)
    stack = await stacked(history.work, history.base, *changes)
    work = history.work
    work.at(history.base)
    expected = [(one.number, work.tree) for one in changes if work.put(one.head, one.method)]
    assert [(layer.number, layer.tree) for layer in stack.layers] == expected, f"seed {seed}"


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
async def test_the_trees_are_git_s(tmp_path: Path, method: Method) -> None:
    await compare(tmp_path, 20, method)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1040))
async def test_the_trees_are_always_git_s(tmp_path: Path, seed: int) -> None:
    await compare(tmp_path, seed, *METHODS)


async def stacked(work: Work, base: str, *changes: Change, limit: int = 0) -> Stack:
    here = InPlace(work.folder / ".git")
    return await here.stack("acme", "rocket", "main", base=base, changes=changes, limit=limit)


class Scene:
    """A repository in which pull requests are made by hand."""

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        self.work = Work(folder / "work")
        self.base = self.commit(files, "The beginning")

    def commit(self, files: Mapping[str, str | None], message: str, *, on: str = "", author: str = "") -> str:
        """A commit on top of what is checked out, or of another. None removes a file."""
        if on:
            self.work.at(on)
        for path, text in files.items():
            file = self.work.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.unlink() if text is None else file.write_text(text)
        return self.work.commit(message, author=author)

    def change(self, number: int, *heads: str, method: Method = "merge", **words: str) -> Change:
        """The pull request whose head is the last of these."""
        return Change(number=number, head=heads[-1], method=method, branch="bob/fins", **words)

    def text(self, commit: str, path: str) -> str:
        return self.work.git.run("show", f"{commit}:{path}").decode()

    def told(self, commit: str, form: str) -> str:
        """What git says of a commit."""
        return self.work.git.run("show", "--no-patch", f"--format={form}", commit).decode().strip()


@pytest.mark.parametrize(
    ("attributes", "path", "expected"),
    [
        pytest.param({}, "docs/log", None, id="none"),
        pytest.param({".gitattributes": "log merge=union\n"}, "docs/log", "0\n1\n2\n", id="both sides' lines"),
        pytest.param({"docs/.gitattributes": "/log merge=union\n"}, "docs/log", "0\n1\n2\n", id="of a folder"),
        pytest.param({"docs/.gitattributes": "log merge=union\n"}, "log", None, id="of another folder"),
        pytest.param(
            {".gitattributes": "log merge=union\n", "docs/.gitattributes": "log -merge\n"},
            "docs/log",
            None,
            id="the nearer is stronger",
        ),
        pytest.param(
            {".gitattributes": "[attr]lines merge=union\n*.md lines\n"}, "docs/log.md", "0\n1\n2\n", id="a macro"
        ),
        pytest.param({".gitattributes": "log merge=foreign\n"}, "log", None, id="a program that nobody knows here"),
    ],
)
async def test_attributes_say_how_a_file_is_merged(
    tmp_path: Path, attributes: dict[str, str], path: str, expected: str | None
) -> None:
    scene = Scene(tmp_path, {path: "0\n", **attributes})
    one = scene.change(1, scene.commit({path: "0\n1\n"}, "one", on=scene.base))
    two = scene.change(2, scene.commit({path: "0\n2\n"}, "two", on=scene.base))
    stack = await stacked(scene.work, scene.base, one, two)
    assert len(stack.layers) == (2 if expected else 1)
    if expected:
        assert scene.text(stack.layers[-1].commit, path) == expected


async def test_attributes_come_with_a_pull_request(tmp_path: Path) -> None:
    """They are those of the layer below, as in a work tree."""
    scene = Scene(tmp_path, {"log": "0\n"})
    changes = [
        scene.change(1, scene.commit({".gitattributes": "log merge=union\n"}, "one", on=scene.base)),
        scene.change(2, scene.commit({"log": "0\n2\n"}, "two", on=scene.base)),
        scene.change(3, scene.commit({"log": "0\n3\n"}, "three", on=scene.base)),
    ]
    assert len((await stacked(scene.work, scene.base, *changes)).layers) == 3
    assert len((await stacked(scene.work, scene.base, *changes[1:])).layers) == 1


async def test_a_driver_that_a_repository_names_is_not_run(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"log": LONG, ".gitattributes": "* merge=evil filter=evil diff=evil\n"})
    scene.work.git.run("config", "merge.evil.driver", f"touch {tmp_path}/out")
    one = scene.change(1, scene.commit({"log": THREE}, "one", on=scene.base))
    (scene.work.folder / ".git/config").write_text("[core]\n\tbare = false\n")
    two = scene.change(2, scene.commit({"log": SEVEN}, "two", on=scene.base))
    stack = await stacked(scene.work, scene.base, one, two)
    assert scene.text(stack.layers[-1].commit, "log") == BOTH
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("method", "words", "subject", "body"),
    [
        pytest.param("merge", {}, "Merge pull request #1 from bob/fins", "Fins", id="merge, as GitHub"),
        pytest.param("merge", {"title": "T", "body": "B"}, "T", "B", id="merge, as configured"),
        pytest.param("squash", {}, "Better fins (#1)", "Because.", id="squash of one, as GitHub"),
        pytest.param("squash", {"title": "T (#1)"}, "T (#1)", "Because.", id="squash of one, with a title"),
        pytest.param("rebase", {"title": "T", "body": "B"}, "Better fins", "Because.", id="rebase, as they are"),
    ],
)
async def test_what_commits_say(tmp_path: Path, method: Method, words: dict[str, str], subject: str, body: str) -> None:
    scene = Scene(tmp_path, {"a": LONG})
    head = scene.commit({"a": THREE}, "Better fins\n\nBecause.", on=scene.base, author="Bob <bob@example.com>")
    base = scene.commit({"a": SEVEN}, "Meanwhile", on=scene.base)
    stack = await stacked(scene.work, base, scene.change(1, head, method=method, subject="Fins", **words))
    commit = stack.layers[0].commit
    assert scene.text(commit, "a") == BOTH
    assert (scene.told(commit, "%s"), scene.told(commit, "%b")) == (subject, body)
    assert scene.told(commit, "%an") == ("cutwater" if method == "merge" else "Bob")
    assert scene.told(commit, "%cn %ce") == "cutwater cutwater@localhost"
    assert scene.told(commit, "%P") == (f"{base} {head}" if method == "merge" else base)


async def test_a_squash_names_all_who_wrote_it(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"a": "a\n"})
    heads = [
        scene.commit({"b": "1\n"}, "First\n\nAt first.", on=scene.base, author="Bob <bob@example.com>"),
        scene.commit({"b": "2\n"}, "Second", author="Eve <eve@example.com>"),
        scene.commit({"b": "3\n"}, "Third", author="Bob <bob@example.com>"),
    ]
    stack = await stacked(scene.work, scene.base, scene.change(1, *heads, method="squash", subject="Fins"))
    commit = stack.layers[0].commit
    assert scene.told(commit, "%an%n%B").splitlines() == [
        *("Bob", "Fins (#1)", "", "* First", "", "At first.", "", "* Second", "", "* Third", ""),
        "Co-authored-by: Eve <eve@example.com>",
    ]


async def test_commits_are_as_old_as_what_is_in_them(tmp_path: Path) -> None:
    """And so the same tomorrow."""
    scene = Scene(tmp_path, {"a": "a\n"})
    head = scene.commit({"b": "b\n"}, "one", on=scene.base)
    stacks = [await stacked(scene.work, scene.base, scene.change(1, head, method=method)) for method in METHODS]
    assert {scene.told(stack.layers[0].commit, "%ct") for stack in stacks} == {scene.told(head, "%ct")}


async def test_rebasing_leaves_out_what_is_there(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"a": LONG, "b": "b\n"})
    heads = [
        scene.commit({"a": THREE}, "There already", on=scene.base),
        scene.commit({}, "Empty"),
        scene.commit({"a": BOTH}, "New"),
    ]
    base = scene.commit({"a": THREE}, "The same", on=scene.base)
    stack = await stacked(scene.work, base, scene.change(1, *heads, method="rebase"))
    listed = scene.work.git.run("log", "--format=%s", f"{base}..{stack.layers[0].commit}").decode().split()
    assert listed == ["New", "Empty"], "one that was empty from the beginning is kept"


async def test_rebasing_finds_what_was_changed_again_since(tmp_path: Path) -> None:
    """Put on top once more it would conflict; git knows by its patch that it is there."""
    scene = Scene(tmp_path, {"a": "1\n"})
    heads = [scene.commit({"a": "2\n"}, "There already", on=scene.base), scene.commit({"b": "b\n"}, "New")]
    scene.commit({"a": "2\n"}, "The same", on=scene.base)
    base = scene.commit({"a": "3\n"}, "And on")
    stack = await stacked(scene.work, base, scene.change(1, *heads, method="rebase"))
    commit = stack.layers[0].commit
    assert (scene.told(commit, "%P"), scene.text(commit, "a")) == (base, "3\n")


@pytest.mark.parametrize("method", METHODS)
async def test_what_conflicts_is_left_out(tmp_path: Path, method: Method) -> None:
    scene = Scene(tmp_path, {"a": "1\n", "b": "1\n"})
    heads = [
        scene.commit(files, "x", on=scene.base) for files in ({"a": "2\n"}, {"a": "3\n"}, {"a": None}, {"b": "2\n"})
    ]
    changes = [scene.change(number, head, method=method) for number, head in enumerate(heads, start=1)]
    stack = await stacked(scene.work, scene.base, *changes)
    assert [layer.number for layer in stack.layers] == [1, 4]
    assert dict(stack.left_out) == {
        2: "CONFLICT (content): Merge conflict in a",
        3: "CONFLICT (modify/delete): a deleted in #3 and modified in the branch.",
    }


@pytest.mark.parametrize(
    ("method", "number_of_layers"), [("merge", 1), ("squash", 0), ("rebase", 1)], ids=["merge", "squash", "rebase"]
)
async def test_nothing_to_be_merged(tmp_path: Path, method: Method, number_of_layers: int) -> None:
    """Where git is up to date there is no new commit; to commit nothing fails."""
    scene = Scene(tmp_path, {"a": "1\n"})
    base = scene.commit({"a": "2\n"}, "x")
    stack = await stacked(scene.work, base, scene.change(1, scene.base, method=method))
    assert [layer.commit for layer in stack.layers] == [base] * number_of_layers
    assert dict(stack.left_out) == ({} if number_of_layers else {1: "it changes nothing on top of the others"})


async def test_a_history_of_its_own(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"a": "1\n"})
    scene.work.git.run("checkout", "--quiet", "--orphan", "other")
    head = scene.commit({"b": "b\n"}, "x")
    stack = await stacked(scene.work, scene.base, scene.change(1, head), scene.change(2, head, method="rebase"))
    assert dict(stack.left_out) == {1: "refusing to merge unrelated histories"}
    assert scene.text(stack.layers[0].commit, "a") == "1\n"


async def test_odd_words_and_names(tmp_path: Path) -> None:
    """What a commit says is kept byte for byte, in whatever encoding; what people call a pull request cannot harm."""
    scene = Scene(tmp_path, {"a": "1\n"})
    latin = Git(scene.work.folder, {"i18n.commitEncoding": "ISO-8859-1"}, environment=WHO)
    (scene.work.folder / "b").write_text("b\n")
    latin.run("add", "--all")
    latin.run("commit", "--quiet", "-F", "-", stdin="Grüße".encode("latin-1"))
    change = scene.change(1, scene.work.head, method="rebase")
    evil = scene.change(2, scene.work.head, title="a\0b\r\nauthor x\n\ntree")
    stack = await stacked(scene.work, scene.base, change)
    assert scene.told(stack.layers[0].commit, "%an %s") == "Pat Grüße"
    stack = await stacked(scene.work, scene.base, evil)
    assert scene.told(stack.layers[0].commit, "%an %P %B") == f"cutwater {scene.base} {evil.head} ab\nauthor x\n\ntree"
