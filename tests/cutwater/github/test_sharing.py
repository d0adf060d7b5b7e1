"""Who asks the same at once is answered together, and never by what was asked before."""

import asyncio

from cutwater.github.sharing import Shared


class Counting:
    """Answers with how often it was asked, after a while."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self) -> int:
        self.asked += 1
        answer = self.asked
        await asyncio.sleep(0.01)
        return answer


async def test_all_who_ask_at_once_share_one_question() -> None:
    shared, ask = Shared[int](), Counting()
    assert await asyncio.gather(*(shared.once("x", ask) for _ in range(20))) == [1] * 20


async def test_who_asks_later_is_not_answered_by_what_is_on_its_way() -> None:
    shared, ask = Shared[int](), Counting()
    first = asyncio.ensure_future(shared.once("x", ask))
    await asyncio.sleep(0.005)
    later = [asyncio.ensure_future(shared.once("x", ask)) for _ in range(5)]
    assert await first == 1
    assert await asyncio.gather(*later) == [2] * 5


async def test_other_questions_are_others() -> None:
    shared, ask = Shared[int](), Counting()
    assert sorted(await asyncio.gather(shared.once("x", ask), shared.once("y", ask))) == [1, 2]


async def test_one_who_goes_takes_nothing_from_others() -> None:
    shared, ask = Shared[int](), Counting()
    going, staying = (asyncio.ensure_future(shared.once("x", ask)) for _ in range(2))
    await asyncio.sleep(0.002)
    going.cancel()
    assert await staying == 1 and going.cancelled()


async def test_an_error_is_everybodys_and_is_not_kept() -> None:
    shared, failing = Shared[int](), True

    async def ask() -> int:
        if failing:
            raise ValueError("no")
        return 1

    found = await asyncio.gather(*(shared.once("x", ask) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in found] == [ValueError] * 3
    failing = False
    assert await shared.once("x", ask) == 1
