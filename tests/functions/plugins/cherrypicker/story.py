"""A repository with real code, a pull request to it that may be merged, and people who ask for cherry-picks of it.

async with Story() as story:
    await story.say(MEMBER, "/cherrypick stage")
    assert story.picks == {"stage": "[stage] Fix"}
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from infra.local.github.code import git_of
from infra.local.github.commits import Files
from infra.local.github.handles import Issue
from tests.functions.plugins.scene import Scene, configuration
from tests.world import BOT, SECRET

REPOSITORY, FORK = "acme/rocket", f"{BOT}/rocket"
MEMBER, AUTHOR, STRANGER = "alice", "pat", "mallory"
BEFORE = {"a": "1\n2\n3\n", "OWNERS": "x\n"}
AFTER = {"a": "1\n2\n3\n4\n"}
PLUGINS = f"external_plugins: {{{REPOSITORY}: [{{name: cherrypicker}}]}}"


class Story:
    """`branches` besides main, with what differs there. `bot_may`: the bot's level of access."""

    def __init__(
        self,
        *,
        branches: dict[str, Files] | None = None,
        labels: Sequence[str] = (),
        title: str = "Fix",
        body: str = "",
        is_merged: bool = True,
        has_fork: bool = True,
        author: str = MEMBER,
        changes: Files = AFTER,
    ) -> None:
        self.scene = Scene(configuration(PLUGINS))
        self._branches = {"stage": {}} if branches is None else branches
        self._labels, self._title, self._body, self._author = labels, title, body, author
        self._is_merged, self._has_fork, self._changes = is_merged, has_fork, changes

    pull: Issue

    async def __aenter__(self) -> Self:
        world = self.scene.github.world()
        world.user(BOT, email=f"{BOT}@example.com")
        world.organisation("acme", members=[MEMBER, "bob"], admins=[BOT])
        here = world.repository(REPOSITORY, files=BEFORE, collaborators={MEMBER: "write", BOT: "admin"})
        for name, files in self._branches.items():
            await world.push(here, name, files or {"r": "r\n"}, author=MEMBER)
        if self._has_fork:
            await self.fork()
        self.pull = await world.pull_request(
            here,
            author=self._author,
            files=self._changes,
            title=self._title,
            body=self._body,
            labels=list(self._labels),
        )
        if self._is_merged:
            await self.pull.merge(MEMBER)
        await self.scene.settle()
        world.hook(REPOSITORY, "http://hook/hook", SECRET)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType) -> None:
        await self.scene.close()

    async def fork(self) -> None:
        """The bot has a fork, for a minute by now."""
        await self.scene.functions.edges.github.send(
            "POST", f"/repos/{REPOSITORY}/forks", {}, org="acme", repo="rocket"
        )

    async def say(self, who: str, text: str) -> None:
        await self.pull.comment(who, text)
        await self.scene.settle()

    async def merge(self) -> None:
        await self.pull.merge(MEMBER)
        await self.scene.settle()

    async def label(self, name: str) -> None:
        await self.pull.label(name, by=MEMBER)
        await self.scene.settle()

    @property
    def answers(self) -> list[str]:
        """What the bot has said below the pull request, without whom it addresses and without its footers."""
        texts = [text.split("\n\n<details>")[0] for who, text in self.pull.comments if who == BOT]
        return [text.partition(": ")[2] if text.startswith("@") else text for text in texts]

    @property
    def opened(self) -> list[Issue]:
        """The pull requests and issues by the bot."""
        hub = self.scene.github.hub
        return [Issue(self.scene.github, row.id) for row in hub.issues if row.author == BOT]

    @property
    def picks(self) -> dict[str, str]:
        """Title of each pull request of the bot's, by its base."""
        return {one.pull.base_ref: one.title for one in self.opened if one.record.pull}

    def text(self, branch: str, path: str = "a", repository: str = FORK) -> str | None:
        """What stands in a file of a branch."""
        here = self.scene.github.hub.repository(repository)
        found = git_of(self.scene.github.hub, here).read(f"refs/heads/{branch}:{path}") if here else None
        return None if found is None else found.body.decode()
