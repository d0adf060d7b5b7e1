"""A ProwJob from its creation to the end of its build, also where Jenkins is slow, loses things, or refuses."""

import asyncio
from typing import Any

import pytest
from starlette.responses import Response

from cutwater.events.level import LevelRole
from cutwater.jenkins.client import Jenkins
from cutwater.jenkins.errors import Denied
from cutwater.kube.client import PROWJOB
from cutwater.outgoing.tot import Tot
from cutwater.prowjob.labels import BUILD_ID
from cutwater.prowjob.types import ProwJob
from functions.jenkins_operator.asked import PATIENCE
from functions.jenkins_operator.function import jenkins_operator
from tests.functions.kubernetes import NAMESPACE, Dying, Killed, Kubernetes
from tests.jenkins import FakeJenkins
from tests.world import configuration

pytestmark = pytest.mark.virtual

URL = "https://jenkins/{{.Spec.Job}}/{{.Status.JenkinsBuildID}}/{{.Status.State}}/"
CONFIG = f"""
prowjob_namespace: default
jenkins_operators: [{{job_url_template: "{URL}"}}]
status_error_link: https://help
"""
SHARDS = """
prowjob_namespace: default
jenkins_operators: [{label_selector: master=a}, {label_selector: master=b}]
"""
LIMITED = CONFIG.replace("[{", "[{max_concurrency: 2, ")
REFS = {
    "org": "acme",
    "repo": "rocket",
    "base_ref": "main",
    "base_sha": "b",
    "pulls": [{"number": 1, "author": "bob", "sha": "s"}],
}
ROLE: LevelRole = jenkins_operator


class World(Kubernetes):
    """The ProwJobs, and the Jenkins of each operator by its label selector; `jenkins` is that of the only one."""

    def __init__(self, config: str = CONFIG, **given: Any) -> None:
        self.every: dict[str, FakeJenkins] = {"": FakeJenkins(needs_crumb=True)}
        self.jenkins = self.every[""]
        super().__init__(configuration(config, jobs="{}", plugins="{}"), jenkins=self._jenkins, **given)
        self.jenkins.job("unit")

    def _jenkins(self, selector: str) -> Jenkins:
        if selector not in self.every:
            raise Denied("it is not set up")
        return self.every[selector].client()

    async def for_jenkins(self, name: str = "a", **more: Any) -> ProwJob:
        return await self.job(name, **{"agent": "jenkins", "cluster": "", "pod_spec": None, **more})

    async def looked(self, name: str = "a", **more: Any) -> ProwJob:
        """The ProwJob after a look."""
        await self.look(ROLE, f"{NAMESPACE}/{name}", **more)
        return await self.read(name)

    async def swept(self, name: str = "a") -> ProwJob:
        """The ProwJob after a sweep, and what it has woken."""
        await self.look(ROLE, "", tick="sweep")
        await self.settle(ROLE)
        return await self.read(name)


async def world(config: str = CONFIG, **given: Any) -> World:
    made = World(config, **given)
    await made.start()
    return made


def told(job: ProwJob) -> tuple[str, str, bool]:
    return job.status.state, job.status.description, job.is_complete


async def test_a_run_from_triggered_to_its_end() -> None:
    here = await world()
    await here.for_jenkins()
    assert told(await here.looked()) == ("triggered", "Jenkins job enqueued.", False)
    made = here.jenkins.begin("a")
    pending = await here.swept()
    assert told(pending) == ("pending", "Jenkins job running.", False)
    assert (pending.status.pod_name, pending.status.jenkins_build_id) == ("a", "1")
    assert pending.status.build_id == made.parameters["BUILD_ID"] == pending.metadata.labels[BUILD_ID]
    assert pending.status.url == "https://jenkins/unit/1/pending/"
    assert pending.status.pendingTime is not None
    here.jenkins.end("a", "SUCCESS")
    ended = await here.swept()
    assert told(ended) == ("success", "Jenkins job succeeded.", True)
    assert ended.status.url == "https://jenkins/unit/1/success/"


