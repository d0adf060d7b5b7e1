"""What GitHub grants: nothing is asked that it would refuse, and one that loops starves itself alone."""

import asyncio
import contextlib
from collections.abc import Mapping

import httpx2
import pytest

from cutwater.errors import Later, Refused
from cutwater.github.asking import asking
from cutwater.github.limits import Shares, added
from tests.cutwater.github.answers import NOW, Answering, response

pytestmark = pytest.mark.virtual
RESET = int(NOW.timestamp()) + 600


def remaining(points: int, reset: int = RESET, **more: str) -> httpx2.Response:
    limit = {"x_ratelimit_remaining": str(points), "x_ratelimit_reset": str(reset)}
    return response(200, {}, date="Mon, 02 Mar 2026 12:00:00 GMT", **limit, **more)


async def ask(given: Answering, number: int = 1) -> None:
    await given.github.get("/repos/{org}/{repo}/labels/{number}", org="acme", repo="rocket", number=number)


async def test_what_is_used_up_is_not_asked_for() -> None:
    given = Answering(remaining(0), remaining(4999, RESET + 3600))
    await ask(given)
    with pytest.raises(Later, match="used up") as found:
        await ask(given)
    assert found.value.seconds == 600 and len(given.asked) == 1
    await asyncio.sleep(600)
    await ask(given)
    assert len(given.asked) == 2


async def test_one_limit_is_not_another() -> None:
    given = Answering(remaining(0, x_ratelimit_resource="search"), remaining(4000))
    await given.github.get("/search/issues?q=x", org="acme")
    await ask(given)
    with pytest.raises(Later):
        await given.github.get("/search/issues?q=y", org="acme")


async def test_a_secondary_limit_holds_everything_back() -> None:
    given = Answering(response(403, {"message": "slower"}, retry_after="30"), response())
    for _ in range(2):
        with pytest.raises(Later) as found:
            await ask(given)
        assert found.value.seconds == 30
    assert len(given.asked) == 1
    await asyncio.sleep(30)
    await ask(given)


async def test_one_that_loops_starves_itself_alone() -> None:
    left = iter(range(99, 0, -1))
    given = Answering(lambda request: remaining(next(left)), shares=Shares(default=0.25))
    asked = 0
    with asking("looping"), pytest.raises(Later, match=r"looping has used 2\d of .* more than its share of 0\.25"):
        for asked in range(100):
            await ask(given, asked)
    assert asked == 26
    with asking("lgtm"):
        for number in range(10):
            await ask(given, number)


