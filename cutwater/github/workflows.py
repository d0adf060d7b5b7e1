"""Runs of GitHub Actions workflows for a commit: what there is, and to have them go on."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from urllib.parse import quote

from msgspec import Struct

from cutwater.github.client import NotFound
from cutwater.github.effects import HasGitHub
from cutwater.github.read import Reader
from cutwater.github.types import read

RUN = "/repos/{org}/{repo}/actions/runs/{id}"


class WorkflowRun(Struct, frozen=True, kw_only=True):
    """One run. `conclusion` is "" until `status` is completed; `action_required` is a run that waits for approval."""

    id: int
    name: str = ""
    status: str = ""
    conclusion: str = ""
    run_attempt: int = 1


class WorkflowRuns(Struct, frozen=True):
    """A page of runs."""

    workflow_runs: tuple[WorkflowRun, ...] = ()


async def runs_of(
    github: Reader, org: str, repo: str, *, branch: str, sha: str, events: Sequence[str], status: str = ""
) -> tuple[WorkflowRun, ...]:
    """The newest hundred runs for a commit on a branch, that one of the events has started.

    `status`: only those with it, or with it as their conclusion.
    """
    asked = {"head_sha": sha, "event": " OR ".join(events), "branch": branch, "per_page": "100"}
    asked |= {"status": status} if status else {}
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in asked.items())
    found = await github.get(f"/repos/{{org}}/{{repo}}/actions/runs?{query}", org=org, repo=repo)
    return () if found is None else read(found, WorkflowRuns).workflow_runs


class RerunFailedJobs(Struct, frozen=True, kw_only=True, tag=True):
    """Run again what has failed of a run. `attempt`: the one that has failed."""

    org: str
    repo: str
    run: int
    attempt: int
    why: str
    visible: ClassVar[bool] = True
    writes: ClassVar[tuple[str, ...]] = ("actions",)

    async def apply(self, world: HasGitHub) -> None:
        await world.github.send("POST", f"{RUN}/rerun-failed-jobs", org=self.org, repo=self.repo, id=self.run)

    async def stands(self, world: HasGitHub, since: datetime) -> bool | None:
        found = await _run(world, self.org, self.repo, self.run)
        return (found is not None and found.run_attempt > self.attempt) or None


class ApproveRun(Struct, frozen=True, kw_only=True, tag=True):
    """Let a run begin that waits for approval, as those of newcomers do. That it waits no more is no error."""

    org: str
    repo: str
    run: int
    why: str
    visible: ClassVar[bool] = False
    writes: ClassVar[tuple[str, ...]] = ("actions",)

    async def apply(self, world: HasGitHub) -> None:
        try:
            await world.github.send("POST", f"{RUN}/approve", org=self.org, repo=self.repo, id=self.run)
        except NotFound:
            pass  # somebody was faster

    async def stands(self, world: HasGitHub, since: datetime) -> bool | None:
        found = await _run(world, self.org, self.repo, self.run)
        return (found is not None and found.conclusion != "action_required") or None


async def _run(world: HasGitHub, org: str, repo: str, run: int) -> WorkflowRun | None:
    found = await world.github.get(RUN, org=org, repo=repo, id=run)
    return None if found is None else read(found, WorkflowRun)
