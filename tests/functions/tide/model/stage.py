"""Tide at work in the model: the real functions, woken by events as on a platform, over the model's GitHub."""

import asyncio
import functools
import itertools
import traceback
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import yaml
from msgspec.structs import replace

from cutwater.config.configuration import Configuration
from cutwater.config.findings import Source
from cutwater.config.load import load
from cutwater.config.sources import Sources
from cutwater.errors import Later, Refused
from cutwater.events.edges import Clock
from cutwater.events.event import Event
from cutwater.events.level import look_again
from cutwater.events.publish import look_event
from cutwater.git.stacks import Change, Stack, Stacks
from cutwater.github.queries import POOL
from cutwater.kube.client import Kind, Kube
from functions.tide.function import LEASE_SECONDS, tide
from infra.local.kube.server import ApiServer
from infra.local.settings import CRDS
from infra.local.transport import InProcessTransport
from tests import mortal, virtual_time
from tests.edges import edges
from tests.functions.tide.model.answers import Answers, Json, Stacking
from tests.functions.tide.model.cluster import Cluster, passes
from tests.functions.tide.model.hub import Hub, Pull
from tests.functions.tide.model.observer import Mode, Observer, blocks
from tests.functions.tide.model.weather import OLD, REFUSALS, Kubernetes, Storage, Weather

CONFIG = """
prowjob_namespace: default
tide:
  queries: [{{repos: [acme/rocket], labels: [lgtm], missingLabels: [hold]}}]
  blocker_label: blocker
  squash_label: squash
  rebase_label: rebase
  merge_method: {{acme/rocket: {method}}}
  batch_size_limit: {{"*": 4}}
prow_ignored:
  cutwater:
    tide: {{acme/rocket: {{mode: {mode}, lanes: 3}}}}
"""
JOBS = """
presubmits:
  acme/rocket:
    - {name: unit, always_run: true, spec: {containers: [{image: x, command: [make]}]}}
    - {name: flight, always_run: true, spec: {containers: [{image: x, command: [fly]}]}}
    - {name: docs, run_if_changed: "^docs/", spec: {containers: [{image: x, command: [spell]}]}}
"""
Result = TypeVar("Result")
RETRIES = (1, 2, 4, 8, 16)
"""Seconds before the Broker delivers an event again that was answered with 503."""
MINUTE, TICKS, QUIET = 60, 10, 30
"""Seconds; minutes between the sweeps in good weather, and in which nothing may happen any more at the end."""
HOURS = 4
"""Within so long in good weather all must have come to rest: after one hour tide tries again what GitHub refused."""


@functools.cache
def configuration(mode: Mode, method: str) -> Configuration:
    """The configuration of a mode of tide, and of a method of merging."""
    jobs = Source("jobs.yaml", JOBS.encode())
    return load(Sources(Source("config.yaml", CONFIG.format(method=method, mode=mode).encode()), (jobs,)))


@functools.cache
def _prowjobs() -> Json:
    definition: Json = yaml.load((CRDS / "prowjob.yaml").read_text(), yaml.CSafeLoader)
    return definition


class Reach:
    """A function's way to GitHub. What it is told the observer hears, too."""

    def __init__(self, hub: Hub, answers: Answers, weather: Weather, observer: Observer) -> None:
        self._hub, self._now, self._weather, self._observer = hub, answers, weather, observer

    async def get(self, path: str, **parts: str | int) -> Json | None:
        found = await self._ask(lambda: self._now.get(path, **parts))
        if found and path.endswith("/pulls/{number}"):
            self._observer.tells_pull(found)
        if found and "/git/ref/heads/" in path:
            self._observer.tells_branch(path.rpartition("/heads/")[2], found["object"]["sha"])
        return found

    async def pages(self, path: str, **parts: str | int) -> list[Json]:
        return await self._ask(lambda: self._now.pages(path, **parts))

    async def exists(self, path: str, **parts: str | int) -> bool:
        return await self._ask(lambda: self._now.exists(path, **parts))

    async def graphql(self, query: str, org: str, **asked: Any) -> Json:
        answers = self._now
        is_old = self._weather.strikes("GitHub: an old search" if "search" in asked else "GitHub: an old answer")
        if is_old:
            answers = Answers(self._hub, self._hub.state_at(virtual_time.clock() - OLD))
        found = await self._ask(lambda: answers.graphql(query, org, **asked))
        if query == POOL:
            self._observer.tells_pool(asked["branch"], found["repository"])
        return found

    async def send(self, method: str, path: str, body: Any = None, **parts: str | int) -> Json:
        is_merge = path.endswith("/merge")
        return await self._ask(lambda: self._now.send(method, path, body, **parts), is_change=True, is_merge=is_merge)

    async def _ask(
        self, ask: Callable[[], Awaitable[Result]], *, is_change: bool = False, is_merge: bool = False
    ) -> Result:
        is_slow = await self._weather.before_github(is_merge=is_merge)
        answer = await ask()
        await self._weather.after_github(is_slow=is_slow, is_change=is_change)
        return answer


