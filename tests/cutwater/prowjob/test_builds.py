"""Build ids: unique, growing, and as long as upstream's."""

from datetime import timedelta

from msgspec.structs import replace

from cutwater.prowjob.builds import build_id
from cutwater.prowjob.types import ProwJob
from tests.functions.plank.test_limits import job
from tests.virtual_time import BEGINNING


def again(one: ProwJob, number: str) -> ProwJob:
    return replace(one, status=replace(one.status, build_id=number))


def test_nineteen_digits_that_grow_with_time() -> None:
    numbers = [build_id(job("a"), BEGINNING + timedelta(milliseconds=passed)) for passed in range(0, 5000, 7)]
    assert {len(number) for number in numbers} == {19}
    assert numbers == sorted(numbers)


def test_many_at_one_moment_are_apart() -> None:
    assert len({build_id(job(f"job-{number}"), BEGINNING) for number in range(200)}) == 200


def test_another_build_of_the_same_prowjob_is_another_even_at_the_same_moment() -> None:
    first = build_id(job("a"), BEGINNING)
    assert build_id(again(job("a"), first), BEGINNING) != first


def test_the_same_attempt_has_the_same_number() -> None:
    assert build_id(job("a"), BEGINNING) == build_id(job("a"), BEGINNING)
