"""All functions in this process, and the broker that wakes them: no sockets between them, and a debugger stops in each.

The parts around them are given: an API server and a GitHub as ASGI applications, buckets, the configuration.
"""

import importlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import httpx2
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from cutwater.config.configuration import Configuration
from cutwater.errors import Later
from cutwater.events.edges import Edges, no_git, no_jenkins, no_way_out, no_web, utc_now
from cutwater.events.effect import Apply, apply
from cutwater.events.event import Event, to_request
from cutwater.events.serve import Respond
from cutwater.git.clones import Clones
from cutwater.git.remotes import Remotes
from cutwater.github.client import GitHub
from cutwater.jenkins.client import Jenkins
from cutwater.kube.client import Kube
from cutwater.outgoing.client import Outgoing
from cutwater.outgoing.web import Web
from cutwater.storage.store import Store
from infra.local.broker.asgi import Request as Asked
from infra.local.broker.broker import Attempt, Broker
from infra.local.broker.functions import InProcess
from infra.local.broker.resources import Resources
from infra.local.roles import Service
from infra.local.transport import InProcessTransport

GITHUB = "http://github"
"""A base address for requests that go to the application itself."""


class Functions:
    """The functions of `services`, in this process, and the Broker of `resources` between them.

    `kube` and `github` are ASGI applications; `token` is the bot's at GitHub. `apply` carries effects out, and
    `around` is put around each function: a test's may die halfway. `on_delivery` is told of each event that the broker
    delivers.
    """

    def __init__(
        self,
        services: Sequence[Service],
        resources: Resources,
        *,
        kube: ASGIApp,
        github: ASGIApp,
        token: str,
        state: Callable[[], Store],
        bucket: Callable[[str], Store],
        configuration: Callable[[], Awaitable[Configuration]],
        webhook_secret: str,
        event_key: str = "event key",
        outgoing: Callable[[], Outgoing] = no_way_out,
        web: Callable[[], Web] = no_web,
        git: Callable[[], Remotes] = no_git,
        jenkins: Callable[[str], Jenkins] = no_jenkins,
        clock: Callable[[], datetime] = utc_now,
        apply: Apply = apply,
        around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
        on_delivery: Callable[[Attempt], None] | None = None,
    ) -> None:
        client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=github), base_url=GITHUB)

        async def bot_token(org: str) -> str:
            return token

        self.edges = Edges(
            kube=lambda: Kube(InProcessTransport(kube)),
            cluster=lambda alias: Kube(InProcessTransport(kube)),
            github=lambda: GitHub(
                client, bot_token, api=f"{GITHUB}/api/v3", graphql_api=f"{GITHUB}/api/graphql", clock=clock
            ),
            state=state,
            bucket=bucket,
            outgoing=outgoing,
            web=web,
            git=git,
            stacks=lambda: Clones(self.edges.git, state),
            jenkins=jenkins,
            plugin_help=self._plugin_help,
            publish=self._publish,
            configuration=configuration,
            event_key=event_key.encode,
            webhook_secret=webhook_secret.encode,
            clock=clock,
        )
        self.by_name = opened(services, self.edges, apply, around)
        self.broker = Broker(resources, self.by_name, clock=clock, on_delivery=on_delivery)

    async def _publish(self, event: Event) -> None:
        headers, body = to_request(event)
        status = await self.broker.receive(headers, body)
        if status != 202:
            raise Later(f"the Broker answers {status}")

    async def _plugin_help(self) -> bytes:
        answer = await self.by_name["hook"].send(Asked("GET", "/plugin-help"))
        if answer.status != 200:
            raise Later(f"hook answers {answer.status}")
        return answer.body


def opened(
    services: Sequence[Service],
    edges: Edges,
    apply: Apply = apply,
    around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
) -> dict[str, InProcess]:
    """The functions of these services in this process, each opened at its first request."""
    return {service.name: InProcess(around(_Opened(service, edges, apply))) for service in services}


class _Opened:
    """A function that is opened at its first request, as on a cluster."""

    def __init__(self, service: Service, edges: Edges, apply: Apply) -> None:
        self._service, self._edges, self._apply = service, edges, apply
        self._respond: Respond | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._respond is None:
            name = self._service.environment["CUTWATER_ROLE"].replace("-", "_")
            self._respond = importlib.import_module(f"functions.{name}.function").role.open(self._edges, self._apply)
        response = await self._respond(Request(scope, receive, send))
        await response(scope, receive, send)
