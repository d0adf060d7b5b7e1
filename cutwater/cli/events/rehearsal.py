"""What a plugin would decide now about a webhook. It looks at the world, and changes nothing."""

import inspect
from collections.abc import Collection
from typing import Any

import msgspec

from cutwater.errors import Later, Refused
from cutwater.events import account
from cutwater.events.edges import Edges
from cutwater.events.effect import Effect, Result
from cutwater.events.history import Case
from cutwater.events.ledger import Delivery
from cutwater.events.look import look_at
from cutwater.events.receipt import Step
from functions.plugins.every import PLUGINS
from functions.plugins.kit import Plugin


class NotKnown(Exception):
    """What follows depends on the result of an effect that is not carried out."""


async def rehearse(edges: Edges, case: Case, plugins: Collection[str]) -> list[str]:
    """The decision of each plugin, line by line. Raises Refused where the webhook is gone."""
    if case.delivery is None:
        raise Refused("the webhook was deleted for its age")
    lines: list[str] = []
    for answer in case.answers:
        if plugins and answer.plugin not in plugins:
            continue
        lines.append(f"{answer.plugin}: {account.standing(answer)}; now it would decide")
        plugin = PLUGINS.get(answer.plugin)
        lines += [f"  {line}" for line in await _decision(edges, case.delivery, plugin)] if plugin else ["  (not ours)"]
    return lines


async def _decision(edges: Edges, delivery: Delivery, plugin: Plugin) -> list[str]:
    lines: list[str] = []

    async def note(effect: Effect[Result]) -> Result:
        standing = await effect.stands(edges, delivery.received)
        lines.extend(_described(effect, has_effect=standing is None))
        if standing is None and has_result(effect):
            raise NotKnown
        result: Any = standing
        return result  # type: ignore[no-any-return]

    try:
        look = await look_at(edges)
        effects = await plugin.decide(delivery, look, note)
        for effect in effects or ():
            standing = await effect.stands(edges, delivery.received)
            lines.extend(_described(effect, has_effect=standing is None))
    except NotKnown:
        lines.append("what follows depends on what comes of it")
    except (Refused, Later) as no:
        lines.append(f"{'refused' if isinstance(no, Refused) else 'later'}: {no}")
    return lines or ["nothing"]


def has_result(effect: Effect[object]) -> bool:
    """Whether carrying it out tells something that is not known before."""
    return inspect.signature(effect.apply).return_annotation not in (None, "None")


def _described(effect: Effect[object], *, has_effect: bool) -> list[str]:
    one = account.effect(Step(effect=msgspec.to_builtins(effect)))
    line = " ".join(filter(None, (one.kind, one.about, one.wanted)))
    return [line if has_effect else f"{line} (stands already)", *([f"  because: {one.why}"] if one.why else [])]
