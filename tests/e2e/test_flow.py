"""The demonstration, as `make demo` plays it, over real HTTP, git and processes; and webhooks that come again."""

import asyncio
from typing import Any

import pytest

from infra.local.demo import seed
from infra.local.demo.people import Person
from infra.local.demo.scenario import Scenario
from tests.contract.kubectl import kubectl
from tests.e2e.running import Running
from tests.e2e.story import FAIL, PASS, Story, soon
from tests.e2e.world import GLIDER


async def test_demonstration(platform: Running) -> None:
    said: list[str] = []
    await Scenario(platform.settings, said.append).play()
    assert said


async def test_one_webhook_many_times(platform: Running) -> None:
    """GitHub delivers the opening of a pull request three times at once, and once more when all is over."""
    story = Story(platform)
    await story.open()
    robot = Person(platform.settings, seed.BOT)
    opened = await soon("the webhook is on its way", lambda: delivery(robot, story.number))
    attempts = f"/repos/{GLIDER}/hooks/{opened['hook']}/deliveries/{opened['id']}/attempts"
    await asyncio.gather(*(robot.send(attempts, {}) for _ in range(3)))
    assert await story.ends() == {PASS: "success", FAIL: "failure"}
    await robot.send(attempts, {})
    await soon("it was delivered five times", lambda: were_answered(robot, opened, 5))
    await soon("nothing is owed for it", lambda: is_settled(platform, opened["guid"]))
    await story.check()


async def delivery(robot: Person, number: int) -> Any:
    """The delivery that told of the pull request's opening, with the hook that it came from."""
    hook = (await robot.ask(f"/repos/{GLIDER}/hooks"))[0]["id"]
    for one in await robot.ask(f"/repos/{GLIDER}/hooks/{hook}/deliveries?per_page=100"):
        if (one["event"], one["action"]) == ("pull_request", "opened"):
            whole = await robot.ask(f"/repos/{GLIDER}/hooks/{hook}/deliveries/{one['id']}")
            if whole["request"]["payload"]["number"] == number:
                return one | {"hook": hook}
    return None


async def were_answered(robot: Person, opened: Any, times: int) -> bool:
    found = await robot.ask(f"/repos/{GLIDER}/hooks/{opened['hook']}/deliveries?per_page=100")
    answered = [one for one in found if one["guid"] == opened["guid"] and one["status_code"] == 200]
    return len(answered) >= times


async def is_settled(platform: Running, guid: str) -> bool:
    owed = [entry.key async for entry in platform.bucket("state").list("owed/")]
    return not any(guid in key for key in owed)


async def test_kubectl(platform: Running) -> None:
    """What the README says of kubectl and the platform's kubeconfig."""
    program = kubectl()
    if program is None:
        pytest.skip("there is no kubectl")
    asked = await asyncio.create_subprocess_exec(
        *(str(program), "--kubeconfig", str(platform.settings.kubeconfig), "get", "prowjobs"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asked.communicate()
    assert asked.returncode == 0, said.decode()
