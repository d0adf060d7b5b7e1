"""What is remembered of each pull request for who asks, and when it is expected to be merged."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from cutwater.config.tide import TideQuery
from cutwater.events.explanations import Explained, Explanation, of_pull_request, of_repository
from cutwater.prowjob.types import ProwJob
from functions.tide import chronicle
from functions.tide.estimating import Pace, estimate, pace_of
from functions.tide.requirements import lacks
from tests.functions.tide.making import policy, pull, run
from tests.functions.tide.pools import alone, repository
from tests.world import CONFIG

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


async def explained(here: Any) -> Explained:
    return (await of_repository(here.world.state, "acme", "rocket"))[0].explained


async def told_of(here: Any, number: int) -> Explanation:
    found = of_pull_request(await of_repository(here.world.state, "acme", "rocket"), number)
    assert found is not None
    return found[1]


def what_happened(told: Explanation) -> list[str]:
    """The oldest first, with no commit in it."""
    return [re.sub(r"\b[0-9a-f]{8}\b", "SHA", decision.what) for decision in reversed(told.decisions)]


@pytest.mark.virtual
async def test_the_story_of_a_pull_request() -> None:
    fails: list[str] = []
    async with repository(fails=fails) as here:
        first, second = await here.change("fin"), await here.change("nose")
        for change in (first, second):
            await change.comment("alice", "/lgtm")
        fails.append("flight")
        await here.world.settle(100)
        fails.clear()
        await second.comment("bob", "/test flight")
        await here.world.settle(200)
        assert second.is_merged
        assert what_happened(await told_of(here, 2)) == [
            'the status became "Not mergeable. Needs lgtm label."',
            "its tests (flight, unit) were started on main at SHA",
            'the status became "Not mergeable. Retesting: flight unit"',
            "flight failed on main at SHA",
            'the status became "Not mergeable. Job flight has not succeeded."',
            "it was merged",
        ]
        told = await told_of(here, 2)
        failed = next(decision for decision in told.decisions if decision.run)
        assert (failed.job, failed.url.startswith("http://deck/view/")) == ("flight", True)
        assert next(one.why for one in told.decisions if "merged" in one.what) == "it has passed on the branch as it is"


@pytest.mark.slow
@pytest.mark.virtual
async def test_nothing_is_written_where_nothing_has_changed() -> None:
    async with alone() as here:
        await here.change.label("do-not-merge/hold", by="alice")
        await here.look()
        before = [entry async for entry in here.world.state.list("tide/")]
        for _ in range(3):
            await here.look()
        assert [entry async for entry in here.world.state.list("tide/")] == before


@pytest.mark.virtual
async def test_one_that_is_closed_is_told_of_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    async with alone() as here:
        await here.world.github.push(here.world.rocket, "main", {"x": "x\n"}, author="alice")
        await here.look()
        assert (await told_of(here, 1)).verdict == "testing"
        await here.change.close("bob")
        await here.look()
        assert (await told_of(here, 1)).verdict == "gone"
        monkeypatch.setattr(chronicle, "AFTERWARDS", timedelta(0))
        await here.look()
        assert (await explained(here)).pulls == {}


@pytest.mark.virtual
async def test_what_another_version_has_kept_is_written_anew() -> None:
    async with alone() as here:
        await here.change.unlabel("lgtm", "alice")
        await here.world.state.put("tide/why/acme/rocket/main.json", b'{"pulls": ["else"]}')
        assert await of_repository(here.world.state, "acme", "rocket") == []
        await here.look()
        assert (await told_of(here, 1)).says == "Needs lgtm label."


@pytest.mark.virtual
async def test_another_head_is_remembered() -> None:
    async with alone() as here:
        await here.change.unlabel("lgtm", "alice")
        await here.look()
        head = await here.change.push({"more.txt": "more\n"})
        await here.look()
        assert f"its head became {head[:8]}" in {decision.what for decision in (await told_of(here, 1)).decisions}


@pytest.mark.virtual
async def test_what_only_a_search_finds_is_said_not_to_be_in_the_pool() -> None:
    async with alone(CONFIG.replace("do-not-merge/hold", "Hold")) as here:
        await here.change.label("hold", by="alice")
        await here.look()
        told = await told_of(here, 1)
        assert (told.verdict, told.description) == ("not ready", "Not mergeable. Retesting: flight unit")
        assert "finds it by no query" in told.says


@pytest.mark.virtual
async def test_a_pool_in_trouble_says_so_until_it_is_mended() -> None:
    async with alone() as here:
        hub = here.world.hub.hub
        rocket = hub.repository("acme/rocket")
        assert rocket is not None
        with hub.store.transaction():
            hub.repositories.put(msgspec.structs.replace(rocket, is_archived=True))
        await here.look()
        trouble = (await explained(here)).trouble
        assert trouble is not None
        assert "archived" in trouble.text
        with hub.store.transaction():
            hub.repositories.put(rocket)
        await here.look()
        assert (await explained(here)).trouble is None


@pytest.mark.virtual
@pytest.mark.slow
@pytest.mark.parametrize("limit", [pytest.param(0, id="in batches"), pytest.param(-1, id="one by one")])
async def test_the_expected_time_is_about_right(limit: int) -> None:
    async with repository(CONFIG.replace("tide:\n", f'tide:\n  batch_size_limit: {{"*": {limit}}}\n')) as here:
        for name in ("fin", "nose", "tail"):
            await (await here.change(name)).comment("alice", "/lgtm")
        first: datetime | None = None
        while (told := await told_of(here, 3)).verdict != "merged":
            first = first or (told.expected.at if told.expected else None)
            await here.world.settle(5)
        assert first is not None
        assert abs(told.since - first) < MINUTE


@pytest.mark.slow
@pytest.mark.virtual
async def test_the_story_of_one_in_a_lane() -> None:
    speculative = 'prow_ignored: {cutwater: {tide: {"*": {mode: speculative, largest_batch: 2}}}}\n'
    async with repository(CONFIG + speculative) as here:
        changes = [await here.change(name) for name in ("fin", "nose", "tail", "hull", "door")]
        await here.push()
        for change in changes:
            await change.comment("alice", "/lgtm")
        await here.world.settle(5)
        told = await told_of(here, 3)
        assert (told.verdict, told.says) == ("testing", "It is tested with #4 on top of #1, #2.")
        assert [(test.context, test.state, test.beside) for test in told.tests] == [
            ("unit", "pending", (1, 2, 4)),
            ("flight", "pending", (1, 2, 4)),
        ]
        await here.world.settle(60)
        assert what_happened(await told_of(here, 1))[1:] == [
            "its tests (flight, unit) were started on main at SHA, together with #2",
            'the status became "Not mergeable. Retesting: flight unit"',
            "it was merged, together with #2, #3, #4, #5",
        ]


def ended(text: str, began: datetime, minutes: float, *, base: str = "b") -> ProwJob:
    job = run(text, base=base * 40)
    status = {"startTime": began, "completionTime": began + minutes * MINUTE}
    return msgspec.structs.replace(job, status=msgspec.structs.replace(job.status, **status))


@pytest.mark.parametrize(
    ("jobs", "minutes"),
    [
        pytest.param([], None, id="no run"),
        pytest.param([ended("1/unit:F", NOON, 3)], None, id="none that passed"),
        pytest.param([ended("1/unit:S", NOON, 3), run("1/flight:P")], None, id="one goes on"),
        pytest.param([ended("1/unit:S", NOON, 3), ended("1/flight:S", NOON, 9)], 9, id="the longest of a round"),
        pytest.param(
            [ended("1/unit:S", NOON, 10), ended("2/unit:S", NOON, 20), ended("3/unit:S", NOON, 60)], 20, id="the middle"
        ),
        pytest.param(
            [ended("1/unit:S", NOON, 10), ended("1/unit:S", NOON + 5 * MINUTE, 30, base="c")], 20, id="on two bases"
        ),
    ],
)
def test_how_long_tests_take(jobs: Sequence[ProwJob], minutes: float | None) -> None:
    assert pace_of(jobs, ()).round == (None if minutes is None else minutes * MINUTE)


@pytest.mark.parametrize(
    ("ahead", "at_once", "begun", "is_tested", "minutes"),
    [
        pytest.param(0, 1, -5, True, 15, id="its tests run"),
        pytest.param(0, 1, None, True, 25, id="since when its tests run is not known"),
        pytest.param(0, 1, None, False, 25, id="the next, and nobody is tested"),
        pytest.param(0, 1, -5, False, 35, id="the next, behind one that is tested"),
        pytest.param(3, 1, -5, False, 95, id="three before it"),
        pytest.param(3, 4, -5, False, 35, id="four are merged at a time"),
        pytest.param(4, 4, None, False, 45, id="five wait, and four are merged at a time"),
    ],
)
def test_when_it_is_merged(ahead: int, at_once: float, begun: int | None, *, is_tested: bool, minutes: int) -> None:
    pace = Pace(round=20 * MINUTE, at_once=at_once)
    since = None if begun is None else NOON + begun * MINUTE
    found = estimate(pace, ahead=ahead, is_under_test=is_tested, begun=since, now=NOON + timedelta(seconds=30))
    assert found.at == NOON + minutes * MINUTE


def test_nobody_knows_how_long_tests_take() -> None:
    assert estimate(Pace(), ahead=0, is_under_test=True, begun=NOON, now=NOON).at is None


def test_all_that_it_lacks_is_named_whatever_the_status_has_room_for() -> None:
    query = TideQuery(
        orgs=("acme",), labels=tuple(f"a-rather-long-label-{number}" for number in range(5)), milestone="v1"
    )
    found = list(lacks(pull(1), query, policy(), is_block_respected=False))
    assert [one.aspect for one in found] == ["milestone", "labels"]
    assert len(found[1].names) == 5
    assert found[1].text.count("a-rather-long-label") == 2
