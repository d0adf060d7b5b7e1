"""The objects that are written here are what git itself would write."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.local.github.commits import Files, write_files
from infra.local.github.git import Git, GitError
from infra.local.github.records import Person

ALICE = Person("Alice Ä", "alice@example.com", datetime(2026, 1, 5, 10, tzinfo=UTC))


@pytest.fixture
def git(tmp_path: Path) -> Git:
    git = Git(tmp_path / "rocket.git")
    git.create("main")
    return git


def commit(git: Git, files: Files, base: str | None = None) -> str:
    return write_files(git, files, base=base, message="A change", author=ALICE)


def listing(git: Git, sha: str) -> list[str]:
    return git.run("ls-tree", "-r", "--name-only", "-z", sha).decode().split("\0")[:-1]


@pytest.mark.parametrize(
    ("first", "then", "paths"),
    [
        pytest.param({"a": "1"}, {"b": "2"}, ["a", "b"], id="one more"),
        pytest.param({"a": "1", "d/x": "2"}, {"d/x": None}, ["a"], id="an empty folder is gone"),
        pytest.param({"d": "1"}, {"d/x": "2"}, ["d/x"], id="a file becomes a folder"),
        pytest.param({"d/x": "1"}, {"d": "2"}, ["d"], id="a folder becomes a file"),
        pytest.param({"d-x": "1", "d.x": "2"}, {"d/x": "3"}, ["d-x", "d.x", "d/x"], id="folders sort with their slash"),
        pytest.param({"ä b": "1"}, {"x/y/z/deep": b"\0\xff"}, ["x/y/z/deep", "ä b"], id="odd names, binary"),
        pytest.param({"a": "1"}, {"a": None, "missing": None}, [], id="nothing is left"),
    ],
)
def test_files(git: Git, first: Files, then: Files, paths: list[str]) -> None:
    head = commit(git, then, commit(git, first))
    git.set_ref("refs/heads/main", head)
    assert listing(git, head) == paths
    checked = subprocess.run(
        ["git", "--git-dir", git.folder, "fsck", "--strict", "--full"], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout) == (0, "")


def test_a_file_keeps_its_mode(git: Git) -> None:
    base = commit(git, {"run.sh": "1"})
    entry = git.tree(base)
    assert entry is not None
    tree = git.write_tree([entry[1][0]._replace(mode="100755")])
    base = git.write_commit(tree, [base], "Executable", author=ALICE, committer=ALICE)
    found = git.tree(commit(git, {"run.sh": "2"}, base))
    assert found is not None
    assert found[1][0].mode == "100755"


def test_what_git_reads_back(git: Git) -> None:
    head = commit(git, {"a": "1"})
    found = git.commit(head)
    assert found is not None
    assert (found.author, found.message, found.parents) == (ALICE, "A change", ())
    assert git.read("no such thing") is None
    assert git.read("a\nb") is None
    with pytest.raises(GitError):
        git.run("rev-parse", "--verify", "nothing")


def test_a_rebase_carries_single_changes_over(git: Git) -> None:
    base = commit(git, {"a": "1\n", "b": "1\n"})
    ours = commit(git, {"a": "2\n"}, base)
    first = commit(git, {"b": "2\n"}, base)
    theirs = commit(git, {"c": "1\n"}, first)
    head = git.rebase(ours, git.between(ours, theirs), ALICE)
    assert head is not None
    assert [git.run("show", f"{head}:{path}") for path in ("a", "b", "c")] == [b"2\n", b"2\n", b"1\n"]
    assert len(git.between(ours, head)) == 2
    conflicting = commit(git, {"a": "3\n"}, base)
    assert git.rebase(ours, git.between(ours, conflicting), ALICE) is None
