"""What a decision is made of. The effects themselves are defined beside the edges that carry them out."""

import inspect
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import ClassVar, Protocol, TypeVar, runtime_checkable

from cutwater.events.edges import Edges

Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


class Effect(Protocol[Result_co]):
    """One change of the world, with its reason: a frozen, tagged msgspec Struct, so that it can be kept and replayed.

    Its result is JSON. `visible`: people would see a repetition, so that it is marked as started beforehand.
    """

    visible: ClassVar[bool]

    @property
    def why(self) -> str:
        """The reason, in words for the person whom it concerns."""

    async def apply(self, world: Edges, /) -> Result_co:
        """Carry it out. Raises Refused and Later."""

    async def stands(self, world: Edges, since: datetime, /) -> Result_co | None:
        """The result, where the effect stands already (`since` the claim, by the store's clock); else None."""


@runtime_checkable
class Slotted(Protocol):
    """An effect that sets something which an event that came later may have set otherwise."""

    @property
    def slot(self) -> str:
        """What it sets, within its pull request: `label:lgtm`."""


@runtime_checkable
class ForHead(Protocol):
    """An effect that was decided for one head of a pull request, and means nothing for another."""

    @property
    def head(self) -> tuple[str, str, int, str] | None:
        """Organisation, repository, number and SHA; None where this one was not."""


@runtime_checkable
class Lasting(Protocol):
    """An effect that may take longer than one call does: what it needs is held for so much longer."""

    @property
    def seconds(self) -> float: ...


@runtime_checkable
class Blind(Protocol):
    """An effect that nobody can look for afterwards: it is begun once, and then may have happened. Later means not."""

    def has_arrived(self, result: object, /) -> bool:
        """Whether the result says that it has happened; otherwise it may have."""


class Act(Protocol):
    """Carries an effect out and answers with its result. Raises Refused."""

    async def __call__(self, effect: Effect[Result], /) -> Result: ...


def takes_act(decide: Callable[..., object]) -> bool:
    """Whether a deciding function awaits its effects itself: it has a third parameter."""
    return len(inspect.signature(decide).parameters) == 3


Apply = Callable[[Effect[object], Edges], Awaitable[object]]
"""How effects are carried out: really, or by a dry run, a shadow, a test that dies halfway."""


async def apply(effect: Effect[object], edges: Edges) -> object:
    """Carry an effect out, really."""
    return await effect.apply(edges)
