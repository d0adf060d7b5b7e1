"""Look: a read-only view of the world for one event. It asks when asked, asks the same thing once, and records it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from cutwater.bugzilla.client import Asks as BugzillaAsks
from cutwater.bugzilla.client import Reader as BugzillaReader
from cutwater.config.configuration import Configuration
from cutwater.events.edges import Edges
from cutwater.events.remembered import Known
from cutwater.git.stacks import Stacks
from cutwater.github.client import Asks as GitHubAsks
from cutwater.github.read import Reader as GitHubReader
from cutwater.github.trees import Trees
from cutwater.jenkins.read import Asks as JenkinsAsks
from cutwater.jenkins.read import Reader as JenkinsReader
from cutwater.jira.client import Jira
from cutwater.jira.client import Reader as JiraReader
from cutwater.kube.client import Asks as KubeAsks
from cutwater.kube.client import Json, Kind
from cutwater.kube.client import Reader as KubeReader
from cutwater.outgoing.web import Web
from cutwater.storage.store import Store

KEPT = 64 * 1024
"""Bytes of one answer that a record keeps whole. A larger one is named there, and asked again when it is wanted."""


class Read(Struct, frozen=True, omit_defaults=True):
    """One question, and its answer unless that was too long to keep."""

    question: str
    answer: Any = None
    bytes: int = 0


class Reads:
    """The questions of one decision. What a receipt has recorded is answered from it."""

    def __init__(self, recorded: Sequence[Read] = ()) -> None:
        self._answers = {read.question: read.answer for read in recorded if not read.bytes}
        self._asked = {read.question: read for read in recorded}

    async def once(self, question: str, ask: Callable[[], Awaitable[Any]]) -> Any:
        """The recorded answer, or the world's. What it refuses is not recorded: it may be allowed the next time."""
        if question not in self._answers:
            answer = await ask()
            self._answers[question] = answer
            size = len(msgspec.json.encode(answer))
            self._asked[question] = Read(question, answer) if size <= KEPT else Read(question, bytes=size)
        return self._answers[question]

    @property
    def record(self) -> list[Read]:
        return list(self._asked.values())


class Look:
    """The world at one moment, for one event. `now` is the moment.

    `held` are the names that the role has to itself while it looks.
    """

    def __init__(
        self, edges: Edges, config: Configuration, reads: Reads | None = None, held: Sequence[str] = ()
    ) -> None:
        self._edges = edges
        self.held = held
        self.reads = reads or Reads()
        self.config = config
        self.now: datetime = edges.clock()
        self.github = GitHubReader(_GitHubOnce(edges, self.reads))
        self.kube = KubeReader(_KubeOnce(lambda: edges.kube, "", self.reads))

    def cluster(self, alias: str) -> KubeReader:
        """A build cluster, read. Raises Refused for an alias that is not configured."""
        kube = self._edges.cluster(alias)
        return KubeReader(_KubeOnce(lambda: kube, alias, self.reads))

    def jenkins(self, selector: str) -> JenkinsReader:
        """The Jenkins of an operator, by its label selector. Raises Denied for one that is not set up."""
        return JenkinsReader(_JenkinsOnce(self._edges.jenkins(selector), selector, self.reads))

    @property
    def bugzilla(self) -> BugzillaReader:
        """Bugzilla, read. Raises Refused where none is set up."""
        return BugzillaReader(_BugzillaOnce(self._edges.bugzilla, self.reads))

    @property
    def jira(self) -> JiraReader:
        """Jira, read. Raises Refused where none is set up."""
        return _JiraOnce(self._edges.jira, self.reads)

    @property
    def clusters(self) -> Sequence[str]:
        """The aliases of the build clusters that are in use."""
        disabled = self.config.prow.disabled_clusters
        return [alias for alias in self._edges.clusters if alias not in disabled]

    @property
    def counts_builds(self) -> bool:
        """Whether there is a tot, which gives builds their numbers."""
        return self._edges.tot is not None

    @property
    def pace(self) -> float:
        """How long grace times are, measured by production's."""
        return self._edges.pace

    def bucket(self, name: str) -> Store:
        """A bucket of artifacts. Decisions read it only; what is read there is not recorded."""
        return self._edges.bucket(name)

    @property
    def state(self) -> Store:
        """The state bucket. Decisions read it only; what is read there is not recorded."""
        return self._edges.state

    @property
    def trees(self) -> Trees:
        """GitHub's trees and blobs. What is read there is not recorded: under its SHA it is the same for ever."""
        return Trees(self._edges.github)

    @property
    def web(self) -> Web:
        """The public web. What is read there is not recorded: it is another picture each time."""
        return self._edges.web

    @property
    def stacks(self) -> Stacks:
        """Stacks of pull requests. They are not recorded: for the same commits they are the same for ever."""
        return self._edges.stacks

    @property
    def known(self) -> Known:
        """What this process knows of things that never change."""
        return self._edges.known

    def again(self) -> "Look":
        """The world as it is by now: nothing that this look has seen is taken for granted."""
        return Look(self._edges, self.config, held=self.held)

    def holding(self, names: Sequence[str]) -> "Look":
        """The same, in the hands of a role that has these names to itself by now."""
        return Look(self._edges, self.config, held=names)


