"""What people see of their tests on a pull request: statuses and the comment, from the first webhook to the end."""

import msgspec
import pytest

from cutwater.prowjob.descriptions import base_sha_of
from infra.local.github.world import Issue
from tests.world import BOT, World

pytestmark = pytest.mark.virtual


async def pull_request(world: World) -> Issue:
    change = await world.github.pull_request(world.rocket, author="bob", files={"fin.txt": "balsa\n"})
    await world.settle()
    return change


def reports(change: Issue) -> list[str]:
    """The rows of each comment with results."""
    return [text for who, text in change.comments if who == BOT and "<!-- test report -->" in text]


def failed(report: str) -> list[str]:
    return [line.partition(" | ")[0] for line in report.splitlines() if line.endswith("`")]


async def end(world: World, **phases: str) -> None:
    jobs = await world.jobs()
    for name, phase in phases.items():
        await world.end_pod(jobs[name], phase=phase)
    await world.settle()


async def test_from_the_first_status_to_the_last() -> None:
    async with World() as world:
        change = await pull_request(world)
        print(change.statuses)
        assert {context: state for context, (state, _) in change.statuses.items()} == {
            "unit": "pending",
            "flight": "pending",
        }
        await end(world, unit="Succeeded", flight="Failed")
        print(change.statuses, change.comments)
        print([(d.event.extensions, d.status) for d in world.deliveries if d.subscriber == "crier"] if 0 else "")
        print(world.buckets.keys(), list(world.buckets["artifacts"]._objects))
        for k, v in world.buckets["artifacts"]._objects.items():
            print(k, v.body.decode()[:300])
        jobs = await world.kube.read.prowjobs("default")
        print([(j.spec.job, j.status.prev_report_states, j.metadata.labels) for j in jobs])
        await world.settle(120)
        jobs = await world.kube.read.prowjobs("default")
        print([(j.spec.job, j.status.prev_report_states, j.metadata.labels.get("cutwater.dev/reported")) for j in jobs])
        assert 0