async def test_the_conversation_of_a_start() -> None:
    here = await world()
    await here.for_jenkins()
    await here.looked()
    start = "POST /job/unit/buildWithParameters"
    assert here.jenkins.asked == [
        "GET /queue/api/json",
        "GET /job/unit/api/json",
        "GET /job/unit/api/json",
        start,  # forbidden without a crumb
        start,
    ]


async def test_what_a_build_is_told() -> None:
    here = await world()
    declared = ("PROW_JOB_ID", "BUILD_ID", "JOB_SPEC", "PULL_REFS", "PULL_NUMBER", "BUILD_NUMBER", "JOB_NAME")
    here.jenkins.job("folder/unit", parameters=declared)
    await here.for_jenkins(type="presubmit", job="folder/unit", refs=REFS)
    await here.looked()
    given = here.jenkins.begin("a").parameters
    assert here.jenkins.asked[-1] == "POST /job/folder/job/unit/buildWithParameters"
    assert (given["PULL_REFS"], given["PULL_NUMBER"], given["JOB_NAME"]) == ("main:b,1:s", "1", "folder/unit")
    assert f'"buildid":"{given["BUILD_ID"]}"' in given["JOB_SPEC"]
    assert "BUILD_NUMBER" not in given


async def test_the_number_of_a_build_is_tots_where_there_is_one() -> None:
    here = await world(tot=Tot("http://tot", ask=lambda address: (200, address.rpartition("/")[2] + "-42")))
    await here.for_jenkins()
    await here.looked()
    assert here.jenkins.begin("a").parameters["BUILD_ID"] == "unit-42"


@pytest.mark.parametrize(
    ("result", "state", "description"),
    [
        ("SUCCESS", "success", "Jenkins job succeeded."),
        ("FAILURE", "failure", "Jenkins job failed."),
        ("UNSTABLE", "failure", "Jenkins job failed."),
        ("NOT_BUILT", "failure", "Jenkins job failed."),
        ("ABORTED", "aborted", "Jenkins job aborted."),
    ],
)
async def test_a_build_that_is_over_before_anybody_saw_it_run(result: str, state: str, description: str) -> None:
    here = await world()
    await here.for_jenkins()
    await here.looked()
    here.jenkins.begin("a")
    here.jenkins.end("a", result)
    assert told(await here.swept()) == (state, description, True)


@pytest.mark.parametrize("job", [{"agent": "kubernetes"}, {"state": "scheduling"}], ids=["a pod's", "no cluster yet"])
async def test_not_for_jenkins(job: dict[str, Any]) -> None:
    here = await world()
    await here.for_jenkins(**job)
    await here.swept()
    await here.looked()
    assert here.jenkins.of("a") == []


async def test_a_job_without_parameters_learns_them_from_a_build_that_is_stopped() -> None:
    here = await world()
    here.jenkins.job("new", parameters=(), teaches=("PROW_JOB_ID", "BUILD_ID"))
    await here.for_jenkins(job="new")
    await here.looked()
    assert here.jenkins.of("a") == []
    lesson = here.jenkins.begin()
    assert told(await here.swept()) == ("triggered", "Jenkins job enqueued.", False)
    assert lesson.result == "ABORTED"
    assert len(here.jenkins.of("a")) == 1


async def test_a_job_that_learns_nothing() -> None:
    here = await world()
    here.jenkins.job("bare", parameters=())
    await here.for_jenkins(job="bare")
    await here.looked()
    here.jenkins.begin()
    await here.pass_time(seconds=PATIENCE.total_seconds())
    why = "Error starting Jenkins job. Job bare has no parameters, not even after its first build."
    assert told(await here.swept()) == ("error", why, True)


async def test_a_job_that_would_not_tell_whose_its_builds_are_is_not_started() -> None:
    here = await world()
    here.jenkins.job("deaf", parameters=("BUILD_ID",))
    await here.for_jenkins(job="deaf")
    why = "Error starting Jenkins job. Job deaf does not declare the parameter PROW_JOB_ID."
    assert told(await here.looked()) == ("error", why, True)
    assert here.jenkins.queue == []


async def test_a_job_that_jenkins_makes_a_moment_later() -> None:
    here = await world()
    await here.for_jenkins(job="late")
    assert told(await here.looked()) == ("triggered", "", False)
    here.jenkins.job("late")
    assert told(await here.swept()) == ("triggered", "Jenkins job enqueued.", False)


