"""A repository of a gigabyte, made from a seed: texts that change line by line, and files that are large."""

import random
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

LINES = 80
"""Of each text. The branch changes those whose number is a multiple of eight, a pull request others."""
FOLDERS = 20
"""Folders of the root, and folders of each of these."""
LARGE = 5 * 1024 * 1024
"""Bytes of a large file."""
AGE = 60
"""How many commits of the branch each pull request started earlier than the one before it, or beside it."""
CONFLICTING = 3
"""The pull request that changes the same line as the one before it."""
MOVING = 4
"""The one that calls a text otherwise which the branch has changed since."""
BEGINNING = 1_700_000_000
Files = Sequence[tuple[str, bytes | None]]
"""What a commit writes, by path; None removes it."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large: how many texts, large files, commits (each changes three texts), and pull requests."""

    texts: int = 20_000
    large: int = 170
    commits: int = 12_000
    pulls: int = 10


@dataclass(frozen=True, slots=True)
class _Edit:
    """A line that a commit of the branch has changed."""

    commit: int
    path: str
    line: int


def make(folder: Path, size: Size, seed: int) -> list[str]:
    """Make the bare repository: the branch `main`, and the pull requests as GitHub has them. Gives main's commits."""
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", folder], check=True)
    command = ["git", "-C", str(folder), "-c", "core.compression=0", "fast-import", "--quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as importing:
        assert importing.stdin is not None
        for piece in _Writing(size, seed).everything():
            importing.stdin.write(piece)
    if importing.returncode:
        raise RuntimeError("git fast-import failed")
    listed = subprocess.run(["git", "-C", folder, "rev-list", "--reverse", "main"], check=True, capture_output=True)
    return listed.stdout.decode().split()


class _Writing:
    """The repository as `git fast-import` reads it."""

    def __init__(self, size: Size, seed: int) -> None:
        self._size, self._random = size, random.Random(seed)
        self._paths = [f"src/{n % FOLDERS}/{n // FOLDERS % FOLDERS}/text-{n}.txt" for n in range(size.texts)]
        self._edits: dict[str, list[_Edit]] = {path: [] for path in self._paths}
        self._lately: list[_Edit] = []
        self._commits = 0

    def everything(self) -> Iterator[bytes]:
        """The branch, and then the pull requests."""
        yield from self._on_main([(path, self._text(path, 1)) for path in self._paths])
        for number in range(self._size.large):
            yield from self._on_main([(f"assets/{number}.bin", self._random.randbytes(LARGE))])
        while self._commits < self._size.commits:
            yield from self._on_main([self._change() for _ in range(3)])
        for number in range(1, self._size.pulls + 1):
            yield from self._pull(number)

    def _on_main(self, files: Files) -> Iterator[bytes]:
        self._commits += 1
        yield b"commit refs/heads/main\nmark :%d\n" % self._commits
        yield from _rest(files, BEGINNING + 60 * self._commits, f"Change {self._commits}")

    def _change(self) -> tuple[str, bytes]:
        edit = _Edit(self._commits + 1, self._random.choice(self._paths), self._random.randrange(0, LINES, 8))
        self._edits[edit.path].append(edit)
        self._lately.append(edit)
        return edit.path, self._text(edit.path, edit.commit)

    def _pull(self, number: int) -> Iterator[bytes]:
        """It changes lines of three texts that the branch has changed since, and adds another text."""
        of = number - 1 if number == CONFLICTING else number
        start = self._commits - of * AGE
        since = [edit.path for edit in self._lately if edit.commit > start]
        paths = since[of * 3 : of * 3 + 3]
        files: list[tuple[str, bytes | None]] = [(f"new/{number}.txt", b"new\n" * number)]
        files += [(path, self._text(path, start, {of * 8 % LINES + 4: f"pull request {number}"})) for path in paths]
        if number == MOVING:
            files += [(paths[0], None), (f"moved/{number}.txt", self._text(paths[0], start))]
        yield b"commit refs/pull/%d/head\nmark :%d\n" % (number, self._commits + number)
        yield from _rest(files, BEGINNING + 60 * start, f"Pull request {number}", start)

    def _text(self, path: str, commit: int, others: dict[int, str] | None = None) -> bytes:
        """What a text holds after a commit of the branch, but for `others` among its lines."""
        lines = [f"{path}: this is line {number}, and nobody has changed it" for number in range(LINES)]
        for edit in self._edits[path]:
            if edit.commit <= commit:
                lines[edit.line] = f"{path}: commit {edit.commit} has changed line {edit.line}"
        for number, line in (others or {}).items():
            lines[number] = line
        return "\n".join([*lines, ""]).encode()


def _rest(files: Files, seconds: int, message: str, start: int | None = None) -> Iterator[bytes]:
    """A commit behind its name and mark."""
    yield b"committer Pat <pat@example.com> %d +0000\ndata %d\n%b\n" % (seconds, len(message), message.encode())
    if start is not None:
        yield b"from :%d\n" % start
    for path, content in files:
        if content is None:
            yield b"D %b\n" % path.encode()
        else:
            yield b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(content), content)
    yield b"\n"
