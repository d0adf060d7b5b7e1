"""Cherry-picks between real repositories on this disk."""

import os
import stat
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cutwater.git.command import Git as Command
from cutwater.git.command import GitError
from cutwater.git.fetching import Unreachable
from cutwater.git.picking import Change, Committer, NotApplied, NotPushed, pick
from cutwater.git.remotes import Remote, Remotes
from infra.local.github.commits import Files, write_files
from infra.local.github.git import Git
from infra.local.github.records import Person

WHO = Person("Pat", "pat@example.com", datetime(2026, 1, 1, tzinfo=UTC))
BOT = Committer("ci-robot", "ci-robot@example.com", datetime(2026, 1, 5, tzinfo=UTC))
LONG = "".join(f"line {number}\n" for number in range(40))


class Scene:
    """A repository with the branches main and release, and an empty one that the picks go to."""

    def __init__(self, folder: Path, main: Files, release: Files) -> None:
        self.git, self.fork = Git(folder / "origin.git"), Git(folder / "fork.git")
        self.git.create("main")
        self.fork.create("main", shares=self.git)
        self.main = self._commit(main, None, "main")
        self.release = self._commit(release, self.main, "release")
        self.git.keep("refs/heads/main", self.main)
        self.git.keep("refs/heads/release", self.release)
        self.patch = b""

    def _commit(self, files: Files, base: str | None, message: str) -> str:
        return write_files(self.git, files, base=base, message=message, author=WHO)

    def propose(self, *changes: Files) -> None:
        """Pull request 7 to main, with a commit for each change."""
        head = self.main
        for number, files in enumerate(changes):
            head = self._commit(files, head, f"Change {number}")
        self.git.keep("refs/pull/7/head", head)
        self.patch = self.git.patch_text(self.main, head)

    def pick(self, branch: str = "pick", patch: bytes | None = None) -> str:
        return pick(
            Change(7, self.patch.count(b"\nSubject: "), self.patch if patch is None else patch),
            onto=self.release,
            source=Remote(f"file://{self.git.folder}"),
            target=Remote(f"file://{self.fork.folder}"),
            branch=branch,
            committer=BOT,
        )

    def text(self, path: str, branch: str = "pick") -> str | None:
        found = self.fork.read(f"refs/heads/{branch}:{path}")
        return None if found is None else found.body.decode()


def test_the_change_alone_is_taken_over(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"a": LONG, "b": "b\n"}, {"a": LONG.replace("line 30", "thirty"), "r": "r\n"})
    scene.propose({"a": LONG.replace("line 3\n", "three\n")}, {"d/new": "new\n", "b": None})
    sha = scene.pick()
    head = scene.fork.commit("refs/heads/pick")
    assert head is not None and head.sha == sha
    assert [one.message for one in scene.fork.between(scene.release, sha)] == ["Change 0", "Change 1"]
    assert (head.author.name, head.committer.email, head.committer.date) == ("Pat", BOT.email, BOT.at)
    assert scene.text("a") == LONG.replace("line 30", "thirty").replace("line 3\n", "three\n")
    assert (scene.text("d/new"), scene.text("b"), scene.text("r")) == ("new\n", None, "r\n")
    assert scene.pick() == sha, "done again, the very same commits are made"


def test_no_other_file_is_fetched(tmp_path: Path) -> None:
    """Those that the change does not touch are gone where it comes from, and nobody misses them."""
    scene = Scene(
        tmp_path, {"a": LONG, "d/large": "large\n"}, {"a": LONG.replace("line 9\n", "nine\n"), "other": "o\n"}
    )
    scene.propose({"a": LONG.replace("line 7\n", "seven\n")})
    scene.fork.keep("refs/heads/release", scene.release)
    for path in ("d/large", "other"):
        entry = scene.git.read(f"{scene.release}:{path}")
        assert entry is not None
        (scene.git.folder / "objects" / entry.sha[:2] / entry.sha[2:]).unlink()
    scene.pick()
    assert scene.text("a") == LONG.replace("line 7\n", "seven\n").replace("line 9\n", "nine\n")


