"""Talks: people say something below an issue or a pull request of the local GitHub, and a plugin answers.

async with Talk("hold") as talk:
    await talk.say(MEMBER, "/hold")
    assert talk.labels == {"do-not-merge/hold"}

The repository has no git behind it: a talk takes milliseconds.
"""

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self

import msgspec

from cutwater.events.edges import no_way_out
from cutwater.events.receipt import RECEIPTS, Receipt
from cutwater.outgoing.client import Outgoing
from infra.local.github import issues, seeds
from infra.local.github import seed as shape
from infra.local.github.handles import Issue
from tests.functions.plugins.scene import Scene, configuration
from tests.world import BOT, SECRET

ORG, REPO = "acme", "rocket"
NUMBER = 7
MEMBER, AUTHOR, STRANGER = "alice", "carol", "mallory"
"""A member who is a collaborator; who opened what is talked about, and is neither; and anybody else."""


class Talk:
    """One issue or pull request of a repository that has one plugin on.

    `settings`: more of plugins.yaml. `labels`: those of the issue; `known`: further ones that the repository has.
    `others`: more of its issues. `beside`: the names of more repositories of the organisation.
    `said`: what stands there already, by whom. `sites`: the web. `tree`: the files of its base branch, which wants the
    contexts `protects`. `collaborators`: more of them, and what they may. `outgoing`: the way to other programs.
    `pull`: more of the pull request.
    """

    def __init__(
        self,
        plugin: str,
        settings: str = "",
        *,
        on: Literal["pull request", "issue"] = "pull request",
        state: Literal["open", "closed"] = "open",
        labels: Sequence[str] = (),
        known: Sequence[str] = (),
        said: Sequence[tuple[str, str] | shape.Comment] = (),
        assignees: Sequence[str] = (),
        author: str = AUTHOR,
        others: Sequence[shape.Issue] = (),
        beside: Sequence[str] = (),
        title: str = "Improve the rocket",
        body: str = "It flies higher.",
        config: str = "{}",
        jobs: str = "",
        sites: Mapping[str, str] | None = None,
        tree: Mapping[str, str] | None = None,
        collaborators: Mapping[str, str] | None = None,
        protects: Sequence[str] | None = None,
        outgoing: Callable[[], Outgoing] = no_way_out,
        **pull: Any,
    ) -> None:
        plugins = f"plugins: {{{ORG}/{REPO}: {{plugins: [{plugin}]}}}}\n{settings}"
        self.scene = Scene(configuration(plugins, config, jobs), sites=sites, outgoing=outgoing)
        described = {"base_ref": "main", "head_ref": "topic", "head_sha": "head"} | pull
        issue = shape.Issue(
            number=NUMBER,
            title=title,
            body=body,
            author=author,
            state=state,
            labels=tuple(labels),
            comments=tuple(one if isinstance(one, shape.Comment) else shape.Comment(*one) for one in said),
            assignees=tuple(assignees),
            pull_request=shape.Pull(**described) if on == "pull request" else None,
        )
        self._repository = shape.Repository(
            name=f"{ORG}/{REPO}",
            is_described=True,
            branches={
                "main": shape.Branch(
                    sha="base",
                    files=dict(tree or {}),
                    is_protected=protects is not None,
                    required_contexts=None if protects is None else tuple(protects),
                ),
                "release-1": shape.Branch(sha="base-1"),
            },
            collaborators={MEMBER: "write", **(collaborators or {})},
            labels=tuple(dict.fromkeys((*labels, *known))),
            milestones=(shape.Milestone("v1.0"), shape.Milestone("v1.1"), shape.Milestone("v0.9", state="closed")),
            hooks=(shape.Hook("http://hook/hook", SECRET),),
            issues=(issue, *others),
        )
        self._beside = tuple(shape.Repository(name=f"{ORG}/{name}", is_described=True) for name in beside)

    issue: Issue
    """What is talked about, and what people do to it."""

    async def __aenter__(self) -> Self:
        people = shape.Organisation(ORG, members=(MEMBER,), admins=(BOT,), base_permission="none")
        team = shape.Team(ORG, "keepers", id=44, members=(MEMBER,))
        world = self.scene.github.world()
        repository, *_ = seeds.load(world, shape.Seed((), (people,), (self._repository, *self._beside), (team,)))
        self.issue = repository.issue(NUMBER)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType) -> None:
        await self.scene.close()

    async def say(self, who: str, text: str) -> None:
        """Comment, and let everybody answer."""
        await self.issue.comment(who, text)
        await self.settle()

    async def settle(self) -> None:
        """All has happened that was caused."""
        await self.scene.settle()

    async def happens(self, action: str, **more: object) -> None:
        """GitHub tells of the pull request, or of the issue, as it is now. `more`: what else it tells."""
        hub = self.scene.github.hub
        author = hub.account(self.issue.record.author)
        assert author is not None
        with hub.store.transaction():
            issues.tell(hub, self.issue.record, action, author, **more)
        self.scene.github.send_webhooks()
        await self.settle()

    async def receipts(self) -> list[Receipt]:
        """What was decided, and of what."""
        kept = [await self.scene.state.get(entry.key) async for entry in self.scene.state.list(RECEIPTS)]
        return [msgspec.json.decode(one.body, type=Receipt) for one in kept if one is not None]

    @property
    def labels(self) -> set[str]:
        return self.issue.labels

    @property
    def answers(self) -> list[str]:
        """What the bot has said, without whom it addresses and without its footers."""
        texts = [text.split("\n\n<details>")[0] for who, text in self.issue.comments if who == BOT]
        return [text.partition(": ")[2] if text.startswith("@") else text for text in texts]