class Sums:
    """The sums of some processes; `fails` raises Later."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails, self.times = fails, 0
        self.used: dict[str, int] = {}

    async def add(self, limit: str, reset: int, used: Mapping[str, int]) -> Mapping[str, int]:
        self.times += 1
        if self.fails:
            raise Later("away")
        self.used = added(self.used, used)
        return self.used


@pytest.mark.slow
@pytest.mark.parametrize(
    "fails, least, most",
    [
        pytest.param(False, 1250, 1250 + 8 * 25, id="counted together"),
        pytest.param(True, 3000, 5000, id="each for itself where nobody adds up"),
    ],
)
async def test_many_processes_have_one_share(fails: bool, least: int, most: int) -> None:
    left, sums = iter(range(4999, 0, -1)), Sums(fails=fails)
    processes = [
        Answering(lambda request: remaining(next(left)), shares=Shares(default=0.25), sums=sums) for _ in range(8)
    ]
    asked, looping = 0, list(processes)
    with asking("looping"):
        while looping:
            for process in list(looping):
                try:
                    await ask(process, asked)
                except Later:
                    looping.remove(process)
                else:
                    asked += 1
    assert least <= asked <= most
    assert sums.times <= asked / 25


async def test_a_process_that_begins_anew_learns_what_was_used_before() -> None:
    left, sums = iter(range(4999, 0, -1)), Sums()
    asked = 0
    with asking("looping"):
        for _ in range(40):
            process = Answering(lambda request: remaining(next(left)), shares=Shares(default=0.25), sums=sums)
            with contextlib.suppress(Later):
                for _ in range(200):
                    await ask(process, asked)
                    asked += 1
    assert asked <= 1250 + 40 * 26


async def test_a_limit_whose_end_is_told_a_second_later_is_the_same() -> None:
    given = Answering(remaining(2), remaining(1, RESET + 1), shares=Shares(default=0.5))
    with asking("tide"):
        await ask(given)
        await ask(given)
        with pytest.raises(Later, match="has used 2"):
            await ask(given)


async def test_who_asks_the_same_is_not_starved_with_it() -> None:
    given = Answering(remaining(1), remaining(1), shares=Shares(default=0.5))
    with asking("looping"):
        await ask(given)
        await ask(given)
    with asking("looping"):
        looping = asyncio.ensure_future(ask(given))
    with asking("lgtm"):
        lgtm = asyncio.ensure_future(ask(given))
    found = await asyncio.gather(looping, lgtm, return_exceptions=True)
    assert [type(one) for one in found] == [Later, type(None)]


async def test_a_share_is_had_anew_with_each_window() -> None:
    given = Answering(remaining(2), remaining(1), remaining(5000, RESET + 3600), shares=Shares(default=0.5))
    with asking("tide"):
        await ask(given)
        await ask(given)
        with pytest.raises(Later):
            await ask(given)
        await asyncio.sleep(600)
        await ask(given)
        await ask(given)


async def test_what_the_command_line_asks_has_no_share() -> None:
    given = Answering(remaining(1), shares=Shares(default=0.01))
    for number in range(5):
        await ask(given, number)


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        pytest.param("", {"tide": 0.5, "lgtm": 0.5}, id="none"),
        pytest.param("tide=0.8", {"tide": 0.8, "lgtm": 0.5}, id="one"),
        pytest.param("*=0.2, tide=1", {"tide": 1, "lgtm": 0.2}, id="all"),
    ],
)
def test_shares(text: str, shares: dict[str, float]) -> None:
    assert {name: Shares.of(text).share(name) for name in shares} == shares


@pytest.mark.parametrize("text", ["tide", "tide=", "tide=much", "tide=0", "tide=1.1", "tide=-1", "tide=nan"])
def test_no_shares(text: str) -> None:
    with pytest.raises(Refused, match="is not NAME=SHARE"):
        Shares.of(text)


async def test_graphql_says_what_it_costs() -> None:
    given = Answering(response(200, {"data": {"rateLimit": {"cost": 7}}}), response(200, {"data": {}}))
    with asking("tide") as spent:
        await given.github.graphql("query pool($x: Int) {rateLimit {cost}}", "acme", x=1)
        await given.github.graphql("query pool($x: Int) {viewer {login}}", "acme", x=1)
    assert (spent.calls, spent.cost) == (2, 8)
    assert [(name, call, one.cost) for name, call, one in given.github.calls] == [("tide", "GRAPHQL query pool", 8)]


@pytest.mark.parametrize(
    "error",
    [
        pytest.param({"type": "RATE_LIMITED", "message": "exceeded"}, id="the limit"),
        pytest.param(
            {"message": "Something went wrong while executing your query. This is exceeded."}, id="it takes too long"
        ),
    ],
)
async def test_graphql_beyond_its_limit(error: dict[str, str]) -> None:
    given = Answering(response(200, {"errors": [error]}))
    with pytest.raises(Later, match="exceeded"):
        await given.github.graphql("query {viewer {login}}", "acme")


async def test_figures_are_by_caller_and_call() -> None:
    given = Answering(response())
    for caller in ("lgtm", "trigger", "lgtm"):
        with asking(caller):
            await ask(given)
    call = "GET /repos/{org}/{repo}/labels/{number}"
    assert [(name, what, one.calls) for name, what, one in given.github.calls] == [
        ("lgtm", call, 2),
        ("trigger", call, 1),
    ]
