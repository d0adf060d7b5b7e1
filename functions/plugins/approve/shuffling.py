"""The order in which Prow proposes approvers: shuffled by Go's generator, whose seed is the pull request's number.

A notification is written anew where its text differs, so that the same pull request must always get the same order.
The generator's first values are some 7.8 million million steps from their origin; they are found here by squaring, in
0.1 s, when a process first has two people to choose from. Source: Go's math/rand (NewSource, Perm, gen_cooked.go).
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")

LENGTH, TAP = 607, 273
"""Each value is the sum of those so many steps before it."""
STEPS = 7_800_000_000_000
PRIME = 2**31 - 1
FACTOR = 48_271
ZERO = 89_482_311
"""What stands for a seed of zero."""
_WORD = 2**64
_WIDTH = 18
"""Bytes that have room for the sum of LENGTH products of two words."""


def shuffled(people: Sequence[T], seed: int) -> list[T]:
    """The people in the order of Go's `rand.New(rand.NewSource(seed)).Perm(len(people))`."""
    if len(people) < 2:
        return list(people)
    numbers = _numbers(seed)
    order: list[int] = []
    for index in range(len(people)):
        other = _below(index + 1, numbers)
        order.append(order[other] if other < index else index)
        order[other] = index
    return [people[index] for index in order]


def _below(bound: int, numbers: Iterator[int]) -> int:
    """A whole number from 0 up to, but not including, `bound`, each as likely as the others."""
    number = next(numbers)
    if bound & (bound - 1) == 0:
        return number & (bound - 1)
    most = 2**31 - 1 - 2**31 % bound
    while number > most:
        number = next(numbers)
    return number % bound


def _numbers(seed: int) -> Iterator[int]:
    """Numbers of 31 bits: each is a word of the generator's without its highest bit and its lower half."""
    values = [first ^ own for first, own in zip(first_values(), _grown(seed, shift=20), strict=True)]
    tap, feed = 0, LENGTH - TAP
    while True:
        tap, feed = (tap - 1) % LENGTH, (feed - 1) % LENGTH
        values[feed] = (values[feed] + values[tap]) % _WORD
        yield values[feed] % 2**63 >> 32


def _grown(seed: int, *, shift: int) -> list[int]:
    """LENGTH values of a smaller generator, each of three of its numbers."""
    number = seed % PRIME or ZERO

    def step() -> int:
        nonlocal number
        number = FACTOR * number % PRIME
        return number

    for _ in range(20):
        step()
    return [step() << 2 * shift ^ step() << shift ^ step() for _ in range(LENGTH)]


@lru_cache(maxsize=1)
def first_values() -> tuple[int, ...]:
    """The generator's values after STEPS steps from the seed 1, as unsigned words."""
    origin = _grown(1, shift=10)
    known = [origin[_slot(time)] for time in range(LENGTH)]
    for time in range(LENGTH, 2 * LENGTH):
        known.append((known[time - LENGTH] + known[time - TAP]) % _WORD)
    factors = _power(STEPS)
    sums = _product(factors, known[::-1])
    values = [0] * LENGTH
    for ahead in range(LENGTH):
        values[_slot(STEPS + ahead)] = sums[2 * LENGTH - 1 - ahead] % _WORD
    return tuple(values)


def _slot(time: int) -> int:
    """Where the value of a step stands."""
    return (LENGTH - TAP - 1 - time) % LENGTH


def _power(steps: int) -> list[int]:
    """How much of each of the first LENGTH values is in the one that is so many steps ahead of the first."""
    factors = [1]
    for bit in bin(steps)[2:]:
        factors = _reduced(_product(factors, factors))
        if bit == "1":
            factors = _reduced([0, *factors])
    return factors


def _reduced(factors: list[int]) -> list[int]:
    """The same by the first LENGTH values alone."""
    for power in range(len(factors) - 1, LENGTH - 1, -1):
        high = factors.pop()
        factors[power - LENGTH] += high
        factors[power - TAP] += high
    return [factor % _WORD for factor in factors]


def _product(left: Sequence[int], right: Sequence[int]) -> list[int]:
    """The product of two polynomials: as whole numbers, with room between the coefficients."""
    size = len(left) + len(right) - 1
    whole = (_packed(left) * _packed(right)).to_bytes(size * _WIDTH, "little")
    return [int.from_bytes(whole[at : at + _WIDTH], "little") for at in range(0, len(whole), _WIDTH)]


def _packed(coefficients: Sequence[int]) -> int:
    return int.from_bytes(b"".join(one.to_bytes(_WIDTH, "little") for one in coefficients), "little")
