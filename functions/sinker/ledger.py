"""What of the ledger, and of what was read of repositories, is old enough to go (protocols, part 11).

Keys begin with the day, so that days go as they are.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from cutwater.errors import Refused
from cutwater.events.changed_files import CHANGED_FILES
from cutwater.events.deadletters import DEAD
from cutwater.events.ledger import DELIVERIES, SUBJECTS
from cutwater.events.level import RECORDS
from cutwater.events.receipt import RECEIPTS
from cutwater.events.repository_jobs import IN_REPO
from cutwater.events.repository_owners import OWNERS
from cutwater.storage.effects import DeleteState
from cutwater.storage.store import Store

REMEMBERED = (IN_REPO, OWNERS, CHANGED_FILES)
"""What was read of repositories, and is read again the next day."""
READ_AGAIN = timedelta(days=2)
AT_ONCE = 100
"""How many objects one effect removes."""
LEAST = timedelta(days=4)
"""GitHub delivers again for three days, and a broker tries for hours: what tells a repetition stays longer."""


class Keeping(Struct, frozen=True, kw_only=True):
    """How long webhooks are kept, and for how long what was done about them."""

    deliveries: timedelta = timedelta(days=14)
    receipts: timedelta = timedelta(days=90)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Keeping":
        """As CUTWATER_KEEP_DELIVERIES and CUTWATER_KEEP_RECEIPTS say, in days. Raises Refused for what is too short."""
        default = cls()
        return cls(
            deliveries=_days(environment, "CUTWATER_KEEP_DELIVERIES", default.deliveries),
            receipts=_days(environment, "CUTWATER_KEEP_RECEIPTS", default.receipts),
        )


async def old_entries(state: Store, keeping: Keeping, now: datetime) -> AsyncIterator[DeleteState]:
    """The deletions, oldest first."""
    ages = dict.fromkeys((DELIVERIES, SUBJECTS, DEAD), keeping.deliveries)
    ages |= {RECEIPTS: keeping.receipts, RECORDS: keeping.receipts}
    ages |= dict.fromkeys(REMEMBERED, READ_AGAIN)
    for prefix, age in ages.items():
        last = f"{prefix}{(now - age).astimezone(UTC):%Y-%m-%d}"
        keys: list[str] = []
        async for entry in state.list(prefix):
            if entry.key >= last:
                break
            keys.append(entry.key)
            if len(keys) == AT_ONCE:
                yield _deletion(keys, age)
                keys = []
        if keys:
            yield _deletion(keys, age)


def _deletion(keys: list[str], age: timedelta) -> DeleteState:
    return DeleteState(keys=tuple(keys), why=f"older than {age.days} days")


def _days(environment: Mapping[str, str], variable: str, default: timedelta) -> timedelta:
    value = environment.get(variable, "")
    if not value:
        return default
    if not value.isdecimal() or timedelta(days=int(value)) < LEAST:
        raise Refused(f'{variable}: "{value}" is not a number of days from {LEAST.days} up')
    return timedelta(days=int(value))
