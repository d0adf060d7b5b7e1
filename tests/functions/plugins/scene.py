"""The scene of talks and of rows about plugins: all parts in this process, in virtual time, and nothing on GitHub yet.

The API server is made when something asks for it: where nothing does, a webhook costs milliseconds.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Mapping

import httpx2
import msgspec
from starlette.types import Receive, Scope, Send

from cutwater.config.configuration import Configuration
from cutwater.config.findings import Source
from cutwater.config.load import load
from cutwater.config.sources import Sources
from cutwater.events import receipt
from cutwater.events.edges import no_way_out
from cutwater.events.receipt import Receipt
from cutwater.kube.client import PROWJOB, Json, Kind, Kube
from cutwater.outgoing.client import Outgoing
from cutwater.outgoing.web import Web
from cutwater.storage.memory import MemoryStore
from functions.plugins.sections import SECTIONS
from infra.local.broker.asgi import Request
from infra.local.github.server import GitHub
from infra.local.kube.server import ApiServer
from infra.local.one_process import Functions
from infra.local.settings import CRDS
from infra.local.transport import InProcessTransport
from tests import virtual_time
from tests.code import remotes
from tests.world import BOT, SECRET, as_app, functions, resources

ADDRESS = "https://github.com"
PROWJOBS = "prow"
"""The namespace of the ProwJobs where there are any."""
NAMESPACE = Kind("v1", "Namespace", "namespaces")
LONGEST = 3600.0
"""Virtual seconds after which the Broker has tried for the last time."""


def configuration(plugins: str, config: str = "{}", jobs: str = "") -> Configuration:
    """The configuration of these texts, with the sections that plugins type."""
    sources = (Source("jobs.yaml", jobs.encode()),) if jobs else ()
    files = Sources(Source("config.yaml", config.encode()), sources, Source("plugins.yaml", plugins.encode()))
    return load(files, sections=SECTIONS)


class OnDemand:
    """An API server that is made at the first request: most plugins never ask for it."""

    def __init__(self) -> None:
        self._made: ApiServer | None = None

    @property
    def is_asked(self) -> bool:
        return self._made is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._made is None:
            self._made = ApiServer(None, crds=[CRDS / "prowjob.yaml"], clock=virtual_time.clock)
            namespace = {"metadata": {"name": PROWJOBS}}
            await Kube(InProcessTransport(self._made.app)).create(NAMESPACE, "", namespace)
        await self._made.app(scope, receive, send)

    def close(self) -> None:
        if self._made is not None:
            self._made.close()


class _Sites(httpx2.AsyncClient):
    """The web as `sites` has it: what begins with the longest of these addresses is answered by its text.

    "!503" answers with that status, and an address that is not known with 404. A HEAD says 1,000 bytes.
    """

    def __init__(self, sites: Mapping[str, str]) -> None:
        self._sites = sites
        super().__init__(transport=httpx2.MockTransport(self._answer))

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        address = str(request.url)
        known = max((site for site in self._sites if address.startswith(site)), key=len, default=None)
        if known is None:
            return httpx2.Response(404)
        text = self._sites[known]
        if text.startswith("!"):
            return httpx2.Response(int(text.removeprefix("!")))
        return httpx2.Response(200, headers={"content-length": "1000"} if request.method == "HEAD" else {}, text=text)


class Scene:
    """The parts: hook, the Broker, the plugins, a GitHub that is empty, a state bucket, an API server.

    `sites`: what the web answers, by the beginnings of addresses. `outgoing`: the way to other programs.
    """

    def __init__(
        self,
        config: Configuration,
        bot: str = BOT,
        sites: Mapping[str, str] | None = None,
        outgoing: Callable[[], Outgoing] = no_way_out,
    ) -> None:
        clock = virtual_time.clock
        self.config = config
        self.state = MemoryStore(clock)
        self.github = GitHub(clock=clock, deliver=self._deliver, base_url=ADDRESS)
        self._api_server = OnDemand()
        self.kube = Kube(InProcessTransport(self._api_server))
        self.functions = Functions(
            functions(),
            resources(),
            kube=self._api_server,
            github=self.github.app,
            token=self.github.world().token(bot),
            state=lambda: self.state,
            bucket=lambda name: MemoryStore(clock),
            configuration=self._configuration,
            webhook_secret=SECRET,
            web=lambda: Web(lambda: _Sites(sites or {})),
            outgoing=outgoing,
            git=lambda: remotes(self.github, bot),
            clock=clock,
        )

    async def _configuration(self) -> Configuration:
        return self.config

    async def _deliver(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        lower = {name.lower(): value for name, value in headers.items()}
        answer = await self.functions.by_name["hook"].send(Request("POST", "/hook", lower, body))
        return answer.status, answer.body.decode()

    async def deliver(self, event: str, guid: str, body: bytes) -> None:
        """A webhook of GitHub's. Returns when all that it caused has happened."""
        headers = {
            "x-github-event": event,
            "x-github-delivery": guid,
            "x-hub-signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
            "content-type": "application/json",
        }
        status, answer = await self._deliver("", headers, body)
        assert status == 200, answer
        await self.settle()

    async def settle(self) -> None:
        """What was begun has happened, and what it caused: a webhook of our own included."""
        async with asyncio.timeout(LONGEST):
            await self.github.settle()
            await self.functions.broker.settle()
            await self.github.settle()
            await self.functions.broker.settle()

    def act_as_app(self, slug: str) -> None:
        """Be a GitHub App from now on, in place of the bot: installed in all organisations that there are."""
        self.functions.edges.github = as_app(self.github, slug)

    async def receipts(self) -> list[Receipt]:
        """What became of each webhook that some plugin wanted."""
        kept = [await self.state.get(entry.key) async for entry in self.state.list(receipt.RECEIPTS)]
        return [msgspec.json.decode(one.body, type=Receipt) for one in kept if one is not None]

    async def prowjobs(self) -> list[Json]:
        """Those that there are. Where nothing has asked for the API server, there are none."""
        return await self.kube.find(PROWJOB, "") if self._api_server.is_asked else []

    async def close(self) -> None:
        await self.functions.broker.close()
        self._api_server.close()
        self.github.close()
