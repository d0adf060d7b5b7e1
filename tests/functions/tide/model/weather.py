"""What goes wrong around tide: each fault strikes once, at the n-th chance that it has. In good weather there is none.

Every fault is one that the real thing has.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

import msgspec

from cutwater.errors import Later
from cutwater.events.edges import Edges
from cutwater.events.effect import Effect
from cutwater.github.client import Unprocessable
from cutwater.github.edits import MoveBranch
from cutwater.github.effects import Merge
from cutwater.kube.client import as_prowjob
from cutwater.kube.transport import JSON, Answer
from cutwater.prowjob.types import ProwJob
from cutwater.storage.memory import MemoryStore
from cutwater.storage.store import Stored
from infra.local.transport import App, InProcessTransport
from tests import mortal

Fault = Literal[
    "killed before an effect",
    "killed after an effect",
    "killed before a landing",
    "killed after a landing",
    "killed at a call",
    "GitHub: bad gateway",
    "GitHub: bad gateway after the deed",
    "GitHub: no answer in time",
    "GitHub: too fast",
    "GitHub: slow",
    "GitHub: an old answer",
    "GitHub: an old search",
    "merge: base branch was modified",
    "merge: not mergeable",
    "merge: head branch was modified",
    "merge: unprocessable",
    "API server: busy",
    "API server: fails after the deed",
    "API server: conflict",
    "storage: fails",
    "storage: fails after the deed",
    "git: cannot be reached",
    "an event is lost",
    "an event comes twice",
    "an event comes late",
    "a test flakes",
    "a report is late",
]
FAULTS: tuple[Fault, ...] = get_args(Fault)
OLD = timedelta(seconds=20)
"""How old an old answer is."""
SLOW = 9.0
"""Seconds that a slow call takes; half of them before GitHub does it."""
REFUSALS: Mapping[Fault, tuple[int, str]] = {
    "merge: base branch was modified": (405, "Base branch was modified. Review and try the merge again."),
    "merge: not mergeable": (405, 'Required status check "vet" is expected.'),
    "merge: head branch was modified": (409, "Head branch was modified. Review and try the merge again."),
    "merge: unprocessable": (422, "Validation Failed"),
}
"""Status and words with which GitHub refuses a merge."""


class Weather:
    """The faults to come: how many chances each of them still lets pass."""

    def __init__(self) -> None:
        self._coming: dict[Fault, list[int]] = {}
        self.happened: list[Fault] = []

    def brew(self, fault: Fault, spared: int) -> None:
        """The fault comes, after so many chances."""
        self._coming.setdefault(fault, []).append(spared)

    def clear(self) -> None:
        """From now on nothing goes wrong."""
        self._coming.clear()

    def strikes(self, *faults: Fault) -> Fault | None:
        """Which of these faults happens now, if one does."""
        for fault in faults:
            coming = self._coming.get(fault)
            if coming and coming[0] > 0:
                coming[0] -= 1
            elif coming:
                coming.pop(0)
                self.happened.append(fault)
                return fault
        return None

    async def apply(self, effect: Effect[object], edges: Edges) -> object:
        """Carry an effect out, or die before or after it."""
        is_landing = isinstance(effect, Merge | MoveBranch)
        if self.strikes("killed before an effect") or (is_landing and self.strikes("killed before a landing")):
            mortal.die()
        result = await effect.apply(edges)
        if self.strikes("killed after an effect") or (is_landing and self.strikes("killed after a landing")):
            mortal.die()
        return result

    def may_kill(self) -> None:
        """A call of a function begins or ends. Raises Died."""
        mortal.breathe()
        if mortal.is_function() and self.strikes("killed at a call"):
            mortal.die()

    async def before_github(self, *, is_merge: bool) -> bool:
        """A call to GitHub begins. Whether it is a slow one. Raises Later and Unprocessable."""
        self.may_kill()
        if self.strikes("GitHub: bad gateway"):
            raise Later("GitHub answers 502: Bad gateway")
        if self.strikes("GitHub: too fast"):
            raise Later("GitHub answers 403: You have exceeded a secondary rate limit.", seconds=5)
        fault = self.strikes(*REFUSALS) if is_merge else None
        if fault:
            status, words = REFUSALS[fault]
            raise Unprocessable(status, f"GitHub answers {status}: {words}")
        is_slow = self.strikes("GitHub: slow") is not None
        if is_slow:
            await asyncio.sleep(SLOW / 2)
        return is_slow

    async def after_github(self, *, is_slow: bool, is_change: bool) -> None:
        """GitHub has done it. Raises Later where nobody hears of it."""
        if is_slow:
            await asyncio.sleep(SLOW / 2)
        if is_change and self.strikes("GitHub: bad gateway after the deed"):
            raise Later("GitHub answers 502: Bad gateway")
        if self.strikes("GitHub: no answer in time"):
            await asyncio.sleep(15)
            raise Later("GitHub does not answer in time")
        self.may_kill()


class Kubernetes(InProcessTransport):
    """A function's way to the API server. `made` hears of each ProwJob that is created."""

    def __init__(self, app: App, weather: Weather, made: Callable[[ProwJob], None]) -> None:
        super().__init__(app)
        self.weather, self._made = weather, made

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> Answer:
        self.weather.may_kill()
        if self.weather.strikes("API server: busy"):
            raise Later("the API server answers 429")
        if method in {"PUT", "PATCH"} and self.weather.strikes("API server: conflict"):
            return Answer(409, b'{"message": "the object has been modified", "reason": "Conflict"}')
        answer = await super().request(method, path, query=query, body=body, content_type=content_type, accept=accept)
        if method == "POST" and path.endswith("/prowjobs") and answer.status == 201:
            self._made(as_prowjob(msgspec.json.decode(answer.body)))
        if method != "GET" and self.weather.strikes("API server: fails after the deed"):
            raise Later("the API server answers 500")
        self.weather.may_kill()
        return answer


class Storage(MemoryStore):
    """A function's state bucket."""

    def __init__(self, clock: Callable[[], datetime], weather: Weather) -> None:
        super().__init__(clock)
        self.weather = weather

    async def get(self, key: str, *, start: int | None = None, end: int | None = None) -> Stored | None:
        self.weather.may_kill()
        if self.weather.strikes("storage: fails"):
            raise Later("S3 answers 500 to a GET")
        return await super().get(key, start=start, end=end)

    async def put(self, key: str, body: bytes, **how: Any) -> Stored:
        self.weather.may_kill()
        if self.weather.strikes("storage: fails"):
            raise Later("S3 answers 500 to a PUT")
        stored = await super().put(key, body, **how)
        if self.weather.strikes("storage: fails after the deed"):
            raise Later("S3 answers 500 to a PUT")
        self.weather.may_kill()
        return stored