async def test_a_job_that_is_not_there() -> None:
    here = await world()
    await here.for_jenkins(job="none")
    await here.looked()
    await here.pass_time(seconds=PATIENCE.total_seconds())
    job = await here.swept()
    assert told(job) == ("error", "Error starting Jenkins job. Job none does not exist.", True)
    assert job.status.url == "https://help"


async def test_a_lost_answer_starts_nothing_twice() -> None:
    here = await world()
    await here.for_jenkins()
    here.jenkins.loses = lambda method, path: method == "POST" and here.jenkins.queue != []
    job = await here.looked()
    assert job.status.description.startswith("Jenkins cannot be asked: it cannot be reached (ReadTimeout)")
    here.jenkins.loses = lambda method, path: False
    assert told(await here.looked()) == ("triggered", "Jenkins job enqueued.", False)
    await here.pass_time(seconds=2 * PATIENCE.total_seconds())
    await here.swept()
    assert len(here.jenkins.of("a")) == 1


async def test_a_start_that_never_arrived_is_made_again_under_its_number() -> None:
    here = await world()
    await here.for_jenkins()

    async def break_down(method: str, path: str) -> Response | None:
        return Response("<html>proxy</html>", 502) if method == "POST" else None

    here.jenkins.fails = break_down
    job = await here.looked()
    assert job.status.description.startswith("Jenkins cannot be asked: it answers 502")
    number = job.metadata.annotations["cutwater.dev/jenkins-start"].split()[1]
    here.jenkins.fails = None
    await here.swept()
    assert here.jenkins.of("a") == []  # not yet: it may be on its way
    await here.pass_time(seconds=PATIENCE.total_seconds())
    assert told(await here.swept()) == ("triggered", "Jenkins job enqueued.", False)
    assert [made.parameters["BUILD_ID"] for made in here.jenkins.of("a")] == [number]


async def test_a_start_that_never_succeeds_ends() -> None:
    here = await world()
    await here.for_jenkins()

    async def break_down(method: str, path: str) -> Response | None:
        return Response("<html>proxy</html>", 502) if method == "POST" else None

    here.jenkins.fails = break_down
    await here.looked()
    for _ in range(4):
        await here.swept()
        await here.pass_time(seconds=PATIENCE.total_seconds())
        job = await here.swept()
    assert told(job) == ("error", "Error starting Jenkins job.", True)
    assert here.jenkins.asked.count("POST /job/unit/buildWithParameters") == 3


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(3))
async def test_a_function_that_dies_while_it_starts_a_build(number: int, *, after: bool) -> None:
    here = await world()
    await here.for_jenkins()
    with pytest.raises(Killed):
        await here.looked(apply=Dying(number, after=after))
    for _ in range(3):
        await here.pass_time(seconds=PATIENCE.total_seconds())
        await here.swept()
    assert len(here.jenkins.of("a")) == 1
    here.jenkins.begin("a")
    here.jenkins.end("a", "SUCCESS")
    assert (await here.swept()).status.state == "success"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(2))
async def test_a_function_that_dies_while_it_carries_out_an_abort(number: int, *, after: bool) -> None:
    here = await world()
    await here.for_jenkins()
    await here.looked()
    await here.set("a", state="aborted")
    with pytest.raises(Killed):
        await here.looked(apply=Dying(number, after=after))
    assert (await here.swept()).is_complete
    assert here.jenkins.of("a") == []


async def test_two_functions_start_one_build() -> None:
    here = await world()
    await here.for_jenkins()
    await asyncio.gather(here.looked(), here.looked(), return_exceptions=True)
    assert len(here.jenkins.of("a")) == 1


async def test_a_build_that_vanishes() -> None:
    here = await world()
    await here.for_jenkins()
    await here.looked()
    here.jenkins.begin("a")
    await here.swept()
    here.jenkins.jobs["/job/unit"].builds.clear()
    assert told(await here.swept()) == ("pending", "Jenkins job running.", False)
    await here.pass_time(seconds=PATIENCE.total_seconds())
    job = await here.swept()
    assert told(job) == ("error", "Error finding Jenkins job.", True)
    assert job.status.url == "https://help"


