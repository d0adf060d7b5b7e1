"""What tide does with a large repository, in a process of its own: one request a line, one answer a line.

The peer is in here, too: it clones all of the repository, and merges in a work tree, as upstream's tide does.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from cutwater.git.clones import Clones
from cutwater.git.command import Git
from cutwater.git.remotes import Remotes
from cutwater.git.stacks import Change
from cutwater.storage.s3 import S3Store

ORG, REPO, BRANCH = "acme", "rocket", "main"
WHO = {"user.name": "prow", "user.email": "prow@localhost", "commit.gpgsign": "false"}
PATIENCE = 1800


class Request(Struct, frozen=True, kw_only=True):
    """`keep` keeps the branch in the state bucket; `stack` puts the pull requests (number and head) on the base, `push`
    has GitHub hold the commit of the last such stack. `clone` and `merge` are the peer's.
    """

    do: Literal["keep", "stack", "push", "clone", "merge"]
    base: str = ""
    pulls: tuple[tuple[int, str], ...] = ()


class Answer(Struct, frozen=True, kw_only=True):
    """How long it took, in seconds; which pull requests go together, and the tree of them all."""

    seconds: float
    numbers: tuple[int, ...] = ()
    tree: str = ""


class Function:
    """The repository behind an address, and the state bucket of this process's environment."""

    def __init__(self, address: str, bucket: str, endpoint: str, work: Path) -> None:
        async def token(org: str, repo: str) -> str:
            return os.environ["GITHUB_TOKEN"]

        self._address, self._commit = address, ""
        self._clones = Clones(Remotes(address, token), lambda: S3Store(bucket, endpoint_url=endpoint))
        self._peer = Git(work, WHO, until=time.monotonic() + PATIENCE)

    async def answer(self, request: Request) -> Answer:
        began = time.perf_counter()
        numbers, tree = await self._do(request)
        return Answer(seconds=time.perf_counter() - began, numbers=tuple(numbers), tree=tree)

    async def _do(self, request: Request) -> tuple[Sequence[int], str]:
        match request.do:
            case "keep":
                await self._clones.keep(ORG, REPO, [BRANCH])
            case "stack":
                changes = [Change(number=number, head=head, method="merge") for number, head in request.pulls]
                stack = await self._clones.stack(ORG, REPO, BRANCH, base=request.base, changes=changes)
                self._commit = stack.layers[-1].commit
                return [layer.number for layer in stack.layers], stack.layers[-1].tree
            case "push":
                await self._clones.push(ORG, REPO, commit=self._commit, ref="refs/cutwater/tide/main")
            case "clone":
                self._peer.run("clone", "--quiet", f"{self._address}/{ORG}/{REPO}.git", ".")
            case "merge":
                return self._merged(request)
        return (), ""

    def _merged(self, request: Request) -> tuple[Sequence[int], str]:
        heads = [f"+refs/pull/{number}/head" for number, _ in request.pulls]
        self._peer.run("fetch", "--quiet", "origin", request.base, *heads)
        self._peer.run("checkout", "--quiet", "--detach", request.base)
        numbers = []
        for number, head in request.pulls:
            if self._peer.attempt("merge", "--no-ff", "--no-stat", "-m", "merge", head).code == 0:
                numbers.append(number)
            else:
                self._peer.run("merge", "--abort")
        return numbers, self._peer.run("rev-parse", "HEAD^{tree}").decode().strip()


def main() -> None:
    address, bucket, endpoint = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="peer-") as work:
        function = Function(address, bucket, endpoint, Path(work))
        for line in sys.stdin:
            answer = asyncio.run(function.answer(msgspec.json.decode(line, type=Request)))
            print(msgspec.json.encode(answer).decode(), flush=True)


if __name__ == "__main__":
    main()
