"""The ledger read back: which webhooks came, what each plugin made of them, what was given up.

Keys begin with the day, and are walked from the newest back, as far as an answer needs. What is asked of one
repository, pull request or GUID reads the keys of that alone.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

import msgspec
from msgspec import Struct

from cutwater.errors import Refused
from cutwater.events import receipt
from cutwater.events.deadletters import DEAD, DeadLetter
from cutwater.events.ledger import DELIVERIES, OWED, SUBJECTS, Delivery, index_of
from cutwater.events.receipt import DAYS_BACK, RECEIPTS, Receipt
from cutwater.github.webhooks import Webhook, open_webhook
from cutwater.storage.store import Store

AT_ONCE = 32
"""How many webhooks are read side by side."""
MOST = 2000
"""How many are looked at for one page: a wish that few fulfil ends there, and says so."""
LATE = timedelta(minutes=5)
"""So long after a webhook came every plugin has usually answered; the sweep asks again after two minutes."""

State = Literal["done", "nothing", "refused", "failed", "in hand", "owed", "given up"]
Wanted = Literal["", "done", "nothing", "refused", "failed", "in hand", "owed", "given up", "void", "dead-lettered"]
OUTCOMES: tuple[Wanted, ...] = get_args(Wanted)[1:]
"""What one can ask for. `void`: an effect meant nothing any more; `dead-lettered`: the Broker or the sweep gave up."""


class Answer(Struct, frozen=True, kw_only=True):
    """What one plugin has made of a webhook, by now. `letters`: each time that the event was given up."""

    plugin: str
    state: State
    receipt: Receipt | None = None
    letters: Sequence[str] = ()

    def is_like(self, wanted: Wanted) -> bool:
        """Whether it has this outcome, or an effect that has."""
        if wanted == "dead-lettered":
            return bool(self.letters)
        of_effects = {step.state for step in self.receipt.plan} if self.receipt else set()
        return wanted in {"", self.state} or (wanted in {"refused", "void"} and wanted in of_effects)


class Case(Struct, frozen=True, kw_only=True):
    """One webhook, and all that has become of it.

    Without `delivery` it was deleted for its age, and only the receipts tell of it.
    `received`: when it came; `subject`: `org/repo#number`, `org/repo` or `org`.
    """

    guid: str
    received: datetime
    subject: str
    delivery: Delivery | None
    is_owed: bool
    answers: Sequence[Answer]

    @property
    def webhook(self) -> Webhook | None:
        """Opened; None where it is gone, or no webhook that can be read."""
        return _opened(self.delivery) if self.delivery else None

    def is_late(self, now: datetime) -> bool:
        """Whether somebody owes an answer for too long."""
        since = (self.delivery and self.delivery.asked_again) or self.received
        return now - since > LATE and any(answer.state in {"owed", "in hand"} for answer in self.answers)


class Wish(Struct, frozen=True, kw_only=True):
    """Which webhooks are meant; what is empty excludes none. `before`: only those that lie below this one."""

    org: str = ""
    repo: str = ""
    number: int = 0
    plugin: str = ""
    outcome: Wanted = ""
    since: datetime | None = None
    until: datetime | None = None
    before: str = ""

    def spans(self, minute: str) -> bool:
        """Whether a minute, an hour or a day (the beginning of a key) has any that are meant."""
        since = f"{self.since.astimezone(UTC):%Y-%m-%dT%H-%M}"[: len(minute)] if self.since else ""
        until = f"{self.until.astimezone(UTC):%Y-%m-%dT%H-%M}" if self.until else "~"
        return since <= minute <= until and minute <= (self.before or "~")

    def is_met_by(self, case: Case) -> bool:
        """Whether the webhook is one of them."""
        if not self._is_about(case.subject):
            return False
        if (self.since and case.received < self.since) or (self.until and case.received > self.until):
            return False
        answers = [answer for answer in case.answers if self.plugin in {"", answer.plugin}]
        return any(answer.is_like(self.outcome) for answer in answers)

    def _is_about(self, subject: str) -> bool:
        org, repo, number = parts_of(subject)
        same = all(mine.casefold() in {"", its.casefold()} for mine, its in ((self.org, org), (self.repo, repo)))
        return same and self.number in {0, number}


class Page(Struct, frozen=True, kw_only=True):
    """Some of what was asked for, the newest first. `before`: what to go on with, "" at the end. `seen`: looked at."""

    cases: Sequence[Case]
    before: str
    seen: int


def parts_of(subject: str) -> tuple[str, str, int]:
    """Organisation, repository and number of `org/repo#number`; "" and 0 for what it does not say."""
    where, _, number = subject.partition("#")
    org, _, repo = where.partition("/")
    return org, repo, int(number) if number.isascii() and number.isdecimal() and len(number) < 12 else 0


# Webhooks


async def newest(state: Store, wish: Wish, *, limit: int = 50, most: int = MOST) -> Page:
    """The newest that are meant. Raises Later and Refused."""
    letters = await _letters(state)
    found: list[Case] = []
    seen, last = 0, ""
    async for batch in _batches(_keys(state, wish, letters)):
        cases = await asyncio.gather(*(_case(state, stored, letters) for stored in batch))
        for stored, case in zip(batch, cases, strict=True):
            seen, last = seen + 1, stored
            if case is not None and wish.is_met_by(case):
                found.append(case)
            if len(found) == limit or seen == most:
                return Page(cases=_by_time(found), before=last, seen=seen)
    return Page(cases=_by_time(found), before="", seen=seen)


async def of_guid(state: Store, beginning: str) -> list[Case]:
    """The webhooks whose GUID begins so, the newest first. One that GitHub has delivered on two days is there twice.

    Raises Later and Refused.
    """
    letters = await _letters(state)
    owed = [stored async for stored in _owed(state) if _guid_of(stored).startswith(beginning)]
    receipts = await _receipts(state, beginning)
    dead = [
        stored for guid in letters if guid.startswith(beginning) for stored in await _stored_of(state, letters[guid])
    ]
    kept = [stored for guid, keys in receipts.items() for stored in await _stored_by_receipt(state, guid, keys[0])]
    every = sorted({*owed, *dead, *kept}, reverse=True)
    found = [case for case in await asyncio.gather(*(_case(state, stored, letters) for stored in every)) if case]
    gone = {guid: keys for guid, keys in receipts.items() if guid not in {case.guid for case in found}}
    remains = await asyncio.gather(*(_remains(state, guid, keys, letters) for guid, keys in gone.items()))
    return [*found, *(case for case in remains if case)]


async def given_up(state: Store, case: Case) -> list[DeadLetter]:
    """Its dead letters, the oldest first."""
    keys = [key for answer in case.answers for key in answer.letters]
    return [letter for letter in await asyncio.gather(*(letter_at(state, key) for key in sorted(keys))) if letter]


async def _case(state: Store, stored: str, letters: dict[str, list[str]]) -> Case | None:
    """None for what is no webhook, or was deleted meanwhile."""
    found = await state.get(OWED + stored)
    is_owed = found is not None
    found = found or await state.get(f"{DELIVERIES}{stored[:10]}/{stored}")
    try:
        delivery = msgspec.json.decode(found.body, type=Delivery) if found else None
    except msgspec.DecodeError:
        return None
    if delivery is None:
        return None
    dead = letters.get(delivery.guid, ())
    answers = await asyncio.gather(*(_answer(state, delivery, name, is_owed, dead) for name in delivery.plugins))
    webhook = _opened(delivery)
    return Case(
        guid=delivery.guid,
        received=delivery.received,
        subject=webhook.subject if webhook else "",
        delivery=delivery,
        is_owed=is_owed,
        answers=answers,
    )


async def _answer(state: Store, delivery: Delivery, plugin: str, is_owed: bool, dead: Sequence[str]) -> Answer:
    kept = await receipt.find(state, delivery.received, delivery.guid, plugin)
    standing: State = "owed" if is_owed else "given up"
    if kept is not None and kept.receipt.outcome:
        standing = kept.receipt.outcome
    elif kept is not None and kept.receipt.until > kept.date:
        standing = "in hand"
    letters = [key for key in dead if key.endswith(f"/{delivery.guid}.{plugin}")]
    return Answer(plugin=plugin, state=standing, receipt=kept.receipt if kept else None, letters=letters)


async def _remains(state: Store, guid: str, keys: Sequence[str], letters: dict[str, list[str]]) -> Case | None:
    """What receipts tell of a webhook that is gone; None where they have gone meanwhile, too."""
    answers = []
    for key in keys:
        found = await state.get(key)
        if found is not None:
            kept = msgspec.json.decode(found.body, type=Receipt)
            dead = [letter for letter in letters.get(guid, ()) if letter.endswith(f"/{guid}.{kept.plugin}")]
            answers.append(Answer(plugin=kept.plugin, state=kept.outcome or "given up", receipt=kept, letters=dead))
    receipts = [answer.receipt for answer in answers if answer.receipt]
    if not receipts:
        return None
    return Case(
        guid=guid,
        received=min(one.claimed for one in receipts),
        subject=receipts[0].subject,
        delivery=None,
        is_owed=False,
        answers=answers,
    )


def _opened(delivery: Delivery) -> Webhook | None:
    try:
        return open_webhook(delivery.event, delivery.guid, delivery.body)
    except Refused:
        return None


def _by_time(cases: Iterable[Case]) -> list[Case]:
    """Keys know minutes only."""
    return sorted(cases, key=lambda case: case.received, reverse=True)


# Where webhooks lie: `<minute>/<GUID>-<digest>`, below `owed/` and `deliveries/<day>/`


async def _keys(state: Store, wish: Wish, letters: dict[str, list[str]]) -> AsyncIterator[str]:
    """Where those lie that may be meant, the newest first."""
    match wish.outcome:
        case "owed" | "in hand":
            groups = _once([stored async for stored in _owed(state)])
        case "dead-lettered" | "given up":
            groups = _once([stored for keys in letters.values() for stored in await _stored_of(state, keys)])
        case _:
            groups = _about(state, wish) if wish.org else _hours(state, wish)
    async for group in groups:
        for stored in sorted(set(group), reverse=True):
            if wish.spans(stored[:16]) and stored < (wish.before or "~"):
                yield stored


async def _once(group: list[str]) -> AsyncIterator[list[str]]:
    yield group


async def _hours(state: Store, wish: Wish) -> AsyncIterator[list[str]]:
    """All that lie there, an hour at a time."""
    owed = [stored async for stored in _owed(state)]
    settled = [day.rstrip("/") for day in await folders(state, DELIVERIES)]
    for day in sorted({*settled, *(stored[:10] for stored in owed)}, reverse=True):
        if not wish.spans(day):
            continue
        minutes = await folders(state, f"{DELIVERIES}{day}/")
        hours = {minute[:13] for minute in minutes} | {stored[:13] for stored in owed if stored.startswith(day)}
        for hour in sorted(hours, reverse=True):
            if wish.spans(hour):
                prefix = f"{DELIVERIES}{day}/"
                keys = [entry.key.removeprefix(prefix) async for entry in state.list(f"{prefix}{hour}")]
                yield [*keys, *(stored for stored in owed if stored.startswith(hour))]


async def _about(state: Store, wish: Wish) -> AsyncIterator[list[str]]:
    """Those of one organisation, repository or pull request, a day at a time; and all that are owed."""
    owed = [stored async for stored in _owed(state)]
    about = index_of(*(part for part in (wish.org, wish.repo, str(wish.number or "")) if part))
    settled = [day.rstrip("/") for day in await folders(state, SUBJECTS)]
    for day in sorted({*settled, *(stored[:10] for stored in owed)}, reverse=True):
        if wish.spans(day):
            keys = [_stored_in(entry.key) async for entry in state.list(f"{SUBJECTS}{day}/{about}")]
            yield [*keys, *(stored for stored in owed if stored.startswith(day))]


async def _owed(state: Store) -> AsyncIterator[str]:
    async for entry in state.list(OWED):
        yield entry.key.removeprefix(OWED)


async def folders(state: Store, prefix: str) -> list[str]:
    return [entry.key.removeprefix(prefix) async for entry in state.list(prefix, delimiter="/")]


async def _batches(keys: AsyncIterator[str]) -> AsyncIterator[list[str]]:
    batch: list[str] = []
    async for key in keys:
        batch.append(key)
        if len(batch) == AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _stored_in(index_key: str) -> str:
    return index_key.rpartition("/")[2].replace(".", "/", 1)


def _guid_of(stored: str) -> str:
    return stored.partition("/")[2].rpartition("-")[0]


# Receipts and dead letters, by GUID


async def _receipts(state: Store, beginning: str) -> dict[str, list[str]]:
    """The keys of receipts by GUID, the newest day first."""
    found: dict[str, list[str]] = {}
    for day in sorted(await folders(state, RECEIPTS), reverse=True):
        async for entry in state.list(f"{RECEIPTS}{day}{beginning}"):
            found.setdefault(entry.key.split("/")[2], []).append(entry.key)
    return found


async def _stored_by_receipt(state: Store, guid: str, key: str) -> list[str]:
    """Where the webhook lies that a receipt is about: on its day, or on those after, if GitHub delivered it again."""
    found = await state.get(key)
    if found is None:
        return []
    org, repo, number = parts_of(msgspec.json.decode(found.body, type=Receipt).subject)
    about = index_of(org, repo or "-", str(number or "-"))
    first = datetime.strptime(key.split("/")[1] + "+0000", "%Y-%m-%d%z")
    stored = []
    for days in range(DAYS_BACK + 1):
        prefix = f"{SUBJECTS}{first + timedelta(days=days):%Y-%m-%d}/{about}"
        stored += [_stored_in(entry.key) async for entry in state.list(prefix)]
    return [one for one in stored if _guid_of(one) == guid]


async def _letters(state: Store) -> dict[str, list[str]]:
    """The keys of the webhooks' dead letters, by GUID. There are few of them, or something is badly wrong."""
    found: dict[str, list[str]] = {}
    async for entry in state.list(DEAD):
        guid, has_plugin, _ = entry.key.rpartition("/")[2].partition(".")
        if has_plugin:
            found.setdefault(guid, []).append(entry.key)
    return found


async def _stored_of(state: Store, keys: Sequence[str]) -> list[str]:
    letters = await asyncio.gather(*(letter_at(state, key) for key in keys))
    return [letter.event["stored"] for letter in letters if letter and letter.event["stored"]]


async def letter_at(state: Store, key: str) -> DeadLetter | None:
    """None for what was put aside because it cannot be read."""
    found = await state.get(key)
    try:
        return msgspec.json.decode(found.body, type=DeadLetter) if found else None
    except msgspec.DecodeError:
        return None
