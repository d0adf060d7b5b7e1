"""Batches in a repository of a gigabyte, from the state bucket and a partial clone; beside a clone of all of it.

usage: python -m bench.repository [--quick] [--seed N]

GitHub and the store are processes of their own, and so is each function: the first batch is that of a fresh one, the
next comes when the branch has moved on. The peer clones the repository and merges in a work tree, as upstream does.
"""

import argparse
import contextlib
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.large_repository import Size, make
from bench.repository_function import ORG, REPO, Answer, Request
from bench.tree_memory import TreeMemory
from infra.local.github.code import git_of
from infra.local.github.server import GitHub
from infra.local.s3.server import DEMO_KEY

WHOLE, QUICK = Size(), Size(texts=2_000, large=4, commits=1_200)
BOT = "ci-robot"
STATE, EMPTY = "state", "empty"
"""Buckets: the one in which the branch is kept, and one in which nothing is."""
FIRST, NEXT = range(1, 6), range(6, 11)
"""The pull requests of the two batches."""
KEPT_AGE, FIRST_AGE = 230, 30
"""How many commits before its end the branch is when it is kept, and when the first batch is made."""
FIRST_SECONDS, NEXT_SECONDS, MEMORY = 60.0, 10.0, 512 * 1024 * 1024
READY = 30.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One step: seconds, the peak of the memory in bytes; and what it may take."""

    step: str
    seconds: float
    memory: int
    limit: float | None = None


class Function:
    """A process of tide's, or of the peer's."""

    def __init__(self, address: str, token: str, endpoint: str, bucket: str, temporary: Path) -> None:
        temporary.mkdir()
        environment = {
            **os.environ,
            "TMPDIR": str(temporary),
            "GITHUB_TOKEN": token,
            "AWS_ACCESS_KEY_ID": DEMO_KEY.access,
            "AWS_SECRET_ACCESS_KEY": DEMO_KEY.secret,
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        command = [sys.executable, "-m", "bench.repository_function", address, bucket, endpoint]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self._memory = TreeMemory(self._process.pid)

    def do(self, request: Request) -> tuple[Answer, int]:
        """Its answer, and how much memory it took at most."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._memory.peak()
        self._process.stdin.write(msgspec.json.encode(request) + b"\n")
        self._process.stdin.flush()
        answer = msgspec.json.decode(self._process.stdout.readline(), type=Answer)
        return answer, self._memory.peak()

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._memory.stop()


class Installation:
    """GitHub with the repository, and a store, in processes of their own."""

    def __init__(self, folder: Path, size: Size, seed: int) -> None:
        self._folder, self._functions = folder, 0
        github = GitHub(folder / "github")
        world = github.world()
        world.organisation(ORG)
        here = world.repository(f"{ORG}/{REPO}", collaborators=[BOT])
        self._token = world.token(BOT)
        self._git = git_of(github.hub, here.record).folder
        github.close()
        self.main = make(folder / "made", size, seed)
        for name in ("objects", "refs"):
            shutil.rmtree(self._git / name)
            shutil.move(folder / "made" / name, self._git / name)

    @property
    def bytes(self) -> int:
        return sum(file.stat().st_size for file in self._git.rglob("*") if file.is_file())

    def pulls(self, numbers: Sequence[int]) -> tuple[tuple[int, str], ...]:
        """Pull requests by number, with their heads."""
        return tuple((number, self._run("rev-parse", f"refs/pull/{number}/head")) for number in numbers)

    def be_at(self, commit: str) -> None:
        """Have the branch there."""
        self._run("update-ref", "refs/heads/main", commit)

    @contextlib.contextmanager
    def served(self) -> Iterator[None]:
        """While they answer."""
        ports = [_free_port(), _free_port()]
        self._github, self._s3 = (f"http://127.0.0.1:{port}" for port in ports)
        common = [sys.executable, "-m"]
        github = [*common, "infra.local.github", "--port", str(ports[0]), "--state", str(self._folder / "github")]
        s3 = [*common, "infra.local.s3", "--port", str(ports[1]), "--root", str(self._folder / "s3")]
        s3 += ["--bucket", STATE, "--bucket", EMPTY]
        with subprocess.Popen(github) as one, subprocess.Popen(s3) as other:
            try:
                for port in ports:
                    _wait_for(port)
                yield
            finally:
                one.terminate()
                other.terminate()

    @contextlib.contextmanager
    def function(self, bucket: str = STATE) -> Iterator[Function]:
        """A fresh function."""
        self._functions += 1
        function = Function(self._github, self._token, self._s3, bucket, self._folder / f"function-{self._functions}")
        try:
            yield function
        finally:
            function.end()

    def _run(self, *command: str) -> str:
        done = subprocess.run(["git", "-C", str(self._git), *command], check=True, capture_output=True, text=True)
        return done.stdout.strip()