async def test_a_build_that_was_out_of_sight_for_a_moment() -> None:
    here = await world()
    await here.for_jenkins()
    await here.looked()
    here.jenkins.begin("a")
    await here.swept()
    builds = here.jenkins.jobs["/job/unit"].builds
    hidden = builds.pop()
    await here.swept()
    builds.append(hidden)
    await here.swept()
    builds.pop()
    await here.pass_time(seconds=PATIENCE.total_seconds())
    assert not (await here.swept()).is_complete


async def test_a_build_behind_a_hundred_newer_ones() -> None:
    here = await world()
    await here.for_jenkins()
    await here.looked()
    here.jenkins.begin("a")
    await here.swept()
    for number in range(120):
        await here.jenkins.client().start("/job/unit", {"PROW_JOB_ID": f"other-{number}"})
        here.jenkins.begin(f"other-{number}")
    here.jenkins.end("a", "SUCCESS")
    assert (await here.swept()).status.state == "success"


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (403, "Jenkins cannot be asked: it answers 403 Forbidden to GET /queue/api/json."),
        (503, "Jenkins cannot be asked: it answers 503 Service Unavailable to GET /queue/api/json."),
        (200, "Jenkins cannot be asked: it answers text/html to GET /queue/api/json, not JSON."),
    ],
)
async def test_a_jenkins_that_answers_something_else(status: int, says: str) -> None:
    here = await world()
    await here.for_jenkins()

    async def refuse(method: str, path: str) -> Response | None:
        return Response("<html>Jenkins is getting ready</html>", status, media_type="text/html")

    here.jenkins.fails = refuse
    assert told(await here.swept()) == ("triggered", says, False)
    here.jenkins.fails = None
    assert told(await here.swept()) == ("triggered", "Jenkins job enqueued.", False)


async def test_a_jenkins_that_hangs_is_said_once_and_holds_back_no_other() -> None:
    here = await world(SHARDS)
    for name in ("a", "b"):
        here.every[f"master={name}"] = FakeJenkins()
        here.every[f"master={name}"].job("unit")
        job = await here.for_jenkins(name)
        await here.kube.merge(PROWJOB, NAMESPACE, name, {"metadata": {"labels": {"master": name}}})
        assert not job.is_complete

    async def hang(method: str, path: str) -> Response | None:
        await asyncio.sleep(3600)
        return None

    here.every["master=a"].fails = hang
    assert told(await here.swept("b")) == ("triggered", "Jenkins job enqueued.", False)
    says = "Jenkins cannot be asked: it does not answer GET /queue/api/json in 15 s."
    assert told(await here.read("a")) == ("triggered", says, False)
    await here.look(ROLE, "", tick="sweep")
    assert here.published == []
    here.every["master=a"].fails = None
    assert told(await here.swept()) == ("triggered", "Jenkins job enqueued.", False)


async def test_a_job_that_is_nobodys() -> None:
    here = await world(SHARDS)
    await here.for_jenkins()
    says = "Jenkins cannot be asked: no entry of jenkins_operators selects its labels."
    assert told(await here.swept()) == ("triggered", says, False)


async def test_a_jenkins_that_is_not_set_up() -> None:
    here = await world()
    del here.every[""]
    await here.for_jenkins()
    assert (await here.looked()).status.description == "Jenkins cannot be asked: it is not set up."


async def test_a_start_that_jenkins_refuses() -> None:
    here = await world()
    await here.for_jenkins()

    async def refuse(method: str, path: str) -> Response | None:
        return Response("<html>", 403, media_type="text/html") if method == "POST" else None

    here.jenkins.fails = refuse
    why = (
        "Error starting Jenkins job. Jenkins will not: it answers 403 Forbidden to POST /job/unit/buildWithParameters."
    )
    assert told(await here.looked()) == ("error", why, True)


async def test_an_abort_of_a_build_that_runs() -> None:
    here = await world()
    await here.for_jenkins()
    await here.looked()
    here.jenkins.begin("a")
    await here.swept()
    await here.set("a", state="aborted", description="no longer wanted")
    assert told(await here.looked()) == ("aborted", "no longer wanted", True)
    assert here.jenkins.of("a")[0].result == "ABORTED"


