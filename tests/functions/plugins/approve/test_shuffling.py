"""The order of Go's generator. The expected values are what Go's own gives."""

import pytest

from functions.plugins.approve.shuffling import first_values, shuffled


@pytest.mark.parametrize(
    "seed, order",
    [
        pytest.param(0, [8, 2, 3, 0, 5, 7, 1, 6, 4], id="zero"),
        pytest.param(1, [5, 4, 2, 6, 8, 0, 3, 1, 7], id="one"),
        pytest.param(7, [2, 0, 5, 3, 1, 6, 7, 8, 4], id="seven"),
        pytest.param(101, [1, 7, 3, 5, 0, 6, 4, 8, 2], id="a hundred and one"),
        pytest.param(123_456, [3, 2, 0, 6, 8, 5, 7, 1, 4], id="a large number"),
    ],
)
def test_order(seed: int, order: list[int]) -> None:
    assert shuffled(range(9), seed) == order


@pytest.mark.parametrize("people", [[], ["alice"]], ids=["nobody", "one"])
def test_nothing_to_choose(people: list[str]) -> None:
    assert shuffled(people, 7) == people


def test_first_values() -> None:
    values = first_values()
    assert len(values) == 607
    assert (values[1] - 2**64, values[-1]) == (-4576982950128230565, 4152330101494654406)
