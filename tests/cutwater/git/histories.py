"""Repositories with a history made at random, and what git itself makes of their pull requests in a work tree."""

import random
from collections.abc import Sequence
from pathlib import Path

from cutwater.git.command import Git
from cutwater.git.stacks import Change, Method

WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in {"NAME": "Pat", "EMAIL": "pat@example.com", "DATE": "1767225600 +0000"}.items()
}
PATHS = ("a", "b", "docs/a", "docs/b", "docs/deep/c", "src/main", "src/log", "src/deep/data", "CHANGES")
ATTRIBUTES = (
    ("CHANGES merge=union\n*.bin binary\n", "docs/* merge=binary\n", "/deep/c -merge\n", "* merge=foreign\n"),
    ("/src/log merge=union\n[attr]lines merge=union\ndocs/a lines\n", "a merge=union\n", "deep/ merge=union\n", ""),
)
KINDS = (*("lines",) * 3, *("hot",) * 4, "add", "remove", "move", "mode", "link", "folder", "attributes")
"""Of changes, as often as they happen."""
HOT = ("CHANGES", "docs/a", "src/log", "docs/deep/c")
"""What everybody changes, at its end; attributes say how that is merged."""
PLACES = ("", "docs/", "src/", "docs/deep/")


class Work:
    """A repository with a work tree, where git does what people do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git = Git(folder, {"core.autocrlf": "false", "commit.gpgsign": "false"}, environment=WHO)
        self.git.run("init", "--quiet", "--initial-branch=main")

    @property
    def head(self) -> str:
        return self.git.run("rev-parse", "HEAD").decode().strip()

    @property
    def tree(self) -> str:
        return self.git.run("rev-parse", "HEAD^{tree}").decode().strip()

    def commit(self, message: str = "a change", *, author: str = "") -> str:
        self.git.run("add", "--all")
        who = [f"--author={author}"] if author else []
        self.git.run("commit", "--quiet", "--allow-empty", "--no-verify", *who, "-m", message)
        return self.head

    def at(self, sha: str) -> None:
        self.git.run("checkout", "--quiet", "--detach", "--force", sha)
        self.git.run("clean", "-fdxq")

    # What upstream's tide does of each method

    def put(self, head: str, method: Method) -> bool:
        """Put a pull request on top, as upstream's tide does it in its clone; or leave it out."""
        before = self.head
        match method:
            case "merge":
                code = self.git.attempt("merge", "--no-ff", "--no-stat", "-m", "merge", head).code
            case "squash":
                code = self.git.attempt("merge", "--squash", "--no-stat", head).code
                code = code or self.git.attempt("commit", "--no-stat", "-m", "merge").code
            case "rebase":
                code = self.git.attempt("rebase", "--no-stat", before, head).code
                if code:
                    self.git.attempt("rebase", "--abort")
        if code:
            self.git.attempt("merge", "--abort")
            self.git.run("reset", "--quiet", "--hard", before)
            self.at(before)
        return code == 0


class History:
    """A branch, and pull requests to it that start at different points of it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.work, self._random = Work(folder), random.Random(seed)
        for path in PATHS:
            self._write(path, self._lines(self._random.randrange(0, 30)))
        for place, text in zip(PLACES, self._random.choice(ATTRIBUTES), strict=True):
            if self._random.random() < 0.7:
                self._write(f"{place}.gitattributes", text)
        main = [self.work.commit("the first")]
        main += [self._changed() for _ in range(self._random.randrange(1, 6))]
        self.base = main[-1]
        self.heads = [self._pull(main) for _ in range(self._random.randrange(2, 7))]

    def changes(self, methods: Sequence[Method]) -> list[Change]:
        return [
            Change(number=number, head=head, method=self._random.choice(methods), subject=f"Change {number}")
            for number, head in enumerate(self.heads, start=1)
        ]

    def _pull(self, main: Sequence[str]) -> str:
        self.work.at(self._random.choice(main))
        for _ in range(self._random.randrange(1, 4)):
            if self._random.random() < 0.1:
                self.work.git.attempt("merge", "--quiet", "-m", "their own merge", self._random.choice(main))
                if self.work.git.run("ls-files", "--unmerged"):
                    self.work.git.run("merge", "--abort")
            self._changed()
        return self.work.head

    def _changed(self) -> str:
        for _ in range(self._random.randrange(1, 3)):
            self._change()
        return self.work.commit()

    def _change(self) -> None:
        files = self.work.git.run("ls-files").decode().split()
        path = self._random.choice(files or PATHS)
        file = self.work.folder / path
        match self._random.choice(KINDS):
            case "lines" if file.is_file() and not file.is_symlink():
                self._change_lines(file)
            case "hot":
                hot = self.work.folder / self._random.choice(HOT)
                if hot.is_file() and not hot.is_symlink():
                    hot.write_text(hot.read_text() + self._lines(1))
            case "attributes":
                place = self._random.randrange(len(PLACES))
                self._write(f"{PLACES[place]}.gitattributes", self._random.choice(ATTRIBUTES)[place])
            case "add":
                self._write(f"{self._random.choice(PLACES)}new{self._random.randrange(4)}", self._lines(5))
            case "remove" if file.exists():
                file.unlink()
            case "move" if file.exists():
                self._move(path)
            case "mode" if file.is_file() and not file.is_symlink():
                file.chmod(file.stat().st_mode ^ 0o111)
            case "link":
                self._write(path, "")
                file.unlink(missing_ok=True)
                file.symlink_to(f"to-{self._random.randrange(3)}")
            case "folder" if (self.work.folder / "docs").is_dir() and not (self.work.folder / "texts").exists():
                (self.work.folder / "docs").rename(self.work.folder / "texts")

    def _change_lines(self, file: Path) -> None:
        lines = file.read_text().splitlines(keepends=True)
        at = self._random.randrange(len(lines) + 1)
        new = self._lines(self._random.randrange(0, 3)).splitlines(keepends=True)
        file.write_text("".join(lines[:at] + new + lines[at + self._random.randrange(0, 3) :]))

    def _move(self, path: str) -> None:
        to = self.work.folder / self._random.choice(PLACES) / f"moved{self._random.randrange(3)}"
        if to.parent.is_dir() and not to.is_dir():
            (self.work.folder / path).rename(to)

    def _lines(self, count: int) -> str:
        return "".join(f"line {self._random.randrange(60)}\n" for _ in range(count))

    def _write(self, path: str, text: str) -> None:
        file = self.work.folder / path
        if any(parent.is_file() or parent.is_symlink() for parent in file.parents) or file.is_dir():
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.write_text(text)
