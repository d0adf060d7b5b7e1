"""ProwJobs from their creation to their end, and their logs in deck, on each Jenkins."""

import uuid
from typing import Any

import pytest

from cutwater.kube.client import PROWJOB
from cutwater.prowjob.types import ProwJob
from functions.deck.function import role as deck
from functions.jenkins_operator.function import jenkins_operator
from tests.contract.jenkins.server import TEXT, Server, until
from tests.functions.deck.site import Page, read, request
from tests.functions.kubernetes import NAMESPACE, Kubernetes
from tests.world import configuration

CONFIG = """
prowjob_namespace: default
jenkins_operators: [{job_url_template: "https://jenkins/job/{{.Spec.Job}}/{{.Status.JenkinsBuildID}}/"}]
"""


class Run:
    """One ProwJob, and what becomes of it as its operator looks again and again."""

    def __init__(self, server: Server) -> None:
        self._server = server
        config = configuration(CONFIG, jobs="{}", plugins="{}")
        self._world = Kubernetes(config, jenkins=lambda selector: server.client())
        self._deck = deck.open(self._world.edges)
        self.job = f"job-{uuid.uuid4().hex[:8]}"
        self.name = str(uuid.uuid4())

    async def start(self, does: str) -> "Run":
        await self._world.start()
        await self._server.make(self.job, does)
        await self._world.job(self.name, agent="jenkins", cluster="", pod_spec=None, job=self.job)
        return self

    async def until(self, state: str, **status: Any) -> ProwJob:
        """The ProwJob when it is in this state, and complete where that is asked for."""

        async def look() -> ProwJob | None:
            await self._world.look(jenkins_operator, f"{NAMESPACE}/{self.name}")
            job = await self._world.read(self.name)
            is_there = job.status.state == state and all(getattr(job, key) == value for key, value in status.items())
            return job if is_there else None

        return await until(self._server, look, state)

    async def abort(self) -> None:
        await self._world.kube.merge(PROWJOB, NAMESPACE, self.name, {"status": {"state": "aborted"}})

    async def log(self) -> Page:
        """What deck shows of its log."""
        return await read(await self._deck(request("GET", f"/log?job={self.job}&id={self.name}")))


@pytest.mark.parametrize(
    ("does", "state", "description"),
    [("passes", "success", "Jenkins job succeeded."), ("fails", "failure", "Jenkins job failed.")],
)
async def test_a_run_to_its_end(server: Server, does: str, state: str, description: str) -> None:
    run = await Run(server).start(does)
    job = await run.until(state, is_complete=True)
    assert (job.status.description, job.status.jenkins_build_id) == (description, "1")
    assert job.status.url == f"https://jenkins/job/{run.job}/1/"
    assert len(job.status.build_id) == 19


async def test_the_log_in_deck(server: Server) -> None:
    run = await Run(server).start("passes")
    await run.until("success")
    page = await run.log()
    assert page.status == 200
    assert TEXT in page.text


async def test_an_abort(server: Server) -> None:
    run = await Run(server).start("runs")
    await run.until("pending")
    await run.abort()
    assert (await run.until("aborted", is_complete=True)).status.description == "Jenkins job running."
    build = await server.client().read.build(f"/job/{run.job}", 1)
    assert build is not None


async def test_an_abort_while_it_waits(server: Server) -> None:
    run = await Run(server).start("runs")
    await run.until("triggered")
    await run.abort()
    await run.until("aborted", is_complete=True)

    async def is_gone() -> bool | None:
        queue, builds = await server.client().read.queue(), await server.client().read.builds(f"/job/{run.job}")
        waits = any(each.prow_job_id == run.name for each in queue)
        return (not waits and not any(build.is_running for build in builds or ())) or None

    await until(server, is_gone, "the end of it")
