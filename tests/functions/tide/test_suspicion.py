"""Who breaks the batches, as far as the trials tell."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from cutwater.prowjob.types import ProwJob
from functions.tide.suspicion import Underway, best_size, breaking_rate, flake_rate, is_worth_a_retry, suspects
from tests.functions.tide.making import NOW
from tests.functions.tide.trying import alone, runs, trials

Tried = Sequence[Sequence[ProwJob]]
MANY = "+".join(str(number) for number in range(10, 40))


def members(text: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(number), f"head-{number}") for number in text.split("+") if number)


def groups(tried: Tried, queue: str = "1+2+3+4+5+6", underway: Sequence[str] = ()) -> list[str]:
    """The groups, each as `1+2`."""
    going = [Underway(members(one), NOW - timedelta(hours=1)) for one in underway]
    found = suspects(trials(*tried), members(queue), going)
    return ["+".join(str(number) for number, _ in group.members) for group in found]


@pytest.mark.parametrize(
    ("tried", "expected"),
    [
        pytest.param([], [], id="nothing was tried"),
        pytest.param([runs("1+2", unit="S")], [], id="all have passed"),
        pytest.param([runs("1+2", unit="P")], [], id="nothing has ended"),
        pytest.param([runs("1+2", unit="A")], [], id="aborted, it tells nothing"),
        pytest.param([runs("1+2", unit="FP")], [], id="tried again, it tells nothing yet"),
        pytest.param([runs("1+2", unit="F")], ["1+2"], id="all of one that has failed"),
        pytest.param([runs("1+2", unit="F", flight="P")], ["1+2"], id="though another test goes on"),
        pytest.param([runs("1+2", unit="F"), runs("3+4", at=1, unit="F")], ["3+4", "1+2"], id="two that have failed"),
        pytest.param([alone("1", unit="F")], ["1"], id="one that failed alone"),
        pytest.param([runs("1+7", unit="F")], ["1"], id="those that are in the queue still"),
        pytest.param([runs("1@old+2", unit="F")], ["2"], id="not under another head"),
        pytest.param([runs("7+8", unit="F")], [], id="nobody who has left"),
    ],
)
def test_who_is_suspected(tried: Tried, expected: list[str]) -> None:
    assert groups(tried) == expected


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        pytest.param(runs("1+2", at=1, unit="S"), ["3+4"], id="who passes later is free"),
        pytest.param(runs("1+2", at=0, unit="S"), ["3+4"], id="who passes of those started at once is free"),
        pytest.param(runs("1+2", at=-1, unit="S"), ["1+2+3+4"], id="who has passed before is not"),
        pytest.param(runs("1+2", at=1, flight="S"), ["1+2+3+4"], id="to pass another test does not help"),
        pytest.param(runs("1+2", at=1, unit="F"), ["1+2"], id="half of them fail: the others are free"),
        pytest.param(runs("1+2", at=1, unit="P"), ["1+2+3+4"], id="half of them are being tested"),
        pytest.param(runs("1+2+3", at=1, unit="S"), ["4"], id="the only one that is left"),
        pytest.param(runs("1+2+3+4", at=1, on=[9], unit="S"), [], id="all of them pass elsewhere"),
        pytest.param(alone("3", at=1, unit="S"), ["1+2+4"], id="one passes alone"),
        pytest.param(runs("3+5+6", at=1, unit="S"), ["1+2+4"], id="one passes with others"),
    ],
)
def test_what_comes_after_a_trial_that_failed(later: Sequence[ProwJob], expected: list[str]) -> None:
    assert groups([runs("1+2+3+4", unit="F"), later]) == expected


def test_who_failed_in_two_tests_must_pass_both() -> None:
    failed = runs("1+2", unit="F", flight="F")
    assert groups([failed, alone("1", at=1, unit="S")]) == ["1+2"]
    assert groups([failed, alone("1", at=1, unit="S", flight="S")]) == ["2"]


@pytest.mark.parametrize(
    ("underway", "expected"),
    [
        pytest.param(["1+2"], ["3+4"], id="what stands below is about to be known"),
        pytest.param(["1", "1+2"], ["3+4"], id="as much of it as there is"),
        pytest.param(["2+3"], ["1+2+3+4"], id="what does not stand below is not"),
        pytest.param(["1+2+3+4+5"], ["1+2+3+4"], id="nor what stands above"),
        pytest.param(["1+2+3+4"], ["1+2+3+4"], id="nor itself"),
    ],
)
def test_what_is_under_way(underway: list[str], expected: list[str]) -> None:
    assert groups([runs("1+2+3+4", unit="F")], underway=underway) == expected


def test_what_was_started_later_is_no_foundation() -> None:
    """Half of the suspects are tested: nobody is acquitted by that yet."""
    going = [Underway(members("1+2"), NOW + timedelta(minutes=1))]
    found = suspects(trials(runs("1+2+3+4", unit="F")), members("1+2+3+4"), going)
    assert [(len(group.members), group.is_open) for group in found] == [(4, False)]


def test_one_that_failed_alone_explains_what_failed_with_it() -> None:
    """Though it has left the queue since."""
    assert groups([runs("1+2+3", unit="F"), alone("3", at=9, unit="F")], queue="1+2") == []
    assert groups([runs("1+2+3", unit="F"), alone("3", at=9, flight="F")], queue="1+2") == ["1+2"]


def test_what_a_smaller_group_explains_is_no_second_group() -> None:
    """The lanes of five broke because of the two: the others go on."""
    assert groups([runs("1+2", unit="F"), runs("1+2+3+4+5", unit="F")]) == ["1+2"]


def test_the_newer_of_two_groups_of_a_size_comes_first() -> None:
    assert groups([runs("1+2", unit="F"), runs("2+3", at=5, unit="F")]) == ["2+3"]


def test_a_failure_of_which_nobody_is_suspected_any_more_explains_nothing() -> None:
    """It was a flake: whoever breaks the batch is in it."""
    flake = [alone("1", at=-2, unit="F"), alone("1", at=-1, on=[9], unit="S")]
    assert groups([*flake, runs("1+2+3+4", unit="F")]) == ["1+2+3+4"]


def test_a_failure_of_one_who_has_left_explains_what_it_was_in() -> None:
    assert groups([alone("7", at=1, unit="F"), runs("1+2+7", unit="F")]) == []


# How many at a time


def passed(count: int, *, at: int = 0, first: int = 1) -> list[ProwJob]:
    return runs("+".join(str(first + number) for number in range(count)), at=at, unit="S")


def failed(count: int, *, at: int = 0, first: int = 1) -> list[ProwJob]:
    return runs("+".join(str(first + number) for number in range(count)), at=at, unit="F")


@pytest.mark.parametrize(
    ("breaks", "most", "size"),
    [
        pytest.param(0.005, 16, 16, id="hardly anything breaks: as many as may be"),
        pytest.param(0.05, 16, 10, id="one in twenty"),
        pytest.param(0.1, 16, 5, id="one in ten"),
        pytest.param(0.4, 16, 1, id="much breaks: one"),
        pytest.param(0.005, 3, 3, id="never more than the limit"),
        pytest.param(0.4, 1, 1, id="never less than one"),
    ],
)
def test_the_best_size(breaks: float, most: int, size: int) -> None:
    assert best_size(breaks, most=most) == size


def test_before_anything_was_tried_a_batch_is_neither_large_nor_small() -> None:
    assert 5 <= best_size(breaking_rate([]), most=16) <= 8


def test_what_passes_makes_larger_batches_and_what_fails_smaller_ones() -> None:
    good = breaking_rate(trials(*(passed(8, at=at, first=10 * at) for at in range(1, 11))))
    unknown = breaking_rate([])
    bad = breaking_rate(trials(*(failed(2, at=at, first=10 * at) for at in range(1, 11))))
    assert good < unknown < bad
    assert (best_size(good, most=16), best_size(bad, most=16)) == (16, 1)


def test_only_the_latest_trials_count() -> None:
    long_ago = [failed(2, at=at, first=10 * at) for at in range(1, 41)]
    lately = [passed(8, at=at, first=10 * at) for at in range(41, 81)]
    assert breaking_rate(trials(*long_ago, *lately)) == breaking_rate(trials(*lately))


@pytest.mark.parametrize(
    "tried",
    [
        pytest.param(runs(MANY, unit="P"), id="what has not ended"),
        pytest.param(runs(MANY, unit="A"), id="what was aborted"),
        pytest.param(runs("1+2", unit="F") + runs(f"1+2+{MANY}", unit="F"), id="what stands on something broken"),
        pytest.param(alone("3", is_ours=False, unit="F"), id="what people try"),
    ],
)
def test_what_says_nothing_of_the_rate(tried: Sequence[ProwJob]) -> None:
    known = runs("1+2", unit="F")
    assert breaking_rate(trials(known, tried)) == breaking_rate(trials(known))


# Flakes


@pytest.mark.parametrize(
    ("tried", "flakes"),
    [
        pytest.param([], 0, id="nothing has run"),
        pytest.param([runs("1+2", unit="F")], 0, id="it has failed, maybe rightly"),
        pytest.param([runs("1+2", unit="FS")], 1, id="it passes when it is tried again"),
        pytest.param([runs("1+2", unit="F"), runs("1+2+3", unit="S")], 1, id="it passes with more on top"),
        pytest.param([runs("1+2", unit="F"), runs("2+3", unit="S")], 0, id="it passes on other trees"),
        pytest.param([runs("1+2", unit="F"), runs("1+2", on=[9], unit="S")], 0, id="it passes on another commit"),
        pytest.param([runs("1+2", flight="FS", unit="F")], 0, id="another test is flaky"),
        pytest.param([alone("1", unit="FS"), runs("2", unit="FFS")], 3, id="each of its failures"),
    ],
)
def test_what_is_known_of_a_flaky_test(tried: Tried, flakes: int) -> None:
    found = trials(*tried)
    count = sum(len(one.said.get("unit", ())) for one in found)
    assert flake_rate("unit", found) == (flakes + 0.5) / (count + 50)


@pytest.mark.parametrize(
    ("flakes", "breaks", "added", "is_worth_it"),
    [
        pytest.param(0.01, 0.07, 7, False, id="of many new ones, one has broken it"),
        pytest.param(0.01, 0.07, 1, False, id="even of one that is more likely"),
        pytest.param(0.05, 0.05, 1, True, id="as likely by chance as by one new"),
        pytest.param(0.01, 0.005, 1, True, id="hardly anybody breaks anything"),
        pytest.param(0.01, 0.005, 16, False, id="but of sixteen, somebody"),
        pytest.param(0.2, 0.1, 3, True, id="a test that fails every fifth time"),
    ],
)
def test_what_is_worth_a_second_run(flakes: float, breaks: float, added: int, *, is_worth_it: bool) -> None:
    assert is_worth_a_retry(flakes, breaks, added=added) is is_worth_it
