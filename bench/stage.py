"""What the benches of functions have around them: GitHub and an API server, with a stopwatch at their doors."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cutwater.kube.client import POD, Kind, Kube
from cutwater.kube.transport import MERGE_PATCH
from cutwater.prowjob.reporting import BY_DEFAULT
from infra.local.github import webhooks
from infra.local.github.handles import Issue
from infra.local.github.server import GitHub
from infra.local.kube.server import ApiServer
from infra.local.settings import CRDS
from infra.local.transport import InProcessTransport

BOT, AUTHOR, REVIEWER = "ci-robot", "bob", "alice"
PATIENCE = 60.0
"""Seconds that one pull request may take."""
POLL = 0.005
JOB = "unit"
SECRET = "webhook secret"
NAMESPACE = Kind("v1", "Namespace", "namespaces")


@dataclass(frozen=True, slots=True)
class Times:
    """One pull request, in seconds: from GitHub's delivery of its webhook until its pod was created, and until its
    first status was posted; from the pod's end until its status `success` was posted.
    """

    pod: float
    status: float
    success: float


class Stage:
    """GitHub and the API server. What happens to the pull request under way is noticed as they answer."""

    def __init__(self) -> None:
        api_server = ApiServer(None, crds=[CRDS / "prowjob.yaml"])
        self._transport = InProcessTransport(api_server.app)
        self.kube = Kube(self._transport)
        self.kube_app = Noticed(api_server.app, self._at_kube)
        self.hub = GitHub(deliver=self._deliver)
        self.github_app = Noticed(self.hub.app, self._at_github)
        self.post: webhooks.Deliver = webhooks.post
        """How GitHub delivers; for a bench to replace."""
        self._world = self.hub.world()
        self.token = self._world.token(BOT)
        self._moments: dict[str, asyncio.Future[float]] = {}
        self._pod = ""
        self._changes = 0

    async def furnish(self, hook: str) -> None:
        """The people, the repository with its webhook at this address, and the namespaces."""
        self._world.organisation("acme", members=[AUTHOR, REVIEWER], admins=[BOT])
        self._repository = self._world.repository(
            "acme/rocket",
            files={"README.md": "rocket\n", "OWNERS": f"approvers: [{REVIEWER}]\n"},
            labels=["lgtm", "approved"],
            collaborators={AUTHOR: "write", REVIEWER: "write"},
            hook=(hook, SECRET),
        )
        for name in ("test-pods", "cutwater"):
            await self.kube.create(NAMESPACE, "", {"metadata": {"name": name}})

    async def propose(self) -> Issue:
        """A new pull request."""
        self._changes += 1
        files = {"fins.txt": f"{self._changes}\n"}
        return await self._world.pull_request(self._repository, author=AUTHOR, files=files)

    async def change(self, *, pod_seconds: float = 0) -> Times:
        """A pull request from its webhook to its last report, and how long that took. Raises TimeoutError.

        The test's pod runs for so long.
        """
        loop = asyncio.get_running_loop()
        self._moments = {name: loop.create_future() for name in ("webhook", "pod", "pending", "success")}
        async with asyncio.timeout(PATIENCE):
            self._proposed = await self.propose()
            sent, pod, status = [await self._moments[name] for name in ("webhook", "pod", "pending")]
            await asyncio.sleep(pod_seconds)
            await self._end_pod()
            ended = time.perf_counter()
            success = await self._moments["success"]
            while not await self._is_told():
                await asyncio.sleep(POLL)
            await self.hub.settle()
        return Times(pod=pod - sent, status=status - sent, success=success - ended)

    async def approve(self) -> None:
        """The reviewer likes the last pull request, and it is merged. Raises TimeoutError."""
        await self._proposed.comment(REVIEWER, "/lgtm\n/approve")
        async with asyncio.timeout(PATIENCE):
            while not self._proposed.is_merged:
                await asyncio.sleep(POLL)
            await self.hub.settle()

    async def withdraw(self) -> None:
        """Close the last pull request, so that tide finds no more of them each time it looks."""
        await self._proposed.close(AUTHOR)
        await self.hub.settle()

    async def _end_pod(self) -> None:
        """What a kubelet does when the pod's containers have ended."""
        body = msgspec.json.encode({"status": {"phase": "Succeeded", "startTime": "2026-03-02T12:00:00Z"}})
        path = f"{POD.path('test-pods', self._pod)}/status"
        await self._transport.request("PATCH", path, body=body, content_type=MERGE_PATCH)

    async def _is_told(self) -> bool:
        """Whether every reporter has told of the end."""
        job = await self.kube.read.prowjob("default", self._pod)
        told = job.status.prev_report_states if job else {}
        return all(told.get(reporter) == "success" for reporter in BY_DEFAULT)

    async def _deliver(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        if headers.get("X-GitHub-Event") == "pull_request":
            self._reach("webhook")
        return await self.post(url, headers, body)

    def _at_kube(self, path: str, body: bytes) -> None:
        if path.endswith("/namespaces/test-pods/pods"):
            self._pod = msgspec.json.decode(body)["metadata"]["name"]
            self._reach("pod")

    def _at_github(self, path: str, body: bytes) -> None:
        if "/statuses/" in path and (status := msgspec.json.decode(body))["context"] == JOB:
            self._reach(status["state"])

    def _reach(self, moment: str) -> None:
        reached = self._moments.get(moment)
        if reached is not None and not reached.done():
            reached.set_result(time.perf_counter())


class Noticed:
    """An application; `notice` is told (path, body) of everything that is made in it, when it is made."""

    def __init__(self, app: ASGIApp, notice: Callable[[str, bytes], None]) -> None:
        self._app, self._notice = app, notice

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        body = bytearray()

        async def receiving() -> Message:
            message = await receive()
            body.extend(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            if message.get("status") == 201:
                self._notice(scope["path"], bytes(body))
            await send(message)

        await self._app(scope, receiving, sending)
