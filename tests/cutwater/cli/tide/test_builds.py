"""The simulated cluster."""

from cutwater.cli.tide.builds import Builds
from cutwater.cli.tide.clock import Clock
from cutwater.cli.tide.workload import Workload
from cutwater.prowjob.types import ProwJob
from tests.cutwater.cli.tide.queues import JOBS
from tests.functions.tide.making import run


class Cluster:
    """`ended`: the states in which runs ended, in their order, with the minutes then."""

    def __init__(self, *, slots: int = 0, fails: str = "", flakes: float = 0) -> None:
        self.clock = Clock()
        self.ended: list[tuple[str, str, float]] = []
        workload = Workload(changes=(), jobs=JOBS, hours=10, flakes=flakes)
        self.builds = Builds(self.clock, workload, fails=lambda job, _: job == fails, ended=self._hear_of, slots=slots)

    def _hear_of(self, job: ProwJob) -> None:
        self.ended.append((job.spec.job, job.status.state, self.clock.now / 60))


async def test_runs_take_their_time() -> None:
    cluster = Cluster(fails="e2e")
    for text in ("1/e2e:T", "1/unit:T"):
        cluster.builds.start(run(text))
    await cluster.clock.run(3600)
    assert cluster.ended == [("unit", "success", 20), ("e2e", "failure", 50)]
    assert (cluster.builds.count, cluster.builds.seconds) == (2, 70 * 60)


async def test_a_run_waits_for_a_slot() -> None:
    cluster = Cluster(slots=1)
    for number in (1, 2):
        cluster.builds.start(run(f"{number}/unit:T"))
    assert [job.status.state for job in cluster.builds.runs] == ["pending", "triggered"]
    await cluster.clock.run(3600)
    assert [minutes for *_, minutes in cluster.ended] == [20, 40]


async def test_a_newer_run_stops_an_older_one_for_the_same_pull_request() -> None:
    cluster = Cluster()
    for text in ("1/unit:T", "2/unit:T", "1/e2e:T", "1/unit:T"):
        cluster.builds.start(run(text))
    assert cluster.ended == [("unit", "aborted", 0)]


async def test_a_pull_request_that_is_gone_needs_no_runs() -> None:
    cluster = Cluster(slots=2)
    for text, kind in (("1/unit:T", "presubmit"), ("1+2/unit:T", "batch"), ("1/e2e:T", "presubmit")):
        cluster.builds.start(run(text, kind=kind))
    cluster.builds.stop_all_of(1)
    assert {(job, state) for job, state, _ in cluster.ended} == {("unit", "aborted"), ("e2e", "aborted")}
    await cluster.clock.run(3600)
    assert cluster.ended[2:] == [("unit", "success", 20)], "the batch holds another, too"
    assert cluster.builds.count == 2, "one has never begun"


async def test_batches_are_counted() -> None:
    cluster = Cluster()
    for text in ("1+2/unit:T", "1+2/e2e:T", "3+4/unit:T"):
        cluster.builds.start(run(text, kind="batch"))
    await cluster.clock.run(3600)
    assert cluster.builds.batches() == (1, 0), "of the other one nobody knows yet"
    failing = Cluster(fails="unit")
    failing.builds.start(run("1+2/unit:T", kind="batch"))
    await failing.clock.run(3600)
    assert failing.builds.batches() == (0, 1)


async def test_some_fail_by_chance() -> None:
    cluster = Cluster(flakes=0.25)
    for number in range(400):
        cluster.builds.start(run(f"{number}/unit:T"))
    await cluster.clock.run(3600)
    assert 70 < sum(state == "failure" for _, state, _ in cluster.ended) < 130
