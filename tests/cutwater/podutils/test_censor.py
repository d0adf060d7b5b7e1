"""Secrets in a stream: the result never depends on how the stream was cut."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutwater.podutils.censor import Censor, forms_of


def censored(forms: tuple[bytes, ...], *chunks: bytes) -> bytes:
    censor = Censor(forms)
    return b"".join(map(censor.feed, chunks)) + censor.end()


@pytest.mark.parametrize(
    ("secrets", "text", "expected"),
    [
        ([b"secret"], b"secret SECRET c2VjcmV0 sEcReT", b"XXXXXX SECRET XXXXXXXX sEcReT"),
        ([b"true", b"TRUE", b" False\n"], b"true TRUE False", b"true TRUE False"),
        ([b"a", b"bb", b"ccc", b"dddd"], b"data: a bb ccc dddd", b"dXtX: X XX XXX XXXX"),
        ([b"friend", b"advice"], b"friends advice", b"XXXXXXs XXXXXX"),
        ([b"line\n"], b"line line\n bGluZQo=", b"XXXX XXXX\n XXXXXXXX"),
        ([b"ab", b"abc"], b"abc", b"XXc"),
        ([b"abc", b"ab"], b"abc", b"XXX"),
        ([b""], b"text", b"text"),
    ],
)
def test_forms(secrets: list[bytes], text: bytes, expected: bytes) -> None:
    assert censored(forms_of(secrets), text) == expected


def test_what_is_too_short_is_no_secret() -> None:
    assert censored(forms_of([b"abc", b"dddd"], 4), b"abc YWJj dddd") == b"abc YWJj XXXX"


LETTERS = st.lists(st.sampled_from([b"a", b"b", b"ab", b"-"]), max_size=12)


@given(
    st.lists(LETTERS.map(b"".join).filter(bool), max_size=4, unique=True), st.lists(LETTERS.map(b"".join), max_size=8)
)
def test_cuts_do_not_matter(forms: list[bytes], chunks: list[bytes]) -> None:
    text = b"".join(chunks)
    whole = re.sub(b"|".join(map(re.escape, forms)), lambda m: b"X" * len(m[0]), text) if forms else text
    assert censored(tuple(forms), *chunks) == whole


def test_only_what_may_become_a_secret_is_held_back() -> None:
    censor = Censor((b"secret-of-many-letters",))
    assert censor.feed(b"the log goes on\nse") == b"the log goes on\n"
    assert censor.feed(b"t sail\n") == b"set sail\n"