async def test_an_abort_of_a_build_that_waits() -> None:
    here = await world()
    await here.for_jenkins()
    await here.looked()
    await here.set("a", state="aborted")
    assert (await here.looked()).is_complete
    assert here.jenkins.of("a") == []


async def test_an_abort_of_a_build_that_begins_at_that_moment() -> None:
    here = await world()
    await here.for_jenkins()
    await here.looked()
    await here.set("a", state="aborted")

    async def begin(method: str, path: str) -> Response | None:
        if path == "/queue/cancelItem" and here.jenkins.queue:
            here.jenkins.begin("a")
        return None

    here.jenkins.fails = begin
    assert (await here.looked()).is_complete
    assert here.jenkins.of("a")[0].result == "ABORTED"


async def test_an_abort_before_anything_was_started() -> None:
    here = await world()
    await here.for_jenkins(state="aborted")
    assert (await here.looked()).is_complete


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (503, "no longer wanted"),
        (403, "Jenkins cannot be asked: it answers 403 Forbidden to POST /job/unit/1/stop."),
    ],
)
async def test_an_abort_that_jenkins_refuses_is_tried_again(status: int, says: str) -> None:
    here = await world()
    await here.for_jenkins()
    await here.looked()
    here.jenkins.begin("a")
    await here.set("a", state="aborted", description="no longer wanted")

    async def refuse(method: str, path: str) -> Response | None:
        return Response("<html>", status) if method == "POST" else None

    here.jenkins.fails = refuse
    assert told(await here.swept()) == ("aborted", says, False)
    here.jenkins.fails = None
    assert (await here.swept()).is_complete


async def test_a_newer_run_for_a_pull_request_replaces_the_older() -> None:
    here = await world()
    await here.for_jenkins("old", type="presubmit", refs=REFS)
    await here.looked("old")
    here.jenkins.begin("old")
    await here.pass_time(seconds=5)
    newer = {**REFS, "pulls": [{"number": 1, "author": "bob", "sha": "s2"}]}
    await here.for_jenkins("new", type="presubmit", refs=newer)
    await here.looked("new")
    old = await here.swept("old")
    assert told(old) == ("aborted", "Aborted as the newer version of this job is running.", True)
    assert here.jenkins.of("old")[0].result == "ABORTED"
    assert old.status.prev_report_states["github-reporter"] == "aborted"
    assert (await here.read("new")).status.description == "Jenkins job enqueued."


async def test_another_pull_request_and_a_batch_are_left_alone() -> None:
    here = await world()
    await here.for_jenkins("one", type="presubmit", refs=REFS)
    await here.for_jenkins(
        "two", type="presubmit", refs={**REFS, "pulls": [{"number": 2, "author": "eve", "sha": "t"}]}
    )
    await here.for_jenkins("batch", type="batch", refs=REFS)
    await here.swept("batch")
    assert [len(here.jenkins.of(name)) for name in ("one", "two", "batch")] == [1, 1, 1]


async def test_limits_hold_also_while_builds_wait_in_jenkins() -> None:
    here = await world(LIMITED)
    for number in range(4):
        await here.for_jenkins(f"job-{number}")
        await here.pass_time(seconds=1)
    await here.swept("job-0")
    assert len(here.jenkins.queue) == 2
    here.jenkins.begin("job-0")
    here.jenkins.end("job-0", "SUCCESS")
    await here.swept("job-0")
    await here.swept("job-0")
    assert [len(here.jenkins.of(f"job-{number}")) for number in range(4)] == [1, 1, 1, 0]


async def test_a_look_at_many_costs_one_question_a_job() -> None:
    here = await world()
    here.jenkins.job("other")
    for number in range(20):
        await here.for_jenkins(f"job-{number}", job="unit" if number % 2 else "other")
    await here.swept("job-0")
    for number in range(20):
        here.jenkins.begin(f"job-{number}")
    await here.swept("job-0")
    here.jenkins.asked.clear()
    await here.look(ROLE, "", tick="sweep")
    assert here.published == []
    assert len(here.jenkins.asked) == 4 * 3