def test_lines_that_have_moved_are_found(tmp_path: Path) -> None:
    """The context is another there: only git's three-way merge finds the place, with the file as it was before."""
    moved = LONG.replace("line 9\n", "nine\n").replace("line 11\n", "eleven\n")
    scene = Scene(tmp_path, {"a": moved}, {"a": LONG})
    scene.propose({"a": moved.replace("line 7\n", "seven\n")}, {"a": moved.replace("line 7\n", "SEVEN\n")})
    scene.pick()
    assert scene.text("a") == LONG.replace("line 7\n", "SEVEN\n")


def test_a_file_that_is_called_otherwise_is_found(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"a": LONG, "other": "x\n"}, {"a": None, "d/b": LONG.replace("line 30", "thirty")})
    scene.propose({"a": LONG.replace("line 7\n", "seven\n")})
    scene.pick()
    assert scene.text("d/b") == LONG.replace("line 30", "thirty").replace("line 7\n", "seven\n")
    assert scene.text("a") is None


def test_a_conflict_is_told_in_git_s_words(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"a": "one\n"}, {"a": "other\n"})
    scene.propose({"a": "two\n"})
    with pytest.raises(NotApplied, match=r"(?s)Applying: Change 0\n.*Merge conflict in a\n") as told:
        scene.pick()
    assert str(tmp_path) not in str(told.value) and "pick-" not in str(told.value)
    assert scene.text("a") is None


def test_what_is_no_patch_does_not_apply(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"a": "one\n"}, {})
    scene.propose({"a": "two\n"})
    with pytest.raises(NotApplied):
        scene.pick(patch=b"")


def test_nothing_that_a_repository_holds_is_run(tmp_path: Path) -> None:
    """Filters, merge drivers and hooks are named in files of both sides; a link leads out; a text has odd line ends."""
    attributes = "* filter=evil merge=evil diff=evil\n*.crlf text eol=crlf\n*.utf working-tree-encoding=UTF-16\n"
    before = {
        ".gitattributes": attributes,
        "a": LONG,
        "odd.crlf": "1\n2\n",
        "odd.utf": "x\n",
        ".gitmodules": EVIL_MODULE,
    }
    scene = Scene(
        tmp_path, before, {"a": LONG.replace("line 30", "thirty"), "hooks/post-checkout": "#!/bin/sh\nfalse\n"}
    )
    scene.propose({"a": LONG.replace("line 3\n", "three\n"), "odd.crlf": "1\n3\n", "odd.utf": "y\n"})
    scene.pick()
    assert (scene.text("odd.crlf"), scene.text("odd.utf")) == ("1\n3\n", "y\n")
    assert scene.text("a") == LONG.replace("line 30", "thirty").replace("line 3\n", "three\n")


EVIL_MODULE = '[submodule "x"]\n\tpath = x\n\turl = -u./payload\n'
OUTSIDE = """From 1111111111111111111111111111111111111111 Mon Sep 17 00:00:00 2001
From: Mallory <mallory@example.com>
Date: Thu, 1 Jan 2026 00:00:00 +0000
Subject: [PATCH] out

---
diff --git a/{path} b/{path}
new file mode 100755
index 0000000000..257cc5642c
--- /dev/null
+++ b/{path}
@@ -0,0 +1 @@
+foo
--
2.39.5
"""


@pytest.mark.parametrize("path", ["../out", "/tmp/out", ".git/hooks/pre-push", ".GIT/config", "a/../../out", "git~1/x"])
def test_a_patch_stays_within(path: str, tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"a": "one\n"}, {})
    scene.propose({"a": "two\n"})
    with pytest.raises(NotApplied):
        scene.pick(patch=OUTSIDE.format(path=path).encode())
    assert not (tmp_path / "out").exists()


def test_a_patch_does_not_follow_a_link(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"a": "one\n"}, {})
    scene.propose({"a": "two\n"})
    made = (
        OUTSIDE.format(path="link")
        .replace("100755", "120000")
        .replace("+foo", f"+{tmp_path}\n\\ No newline at end of file")
    )
    with pytest.raises(NotApplied):
        scene.pick(patch=(made + OUTSIDE.format(path="link/out")).encode())
    assert not (tmp_path / "out").exists()