async def look_at(edges: Edges, reads: Reads | None = None) -> Look:
    """A look at the world under the configuration in force."""
    return Look(edges, await edges.configuration(), reads)


class _GitHubOnce:
    """GitHub, asked once for each thing."""

    def __init__(self, edges: Edges, reads: Reads) -> None:
        self._edges, self._reads = edges, reads

    async def get(self, path: str, **parts: str | int) -> Any:
        return await self._reads.once(_question("GET", path, parts), lambda: self._github.get(path, **parts))

    async def exists(self, path: str, **parts: str | int) -> bool:
        answer: bool = await self._reads.once(
            _question("EXISTS", path, parts), lambda: self._github.exists(path, **parts)
        )
        return answer

    async def pages(self, path: str, **parts: str | int) -> list[Any]:
        answer: list[Any] = await self._reads.once(
            _question("ALL", path, parts), lambda: self._github.pages(path, **parts)
        )
        return answer

    async def graphql(self, query: str, org: str, **variables: Any) -> Any:
        question = f"GRAPHQL {' '.join(query.split())} {msgspec.json.encode(variables, order='sorted').decode()}"
        return await self._reads.once(question, lambda: self._github.graphql(query, org, **variables))

    @property
    def _github(self) -> GitHubAsks:
        return self._edges.github


class _KubeOnce:
    """One cluster, asked once for each thing."""

    def __init__(self, kube: Callable[[], KubeAsks], cluster: str, reads: Reads) -> None:
        self._kube, self._cluster, self._reads = kube, cluster, reads

    async def get(self, kind: Kind, namespace: str, name: str) -> Json | None:
        question = f"{kind.kind} {self._cluster}/{namespace}/{name}"
        answer: Json | None = await self._reads.once(question, lambda: self._kube().get(kind, namespace, name))
        return answer

    async def find(self, kind: Kind, namespace: str, *, labels: str = "", fields: str = "") -> list[Json]:
        question = f"{kind.plural} {self._cluster}/{namespace} labels={labels} fields={fields}"
        answer: list[Json] = await self._reads.once(
            question, lambda: self._kube().find(kind, namespace, labels=labels, fields=fields)
        )
        return answer


class _JenkinsOnce:
    """One Jenkins, asked once for each thing."""

    def __init__(self, jenkins: JenkinsAsks, selector: str, reads: Reads) -> None:
        self._jenkins, self._selector, self._reads = jenkins, selector, reads

    async def get(self, path: str) -> Any:
        return await self._reads.once(f"JENKINS {self._selector}{path}", lambda: self._jenkins.get(path))


class _BugzillaOnce:
    """Bugzilla, asked once for each thing."""

    def __init__(self, bugzilla: BugzillaAsks, reads: Reads) -> None:
        self._bugzilla, self._reads, self.address = bugzilla, reads, bugzilla.address

    async def get(self, path: str) -> Any:
        return await self._reads.once(f"BUGZILLA {path}", lambda: self._bugzilla.get(path))


class _JiraOnce:
    """Jira, asked once for each thing."""

    def __init__(self, jira: Jira, reads: Reads) -> None:
        self._jira, self._reads, self.address = jira, reads, jira.address

    async def projects(self) -> list[str]:
        found: list[str] = await self._reads.once("JIRA projects", self._jira.projects)
        return found

    async def has_issue(self, key: str) -> bool:
        found: bool = await self._reads.once(f"JIRA {key}", lambda: self._jira.has_issue(key))
        return found


def _question(verb: str, path: str, parts: dict[str, str | int]) -> str:
    filled = path
    for name, value in parts.items():
        filled = filled.replace("{" + name + "}", str(value))
    return f"{verb} {filled}"
