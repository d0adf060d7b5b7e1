"""The dialect is checked row by row against upstream in test_rows; here is what each part of it means."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutwater.prowjob import cron

FRIDAY = datetime(2026, 8, 21, 15, 4, 30, 500_000, tzinfo=UTC)


def firings(spec: str, *, after: datetime = FRIDAY, count: int = 2) -> list[str]:
    schedule, moment, found = cron.parse(spec), after, []
    for _ in range(count):
        following = schedule.next_after(moment)
        if following is None:
            break
        moment = following
        found.append(moment.strftime("%Y-%m-%d %H:%M:%S"))
    return found


@pytest.mark.parametrize(
    "spec, expected",
    [
        pytest.param("0 * * * *", ["2026-08-21 16:00:00", "2026-08-21 17:00:00"], id="hourly"),
        pytest.param("5/15 * * * *", ["2026-08-21 15:05:00", "2026-08-21 15:20:00"], id="N/step runs to the end"),
        pytest.param("30 4 5 * * *", ["2026-08-22 05:04:30", "2026-08-23 05:04:30"], id="seconds come first"),
        pytest.param("0 0 1 * 1", ["2026-08-24 00:00:00", "2026-08-31 00:00:00"], id="either day"),
        pytest.param("0 0 */2 * 1", ["2026-08-23 00:00:00", "2026-08-24 00:00:00"], id="a step is no star"),
        pytest.param("0 0 */1 * 1", ["2026-08-24 00:00:00", "2026-08-31 00:00:00"], id="a step of one is"),
        pytest.param("0 0 * jan,JUL *", ["2027-01-01 00:00:00", "2027-01-02 00:00:00"], id="names in any case"),
        pytest.param("0 0 29 2 *", ["2028-02-29 00:00:00", "2032-02-29 00:00:00"], id="leap years"),
        pytest.param("0 0 31 2 *", [], id="never"),
        pytest.param(", * * * *", [], id="a field of nothing never matches"),
        pytest.param("*-5 * * * *", ["2026-08-21 15:05:00", "2026-08-21 15:06:00"], id="a star with a bound is a star"),
        pytest.param("@weekly", ["2026-08-23 00:00:00", "2026-08-30 00:00:00"], id="descriptor"),
        pytest.param("@every 1h30m10.7s", ["2026-08-21 16:34:40", "2026-08-21 18:04:50"], id="every, in whole seconds"),
        pytest.param("@every -5m", ["2026-08-21 15:04:31", "2026-08-21 15:04:32"], id="every second at least"),
        pytest.param("CRON_TZ=Asia/Tokyo 0 9 * * *", ["2026-08-22 00:00:00", "2026-08-23 00:00:00"], id="a zone"),
    ],
)
def test_when_it_fires(spec: str, expected: list[str]) -> None:
    assert firings(spec) == expected


@pytest.mark.parametrize(
    "spec, why",
    [
        ("", "empty spec string"),
        ("* * * *", r"expected 5 to 6 fields, found 4: \[\* \* \* \*\]"),
        ("0 0 * * 7", r"end of range \(7\) above maximum \(6\): 7"),
        ("0 0 0 * *", r"beginning of range \(0\) below minimum \(1\): 0"),
        ("0 0 * * fri-mon", r"beginning of range \(5\) beyond end of range \(1\): fri-mon"),
        ("*/0 * * * *", r"step of range should be a positive number: \*/0"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("1/2/3 * * * *", "too many slashes: 1/2/3"),
        ("5/-1 * * * *", r"negative number \(-1\) not allowed"),
        ("0 0 L * *", "failed to parse int from L"),
        ("@Hourly", "unrecognized descriptor: @Hourly"),
        ("@every soon", "failed to parse duration @every soon"),
        ("TZ=Nowhere/Land 0 9 * * *", "provided bad location Nowhere/Land"),
        ("TZ=UTC", "expected 5 to 6 fields"),
    ],
)
def test_what_is_no_expression(spec: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        cron.parse(spec)


def test_a_given_zone_leaves_no_room_for_another() -> None:
    with pytest.raises(ValueError, match="failed to parse int from CRON_TZ=Asia"):
        cron.parse("CRON_TZ=Asia/Tokyo 0 9 * * *", zone=UTC)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param("0 9 * * *", "2026-08-22T09:00", id="UTC"),
        pytest.param("CRON_TZ=Asia/Tokyo 0 9 * * *", "2026-08-22T00:00", id="its own zone"),
        pytest.param("TZ=Europe/Berlin @daily", "2026-08-21T22:00", id="a descriptor in a zone"),
    ],
)
def test_a_periodic_is_meant_in_utc_unless_it_names_a_zone(spec: str, expected: str) -> None:
    moment = datetime(2026, 8, 21, 15, tzinfo=UTC)
    assert cron.of_periodic(spec).next_after(moment) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "spec, day, expected",
    [
        pytest.param("30 2 * * *", "2026-03-08", ["03-09 02:30", "03-10 02:30"], id="an hour that is skipped"),
        pytest.param("30 1 * * *", "2026-11-01", ["11-01 01:30"] * 2 + ["11-02 01:30"], id="one that comes again"),
    ],
)
def test_a_change_of_clocks(spec: str, day: str, expected: list[str]) -> None:
    """As upstream: hour by hour as they pass."""
    zone = ZoneInfo("America/New_York")
    schedule = cron.parse(spec, zone=zone)
    moment: datetime | None = datetime.fromisoformat(day).replace(tzinfo=zone)
    found: list[str] = []
    while moment and len(found) < len(expected):
        moment = schedule.next_after(moment)
        found.append(moment.astimezone(zone).strftime("%m-%d %H:%M") if moment else "never")
    assert found == expected


@given(
    st.lists(st.integers(0, 59), min_size=1, max_size=3),
    st.integers(0, 23),
    st.sampled_from(["*", "1", "*/3", "28-31"]),
    st.sampled_from(["*", "mon", "0,6"]),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
)
def test_the_next_firing_is_still_the_next_a_second_before(
    minutes: list[int], hour: int, day: str, weekday: str, moment: datetime
) -> None:
    schedule = cron.parse(f"{','.join(map(str, minutes))} {hour} {day} * {weekday}")
    first = schedule.next_after(moment.replace(tzinfo=UTC))
    assert first is not None and first > moment.replace(tzinfo=UTC)
    assert first.minute in minutes and first.hour == hour
    earlier = first - timedelta(seconds=1)
    if earlier > moment.replace(tzinfo=UTC):
        assert schedule.next_after(earlier) == first


def test_firings_go_on_and_on() -> None:
    times = firings("*/7 */5 * * *", count=50)
    assert all(one < other for one, other in pairwise(times))