def measure(here: Installation) -> Iterator[Figure]:
    """The steps, one after the other."""
    first = Request(do="stack", base=here.main[-FIRST_AGE], pulls=here.pulls(FIRST))
    following = Request(do="stack", base=here.main[-1], pulls=here.pulls(NEXT))
    here.be_at(here.main[-KEPT_AGE])
    with here.function() as function:
        yield _figure("the branch is kept for the first time", function.do(Request(do="keep")))
    here.be_at(here.main[-FIRST_AGE])
    with here.function() as function:
        ours = function.do(first)
        yield _figure("a fresh function's first batch of five", ours, FIRST_SECONDS)
        here.be_at(here.main[-1])
        then = function.do(following)
        yield _figure("the next batch", then, NEXT_SECONDS)
        yield _figure("it is pushed", function.do(Request(do="push")), NEXT_SECONDS)
        yield _figure("the same batch again", function.do(following), NEXT_SECONDS)
    with here.function() as function:
        yield _figure("the branch is kept again", function.do(Request(do="keep")))
    with here.function(EMPTY) as function:
        yield _figure("the first batch, with nothing kept", function.do(first), FIRST_SECONDS)
    with here.function() as peer:
        yield _figure("peer: a clone of all of it", peer.do(Request(do="clone")))
        yield _figure("peer: the first batch", _same(ours, peer.do(msgspec.structs.replace(first, do="merge"))))
        yield _figure("peer: the next batch", _same(then, peer.do(msgspec.structs.replace(following, do="merge"))))


def _figure(step: str, done: tuple[Answer, int], limit: float | None = None) -> Figure:
    return Figure(step, done[0].seconds, done[1], limit)


def _same(ours: tuple[Answer, int], theirs: tuple[Answer, int]) -> tuple[Answer, int]:
    """The peer's, which must have come to the same. Raises RuntimeError."""
    if (ours[0].numbers, ours[0].tree) != (theirs[0].numbers, theirs[0].tree):
        raise RuntimeError(f"the batches differ: {ours[0]} and {theirs[0]}")
    return theirs


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + READY
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _table(figures: Sequence[Figure]) -> Iterator[str]:
    yield "| to limit | of 512 MiB | step | seconds | MiB |"
    yield "| ---: | ---: | --- | ---: | ---: |"
    for one in figures:
        ratio = f"{one.seconds / one.limit:.2f}" if one.limit else ""
        memory = f"{one.memory / MEMORY:.2f}"
        yield f"| {ratio} | {memory} | {one.step} | {one.seconds:.1f} | {one.memory / 2**20:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.repository", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small repository, to see that it works")
    parser.add_argument("--seed", type=int, default=8)
    chosen = parser.parse_args()
    size = QUICK if chosen.quick else WHOLE
    with tempfile.TemporaryDirectory(prefix="repository-") as folder:
        here = Installation(Path(folder), size, chosen.seed)
        made = f"{size.texts} texts, {size.large} large files, {size.commits} commits, {here.bytes / 2**20:.0f} MiB"
        print(f"{made}; seed {chosen.seed}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}\n")
        with here.served():
            figures = list(measure(here))
    print("\n".join(_table(figures)))


if __name__ == "__main__":
    main()
