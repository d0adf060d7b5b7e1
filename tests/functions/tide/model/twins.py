"""Two GitHubs of which one is the local GitHub with real git: whatever is done to one is done to both, and whatever is
asked of one is asked of both. The model must not answer what the real one does not.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import httpx2
import msgspec

from cutwater.errors import Refused
from cutwater.events.edges import Clock
from cutwater.git.clones import Clones
from cutwater.git.stacks import Change, Stack
from cutwater.github.client import GitHub as Client
from cutwater.github.client import Unprocessable
from cutwater.storage.memory import MemoryStore
from infra.local.github import pushes
from infra.local.github.handles import Issue
from infra.local.github.people import account_of
from infra.local.github.server import GitHub
from infra.local.one_process import GITHUB
from tests import virtual_time
from tests.code import remotes
from tests.functions.tide.model.answers import Answers, Json, Stacking
from tests.functions.tide.model.code import Files
from tests.functions.tide.model.hub import FULL_NAME, SHARED, Hub, State
from tests.functions.tide.model.stage import Place

Result = TypeVar("Result")
BOT, AUTHOR, MAINTAINER = "ci-robot", "bob", "alice"


class Differs(AssertionError):
    """The twins do not answer alike."""


class Twins(Hub):
    """The model, and the local GitHub. `shas` are the real ones by those of the model."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.lock = asyncio.Lock()
        self.local = GitHub(clock=clock)
        self._world = self.local.world()
        self._world.organisation("acme", members=[MAINTAINER, AUTHOR], admins=[BOT])
        self._here = self._world.repository(
            FULL_NAME, files={SHARED: "nothing\n"}, collaborators=[MAINTAINER, AUTHOR], branches=["release"]
        )
        client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self.local.app), base_url=GITHUB)
        api, graphql = f"{GITHUB}/api/v3", f"{GITHUB}/api/graphql"
        self.client = Client(client, self._token, api=api, graphql_api=graphql, clock=clock)
        self.shas: dict[str, str] = {}
        self.pair(self.state.branches["main"], self._here.head())
        hub = self.local.hub
        with hub.store.transaction():
            by = account_of(hub, MAINTAINER)
            pushes.push_files(hub, self._here.record, "release", {"release.txt": "one\n"}, by=by, message="A release")
        self.pair(self.state.branches["release"], self._here.head("release"))

    def close(self) -> None:
        self.local.close()

    async def _token(self, place: str) -> str:
        return self._world.token(BOT)

    def pair(self, model: str, real: str) -> None:
        """A SHA of the model and the real one stand for the same."""
        if self.shas.setdefault(model, real) != real:
            raise Differs(f"{model} is {self.shas[model]} and {real}")

    def _pull(self, number: int) -> Issue:
        return self._here.issue(number)

    # What people do

    async def open(self, title: str, files: Files, *, base: str = "main") -> int:
        async with self.lock:
            number = await super().open(title, files, base=base)
            made = await self._world.pull_request(
                self._here, author=AUTHOR, files=dict(files), title=title, branch=f"topic-{title}", base=base
            )
            assert made.number == number
            self.pair(self.state.pulls[number].head, made.head)
            return number

    async def push(self, number: int, files: Files) -> None:
        async with self.lock:
            await super().push(number, files)
            self.pair(self.state.pulls[number].head, await self._pull(number).push(dict(files)))

    async def rebase(self, number: int, files: Files) -> None:
        async with self.lock:
            await super().rebase(number, files)
            change, hub = self._pull(number).pull, self.local.hub
            assert change.head_repository is not None
            home, by = hub.repositories[change.head_repository], account_of(hub, AUTHOR)
            base = self._here.head(change.base_ref)
            message = f"{self.state.pulls[number].title} again"
            with hub.store.transaction():
                sha = pushes.commit_files(hub, home, change.head_ref, dict(files), base=base, by=by, message=message)
                pushes.moved(hub, home, f"refs/heads/{change.head_ref}", sha, by)
            self.pair(self.state.pulls[number].head, sha)

    async def label(self, number: int, name: str, *, present: bool) -> None:
        async with self.lock:
            has_it = name in self.state.pulls[number].labels
            await super().label(number, name, present=present)
            if present and not has_it:
                await self._pull(number).label(name, by=MAINTAINER)
            elif has_it and not present:
                await self._pull(number).unlabel(name, by=MAINTAINER)

    async def set_open(self, number: int, *, is_open: bool) -> None:
        async with self.lock:
            await super().set_open(number, is_open=is_open)
            pull = self._pull(number)
            await (pull.reopen(MAINTAINER) if is_open else pull.close(MAINTAINER))

    async def retarget(self, number: int, base: str) -> None:
        async with self.lock:
            await super().retarget(number, base)
            await self._pull(number).edit(MAINTAINER, base=base)

    async def push_to(self, branch: str, files: Files) -> None:
        async with self.lock:
            await super().push_to(branch, files)
            sha = await self._world.push(self._here, branch, dict(files), author=MAINTAINER)
            self.pair(self.state.branches[branch], sha)

    async def block(self, title: str) -> int:
        async with self.lock:
            number = await super().block(title)
            made = await self._world.issue(self._here, author=MAINTAINER, title=title, labels=["blocker"])
            assert made.number == number
            return number

    async def unblock(self, number: int) -> None:
        async with self.lock:
            if self.state.blockers[number].is_open:
                await super().unblock(number)
                await self._pull(number).close(MAINTAINER)

    async def set_status(self, sha: str, context: str, state: str, description: str) -> None:
        async with self.lock:
            await super().set_status(sha, context, state, description)
            body = {"state": state, "context": context, "description": description}
            path = "/repos/{org}/{repo}/statuses/{sha}"
            await self.client.send("POST", path, body, org="acme", repo="rocket", sha=self.shas[sha])


