"""ISO 8601 durations as Knative's delivery specifications have them: PT0.2S, P1DT2H.

Tenths of a second are the finest there is, and what is finer is cut off. Source: github.com/rickb777/date period,
which knative.dev/eventing pkg/kncloudevents reads them with.
"""

import re

_DURATION = re.compile(
    r"P(?=.)(?:(?P<years>\d+(?:[.,]\d+)?)Y)?(?:(?P<months>\d+(?:[.,]\d+)?)M)?(?:(?P<weeks>\d+(?:[.,]\d+)?)W)?"
    r"(?:(?P<days>\d+(?:[.,]\d+)?)D)?"
    r"(?:T(?=.)(?:(?P<hours>\d+(?:[.,]\d+)?)H)?(?:(?P<minutes>\d+(?:[.,]\d+)?)M)?(?:(?P<seconds>\d+(?:[.,]\d+)?)S)?)?\Z",
    re.ASCII,
)
_DAY = 86_400
_YEAR = 365.2425 * _DAY
_SECONDS = {
    "years": _YEAR,
    "months": _YEAR / 12,
    "weeks": 7 * _DAY,
    "days": _DAY,
    "hours": 3_600,
    "minutes": 60,
    "seconds": 1,
}


def seconds(duration: str) -> float:
    """The duration in seconds. Raises ValueError for what Knative would refuse, lower case and `1s` among it."""
    match = _DURATION.match(duration)
    if not match:
        raise ValueError(f'"{duration}" is not an ISO 8601 duration such as PT0.2S')
    return sum(_tenths(text) * _SECONDS[unit] for unit, text in match.groupdict().items() if text) / 10


def _tenths(text: str) -> int:
    whole, _, fraction = text.replace(",", ".").partition(".")
    return int(whole) * 10 + int(fraction[:1] or 0)
