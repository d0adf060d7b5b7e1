"""Go's durations: "1h30m", "300ms"; a whole number is nanoseconds.

Own code because durationpy also reads days, weeks and years, which Go refuses.
Source: Go's package time (ParseDuration, Duration.String).
"""

import re
from decimal import Decimal

from cutwater.prowjob.decoration import Duration

_UNITS = {
    "ns": 1,
    "us": 1_000,
    "\u00b5s": 1_000,
    "\u03bcs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)")
_WHOLE = re.compile(rf"[-+]?(?:0|(?:{_PART.pattern})+)")
_LARGEST = 2**63 - 1


def nanoseconds(duration: Duration) -> int:
    """The duration in nanoseconds. Raises ValueError for what Go would not read."""
    if isinstance(duration, int):
        return duration
    if _WHOLE.fullmatch(duration) is None:
        raise ValueError(f'"{duration}" is not a duration such as 1h30m')
    size = sum(int(Decimal(number) * _UNITS[unit]) for number, unit in _PART.findall(duration))
    if size > _LARGEST:
        raise ValueError(f'"{duration}" is longer than 292 years')
    return -size if duration.startswith("-") else size


def seconds(duration: Duration) -> float:
    """The duration in seconds. Raises ValueError for what Go would not read."""
    return nanoseconds(duration) / 1e9


def text(seconds: float) -> str:
    """The duration as Go writes it: 5400 seconds are "1h30m0s"."""
    return text_of_nanoseconds(round(seconds * 1e9))


def text_of_nanoseconds(size: int) -> str:
    """The same for a whole number of nanoseconds: every unit from the largest down, seconds with their fraction."""
    if size < 0:
        return "-" + text_of_nanoseconds(-size)
    if size < _UNITS["s"]:
        unit = next((u for u in ("ms", "\u00b5s", "ns") if size >= _UNITS[u]), None)
        return "0s" if unit is None else _number(size, _UNITS[unit]) + unit
    minutes, rest = divmod(size, _UNITS["m"])
    hours, minutes = divmod(minutes, 60)
    written = _number(rest, _UNITS["s"]) + "s"
    if hours:
        return f"{hours}h{minutes}m{written}"
    return f"{minutes}m{written}" if minutes else written


def canonical(duration: Duration) -> str:
    """The duration as Go writes what it has read: "90m" is "1h30m0s". Raises ValueError as `nanoseconds` does."""
    return text_of_nanoseconds(nanoseconds(duration))


def _number(size: int, unit: int) -> str:
    whole, rest = divmod(size, unit)
    fraction = str(rest).rjust(len(str(unit)) - 1, "0").rstrip("0")
    return f"{whole}.{fraction}" if fraction else str(whole)
