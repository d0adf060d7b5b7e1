"""The logs of builds in Jenkins, fetched with credentials of ours that no page shows: of each only what is new."""

import asyncio
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO

from cutwater.config.jenkins import operator_of
from cutwater.errors import Later, Refused
from cutwater.events.edges import Edges
from cutwater.jenkins.client import Jenkins
from cutwater.jenkins.paths import job_path
from functions.deck.held import LARGEST_LIVE_LOG, MOST_HELD, HeldLog
from functions.deck.places import NotServed
from functions.deck.runs import Run

FRESH_SECONDS = 1.0
"""How old the end of a log may be: everybody who looks at that moment shares it."""
MOST_KNOWN = 64
"""Logs that are kept: each is an open file."""


@dataclass(slots=True)
class _Known:
    """What was fetched of a log so far. `end`: where Jenkins goes on; `fetched`: when, in seconds of a clock."""

    file: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    size: int = 0
    end: int = 0
    is_all: bool = False
    fetched: float = float("-inf")
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class JenkinsLogs:
    """The logs of builds. They are kept on disk, and forgotten, the longest unused first."""

    def __init__(self, edges: Edges, clock: Callable[[], float] = time.monotonic) -> None:
        self._edges, self._clock = edges, clock
        self._known: OrderedDict[str, _Known] = OrderedDict()

    async def log(self, run: Run) -> HeldLog:
        """The log of the run's build as it is now. Raises NotServed."""
        if not run.status.jenkins_build_id.isdigit():
            raise NotServed("there is no log yet")
        key = f"jenkins {run.name} {run.status.jenkins_build_id}"
        known = self._of(key)
        async with known.asking:
            if not known.is_all and self._clock() - known.fetched >= FRESH_SECONDS:
                try:
                    await self._fetch(known, run)
                except (Refused, Later) as error:
                    raise NotServed(f"Jenkins does not show the log: {error}") from error
        return HeldLog(known.file, known.size, key if known.is_all else "")

    def _of(self, key: str) -> _Known:
        known = self._known.setdefault(key, _Known())
        self._known.move_to_end(key)
        while len(self._known) > 1 and (len(self._known) > MOST_KNOWN or self._size() > MOST_HELD):
            self._known.popitem(last=False)
        return known

    def _size(self) -> int:
        return sum(each.size for each in self._known.values())

    async def _fetch(self, known: _Known, run: Run) -> None:
        path = job_path(run.spec.job, run.spec.refs, run.spec.jenkins_spec)
        jenkins = await self._jenkins(run)
        async with jenkins.console(path, int(run.status.jenkins_build_id), known.end) as console:
            size = known.size if known.end <= console.end else 0  # a log that was cut comes from its beginning
            async for chunk in console.text:
                known.file.seek(size)
                size += known.file.write(chunk)
                if size > LARGEST_LIVE_LOG:
                    break
            known.size, known.end = size, console.end
            known.is_all = console.is_all or size > LARGEST_LIVE_LOG
        known.fetched = self._clock()

    async def _jenkins(self, run: Run) -> Jenkins:
        operators = (await self._edges.configuration()).prow.jenkins_operators
        operator = operator_of(run.metadata.labels, operators)
        if operator is None:
            raise Refused("no entry of jenkins_operators selects the labels of the run")
        return self._edges.jenkins(operator.label_selector)