class Git:
    """A function's way to git."""

    def __init__(self, stacks: Stacks, weather: Weather) -> None:
        self._stacks, self._weather = stacks, weather

    async def stack(
        self, org: str, repo: str, branch: str, *, base: str, changes: Sequence[Change], limit: int = 0
    ) -> Stack:
        self._come()
        return await self._stacks.stack(org, repo, branch, base=base, changes=changes, limit=limit)

    async def push(self, org: str, repo: str, *, commit: str, ref: str) -> None:
        self._come()
        await self._stacks.push(org, repo, commit=commit, ref=ref)

    async def keep(self, org: str, repo: str, branches: Sequence[str]) -> None:
        self._come()
        await self._stacks.keep(org, repo, branches)

    def _come(self) -> None:
        self._weather.may_kill()
        if self._weather.strikes("git: cannot be reached"):
            raise Later("git: the connection was reset")


class Place(NamedTuple):
    """A GitHub: what there is, what it answers, and its repository as git has it."""

    hub: Hub
    answers: Answers
    stacks: Stacks


def in_memory(clock: Clock) -> Place:
    """The model alone."""
    hub = Hub(clock)
    return Place(hub, Answers(hub), Stacking(hub))


class Stage:
    """Everything of one schedule. `pulls` are the numbers of the pull requests, in the order of their coming."""

    def __init__(self, mode: Mode, method: str, *, at: Callable[[Clock], Place] = in_memory) -> None:
        clock, place = virtual_time.clock, at(virtual_time.clock)
        self.story: list[str] = []
        self.config = configuration(mode, method)
        self.weather = Weather()
        self.hub = place.hub
        self.observer = Observer(self.hub, mode, self.say)
        self.hub.landed = self.observer.landed
        self._api_server = ApiServer(None, clock=clock)
        self.kube = Kube(InProcessTransport(self._api_server.app))
        self.cluster = Cluster(
            self.kube, self.hub, self.config, self.observer, self.weather, told=self.tell, clock=clock
        )
        kubernetes = Kubernetes(self._api_server.app, self.weather, self.cluster.hear)
        storage = Storage(clock, self.weather)
        reach = Reach(self.hub, place.answers, self.weather, self.observer)
        git = Git(place.stacks, self.weather)
        self.edges = edges(
            config=self.config,
            state=storage,
            kube=lambda: Kube(kubernetes),
            github=lambda: reach,
            stacks=lambda: git,
            publish=self._publish,
        )
        self.pulls: list[int] = []
        self._numbers = itertools.count(1)
        self._minutes = 1
        self._events: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Stage":
        await self.kube.create(_DEFINITION, "", _prowjobs())
        self._sweeping = asyncio.ensure_future(self._sweep())
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [self._sweeping, *self._events]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.cluster.stop()
        self._api_server.close()
        self.hub.close()

    def say(self, line: str) -> None:
        """What happened, for the story."""
        passed = (virtual_time.clock() - virtual_time.BEGINNING).total_seconds()
        self.story.append(f"{passed:7.1f}  {line}")

    # Events

    def tell(self, pool: str) -> None:
        """What hook and relay make of something that happened: tide is to look at the pool."""
        self._send(look_event("tide", pool))

    async def _publish(self, event: Event) -> None:
        self.weather.may_kill()
        self._send(event)

    def _send(self, event: Event) -> None:
        if self.weather.strikes("an event is lost"):
            return
        self._later(event, 60 if self.weather.strikes("an event comes late") else 0.2)
        if self.weather.strikes("an event comes twice"):
            self._later(event, 7)

    def _later(self, event: Event, seconds: float) -> None:
        task = asyncio.ensure_future(self._deliver(event, seconds))
        self._events.add(task)
        task.add_done_callback(self._events.discard)

    async def _deliver(self, event: Event, seconds: float) -> None:
        """The Broker delivers an event until it is taken, or six times."""
        for pause in (seconds, *RETRIES):
            await asyncio.sleep(pause)
            if await asyncio.ensure_future(self._invoke(event)):
                return

    async def _invoke(self, event: Event) -> bool:
        """A function takes the event, and lives as long as it looks. Whether the Broker need not come again."""
        owner = f"function {next(self._numbers)}"
        mortal.begin()
        self.observer.begin()
        try:
            await look_again(tide, event, self.edges, owner=owner, apply=self.weather.apply)
            mortal.breathe()
        except mortal.Died:
            self.say(f"{owner} dies")
            return False
        except Later:
            return False
        except Refused:
            return True
        except Exception:
            self.observer.violated(f"{owner} fails:\n{traceback.format_exc()}")
        return True

    async def _sweep(self) -> None:
        tick = replace(look_event("tide", ""), extensions={"role": "tide", "tick": "sweep"})
        while True:
            await asyncio.sleep(self._minutes * MINUTE)
            self._send(tick)

    # Good weather

    async def rest(self) -> None:
        """Nothing goes wrong any more, and people have what can be mended mended: all must come to rest."""
        self.say("from now on the weather is good")
        self.weather.clear()
        await asyncio.sleep(LEASE_SECONDS + 2 * MINUTE)
        self._minutes = TICKS
        is_quiet = False
        for _ in range(HOURS * 60 // QUIET):
            await self._retest()
            before = len(self.observer.runs), self.hub.state
            await asyncio.sleep(QUIET * MINUTE)
            after = len(self.observer.runs), self.hub.state
            is_quiet = before == after and self.cluster.is_idle and not self._events
            if is_quiet and not self._mergeable():
                break
        if not is_quiet:
            self.observer.violated("there is no end of it")
        for pull in self._mergeable():
            self.observer.violated(f"#{pull.number} can be merged, and is not")
        for pull in self.hub.state.pulls.values():
            self._check_status(pull)

    async def _retest(self) -> None:
        """People say /retest where a test failed that could pass, and where one is said to run that nobody runs."""
        for pull in self._open():
            statuses = self.hub.state.statuses.get(pull.head, {})
            could_pass = self._could_pass(pull)
            for context in self.observer.needed([(pull.number, pull.head)], self.hub.state.branches[pull.base]):
                state = statuses[context].state if context in statuses else "pending"
                is_due = state == "pending" or (state == "failure" and could_pass)
                if is_due and not self.cluster.is_running(pull.head, context):
                    self.say(f"somebody has {context} of #{pull.number} tested again")
                    await self.cluster.test(pull.number, context)

    def _open(self) -> list[Pull]:
        return [pull for pull in self.hub.state.pulls.values() if pull.is_open]

    def _mergeable(self) -> list[Pull]:
        """Those for which nothing is missing."""
        return [pull for pull in self._open() if not self._obstacles(pull)]

    def _could_pass(self, pull: Pull) -> bool:
        """Whether its tests pass on the branch as it is."""
        tip = self.hub.state.branches[pull.base]
        made = self.hub.code.combine(tip, pull.head, "merge", "tested")
        return made is not None and passes(self.hub.code.commits[made].files)

    def _obstacles(self, pull: Pull) -> list[str]:
        """What is in its way, in the words that its status must have."""
        tip, code = self.hub.state.branches[pull.base], self.hub.code
        found = []
        if code.merged(tip, pull.head) is None:
            found.append("conflict")
        if {"squash", "rebase"} <= {*pull.labels}:
            found.append("conflicting merge method")
        if "rebase" in pull.labels and code.rebased(tip, pull.head) is None:
            found.append("can't be rebased")
        if "lgtm" not in pull.labels:
            found.append("Needs lgtm")
        if "hold" in pull.labels:
            found.append("Should not have hold")
        if any(one.is_open and blocks(one.title, pull.base) for one in self.hub.state.blockers.values()):
            found.append("blocked")
        if not self._could_pass(pull):
            found.append("not succeeded")
        return found

    def _check_status(self, pull: Pull) -> None:
        """One that waits says for what, or in which words GitHub has refused it. Where only an issue blocks it,
        upstream's tide goes on saying that it is in the pool."""
        obstacles = self._obstacles(pull)
        if not pull.is_open or not obstacles:
            return
        said = self.hub.state.statuses.get(pull.head, {}).get("tide")
        words = said.description if said else ""
        says = [*obstacles, *(["In merge pool.", "Retesting"] if "blocked" in obstacles else [])]
        says += [refused for fault, (_, refused) in REFUSALS.items() if fault in self.weather.happened]
        if not any(one in words for one in says):
            self.observer.violated(f'#{pull.number} waits ({", ".join(obstacles)}), but its status says "{words}"')


_DEFINITION = Kind("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions")
