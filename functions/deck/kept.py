"""The list of all runs, kept for a few seconds: everybody who looks at that moment shares it."""

import asyncio
import re
import time
from collections.abc import Callable, Sequence

from cutwater.events.edges import Edges
from cutwater.kube.client import PROWJOB, Json
from cutwater.prowjob.labels import BUILD_ID, is_value
from functions.deck.places import NotServed
from functions.deck.runs import Run, as_run, is_shown, readable

KEPT_SECONDS = 3.0
"""How old the list may be, and thrice as long as it takes to bring it up to date."""
MOST_SINGLY = 200
"""Runs that are read one by one when they have changed; where more have, the whole list is read."""
AT_ONCE = 16
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


class Runs:
    """The ProwJobs that everybody may see. `clock`: seconds, for how old the list is."""

    def __init__(self, edges: Edges, clock: Callable[[], float] = time.monotonic) -> None:
        self._edges, self._clock = edges, clock
        self._looking = asyncio.Lock()
        self._found: dict[str, Run] = {}
        self._shown: Sequence[Run] = ()
        self._stale_at = 0.0

    async def all(self) -> Sequence[Run]:
        """All runs, the newest first. Raises Later."""
        async with self._looking:
            began = self._clock()
            if began >= self._stale_at:
                config = (await self._edges.configuration()).prow
                await self._look(config.prowjob_namespace)
                shown = [run for run in self._found.values() if is_shown(run, config.deck.hidden_repos)]
                self._shown = sorted(shown, key=lambda run: (-run.started.timestamp(), run.spec.job))
                now = self._clock()
                self._stale_at = now + max(KEPT_SECONDS, 3 * (now - began))
        return self._shown

    async def _look(self, namespace: str) -> None:
        """Read what has changed. A list of ten thousand takes a second, one of their versions a fifth of it."""
        versions = await self._edges.kube.versions(PROWJOB, namespace) if self._found else {}
        known = {name: run.metadata.resource_version for name, run in self._found.items()}
        changed = [name for name, version in versions.items() if known.get(name) != version]
        if not versions or len(changed) > MOST_SINGLY:
            found = readable(await self._edges.kube.find(PROWJOB, namespace))
            self._found = {run.name: run for run in found}
            return
        doors = asyncio.Semaphore(AT_ONCE)

        async def read(name: str) -> Json | None:
            async with doors:
                return await self._edges.kube.get(PROWJOB, namespace, name)

        new = readable([each for each in await asyncio.gather(*map(read, changed)) if each is not None])
        kept = {name: run for name, run in self._found.items() if name in versions}
        self._found = kept | {run.name: run for run in new}

    async def named(self, name: str) -> Json | None:
        """The ProwJob of this name as the API server has it now, or None."""
        if _NAME.fullmatch(name) is None:
            return None
        config = (await self._edges.configuration()).prow
        found = await self._edges.kube.get(PROWJOB, config.prowjob_namespace, name)
        return found if found is not None and is_shown(as_run(found), config.deck.hidden_repos) else None

    async def of_build(self, job: str, build_id: str) -> list[Run]:
        """The runs of a job that bear this build id, as they are now."""
        if not build_id or not is_value(build_id):
            return []
        config = (await self._edges.configuration()).prow
        found = await self._edges.kube.find(PROWJOB, config.prowjob_namespace, labels=f"{BUILD_ID}={build_id}")
        return [run for run in readable(found) if run.spec.job == job and is_shown(run, config.deck.hidden_repos)]

    async def one(self, job: str, which: str) -> Run:
        """The run of a job by its build id or by the ProwJob's name. Raises NotServed."""
        for run in await self.of_build(job, which):
            return run
        found = await self.named(which)
        if found is None or (run := as_run(found)).spec.job != job:
            raise NotServed(f'there is no run "{which}" of "{job}"')
        return run