def test_a_fork_that_is_behind_is_told_what_lies_below(tmp_path: Path) -> None:
    """Another server than ours takes no commit whose past it does not know."""
    scene = Scene(tmp_path, {"a": LONG}, {"r": "r\n"})
    scene.propose({"a": LONG.replace("line 3\n", "three\n")})
    behind = Command(tmp_path)
    behind.run("init", "--quiet", "--bare", "behind.git")
    scene.fork = Git(tmp_path / "behind.git")
    sha = scene.pick()
    assert [one.message for one in scene.fork.between("", sha)] == ["main", "release", "Change 0"]
    assert not (tmp_path / "behind.git/shallow").exists()


def test_a_branch_that_is_refused(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"a": "one\n"}, {})
    scene.propose({"a": "two\n"})
    hook = scene.fork.folder / "hooks/update"
    hook.parent.mkdir()
    hook.write_text("#!/bin/sh\necho no such thing here; exit 1\n")
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(NotPushed, match="hook declined"):
        scene.pick()


@pytest.mark.parametrize(
    ("url", "error"),
    [
        pytest.param("file:///nonexistent/repository.git", GitError, id="it does not exist"),
        pytest.param("http://127.0.0.1:9/acme/rocket.git", Unreachable, id="nobody listens"),
    ],
)
def test_a_source_that_cannot_be_read(url: str, error: type[Exception]) -> None:
    with pytest.raises(GitError) as raised:
        pick(
            Change(7, 1, b""),
            onto="1" * 40,
            source=Remote(url),
            target=Remote("file:///nonexistent"),
            branch="pick",
            committer=BOT,
        )
    assert type(raised.value) is error


def test_a_transport_is_no_program(tmp_path: Path) -> None:
    for url in (f"ext::touch {tmp_path}/out", f"--upload-pack=touch {tmp_path}/out"):
        with pytest.raises(GitError):
            pick(Change(7, 1, b""), onto="1" * 40, source=Remote(url), target=Remote(url), branch="b", committer=BOT)
    assert not (tmp_path / "out").exists()


def test_people_s_words_are_not_taken_for_git_s(tmp_path: Path) -> None:
    """A conflict stays one, whatever the commit is called."""
    scene = Scene(tmp_path, {"a": "one\n"}, {"a": "other\n"})
    scene.propose({"a": "two\n"})
    with pytest.raises(NotApplied, match="Applying: early EOF"):
        scene.pick(patch=scene.patch.replace(b"Change 0", b"early EOF, timed out: returned error: 503"))


def test_it_ends_in_time(tmp_path: Path) -> None:
    program = tmp_path / "git-upload-pack"
    program.write_text("#!/bin/sh\nsleep 60\n")
    program.chmod(0o755)
    git = Command(tmp_path)
    began = time.monotonic()
    with pytest.raises(GitError, match="not done in"):
        git.attempt("-c", "alias.hang=!sleep 60", "hang", seconds=0.2)
    assert time.monotonic() - began < 10


async def test_a_token_is_told_to_git_s_environment_alone() -> None:
    async def token(org: str, repo: str) -> str:
        return "secret" if org == "acme" else ""

    remotes = Remotes("https://github.com/", token)
    ours, other = await remotes.of("acme", "rocket"), await remotes.of("bot", "rocket")
    assert ours.url == "https://github.com/acme/rocket.git" and "c2VjcmV0" not in repr(ours)
    assert ours.configuration == {
        "http.https://github.com/acme/rocket.git.extraHeader": "Authorization: Basic eC1hY2Nlc3MtdG9rZW46c2VjcmV0"
    }
    assert other.configuration == {}
    seen = Command(Path(os.curdir), ours.configuration).run("config", "--get-urlmatch", "http.extraHeader", ours.url)
    assert b"eC1hY2Nlc3M" in seen
