"""Texts in Go's words."""

import pytest

from cutwater.podutils import gotext

SECOND = 10**9


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1_500, "1.5µs"),
        (400_000_000, "400ms"),
        (SECOND, "1s"),
        (63_500_000_000, "1m3.5s"),
        (3600 * SECOND, "1h0m0s"),
        (5_400 * SECOND, "1h30m0s"),
        (-90 * SECOND, "-1m30s"),
        (1_000_000_001, "1.000000001s"),
    ],
)
def test_durations(nanoseconds: int, text: str) -> None:
    assert gotext.duration(nanoseconds) == text
    assert gotext.nanoseconds(text) == nanoseconds


@pytest.mark.parametrize("text", ["", "1", "1x", "h", "1h 2m", "--1s"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="time: invalid duration"):
        gotext.nanoseconds(text)


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("130", 130), ("-1", -1), ("+7", 7)])
def test_whole_numbers(text: str, number: int) -> None:
    assert gotext.whole_number(text) == number


@pytest.mark.parametrize("text", ["", "-", "1.0", "1_0", "0x1", "١", "99999999999999999999"])
def test_what_is_no_whole_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"strconv\.Atoi: parsing"):
        gotext.whole_number(text)


@pytest.mark.parametrize(
    ("code", "words"), [(128, "exit status 128"), (-9, "signal: killed"), (-15, "signal: terminated")]
)
def test_how_a_process_ended(code: int, words: str) -> None:
    assert gotext.exit_status(code) == words
