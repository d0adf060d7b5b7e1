"""When a PingSource ticks: five fields, or six with seconds first, in a time zone.

The dialect is that of github.com/robfig/cron as Knative's PingSource admits it: names, ranges, steps, `?`, @daily and
its like, but no @every.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol

DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTHS = {name: number for number, name in enumerate(MONTH_NAMES, start=1)}
WEEKDAYS = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
HORIZON = timedelta(days=5 * 366)
"""A schedule that never matches within it never does: 30 February."""

_RANGE = re.compile(r"(?P<low>\*|\?|\w+)(?:-(?P<high>\w+))?(?:/(?P<step>\d+))?\Z", re.ASCII)


class Schedule(Protocol):
    """A source of ticks."""

    def next_after(self, moment: datetime) -> datetime | None:
        """The first tick later than the moment, or None where there is none."""


@dataclass(frozen=True, slots=True)
class Field:
    """The values of one field at which the schedule ticks. `is_star`: the field says nothing."""

    values: frozenset[int]
    is_star: bool


@dataclass(frozen=True, slots=True)
class Cron:
    """One schedule in one time zone."""

    seconds: Field
    minutes: Field
    hours: Field
    days: Field
    months: Field
    weekdays: Field
    zone: tzinfo

    def next_after(self, moment: datetime) -> datetime | None:
        """The first tick later than the moment, in UTC. An hour that the clocks skip has none, a repeated one two."""
        tick = moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        last = tick + HORIZON
        while tick < last:
            local = tick.astimezone(self.zone)
            if local.month not in self.months.values or not self._is_day(local):
                tick = self._midnight_after(local)
            elif local.hour not in self.hours.values:
                tick += timedelta(seconds=3600 - local.minute * 60 - local.second)
            elif local.minute not in self.minutes.values:
                tick += timedelta(seconds=60 - local.second)
            elif local.second not in self.seconds.values:
                tick += timedelta(seconds=1)
            else:
                return tick
        return None

    def _is_day(self, local: datetime) -> bool:
        """Where both day fields say something, either is enough."""
        by_date, by_weekday = local.day in self.days.values, local.isoweekday() % 7 in self.weekdays.values
        if self.days.is_star or self.weekdays.is_star:
            return by_date and by_weekday
        return by_date or by_weekday

    def _midnight_after(self, local: datetime) -> datetime:
        tomorrow = local.date() + timedelta(days=1)
        return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=self.zone).astimezone(UTC)


def parse(schedule: str, zone: tzinfo = UTC) -> Cron:
    """Reads a schedule. Raises ValueError that names the field."""
    fields = DESCRIPTORS.get(schedule, schedule).split()
    if len(fields) == 5:
        fields.insert(0, "0")
    if len(fields) != 6:
        raise ValueError(f'"{schedule}" is not five fields, nor six with seconds, nor one of {", ".join(DESCRIPTORS)}')
    seconds, minutes, hours, days, months, weekdays = fields
    return Cron(
        seconds=_field("second", seconds, 0, 59),
        minutes=_field("minute", minutes, 0, 59),
        hours=_field("hour", hours, 0, 23),
        days=_field("day of month", days, 1, 31),
        months=_field("month", months, 1, 12, MONTHS),
        weekdays=_field("day of week", weekdays, 0, 6, WEEKDAYS),
        zone=zone,
    )


def _field(name: str, text: str, least: int, most: int, names: Mapping[str, int] | None = None) -> Field:
    values: set[int] = set()
    is_star = False
    for part in text.split(","):
        match = _RANGE.match(part)
        if not match:
            raise ValueError(f'{name} "{text}": "{part}" is not a value, a range or a step')
        low, high, step = match["low"], match["high"], int(match["step"] or 1)
        if low in ("*", "?"):
            first, last = least, most
            is_star = is_star or step == 1
        else:
            first = _value(name, low, names)
            last = _value(name, high, names) if high else most if match["step"] else first
        if not least <= first <= last <= most or step < 1:
            raise ValueError(f'{name} "{text}": "{part}" is not within {least}-{most}')
        values.update(range(first, last + 1, step))
    return Field(frozenset(values), is_star)


def _value(name: str, text: str, names: Mapping[str, int] | None) -> int:
    if names and text.lower() in names:
        return names[text.lower()]
    if not text.isdigit():
        raise ValueError(f'{name}: "{text}" is not a number')
    return int(text)
