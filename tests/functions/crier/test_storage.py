"""What crier adds to a run's folder in the bucket."""

import asyncio

import pytest

from cutwater.prowjob.reporting import STORAGE
from functions.crier import storage
from tests.functions.crier.alone import END, Alone, alone
from tests.functions.kubernetes import Dying, Killed

pytestmark = pytest.mark.virtual

FOLDER = "pr-logs/pull/acme_rocket/1/unit/7"
THEIRS = b'{"timestamp":1}'
LOG = "build-log.txt"


async def put(world: Alone, name: str, body: bytes) -> None:
    await world.artifacts.put(f"{FOLDER}/{name}", body)


async def test_a_run_that_began() -> None:
    world = await alone()
    await world.run("unit", "pending")
    await world.report("unit", STORAGE)
    assert set(await world.files()) == {"unit/7/started.json", "unit/7/prowjob.json"}
    assert await world.told("unit", STORAGE) == "pending"


async def test_a_run_whose_pod_wrote_nothing() -> None:
    world = await alone()
    await world.run("unit", "error")
    await world.report("unit", STORAGE)
    files = await world.files()
    assert set(files) == {"unit/7/started.json", "unit/7/finished.json", "unit/7/prowjob.json"}
    assert '"result": "error"' in files["unit/7/finished.json"]


async def test_what_the_pod_utilities_wrote_stays() -> None:
    world = await alone()
    for name in ("started.json", "finished.json"):
        await put(world, name, THEIRS)
    await world.run("unit", "success")
    await world.report("unit", STORAGE)
    files = await world.files()
    assert files["unit/7/started.json"] == files["unit/7/finished.json"] == THEIRS.decode()
    assert '"state": "success"' in files["unit/7/prowjob.json"]


async def test_an_abort_is_told_to_its_end() -> None:
    world = await alone()
    await world.run("unit", "aborted")
    await world.report("unit", STORAGE)
    assert "unit/7/finished.json" not in await world.files()
    await world.set("unit", completionTime=END)
    await world.report("unit", STORAGE)
    assert "unit/7/finished.json" in await world.files()
    assert await world.told("unit", STORAGE) == "aborted"


async def pieces(world: Alone, *contents: bytes) -> None:
    offset = 0
    for content in contents:
        await put(world, f".cutwater/{LOG}/{offset:012d}", content)
        offset += len(content)


async def test_a_log_that_was_not_uploaded_is_joined() -> None:
    world = await alone()
    await pieces(world, b"first\n", b"second\n")
    await world.run("unit", "error")
    await world.report("unit", STORAGE)
    assert LOG not in str(list(await world.files())).replace(".cutwater/" + LOG, ""), "it may still come"
    assert await world.told("unit", STORAGE) == ""
    await asyncio.sleep(storage.LOG_MAY_COME.total_seconds())
    await world.report("unit", STORAGE)
    files = await world.files()
    assert files[f"unit/7/{LOG}"] == "first\nsecond\n"
    assert not [name for name in files if ".cutwater" in name]
    assert await world.told("unit", STORAGE) == "error"


async def test_a_log_that_was_uploaded_meanwhile_stays() -> None:
    world = await alone()
    await pieces(world, b"first\n")
    await put(world, LOG, b"first\nsecond\n")
    await world.run("unit", "success")
    await world.report("unit", STORAGE)
    assert (await world.files())[f"unit/7/{LOG}"] == "first\nsecond\n"
    assert await world.told("unit", STORAGE) == "success"


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
@pytest.mark.parametrize("number", range(5))
async def test_killed_at_an_effect(number: int, *, after: bool) -> None:
    world = await alone()
    await pieces(world, b"first\n", b"second\n")
    await world.run("unit", "failure")
    await asyncio.sleep(300)
    try:
        await world.report("unit", STORAGE, apply=Dying(number, after=after))
    except Killed:
        await asyncio.sleep(90)
        await world.report("unit", STORAGE)
    files = await world.files()
    assert {"started.json", "finished.json", "prowjob.json", LOG} == {name.removeprefix("unit/7/") for name in files}
    assert await world.told("unit", STORAGE) == "failure"
