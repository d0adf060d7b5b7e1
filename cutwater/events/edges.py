"""What a role can reach. Each edge is made when it is first used: a heavy client costs only the role that needs it."""

import functools
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from cutwater.bugzilla.client import Bugzilla
from cutwater.config.configuration import Configuration
from cutwater.errors import Refused
from cutwater.events.event import Event
from cutwater.events.remembered import Known
from cutwater.git.remotes import Remotes
from cutwater.git.stacks import Stacks
from cutwater.github.asking import Calls
from cutwater.github.client import GitHub
from cutwater.jenkins.client import Jenkins
from cutwater.jenkins.errors import Denied
from cutwater.jira.client import Jira
from cutwater.kube.client import Kube
from cutwater.outgoing.client import Outgoing
from cutwater.outgoing.tot import Tot
from cutwater.outgoing.web import Web
from cutwater.storage.store import Store

Clock = Callable[[], datetime]
Publish = Callable[[Event], Awaitable[None]]


def no_jenkins(selector: str) -> Jenkins:
    """Where no Jenkins is set up."""
    raise Denied("no Jenkins is set up")


def no_bugzilla() -> Bugzilla:
    """The Bugzilla of a function that has nothing to do with it."""
    raise Refused("no Bugzilla is set up")


def no_jira() -> Jira:
    """The Jira of a function that has nothing to do with it."""
    raise Refused("no Jira is set up")


def utc_now() -> datetime:
    return datetime.now(UTC)


def no_way_out() -> Outgoing:
    """The way out of a function that has no messages for anybody."""
    raise Refused("this function sends no messages")


def no_web() -> Web:
    """The web of a function that has nothing to read there."""
    raise Refused("this function does not read the web")


def no_git() -> Remotes:
    """The code that a function may reach that has nothing to do with it."""
    raise Refused("this function does not reach repositories by git")


def no_stacks() -> Stacks:
    """The stacks of a function that merges nothing."""
    raise Refused("this function puts no pull requests on top of one another")


async def no_plugin_help() -> bytes:
    """The help of a function that knows no hook."""
    raise Refused("no hook is set up to be asked")


class Edges:
    """The world around a function. The arguments make an edge, or (for those with a name) one of a kind.

    `state`: the bucket of the ledger. `bucket`: an artifacts' bucket by name. `cluster`: a build cluster by alias.
    `clusters`: the aliases of all build clusters. `jenkins`: a Jenkins by the label selector of its operator.
    `bugzilla` and `jira`: those that there are. `outgoing`: the way to Slack and to the users' own addresses.
    `tot`: what counts builds, where something does.
    `web`: the public web, to read. `git`: repositories, as git reaches them. `stacks`: those in which stacks are made.
    `plugin_help`: what hook says of the plugins, as it answers at /plugin-help.
    `publish`: sends an event to the Broker; raises Later. `configuration`: the one in force.
    `event_key`: what hook signs its events with. `webhook_secret`: the file of secrets that GitHub signs with.
    `pace`: how long leases and grace times are, measured by production's; tests that kill real processes shorten them.
    """

    def __init__(
        self,
        *,
        kube: Callable[[], Kube],
        github: Callable[[], GitHub],
        state: Callable[[], Store],
        bucket: Callable[[str], Store],
        cluster: Callable[[str], Kube],
        publish: Publish,
        configuration: Callable[[], Awaitable[Configuration]],
        event_key: Callable[[], bytes],
        webhook_secret: Callable[[], bytes],
        clusters: Callable[[], Sequence[str]] = lambda: ("default",),
        outgoing: Callable[[], Outgoing] = no_way_out,
        web: Callable[[], Web] = no_web,
        git: Callable[[], Remotes] = no_git,
        stacks: Callable[[], Stacks] = no_stacks,
        plugin_help: Callable[[], Awaitable[bytes]] = no_plugin_help,
        jenkins: Callable[[str], Jenkins] = no_jenkins,
        jira: Callable[[], Jira] = no_jira,
        bugzilla: Callable[[], Bugzilla] = no_bugzilla,
        tot: Tot | None = None,
        clock: Clock = utc_now,
        pace: float = 1.0,
    ) -> None:
        self._kube, self._github, self._state, self._event_key = kube, github, state, event_key
        self.bucket = functools.cache(bucket)
        self.cluster = functools.cache(cluster)
        self.jenkins = functools.cache(jenkins)
        self._clusters, self._outgoing, self._web, self.tot = clusters, outgoing, web, tot
        self._git, self._stacks, self._jira, self._bugzilla = git, stacks, jira, bugzilla
        self.publish = publish
        self.plugin_help = plugin_help
        self.configuration = configuration
        self.webhook_secret = webhook_secret
        self.clock = clock
        self.pace = pace
        self.known = Known()

    @functools.cached_property
    def kube(self) -> Kube:
        """The cluster of the ProwJobs."""
        return self._kube()

    @functools.cached_property
    def github(self) -> GitHub:
        """GitHub under the bot's identity."""
        return self._github()

    @property
    def github_calls(self) -> Calls:
        """What this process has asked of GitHub, by caller, and what that has cost."""
        return self.github.calls if "github" in vars(self) else Calls()

    @functools.cached_property
    def state(self) -> Store:
        """The state bucket."""
        return self._state()

    @functools.cached_property
    def clusters(self) -> Sequence[str]:
        """The aliases of the build clusters."""
        return self._clusters()

    @functools.cached_property
    def outgoing(self) -> Outgoing:
        """The way to Slack and to the users' own addresses."""
        return self._outgoing()

    @functools.cached_property
    def bugzilla(self) -> Bugzilla:
        """Bugzilla under the bot's identity."""
        return self._bugzilla()

    @functools.cached_property
    def jira(self) -> Jira:
        """Jira under the bot's identity."""
        return self._jira()

    @functools.cached_property
    def web(self) -> Web:
        """The public web, to read."""
        return self._web()

    @functools.cached_property
    def git(self) -> Remotes:
        """Repositories, as git reaches them."""
        return self._git()

    @functools.cached_property
    def stacks(self) -> Stacks:
        """Repositories in which stacks of pull requests are made."""
        return self._stacks()

    @functools.cached_property
    def event_key(self) -> bytes:
        """The key that an event of hook's is signed with."""
        return self._event_key()
