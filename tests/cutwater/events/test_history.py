"""The ledger read back, from one that a whole cutwater has written, and from large ones that are only keys."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from cutwater.events import ledger, records
from cutwater.events.history import Case, Wish, given_up, newest, of_guid
from cutwater.storage.memory import MemoryStore
from cutwater.storage.store import Entry
from tests import ledger_story, virtual_time
from tests.ledger_story import lay

pytestmark = pytest.mark.virtual
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class CountingStore(MemoryStore):
    """It counts what is listed and what is read."""

    def __init__(self) -> None:
        super().__init__(lambda: NOON)
        self.listed: list[str] = []

    async def list(self, prefix: str, *, after: str = "", delimiter: str = "") -> AsyncIterator[Entry]:
        async for entry in super().list(prefix, after=after, delimiter=delimiter):
            self.listed.append(entry.key)
            yield entry


def guids(cases: object) -> list[str]:
    assert isinstance(cases, list)
    return [case.guid for case in cases]


WISHES = [
    pytest.param(Wish(), ["g-5", "g-4", "g-3", "g-2", "g-1"], id="all, the newest first"),
    pytest.param(Wish(org="acme"), ["g-5", "g-4", "g-3", "g-1"], id="an organisation"),
    pytest.param(Wish(org="ACME", repo="Rocket"), ["g-5", "g-3", "g-1"], id="a repository, in any case"),
    pytest.param(Wish(org="acme", repo="rocket", number=7), ["g-3", "g-1"], id="a pull request"),
    pytest.param(Wish(plugin="lgtm"), ["g-5", "g-3"], id="a plugin"),
    pytest.param(Wish(outcome="failed"), ["g-3"], id="an outcome"),
    pytest.param(Wish(plugin="trigger", outcome="failed"), [], id="an outcome of another plugin"),
    pytest.param(Wish(outcome="owed"), ["g-5"], id="owed"),
    pytest.param(Wish(since=NOON - timedelta(hours=1)), ["g-5", "g-4", "g-3"], id="since"),
    pytest.param(Wish(until=NOON - timedelta(hours=1)), ["g-2", "g-1"], id="until"),
]


async def five(state: MemoryStore) -> None:
    await lay(state, "g-1", received=NOON - timedelta(days=2))
    await lay(state, "g-2", received=NOON - timedelta(days=1), about="rival/pad#7")
    await lay(state, "g-3", received=NOON - timedelta(minutes=3), outcomes={"trigger": "done", "lgtm": "failed"})
    await lay(state, "g-4", received=NOON - timedelta(minutes=2), about="acme/pad")
    await lay(state, "g-5", received=NOON, about="acme/rocket#8", outcomes={"lgtm": ""}, is_settled=False)


@pytest.mark.parametrize("wish, found", WISHES)
async def test_wishes(wish: Wish, found: list[str]) -> None:
    state = CountingStore()
    await five(state)
    assert guids((await newest(state, wish)).cases) == found


@pytest.mark.parametrize("wish", [Wish(), Wish(org="acme", repo="rocket")], ids=["all", "of one repository"])
async def test_page_by_page_each_comes_once(wish: Wish) -> None:
    state = CountingStore()
    for number in range(23):
        await lay(state, f"g-{number:02}", received=NOON - timedelta(minutes=number // 3))
    seen: list[str] = []
    page = await newest(state, wish, limit=5)
    while page.cases:
        seen += [case.guid for case in page.cases]
        if not page.before:
            break
        page = await newest(state, msgspec.structs.replace(wish, before=page.before), limit=5)
    assert sorted(seen) == [f"g-{number:02}" for number in range(23)]


async def test_a_page_ends_where_too_many_were_looked_at() -> None:
    state = CountingStore()
    for number in range(8):
        await lay(state, f"g-{number}", received=NOON - timedelta(minutes=number))
    page = await newest(state, Wish(plugin="absent"), most=5)
    assert (page.cases, page.seen, page.before[:20]) == ([], 5, "2026-03-02T11-56/g-4")


@pytest.mark.parametrize(
    "ask, most",
    [
        pytest.param(Wish(org="acme", repo="pad"), 60, id="of a repository that is seldom heard of"),
        pytest.param(Wish(since=NOON - timedelta(hours=1)), 120, id="of the last hour"),
        pytest.param(Wish(outcome="dead-lettered"), 10, id="given up"),
    ],
)
async def test_a_narrow_question_does_not_list_the_bucket(ask: Wish, most: int) -> None:
    state = CountingStore()
    for number in range(1000):
        await lay(state, f"g-{number}", received=NOON - timedelta(minutes=number * 20), outcomes={"trigger": "nothing"})
    await lay(state, "rare", received=NOON - timedelta(days=3), about="acme/pad#1")
    state.listed.clear()
    await newest(state, ask)
    assert len(state.listed) < most


async def test_by_the_beginning_of_a_guid() -> None:
    state = CountingStore()
    for number in range(300):
        await lay(
            state, f"{number:03}0-aaaa", received=NOON - timedelta(minutes=number * 20), about=f"acme/r{number}#1"
        )
    state.listed.clear()
    [case] = await of_guid(state, "0420")
    assert (case.guid, case.subject, case.is_owed) == ("0420-aaaa", "acme/r42#1", False)
    assert len(state.listed) < 30


async def test_a_webhook_that_is_gone_is_told_by_its_receipts() -> None:
    state = CountingStore()
    delivery = await lay(state, "gone-1", outcomes={"trigger": "done", "lgtm": "failed"})
    await state.delete(f"{ledger.DELIVERIES}{delivery.stored[:10]}/{delivery.stored}")
    [case] = await of_guid(state, "gone")
    assert case.delivery is None
    assert [(answer.plugin, answer.state) for answer in case.answers] == [("lgtm", "failed"), ("trigger", "done")]
    assert case.subject == "acme/rocket#7"


async def test_delivered_again_on_another_day_it_is_there_twice() -> None:
    state = CountingStore()
    await lay(state, "again-1", received=NOON - timedelta(days=1))
    await lay(state, "again-1", received=NOON, outcomes={"trigger": ""})
    found = await of_guid(state, "again-1")
    assert [(case.received, case.answers[0].state) for case in found] == [
        (NOON, "done"),
        (NOON - timedelta(days=1), "done"),
    ]


async def test_what_is_no_webhook_is_passed_over() -> None:
    state = CountingStore()
    await state.put(f"{ledger.OWED}2026-03-02T11-59/broken-1234", b"{")
    await state.put("deadletters/2026-03-02/owed-2026-03-02T11-50-broken", b"{")
    await lay(state, "g-1")
    assert guids((await newest(state, Wish())).cases) == ["g-1"]
    assert (await newest(state, Wish(outcome="dead-lettered"))).cases == []


# One that a whole cutwater has written


def by_text(cases: object) -> dict[str, Case]:
    """The comments by their first line."""
    assert isinstance(cases, list)
    comments = [case for case in cases if case.webhook.event == "issue_comment"]
    return {case.webhook.payload["comment"]["body"].partition("\n")[0]: case for case in reversed(comments)}


@pytest.mark.slow
async def test_what_became_of_a_pull_request() -> None:
    async with ledger_story.told() as story:
        state, now = story.world.state, story.world.clock()
        page = await newest(state, Wish(org="acme", repo="rocket", number=story.change.number))
        cases = by_text(page.cases)
        answers = {text: [(one.plugin, one.state) for one in case.answers] for text, case in cases.items()}
        assert answers == {
            "/kind bug": [("label", "done")],
            "/hold": [("hold", "failed")],
            "/lgtm": [("lgtm", "owed")],
            "/lgtm cancel": [("lgtm", "done")],
        }
        assert not cases["/lgtm"].is_late(now)
        assert cases["/lgtm"].is_late(now + timedelta(minutes=6))
        assert {
            outcome: len((await newest(state, Wish(outcome=outcome))).cases)
            for outcome in ("failed", "refused", "void", "dead-lettered", "owed")
        } == {"failed": 1, "refused": 2, "void": 1, "dead-lettered": 1, "owed": 1}
        [dead] = (await newest(state, Wish(outcome="dead-lettered"))).cases
        assert [letter.words for letter in await given_up(state, dead)] == [
            "the last answer was 503: GitHub answers 502"
        ]
        done = await records.done_about(state, page.cases, Wish(org="acme", repo="rocket", number=story.change.number))
        assert {one.record.role for one in done} == {"plank", "crier", "tide"}
        assert [one.record.role for one in await records.done_by(state, "plank", Wish(), limit=1)] == ["plank"]
        assert await records.looks_given_up(state, "") == []


def test_the_clock_of_these_tests() -> None:
    assert virtual_time.BEGINNING == NOON
