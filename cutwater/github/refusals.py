"""What GitHub's no means: never (Refused), or not now (Later)."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cutwater.errors import Later, Refused
from cutwater.github.limits import is_secondary, is_used_up, wait_of

if TYPE_CHECKING:
    from gidgethub import HTTPException


TOO_BUSY = "Something went wrong while executing your query"
"""By these words GitHub says that a query took too long for it."""


class NotFound(Refused):
    """404."""


class Forbidden(Refused):
    """403, and no limit is at fault: we may not."""


class Unprocessable(Refused):
    """405, 409 or 422: GitHub will not do this as things stand. `status` says which."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Incomplete(Refused):
    """A GraphQL answer with a part of what was asked for; `data` has it, with null for what GitHub kept back."""

    def __init__(self, message: str, data: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.data = data


def complaint(answer: Mapping[str, Any]) -> Later | Refused | None:
    """What is wrong with a GraphQL answer: its first error, in GitHub's words."""
    errors, data = answer.get("errors") or [], answer.get("data") or {}
    if not errors:
        return None
    message = f"GitHub: {errors[0].get('message', 'unknown error')}"
    if errors[0].get("type") in {"RATE_LIMITED", "RATE_LIMIT"} or TOO_BUSY in message:
        return Later(message)
    return Incomplete(message, data) if any(value is not None for value in data.values()) else Refused(message)


@asynccontextmanager
async def answered(seconds: float, clock: Callable[[], datetime]) -> AsyncIterator[None]:
    """A call to GitHub that ends in time, and whose failure is one of ours."""
    import httpx2
    from gidgethub import HTTPException

    try:
        async with asyncio.timeout(seconds):
            yield
    except HTTPException as error:
        raise refusal(error, clock()) from error
    except TimeoutError as error:
        raise Later("GitHub does not answer in time") from error
    except httpx2.TransportError as error:
        raise Later(f"GitHub cannot be reached: {type(error).__name__}") from error
    except httpx2.InvalidURL as error:
        raise Refused(f"nothing on GitHub can be called so: {error}") from error


def refusal(error: "HTTPException", now: datetime) -> Later | Refused:
    """What an answer above 299 means. A token that is not taken (401) is no matter of the event: it may be renewed."""
    status, headers = int(error.status_code), error.headers or {}
    message = f"GitHub answers {status}: {error}"
    if status == 404:
        return NotFound(message)
    is_limit = is_secondary(status, headers, message) or (status == 403 and is_used_up(headers))
    if status >= 500 or status in {401, 429} or is_limit:
        return Later(message, seconds=wait_of(status, headers, message, now))
    if status in {405, 409, 422}:
        return Unprocessable(status, message)
    return Forbidden(message) if status == 403 else Refused(message)
