"""The log of a build in Jenkins: on the run's page, as it grows, and raw; what deck enters Jenkins with stays here."""

import pytest

from functions.deck.jenkins_logs import JenkinsLogs
from functions.deck.kept import Runs
from tests.functions.deck.site import CONFIG, Site
from tests.jenkins import PASSWORD, FakeJenkins

JENKINS = CONFIG + "jenkins_operators: [{}]\n"
LOG = "/log?job=folder/unit&id=1"


async def site() -> tuple[Site, FakeJenkins]:
    """A deck, and a Jenkins in which the build of run 1 of folder/unit runs and has written two lines."""
    jenkins = FakeJenkins()
    here = Site(JENKINS, jenkins=jenkins)
    jenkins.job("folder/unit")
    await jenkins.client().start("/job/folder/job/unit", {"PROW_JOB_ID": "a"})
    jenkins.begin("a").log = b"one\ntwo\n"
    return here, jenkins


async def run(here: Site, **status: str) -> None:
    await here.run(
        "folder/unit",
        agent="jenkins",
        pod_spec=None,
        decoration_config=None,
        state="pending",
        status={"jenkins_build_id": "1", **status},
    )


async def test_the_raw_log() -> None:
    here, _ = await site()
    await run(here)
    page = await here.get(LOG)
    assert (page.status, page.text) == (200, "one\ntwo\n")
    assert page.headers["content-type"].startswith("text/plain")


async def test_the_page_of_a_run_shows_it_and_nothing_of_the_password() -> None:
    here, _ = await site()
    await run(here)
    page = await here.get("/view/prowjob/folder%2Funit/1")
    assert page.status == 200
    assert "one" in page.text
    assert "two" in page.text
    assert PASSWORD not in page.text


async def test_only_what_is_new_is_fetched_and_nothing_after_the_end() -> None:
    here, jenkins = await site()
    await run(here)
    now = 0.0
    logs, found = JenkinsLogs(here.edges, lambda: now), await Runs(here.edges).one("folder/unit", "1")
    made = jenkins.of("a")[0]
    log = await logs.log(found)
    assert (await log.read(0, 100), log.version) == (b"one\ntwo\n", "")
    made.log += b"three\n"
    assert (await logs.log(found)).size == 8  # fresh enough
    now = 1.0
    assert await (await logs.log(found)).read(8, 100) == b"three\n"
    now, made.result = 2.0, "SUCCESS"
    assert (await logs.log(found)).version
    now, jenkins.asked = 3.0, []
    assert await (await logs.log(found)).read(0, 100) == b"one\ntwo\nthree\n"
    assert jenkins.asked == []


@pytest.mark.parametrize(
    ("status", "says"),
    [
        pytest.param({"jenkins_build_id": ""}, "there is no log yet", id="no build yet"),
        pytest.param({"jenkins_build_id": "7"}, "Jenkins does not show the log: it answers 404", id="no such build"),
    ],
)
async def test_a_log_that_is_not_there(status: dict[str, str], says: str) -> None:
    here, _ = await site()
    await run(here, **status)
    page = await here.get(LOG)
    assert page.status == 404
    assert says in page.text


async def test_a_jenkins_that_is_not_set_up() -> None:
    here = Site(JENKINS)
    await run(here)
    page = await here.get(LOG)
    assert page.status == 404
    assert "no Jenkins is set up" in page.text
