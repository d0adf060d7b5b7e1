"""When a schedule ticks."""

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from infra.local.broker import cron


@pytest.mark.parametrize(
    "schedule, after, tick",
    [
        pytest.param("* * * * *", "2026-11-25T08:00:00", "2026-11-25T08:01:00", id="each minute, the next one"),
        pytest.param("* * * * *", "2026-11-25T08:00:59.9", "2026-11-25T08:01:00", id="within a second"),
        pytest.param("*/2 * * * *", "2026-11-25T08:01:00", "2026-11-25T08:02:00", id="each second minute"),
        pytest.param("0/5 * * * * *", "2026-11-25T08:00:03", "2026-11-25T08:00:05", id="seconds"),
        pytest.param(
            "10 0/5 * * * ?", "2026-11-25T08:00:10", "2026-11-25T08:05:10", id="six fields with a question mark"
        ),
        pytest.param("17 23-23/24 * * *", "2026-11-25T08:00:00", "2026-11-25T23:17:00", id="a step beyond the range"),
        pytest.param("0 0 1 jan *", "2026-11-25T08:00:00", "2027-01-01T00:00:00", id="name of a month"),
        pytest.param("0 9 * * MON-FRI", "2026-11-27T09:00:00", "2026-11-30T09:00:00", id="over the week-end"),
        pytest.param("0 0 13 * 5", "2026-11-25T08:00:00", "2026-11-27T00:00:00", id="the 13th or a Friday"),
        pytest.param("0 0 13 * ?", "2026-11-25T08:00:00", "2026-12-13T00:00:00", id="the 13th"),
        pytest.param("0 0 */2 * 5", "2026-11-25T08:00:00", "2026-11-27T00:00:00", id="a stepped star says something"),
        pytest.param("0 0 29 2 *", "2026-11-25T08:00:00", "2028-02-29T00:00:00", id="leap day"),
        pytest.param("@hourly", "2026-11-25T08:00:00", "2026-11-25T09:00:00", id="@hourly"),
        pytest.param("@weekly", "2026-11-25T08:00:00", "2026-11-29T00:00:00", id="@weekly"),
        pytest.param("5,10 8 * * *", "2026-11-25T08:05:00", "2026-11-25T08:10:00", id="list"),
    ],
)
def test_next(schedule: str, after: str, tick: str) -> None:
    assert cron.parse(schedule).next_after(datetime.fromisoformat(f"{after}Z")) == datetime.fromisoformat(f"{tick}Z")


def test_never() -> None:
    assert cron.parse("0 0 30 2 *").next_after(datetime.fromisoformat("2026-11-25T08:00:00Z")) is None


@pytest.mark.parametrize(
    "schedule, zone, after, ticks",
    [
        pytest.param(
            "0 9 * * *",
            "Europe/Oslo",
            "2026-11-25T00:00:00Z",
            ["2026-11-25T08:00:00Z", "2026-11-26T08:00:00Z"],
            id="in the zone's time",
        ),
        pytest.param(
            "30 2 * * *",
            "Europe/Oslo",
            "2026-03-28T00:00:00Z",
            ["2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z"],
            id="skipped with its hour",
        ),
        pytest.param(
            "30 2 * * *",
            "Europe/Oslo",
            "2026-10-24T22:00:00Z",
            ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"],
            id="twice in an hour that comes twice",
        ),
        pytest.param(
            "0 0 * * *",
            "America/Sao_Paulo",
            "2018-11-03T03:00:00Z",
            ["2018-11-05T02:00:00Z"],
            id="a midnight that is skipped",
        ),
    ],
)
def test_zones(schedule: str, zone: str, after: str, ticks: list[str]) -> None:
    moments = [datetime.fromisoformat(text) for text in [after, *ticks]]
    timed = cron.parse(schedule, ZoneInfo(zone))
    assert [timed.next_after(moment) for moment, _ in pairwise(moments)] == moments[1:]


@pytest.mark.parametrize(
    "schedule",
    [
        *("", "2", "* * * *", "* * * * * * *", "@every 2h", "@noon", "TZ=UTC * * * * *"),
        *("60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "5-1 * * * *", "*/0 * * * *"),
        *("a * * * *", "1-b * * * *", "1- * * * *", ", * * * *"),
    ],
)
def test_refused(schedule: str) -> None:
    with pytest.raises(ValueError):
        cron.parse(schedule)
