"""What people see of their tests on a pull request: statuses and the comment, from the first webhook to the end."""

import pytest

from cutwater.prowjob.labels import REPORTED
from infra.local.github.world import Issue
from tests.functions.crier.alone import failed_tests
from tests.world import BOT, World

pytestmark = pytest.mark.virtual

TESTS = {"unit", "flight"}


async def pull_request(world: World) -> Issue:
    change = await world.github.pull_request(world.rocket, author="bob", files={"fin.txt": "balsa\n"})
    await world.settle()
    return change


async def end(world: World, **phases: str) -> None:
    """The pods of these jobs end."""
    jobs = await world.jobs()
    for name, phase in phases.items():
        await world.end_pod(jobs[name], phase=phase)
    await world.settle(20)


def states(change: Issue) -> dict[str, str]:
    return {context: change.statuses[context][0] for context in TESTS}


def reports(change: Issue) -> list[list[str]]:
    return [failed_tests(body) for who, body in change.comments if who == BOT]


async def test_tests_fail_and_pass_again() -> None:
    async with World() as world:
        change = await pull_request(world)
        assert states(change) == {"unit": "pending", "flight": "pending"}
        assert reports(change) == []
        await end(world, unit="Failed", flight="Failed")
        assert states(change) == {"unit": "failure", "flight": "failure"}
        assert [sorted(report) for report in reports(change)] == [["flight", "unit"]]
        await change.comment("bob", "/test flight")
        await world.settle()
        assert states(change) == {"unit": "failure", "flight": "pending"}
        await end(world, flight="Succeeded")
        assert states(change) == {"unit": "failure", "flight": "success"}
        assert reports(change) == [["unit"]]


async def test_what_is_over_is_passed_over() -> None:
    async with World() as world:
        await pull_request(world)
        await end(world, unit="Succeeded", flight="Failed")
        await world.settle(70)
        assert {REPORTED in job.metadata.labels for job in (await world.jobs()).values()} == {True}
