"""hook and every plugin there is, in this process: what they are sent, what they log, and what their receipts say."""

import hashlib
import hmac
import logging
import uuid
from collections.abc import AsyncIterator, Iterable
from types import TracebackType
from typing import Any, Self

import msgspec

from cutwater.events import log, receipt
from cutwater.events.receipt import Receipt
from functions.plugins.every import PLUGINS
from infra.local.broker.asgi import Request
from infra.local.github import seed as shape
from infra.local.github import seeds
from tests.functions.plugins.scene import Scene, configuration
from tests.hostile.payloads import CANARY
from tests.world import BOT, SECRET

CONFIG = """
tide: {queries: [{orgs: [Codertocat], labels: [lgtm]}]}
in_repo_config: {enabled: {"*": true}}
"""
JOB = "{name: unit, always_run: true, spec: {containers: [{image: x}]}}"
ORG, REPO = "Codertocat", "Hello-World"
"""The repository of the published payloads about issues and pull requests."""
ISSUE, PULL = 1, 2
"""The numbers that they have there."""


class Stage:
    """All plugins but one are on for these repositories (`org/repo`): rifle and blunderbuss exclude each other.

    Nothing of them is on GitHub, unless it `is_there`.

    `lines` are what was logged. `sent`: what each webhook was, in words, by its GUID.
    """

    def __init__(self, repositories: Iterable[str], *, is_there: bool = False, without: str = "rifle") -> None:
        names = sorted(set(repositories))
        on = ", ".join(name for name in PLUGINS if name != without)
        enabled = "".join(f"  {name}: {{plugins: [{on}]}}\n" for name in names)
        jobs = "".join(f"  {name}: [{JOB}]\n" for name in names)
        self.scene = Scene(configuration(f"plugins:\n{enabled}", CONFIG, f"presubmits:\n{jobs}"))
        self.scene.github.rates.limits |= dict.fromkeys(("core", "graphql", "search"), 1_000_000)  # they are no subject
        self.lines: list[str] = []
        self.sent: dict[str, str] = {}
        self._is_there = is_there
        self._handler = logging.Handler()
        self._handler.emit = lambda record: self.lines.append(record.getMessage())  # type: ignore[method-assign]

    async def __aenter__(self) -> Self:
        log.logger.addHandler(self._handler)
        log.logger.setLevel(logging.INFO)
        log.logger.propagate = False
        if self._is_there:
            seeds.load(self.scene.github.world(), _SEED)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType) -> None:
        log.logger.removeHandler(self._handler)
        await self.scene.close()

    async def send(self, event: str, body: bytes, what: str = "", **headers: str) -> int:
        """A webhook that GitHub has signed: hook's status, when all that it caused has happened."""
        guid = str(uuid.UUID(int=len(self.sent)))
        self.sent[guid] = what or event
        sent = {
            "x-github-event": event,
            "x-github-delivery": guid,
            "x-hub-signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
            "content-type": "application/json",
        } | headers
        answer = await self.scene.functions.by_name["hook"].send(Request("POST", "/hook", sent, body))
        await self.scene.settle()
        return answer.status

    async def receipts(self) -> AsyncIterator[Receipt]:
        async for entry in self.scene.state.list(receipt.RECEIPTS):
            kept = await self.scene.state.get(entry.key)
            assert kept is not None
            yield msgspec.json.decode(kept.body, type=Receipt)

    async def check(self) -> None:
        """No plugin has failed, or says no without words; every line of the log is one object of JSON; no shell ran."""
        assert not CANARY.exists()
        async for one in self.receipts():
            what = f"{one.plugin} on {self.sent.get(one.delivery)}"
            assert one.outcome in {"done", "nothing", "refused"}, f"{what}: {one.outcome} {one.error}"
            assert one.outcome != "refused" or one.error, f"{what} is refused without a word"
        for line in self.lines:
            assert not _UNSEEN & set(line), f"{line[:200]!r} has control characters"
            said: dict[str, Any] = msgspec.json.decode(line)
            assert said["status"] != 500, f"{self.sent.get(str(said.get('delivery')))}: {said}"


_UNSEEN = {*map(chr, range(32)), "\x7f"}
_SEED = shape.Seed(
    organisations=(shape.Organisation(ORG, members=(ORG,), admins=(BOT,)),),
    repositories=(
        shape.Repository(
            name=f"{ORG}/{REPO}",
            is_described=True,
            default_branch="master",
            branches={"master": shape.Branch(sha="base")},
            labels=("bug", "lgtm", "approved", "do-not-merge/hold"),
            issues=(
                shape.Issue(number=ISSUE, title="Spelling", author="Codertocat"),
                shape.Issue(
                    number=PULL,
                    title="Update the README",
                    author="Codertocat",
                    pull_request=shape.Pull(base_ref="master", head_ref="changes", head_sha="head"),
                ),
            ),
        ),
    ),
)
