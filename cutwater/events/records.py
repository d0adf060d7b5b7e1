"""What level roles did, read back from the ledger: a record for each event for which one of them did something."""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from cutwater.events.deadletters import DEAD, DeadLetter
from cutwater.events.history import Case, Wish, folders, letter_at
from cutwater.events.level import RECORDS, Record, records_of
from cutwater.events.receipt import Step
from cutwater.storage.store import Store

TIME_OF_DAY = "00-00-00.000000"
DAYS_AFTER = 1
"""Until how many days after a ProwJob was made roles may have something to do about it."""


class Done(Struct, frozen=True, kw_only=True):
    """What a level role did, and when."""

    time: datetime
    record: Record


async def looks_given_up(state: Store, role: str, *, limit: int = 50) -> list[DeadLetter]:
    """The newest dead letters that told a level role to look. A sweep finds what they were about."""
    keys = [entry.key async for entry in state.list(DEAD)]
    found: list[DeadLetter] = []
    for key in reversed(keys):
        letter = await letter_at(state, key) if "." not in key.rpartition("/")[2] else None
        if letter and role in {"", letter.event["role"]}:
            found.append(letter)
        if len(found) == limit:
            break
    return found


async def done_by(state: Store, role: str, wish: Wish, *, limit: int = 50) -> list[Done]:
    """The newest of what a level role did, or of what all of them did. Of the wish the times count."""
    keys: list[str] = []
    for day in sorted(await folders(state, RECORDS), reverse=True):
        if len(keys) < limit and wish.spans(day.rstrip("/")):
            found = [entry.key async for entry in state.list(RECORDS + day)]
            theirs = [
                key for key in found if role in {"", _role_in(key)} and wish.spans(f"{_time_in(key):%Y-%m-%dT%H-%M}")
            ]
            keys += sorted(theirs, key=_time_in, reverse=True)
    return await _all_done(state, keys[:limit])


async def done_about(state: Store, cases: Sequence[Case], wish: Wish) -> list[Done]:
    """What level roles did about what came of these webhooks: about their ProwJobs, and tide about the pull request.

    The newest first. Of the wish the repository and the pull request count.
    """
    days = {case.received + timedelta(days=later) for case in cases for later in range(DAYS_AFTER + 1)}
    pool = f"{wish.org}/{wish.repo}:"
    of_pool = await _all_done(state, await _keys(state, {records_of(day, pool) for day in days}))
    of_tide = [done for done in of_pool if mentions(done.record, wish, heads_of(cases))]
    jobs = {
        (day, name)
        for received, step in (*_steps(cases), *((done.time, step) for done in of_tide for step in done.record.steps))
        for name in _made_by(step)
        for day in (received + timedelta(days=later) for later in range(DAYS_AFTER + 1))
    }
    of_jobs = await _all_done(state, await _keys(state, {f"{records_of(day, name)}/" for day, name in jobs}))
    return sorted([*of_tide, *of_jobs], key=lambda done: done.time, reverse=True)


def _steps(cases: Iterable[Case]) -> Iterator[tuple[datetime, Step]]:
    for case in cases:
        for answer in case.answers:
            yield from ((case.received, step) for step in (answer.receipt.plan if answer.receipt else ()))


def _made_by(step: Step) -> Iterator[str]:
    """The subjects of what is told about a ProwJob that was made: a change of its pod does not know its namespace."""
    if step.effect["type"] == "CreateProwJob" and step.state == "done":
        about = step.effect["job"]["metadata"]
        yield from (f"{namespace}/{about['name']}" for namespace in ("", about.get("namespace", "")))


def heads_of(cases: Iterable[Case]) -> set[str]:
    """The SHAs that were the head of the pull request they are about."""
    webhooks = (case.webhook for case in cases)
    pulls = (webhook.payload.get("pull_request") for webhook in webhooks if webhook)
    heads = (pull.get("head") for pull in pulls if isinstance(pull, dict))
    return {head["sha"] for head in heads if isinstance(head, dict) and isinstance(head.get("sha"), str)}


def mentions(record: Record, wish: Wish, heads: Collection[str] = ()) -> bool:
    """Whether something that was done concerns the repository, and the pull request or a head of it."""
    return any(_says(step.effect, wish, heads) for step in record.steps)


def _says(value: Any, wish: Wish, heads: Collection[str]) -> bool:
    if isinstance(value, list):
        return any(_says(inner, wish, heads) for inner in value)
    if not isinstance(value, dict):
        return False
    pulls = [pull for pull in value.get("pulls") or () if isinstance(pull, dict)]
    numbers = {value.get("number"), *(pull.get("number") for pull in pulls)}
    is_meant = all(
        mine.casefold() in {"", str(value.get(name, "")).casefold()}
        for name, mine in (("org", wish.org), ("repo", wish.repo))
    )
    is_about = is_meant and (wish.number in {0, *numbers} or value.get("sha") in heads)
    return is_about or any(_says(inner, wish, heads) for inner in value.values())


async def _keys(state: Store, prefixes: Collection[str]) -> list[str]:
    async def below(prefix: str) -> list[str]:
        return [entry.key async for entry in state.list(prefix)]

    return [key for keys in await asyncio.gather(*map(below, sorted(prefixes))) for key in keys]


async def _all_done(state: Store, keys: Iterable[str]) -> list[Done]:
    return [done for done in await asyncio.gather(*(_done(state, key) for key in keys)) if done]


async def _done(state: Store, key: str) -> Done | None:
    found = await state.get(key)
    return Done(time=_time_in(key), record=msgspec.json.decode(found.body, type=Record)) if found else None


def _time_in(key: str) -> datetime:
    _, day, _, name = key.split("/")
    return datetime.strptime(f"{day} {name[: len(TIME_OF_DAY)]}+0000", "%Y-%m-%d %H-%M-%S.%f%z")


def _role_in(key: str) -> str:
    return key.rpartition("/")[2][len(TIME_OF_DAY) + 1 :]
