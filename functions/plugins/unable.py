"""What a plugin cannot do for whoever typed a command: it stops, and they are told."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from cutwater.errors import Later, Refused

T = TypeVar("T")


class Unable(Exception):
    """The command cannot be carried out, for this reason. It is the answer to the comment."""


async def needed(asked: Awaitable[T], otherwise: str | Callable[[Exception], str]) -> T:
    """What a command cannot do without. Raises Unable where GitHub has refused it, or has failed at each of its tries.

    Raises Later where GitHub says when it will answer: then the person need not type it again.
    """
    try:
        return await asked
    except (Refused, Later) as error:
        if isinstance(error, Later) and error.seconds is not None:
            raise
        raise Unable(otherwise if isinstance(otherwise, str) else otherwise(error)) from error