class TwinAnswers(Answers):
    """What the model answers, which is what the local GitHub answers. Raises Differs."""

    def __init__(self, hub: Twins, state: State | None = None) -> None:
        super().__init__(hub, state)
        self._twins = hub

    async def get(self, path: str, **parts: str | int) -> Json | None:
        real = self._real(parts)
        return await self._both(super().get(path, **parts), self._twins.client.get(path, **real), f"{path} {parts}")

    async def pages(self, path: str, **parts: str | int) -> list[Json]:
        real = self._real(parts)
        return await self._both(super().pages(path, **parts), self._twins.client.pages(path, **real), f"{path} {parts}")

    async def graphql(self, query: str, org: str, **asked: Any) -> Json:
        real = self._twins.client.graphql(query, org, **asked)
        return await self._both(super().graphql(query, org, **asked), real, f"{asked}")

    async def send(self, method: str, path: str, body: Any = None, **parts: str | int) -> Json:
        real = self._twins.client.send(method, path, self._real(body), **self._real(parts))
        return await self._both(super().send(method, path, body, **parts), real, f"{method} {path} {parts} {body}")

    def _real(self, parts: Mapping[str, str | int]) -> dict[str, str | int]:
        return {key: self._twins.shas.get(str(value), value) for key, value in parts.items()}

    async def _both(self, model: Awaitable[Result], real: Awaitable[object], question: str) -> Result:
        """Ask both at the same moment."""
        async with self._twins.lock:
            ours, theirs = await _answer(model), await _answer(real)
            try:
                self._compare(ours, theirs, "")
            except Differs as differs:
                raise Differs(f"{question}: {differs}") from None
        if isinstance(ours, Refused):
            raise ours
        return ours

    def _compare(self, ours: object, theirs: object, place: str) -> None:
        """All that the model says must be what the other says, too; SHAs must stand for one another."""
        if isinstance(ours, dict) and isinstance(theirs, dict):
            for key, value in ours.items():
                if key not in theirs:
                    raise Differs(f"{place}.{key} is not there")
                self._compare(value, theirs[key], f"{place}.{key}")
        elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
            for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
                self._compare(one, other, f"{place}[{number}]")
        elif isinstance(ours, str) and isinstance(theirs, str) and len(ours) == len(theirs) == 40:
            self._twins.pair(ours, theirs)
        elif isinstance(ours, Unprocessable) and isinstance(theirs, Unprocessable):
            self._compare([ours.status, str(ours)], [theirs.status, str(theirs)], place)
        elif ours != theirs:
            raise Differs(f"{place} is {ours!r} and {theirs!r}")


class TwinStacking(Stacking):
    """The stacks of the model, which are those that real git makes of the local GitHub's repository."""

    def __init__(self, hub: Twins) -> None:
        super().__init__(hub)
        self._twins, self._bucket = hub, MemoryStore(virtual_time.clock)
        self._clones = Clones(remotes(hub.local, BOT), lambda: self._bucket)

    async def stack(
        self, org: str, repo: str, branch: str, *, base: str, changes: Sequence[Change], limit: int = 0
    ) -> Stack:
        async with self._twins.lock:
            ours = await super().stack(org, repo, branch, base=base, changes=changes, limit=limit)
            shas = self._twins.shas
            real = [msgspec.structs.replace(change, head=shas[change.head]) for change in changes]
            theirs = await self._clones.stack(org, repo, branch, base=shas[base], changes=real, limit=limit)
            if [layer.number for layer in ours.layers] != [layer.number for layer in theirs.layers]:
                raise Differs(f"a stack of {[change.number for change in changes]}: {ours} and {theirs}")
            for one, other in zip(ours.layers, theirs.layers, strict=True):
                self._twins.pair(one.tree, other.tree)
                self._twins.pair(one.commit, other.commit)
            return ours

    async def push(self, org: str, repo: str, *, commit: str, ref: str) -> None:
        async with self._twins.lock:
            await super().push(org, repo, commit=commit, ref=ref)
            await self._clones.push(org, repo, commit=self._twins.shas[commit], ref=ref)


def twins(clock: Clock) -> Place:
    """The model and the local GitHub side by side."""
    hub = Twins(clock)
    return Place(hub, TwinAnswers(hub), TwinStacking(hub))


async def _answer(asking: Awaitable[Result]) -> Result | Refused:
    try:
        return await asking
    except Refused as refused:
        return refused
