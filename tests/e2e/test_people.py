"""What people do to a pull request by webhook alone: from a stranger's fork to the merge, the pick and a new job."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cutwater.events.pointer import NAMESPACE
from cutwater.kube.client import CONFIG_MAP
from infra.local.demo import seed
from infra.local.demo.people import Person
from tests.e2e import shuttle
from tests.e2e.pull import Pull
from tests.e2e.running import Running
from tests.e2e.shuttle import ADMIN, AUTHOR, ENGINEER, JOBS_FILE, SHUTTLE, STRANGER, WRITER
from tests.e2e.story import soon

PASS, BROKEN, NEW = "pull-shuttle-pass", "pull-shuttle-broken", "pull-shuttle-new"
CHANGE = {"docs/manual.md": "Sit down. Hold on.\n", "engine/thrust.txt": "2\n"}
MORE_JOBS = f"""    - name: {NEW}
      always_run: true
      decorate: true
      spec:
        containers:
          - image: shuttle/build
            command: [sh, -c, "echo it is new"]
"""


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[Running]:
    """The platform at work, with the configuration of its ConfigMaps in force."""
    settings = shuttle.made(folder)
    platform = Running(settings)
    try:
        platform.start()
        for name, keys in shuttle.config_maps(settings).items():
            await platform.kube().create(CONFIG_MAP, NAMESPACE, {"metadata": {"name": name}, "data": keys})
        async with shuttle.mounting(platform):
            yield platform
    finally:
        left = platform.stop()
    assert left == []


@pytest.fixture
def folder() -> Any:
    """A short path: sockets lie in it."""
    path = Path(tempfile.mkdtemp(prefix="shuttle-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


async def test_what_people_do(folder: Path) -> None:
    async with started(folder) as platform:
        pull = await opened_by_a_stranger(platform)
        await is_trusted(pull)
        await is_held(pull)
        await is_approved(pull)
        await is_pushed_to(platform, pull)
        await is_overridden(pull)
        await is_merged_and_picked(platform, pull)
        await the_configuration_changes(platform)


async def opened_by_a_stranger(platform: Running) -> Pull:
    """From a fork. It gets its size and a notification about approvers, and nothing is run."""
    stranger = Person(platform.settings, STRANGER)
    await stranger.send(f"/repos/{SHUTTLE}/forks", {})
    await stranger.push(f"{STRANGER}/shuttle", "faster", CHANGE, "Go faster")
    await soon("a configuration is in force", lambda: in_force(platform))
    number = await stranger.open_pull_request(SHUTTLE, f"{STRANGER}:faster", "Go faster", "It is too slow.")
    pull = Pull(platform, SHUTTLE, number)
    await soon("it waits to be trusted", lambda: pull.has("needs-ok-to-test", "size/XS", without={"ok-to-test"}))
    await soon("the approvers are named", lambda: pull.is_noticed("**NOT APPROVED**", "docs/OWNERS", "engine/OWNERS"))
    await soon("it is told what to do", lambda: pull.is_answered("/ok-to-test"))
    assert await pull.runs() == []
    return pull


async def in_force(platform: Running) -> bool:
    return bool((platform.settings.folder / shuttle.MOUNTED / "in-force").exists())


async def is_trusted(pull: Pull) -> None:
    await pull.say(ADMIN, "/ok-to-test")
    await soon("it is trusted", lambda: pull.has("ok-to-test", without={"needs-ok-to-test"}))
    await soon(f"{PASS} passes", lambda: pull.ended(PASS, "success"))
    await soon(f"{BROKEN} fails", lambda: pull.ended(BROKEN, "failure"))
    assert sorted(run.spec.job for run in await pull.runs()) == [BROKEN, PASS]


async def is_held(pull: Pull) -> None:
    await pull.say(STRANGER, "/hold")
    await soon("it is held", lambda: pull.has("do-not-merge/hold"))
    await pull.say(STRANGER, "/hold cancel")
    await soon("it is held no more", lambda: pull.has(without={"do-not-merge/hold"}))


async def is_approved(pull: Pull) -> None:
    """By the approvers of two folders, one after the other; the notification says each time who is missing."""
    await pull.say(WRITER, "/lgtm")
    await soon("it looks good", lambda: pull.has("lgtm", without={"approved"}))
    await pull.say(WRITER, "/approve")
    await soon("one approver is missing", lambda: pull.is_noticed("**NOT APPROVED**", WRITER, "~~[docs/OWNERS]"))
    assert await pull.has("lgtm", without={"approved"})
    await pull.say(ENGINEER, "/approve")
    await soon("it is approved", lambda: pull.has("lgtm", "approved"))
    await soon("it is said to be", lambda: pull.is_noticed("**APPROVED**", WRITER, ENGINEER, "~~[engine/OWNERS]"))


async def is_pushed_to(platform: Running, pull: Pull) -> None:
    """A push takes the lgtm away, keeps the approval, and is tested."""
    before = len(await pull.runs())
    stranger = Person(platform.settings, STRANGER)
    await stranger.push_more(f"{STRANGER}/shuttle", "faster", {"engine/thrust.txt": "3\n"}, "Faster still")
    await soon("it has to be looked at again", lambda: pull.has("approved", without={"lgtm"}))
    await soon("that is said", lambda: pull.is_answered("New changes are detected. LGTM label has been removed."))
    await soon("it is tested", lambda: pull.ended(PASS, "success"))
    await soon(f"{BROKEN} fails again", lambda: pull.ended(BROKEN, "failure"))
    assert len(await pull.runs()) == before + 2


async def is_overridden(pull: Pull) -> None:
    """By an admin alone."""
    await pull.say(AUTHOR, f"/override {BROKEN}")
    await soon("others may not", lambda: pull.is_answered(f"{AUTHOR} unauthorized"))
    assert (await pull.statuses())[BROKEN][0] == "failure"
    await pull.say(ADMIN, f"/override {BROKEN}")
    await soon("it is overridden", lambda: pull.ended(BROKEN, "success"))
    assert f"Overridden by {ADMIN}" in (await pull.statuses())[BROKEN][1]


async def is_merged_and_picked(platform: Running, pull: Pull) -> None:
    """The merge needs nobody, and what was promised before it is done after it."""
    await pull.say(ADMIN, "/cherrypick release-1")
    await soon("it is promised", lambda: pull.is_answered("once the present PR merges, I will cherry-pick it"))
    await pull.say(WRITER, "/lgtm")
    await soon("tide has merged it", pull.is_merged)
    await soon("a second pull request is open", lambda: pull.is_answered("new pull request created: #"), seconds=180)
    robot = Person(platform.settings, seed.BOT)
    (picked,) = await robot.ask(f"/repos/{SHUTTLE}/pulls?state=open&base=release-1")
    assert picked["title"] == "[release-1] Go faster"
    assert picked["body"].startswith(f"This is an automated cherry-pick of #{pull.number}")
    files = await robot.ask(f"/repos/{SHUTTLE}/pulls/{picked['number']}/files")
    assert {one["filename"] for one in files} == set(CHANGE)
    await soon("it is assigned", lambda: assignee(robot, picked["number"], lambda logins: ADMIN in logins))


async def assignee(robot: Person, number: int, holds: Callable[[set[str]], bool]) -> bool:
    found = await robot.ask(f"/repos/{SHUTTLE}/issues/{number}")
    return holds({one["login"] for one in found["assignees"]})


async def the_configuration_changes(platform: Running) -> None:
    """A merged change of the jobs' file is in force: the next pull request runs the new job."""
    admin = Person(platform.settings, ADMIN)
    await admin.push(SHUTTLE, "another-job", {JOBS_FILE: shuttle.FILES[JOBS_FILE] + MORE_JOBS}, "One job more")
    pull = Pull(platform, SHUTTLE, await admin.open_pull_request(SHUTTLE, "another-job", "One job more", ""))
    await soon(f"{BROKEN} fails", lambda: pull.ended(BROKEN, "failure"))
    await pull.say(ADMIN, f"/override {BROKEN}")
    await pull.say(ADMIN, "/approve")
    await pull.say(WRITER, "/lgtm")
    await soon("it is merged", pull.is_merged)
    await soon("config-updater says so", lambda: pull.is_answered("Updated the `job-config` configmap"))
    before = (platform.settings.folder / shuttle.MOUNTED / "in-force").read_text()
    await soon("another configuration is in force", lambda: has_changed(platform, before))
    author = Person(platform.settings, AUTHOR)
    await author.push(SHUTTLE, "third", {"docs/third.md": "3\n"}, "A third one")
    third = Pull(platform, SHUTTLE, await author.open_pull_request(SHUTTLE, "third", "A third one", ""))
    await soon(f"{NEW} passes", lambda: third.ended(NEW, "success"))


async def has_changed(platform: Running, before: str) -> bool:
    return (platform.settings.folder / shuttle.MOUNTED / "in-force").read_text() != before
