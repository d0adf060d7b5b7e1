"""The whole conversation with a Jenkins, through the client that the functions use."""

import uuid

import pytest

from cutwater.jenkins.client import Jenkins
from cutwater.jenkins.errors import Denied, NotThere
from cutwater.jenkins.types import Build, Queued
from tests.contract.jenkins.server import TEXT, Server, seen, until


async def start(server: Server, does: str) -> tuple[Jenkins, str, str]:
    """The client, the path of a new job, and the ProwJob for which it was started."""
    name, prowjob = f"job-{uuid.uuid4().hex[:8]}", str(uuid.uuid4())
    await server.make(name, does)
    jenkins = server.client()
    parameters = {"PROW_JOB_ID": prowjob, "BUILD_ID": "42", "JOB_SPEC": '{"refs": "a&b=c ü"}'}
    await jenkins.start(f"/job/{name}", parameters)
    return jenkins, f"/job/{name}", prowjob


async def ended(server: Server, jenkins: Jenkins, job: str, prowjob: str) -> Build:
    async def look() -> Build | None:
        found = await seen(jenkins, job, prowjob)
        return found if isinstance(found, Build) and not found.is_running else None

    return await until(server, look, "the end of the build")


async def running(server: Server, jenkins: Jenkins, job: str, prowjob: str) -> Build:
    async def look() -> Build | None:
        found = await seen(jenkins, job, prowjob)
        return found if isinstance(found, Build) else None

    return await until(server, look, "the build")


async def log(jenkins: Jenkins, job: str, number: int, start: int = 0) -> tuple[str, int, bool]:
    async with jenkins.console(job, number, start) as console:
        text = b"".join([chunk async for chunk in console.text])
        return text.decode(), console.end, console.is_all


async def test_what_was_started_is_seen_at_once_with_its_parameters(server: Server) -> None:
    jenkins, job, prowjob = await start(server, "passes")
    found = await seen(jenkins, job, prowjob)
    assert isinstance(found, Queued)
    assert (found.prow_job_id, found.build_id) == (prowjob, "42")


@pytest.mark.parametrize(("does", "result"), [("passes", "SUCCESS"), ("fails", "FAILURE")])
async def test_a_build_runs_and_ends(server: Server, does: str, result: str) -> None:
    jenkins, job, prowjob = await start(server, does)
    build = await ended(server, jenkins, job, prowjob)
    assert (build.number, build.result, build.build_id) == (1, result, "42")
    assert await jenkins.read.build(job, 1) == build


async def test_two_builds_of_one_job_are_listed_the_newest_first(server: Server) -> None:
    jenkins, job, first = await start(server, "passes")
    await ended(server, jenkins, job, first)
    await jenkins.start(job, {"PROW_JOB_ID": "second"})
    await ended(server, jenkins, job, "second")
    builds = await jenkins.read.builds(job)
    assert builds is not None
    assert [(build.number, build.prow_job_id) for build in builds] == [(2, "second"), (1, first)]


async def test_a_build_is_stopped(server: Server) -> None:
    jenkins, job, prowjob = await start(server, "runs")
    build = await running(server, jenkins, job, prowjob)
    assert build.is_running
    await jenkins.stop(job, build.number)
    assert (await ended(server, jenkins, job, prowjob)).result == "ABORTED"
    await jenkins.stop(job, build.number)  # as it stands
    with pytest.raises(NotThere):
        await jenkins.stop(job, 99)


async def test_a_log_is_read_as_it_grows(server: Server) -> None:
    jenkins, job, prowjob = await start(server, "runs")
    build = await running(server, jenkins, job, prowjob)

    async def look() -> tuple[str, int, bool] | None:
        found = await log(jenkins, job, build.number)
        return found if "begun\n" in found[0] else None

    text, end, is_all = await until(server, look, "the first line")
    assert not is_all
    assert await log(jenkins, job, build.number, end) == ("", end, False)
    await jenkins.stop(job, build.number)
    await ended(server, jenkins, job, prowjob)

    async def look_again() -> tuple[str, int, bool] | None:
        found = await log(jenkins, job, build.number, end)
        return found if found[2] else None

    rest, last, _ = await until(server, look_again, "the end of the log")
    assert text + rest == (await log(jenkins, job, build.number))[0]
    assert last == len((text + rest).encode())


async def test_the_log_of_a_build_that_ended(server: Server) -> None:
    jenkins, job, prowjob = await start(server, "passes")
    build = await ended(server, jenkins, job, prowjob)
    text, end, is_all = await log(jenkins, job, build.number)
    assert TEXT in text
    assert (end, is_all) == (len(text.encode()), True)


async def test_what_a_job_says_of_itself(server: Server) -> None:
    jenkins, job, prowjob = await start(server, "passes")
    await ended(server, jenkins, job, prowjob)
    info = await jenkins.read.job(job)
    assert info is not None
    assert info.parameters == {"PROW_JOB_ID", "BUILD_ID"}
    assert [build.number for build in info.builds] == [1]


async def test_what_is_not_there(server: Server) -> None:
    jenkins = server.client()
    assert await jenkins.read.job("/job/none") is None
    assert await jenkins.read.builds("/job/none") is None
    assert await jenkins.read.build("/job/none", 1) is None
    with pytest.raises(NotThere):
        await jenkins.start("/job/none", {})
    with pytest.raises(NotThere):
        await log(jenkins, "/job/none", 1)


async def test_a_wrong_password(server: Server) -> None:
    with pytest.raises(Denied, match=r"it answers 401 .* to GET /queue/api/json"):
        await server.client("wrong").read.queue()
    with pytest.raises(Denied, match="it answers 401"):
        await server.client("wrong").start("/job/none", {})
