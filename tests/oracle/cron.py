"""The `cron-` rows of engine/horologium: when expressions fire."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from cutwater.prowjob import cron
from tests.oracle_rows import Row, difference

FAMILY = "cron"


def check(row: Row) -> str | None:
    """As written, and as horologium means it, in UTC: the difference between our answer and upstream's, or None."""
    upstream = dict(row["upstream"])
    ours = {"validation": _firings(row["input"], None), "runtime": _firings(row["input"], UTC)}
    for how, answer in upstream.items():  # a parser that crashes has refused
        if answer.get("error", "").startswith("panic") and "error" in ours[how]:
            upstream[how] = ours[how]
    return difference(ours, upstream)


def _firings(given: Mapping[str, Any], zone: tzinfo | None) -> Mapping[str, Any]:
    moment: datetime | None = datetime.fromisoformat(given["from"])
    try:
        schedule = cron.parse(given["spec"], zone=zone)
    except ValueError as error:
        return {"error": str(error)}
    found: list[str] = []
    while moment and len(found) < 4 and (moment := schedule.next_after(moment)):
        found.append(moment.isoformat().replace("+00:00", "Z"))
    return {"next": found}
