"""People at the local GitHub: they push by git and speak by the API, each with a token of their own."""

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Any

import httpx2

from infra.local.settings import Settings


class Person:
    """Somebody with an account."""

    def __init__(self, settings: Settings, login: str) -> None:
        self.login = login
        self._git = settings.github.replace("http://", f"http://{login}:ghp_{login}@")
        self._client = httpx2.AsyncClient(
            base_url=f"{settings.github}/api/v3", headers={"Authorization": f"Bearer ghp_{login}"}, timeout=30
        )

    async def ask(self, path: str) -> Any:
        """What GitHub says at a path. Raises httpx2.HTTPStatusError."""
        return (await self._client.get(path)).raise_for_status().json()

    async def send(self, path: str, body: dict[str, object]) -> Any:
        """What GitHub says to a POST. Raises httpx2.HTTPStatusError."""
        return (await self._client.post(path, json=body)).raise_for_status().json()

    async def push(self, repository: str, branch: str, files: dict[str, str], message: str) -> None:
        """Commit files on a new branch and push it. Raises RuntimeError with git's words."""
        await self._push(repository, branch, files, message, is_new=True)

    async def push_more(self, repository: str, branch: str, files: dict[str, str], message: str) -> None:
        """Commit files on a branch that is there, and push it. Raises RuntimeError with git's words."""
        await self._push(repository, branch, files, message, is_new=False)

    async def _push(self, repository: str, branch: str, files: dict[str, str], message: str, *, is_new: bool) -> None:
        with tempfile.TemporaryDirectory() as folder:
            await git("clone", "--quiet", f"{self._git}/{repository}.git", folder)
            await git("-C", folder, "checkout", "--quiet", *(["-b"] if is_new else []), branch)
            for name, text in files.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            await git("-C", folder, "add", "--all")
            who = ("-c", f"user.name={self.login}", "-c", f"user.email={self.login}@example.com")
            await git("-C", folder, *who, "commit", "--quiet", "--message", message)
            await git("-C", folder, "push", "--quiet", "origin", branch)

    async def open_pull_request(self, repository: str, branch: str, title: str, body: str, base: str = "main") -> int:
        """Open a pull request of a pushed branch to `base`. Its number."""
        answer = await self.send(
            f"/repos/{repository}/pulls", {"title": title, "head": branch, "base": base, "body": body}
        )
        return int(answer["number"])

    async def comment(self, repository: str, number: int, body: str) -> None:
        await self.send(f"/repos/{repository}/issues/{number}/comments", {"body": body})


async def git(*arguments: str) -> None:
    """Run git without prompts and without this machine's own configuration. Raises RuntimeError with its words."""
    environment = os.environ | {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_SYSTEM": "/dev/null",
    }
    process = await asyncio.create_subprocess_exec(
        "git", *arguments, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"git {arguments[0]} failed: {output.decode(errors='replace').strip()}")
