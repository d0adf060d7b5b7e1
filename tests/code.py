"""The local GitHub's repositories as git reaches them without a socket: by their folders."""

from collections.abc import Callable
from typing import TypeVar

from cutwater.git.remotes import Remotes
from infra.local.github import pushes
from infra.local.github.code import git_of
from infra.local.github.server import GitHub

Result = TypeVar("Result")


def remotes(github: GitHub, bot: str) -> Remotes:
    """What is pushed there, GitHub knows at once. The work is waited for: virtual time would not wait for a thread."""
    hub = github.hub

    def address(org: str, repo: str) -> str:
        here = hub.repository(f"{org}/{repo}")
        return f"file://{git_of(hub, here).folder.resolve()}" if here else f"file:///nonexistent/{org}/{repo}"

    async def token(org: str, repo: str) -> str:
        return ""

    async def run(work: Callable[[], Result], /) -> Result:
        try:
            return work()
        finally:
            by = hub.account(bot)
            assert by is not None
            with hub.store.transaction():
                for here in [row for row in hub.repositories if not row.is_described]:
                    pushes.read_refs(hub, here, by)
            github.send_webhooks()

    return Remotes(address, token, run)
