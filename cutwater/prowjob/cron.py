"""When a cron expression fires: upstream's dialect.

Five fields, or six with seconds first; `@hourly` and its like, `@every DURATION`; `TZ=ZONE` in front. A field is a list
of `*`, `N`, `A-B`, each with `/STEP` if need be. Where day of month and day of week both name days, either is enough.
Source: github.com/robfig/cron v3 as sigs.k8s.io/prow pkg/cron sets it up (seconds optional, descriptors allowed).
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from cutwater.prowjob.duration import nanoseconds

ZONED = ("TZ=", "CRON_TZ=")
"""How an expression begins that names its zone."""
_YEARS = 5
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DESCRIPTORS = {
    **dict.fromkeys(("@yearly", "@annually"), "0 0 1 1 *"),
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    **dict.fromkeys(("@daily", "@midnight"), "0 0 * * *"),
    "@hourly": "0 * * * *",
}


class Schedule(Protocol):
    """What fires now and then."""

    def next_after(self, moment: datetime) -> datetime | None:
        """The first firing strictly later than the moment, or None where there is none for five years."""


class Every(NamedTuple):
    """`@every`: at this distance from wherever one starts, in whole seconds."""

    distance: timedelta

    def next_after(self, moment: datetime) -> datetime:
        return moment.replace(microsecond=0) + self.distance


class _Field(NamedTuple):
    values: frozenset[int]
    is_star: bool


class _Range(NamedTuple):
    least: int
    most: int
    names: tuple[str, ...] = ()


_RANGES = (_Range(0, 59), _Range(0, 59), _Range(0, 23), _Range(1, 31), _Range(1, 12, _MONTHS), _Range(0, 6, _DAYS))


class Times(NamedTuple):
    """A schedule of fields. `zone` None: the zone of the moment that is asked about."""

    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    days: _Field
    months: frozenset[int]
    weekdays: _Field
    zone: tzinfo | None

    def next_after(self, moment: datetime) -> datetime | None:
        zone = self.zone or moment.tzinfo or UTC
        earliest = (moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)).astimezone(zone)
        for day in _days_from(earliest.date(), self.months):
            if self._is_day(day) and (found := self._first_on(day, earliest)):
                return found.astimezone(moment.tzinfo or UTC)
        return None

    def _is_day(self, day: date) -> bool:
        in_month, in_week = day.day in self.days.values, day.isoweekday() % 7 in self.weekdays.values
        if self.days.is_star or self.weekdays.is_star:
            return in_month and in_week
        return in_month or in_week

    def _first_on(self, day: date, earliest: datetime) -> datetime | None:
        """Hour by hour as they pass: one that a change of clocks repeats counts twice, one that it skips never."""
        begin = datetime.combine(day, time(), earliest.tzinfo)
        hour = max(begin.astimezone(UTC), earliest.replace(minute=0, second=0).astimezone(UTC))
        while (local := hour.astimezone(earliest.tzinfo)).date() == day:
            if local.hour in self.hours:
                for minute in sorted(self.minutes):
                    for second in sorted(self.seconds):
                        found = local.replace(minute=minute, second=second)
                        if found.astimezone(UTC) >= earliest.astimezone(UTC):
                            return found
            hour += timedelta(hours=1)
        return None


def parse(spec: str, *, zone: tzinfo | None = None) -> Schedule:
    """The schedule of an expression. Raises ValueError, in upstream's words, for what is none.

    `zone`: in which zone it is meant. An expression may then name none itself.
    """
    if zone is not None:
        spec = spec.strip()
    elif not spec:
        raise ValueError("empty spec string")
    elif spec.startswith(ZONED):
        name, _, rest = spec.partition("=")[2].partition(" ")
        zone, spec = _zone(name), rest.strip()
    if spec.startswith("@every "):
        try:
            distance = nanoseconds(spec.removeprefix("@every ")) // 1_000_000_000
        except ValueError as error:
            raise ValueError(f"failed to parse duration {spec}: {error}") from error
        return Every(timedelta(seconds=max(distance, 1)))
    if spec.startswith("@"):
        if spec not in _DESCRIPTORS:
            raise ValueError(f"unrecognized descriptor: {spec}")
        spec = _DESCRIPTORS[spec]
    words = spec.split()
    if len(words) not in (5, 6):
        raise ValueError(f"expected 5 to 6 fields, found {len(words)}: [{' '.join(words)}]")
    if len(words) == 5:
        words.insert(0, "0")
    seconds, minutes, hours, days, months, weekdays = map(_field, words, _RANGES)
    return Times(seconds.values, minutes.values, hours.values, days, months.values, weekdays, zone)


def of_periodic(spec: str) -> Schedule:
    """The schedule of a periodic: in UTC, unless it names a zone itself, which Prow's horologium cannot run.

    Raises ValueError.
    """
    return parse(spec) if spec.startswith(ZONED) else parse(spec, zone=UTC)


def _zone(name: str) -> tzinfo:
    if name in ("", "UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError) as error:
        raise ValueError(f"provided bad location {name}: unknown time zone {name}") from error


def _field(text: str, limits: _Range) -> _Field:
    parts = [_part(item, limits) for item in text.split(",") if item]
    return _Field(
        frozenset(value for part in parts for value in part.values), is_star=any(part.is_star for part in parts)
    )


def _part(text: str, limits: _Range) -> _Field:
    """One item of a field. A star with a step above 1 is no longer a star."""
    bounds, *steps = text.split("/")
    low, *highs = bounds.split("-")
    is_star = low in ("*", "?")
    if is_star:
        start, end = limits.least, limits.most
    else:
        start = _number(low, limits)
        if len(highs) > 1:
            raise ValueError(f"too many hyphens: {text}")
        end = _number(highs[0], limits) if highs else start
    if len(steps) > 1:
        raise ValueError(f"too many slashes: {text}")
    step = _number(steps[0]) if steps else 1
    if steps and not highs:
        end = limits.most
    _check(start, end, step, limits, text)
    return _Field(frozenset(range(start, end + 1, step)), is_star=is_star and step == 1)


def _check(start: int, end: int, step: int, limits: _Range, text: str) -> None:
    if start < limits.least:
        raise ValueError(f"beginning of range ({start}) below minimum ({limits.least}): {text}")
    if end > limits.most:
        raise ValueError(f"end of range ({end}) above maximum ({limits.most}): {text}")
    if start > end:
        raise ValueError(f"beginning of range ({start}) beyond end of range ({end}): {text}")
    if step == 0:
        raise ValueError(f"step of range should be a positive number: {text}")


def _number(text: str, limits: _Range | None = None) -> int:
    if limits and text.lower() in limits.names:
        return limits.least + limits.names.index(text.lower())
    if not re.fullmatch(r"[-+]?[0-9]+", text):
        raise ValueError(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax')
    number = int(text)
    if number < 0:
        raise ValueError(f"negative number ({number}) not allowed: {text}")
    return number


def _days_from(first: date, months: frozenset[int]) -> Iterator[date]:
    """Every day of these months from the first on, to the end of the fifth year after."""
    day = first
    while day.year <= first.year + _YEARS:
        if day.month in months:
            yield day
            day += timedelta(days=1)
        else:
            day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
