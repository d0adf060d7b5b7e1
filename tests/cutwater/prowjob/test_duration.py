import pytest

from cutwater.prowjob import duration


@pytest.mark.parametrize(
    "written, canonical",
    [
        pytest.param("2h", "2h0m0s", id="hours"),
        pytest.param("90m", "1h30m0s", id="minutes become hours"),
        pytest.param("30s", "30s", id="seconds"),
        pytest.param("1m0.5s", "1m0.5s", id="a fraction"),
        pytest.param("300ms", "300ms", id="below a second"),
        pytest.param("1.5us", "1.5µs", id="microseconds"),
        pytest.param("0", "0s", id="zero needs no unit"),
        pytest.param("-1m", "-1m0s", id="negative"),
        pytest.param("1h1h", "2h0m0s", id="units may repeat"),
        pytest.param(1500, "1.5µs", id="a whole number is nanoseconds"),
        pytest.param("2540400h10m10s", "2540400h10m10s", id="nearly the longest"),
    ],
)
def test_what_go_reads_is_written_as_go_writes_it(written: str | int, canonical: str) -> None:
    assert duration.canonical(written) == canonical
    assert duration.nanoseconds(canonical) == duration.nanoseconds(written)


@pytest.mark.parametrize("written", ["", "5", "1d", "h", "1 h", "1h ", "1,5h", "--1h", "1w", "٣h"])
def test_what_go_refuses_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="is not a duration such as 1h30m"):
        duration.nanoseconds(written)


def test_longer_than_go_can_count() -> None:
    with pytest.raises(ValueError, match="longer than 292 years"):
        duration.nanoseconds("2562048h")


def test_seconds_and_back() -> None:
    assert duration.seconds("1h0m0.25s") == 3600.25
    assert duration.text(5400) == "1h30m0s"
