"""What a working copy says of itself, and its clones."""

import subprocess
from pathlib import Path

import pytest

from infra.local.working_copy import NotUsable, WorkingCopy

BEGINNING = """
git init --quiet --initial-branch main . && git config user.name bob && git config user.email bob@acme
echo one > README.md && git add . && git commit --quiet --message first
"""
TOPIC = "git checkout --quiet -b topic && echo two > two && git add . && git commit --quiet --message second"
UNCOMMITTED = "echo changed > README.md && echo new > new && mkdir d && echo deep > d/deep && rm two && ln -s new link"


def sh(folder: Path, *scripts: str) -> str:
    done = subprocess.run(
        " && ".join(s.strip() for s in scripts), shell=True, cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository on its branch `topic`, one commit before `main`."""
    folder = tmp_path / "rocket"
    folder.mkdir()
    sh(folder, BEGINNING.strip().replace("\n", " && "), TOPIC)
    return folder


def files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if ".git" not in path.parts and (path.is_symlink() or path.is_file())
    }


def test_where_it_is(folder: Path) -> None:
    (folder / "inside").mkdir()
    copy = WorkingCopy(folder / "inside")
    assert (copy.root, copy.branch, copy.subject, copy.uncommitted) == (folder, "topic", "second", 0)


@pytest.mark.parametrize(
    "remotes, names",
    [
        pytest.param({}, [], id="none"),
        pytest.param({"origin": "git@github.com:acme/rocket.git"}, ["acme/rocket"], id="ssh"),
        pytest.param({"origin": "https://github.com/acme/rocket/"}, ["acme/rocket"], id="https"),
        pytest.param(
            {"origin": "https://github.com/bob/rocket", "upstream": "https://github.com/acme/rocket"},
            ["acme/rocket", "bob/rocket"],
            id="a fork",
        ),
    ],
)
def test_whose_it_is(folder: Path, remotes: dict[str, str], names: list[str]) -> None:
    for name, address in remotes.items():
        sh(folder, f"git remote add {name} {address}")
    assert WorkingCopy(folder).full_names == names


@pytest.mark.parametrize(
    "script, branch",
    [
        pytest.param("true", "main", id="main"),
        pytest.param("git branch --move main master", "master", id="master"),
        pytest.param("git branch --delete --force main", "topic", id="neither"),
        pytest.param(
            "git update-ref refs/remotes/origin/next main"
            " && git symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/next",
            "next",
            id="what the remote has checked out",
        ),
    ],
)
def test_the_branch_that_is_shared(folder: Path, script: str, branch: str) -> None:
    sh(folder, script)
    assert WorkingCopy(folder).shared_branch == branch


def test_what_changes(folder: Path) -> None:
    sh(folder, UNCOMMITTED, "echo ignored > .gitignore && echo x > ignored")
    copy = WorkingCopy(folder)
    assert copy.changed_since("main") == [".gitignore", "README.md", "d/deep", "link", "new"]
    assert copy.changed_since("HEAD") == [".gitignore", "README.md", "d/deep", "link", "new", "two"]
    with pytest.raises(NotUsable, match="knows no nowhere"):
        copy.changed_since("nowhere")


def test_a_clone_has_what_is_not_committed(folder: Path, tmp_path: Path) -> None:
    sh(folder, UNCOMMITTED, "echo ignored > .gitignore && echo x > ignored")
    before = sh(folder, "git status --porcelain && git count-objects")
    to = tmp_path / "clone"
    cloned = WorkingCopy(folder).clone(to, "main", is_pull_request=True)
    assert files(to) == {"README.md", "new", "d/deep", "link", ".gitignore"}
    assert (to / "README.md").read_text() == "changed\n"
    assert sh(to, "git status --porcelain") == ""
    assert sh(folder, "git status --porcelain && git count-objects") == before, "nothing is written into it"
    assert cloned.base == sh(folder, "git rev-parse main").strip()
    assert sh(to, "git log --first-parent --format=%s").splitlines() == [f"Merge commit '{cloned.tip}'", "first"]
    assert sh(to, "git log --format=%s HEAD^2").splitlines() == ["What is not committed yet", "second", "first"]
    assert sh(to, "git for-each-ref --format='%(refname)' && git remote") == "refs/heads/main\n"


def test_a_clone_of_what_is_committed(folder: Path, tmp_path: Path) -> None:
    copy = WorkingCopy(folder)
    cloned = copy.clone(tmp_path / "clone", "topic", is_pull_request=False)
    assert cloned.base == cloned.tip == cloned.final == copy.head
    assert sh(tmp_path / "clone", "git symbolic-ref --short HEAD && git rev-parse HEAD") == f"topic\n{copy.head}\n"


def test_a_pull_request_that_changes_nothing(folder: Path, tmp_path: Path) -> None:
    sh(folder, "git checkout --quiet main")
    copy = WorkingCopy(folder)
    assert copy.clone(tmp_path / "clone", "main", is_pull_request=True).final == copy.head


def test_what_is_staged_only_is_kept_so(folder: Path, tmp_path: Path) -> None:
    sh(folder, "echo staged > README.md && git add README.md && echo later > README.md")
    WorkingCopy(folder).clone(tmp_path / "clone", "main", is_pull_request=True)
    assert (tmp_path / "clone" / "README.md").read_text() == "later\n"
    assert sh(folder, "git show :README.md") == "staged\n"


def test_submodules_come_with_their_work(folder: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    sh(library, BEGINNING.strip().replace("\n", " && "))
    add = f"git -c protocol.file.allow=always submodule --quiet add {library} lib"
    sh(folder, add, "git commit --quiet --message lib", "echo more > lib/more")
    WorkingCopy(folder).clone(tmp_path / "clone", "main", is_pull_request=True)
    assert (tmp_path / "clone" / "lib" / "more").read_text() == "more\n"


def test_a_linked_work_tree(folder: Path, tmp_path: Path) -> None:
    sh(folder, f"git worktree add --quiet {tmp_path}/linked main", f"echo x > {tmp_path}/linked/x")
    WorkingCopy(tmp_path / "linked").clone(tmp_path / "clone", "main", is_pull_request=True)
    assert files(tmp_path / "clone") == {"README.md", "x"}


def test_a_revision_is_written_out(folder: Path, tmp_path: Path) -> None:
    sh(folder, UNCOMMITTED)
    assert files(WorkingCopy(folder).export("HEAD", tmp_path / "out")) == {"README.md", "two"}


@pytest.mark.parametrize(
    "script, says",
    [
        pytest.param("true", "not a git repository", id="no repository"),
        pytest.param("git init --quiet", "has no commit yet", id="an empty one"),
    ],
)
def test_what_is_said_of_what_is_none(tmp_path: Path, script: str, says: str) -> None:
    sh(tmp_path, script)
    with pytest.raises(NotUsable, match=says):
        WorkingCopy(tmp_path)
