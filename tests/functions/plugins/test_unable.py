"""What a command cannot do without."""

import pytest

from cutwater.errors import Later, Refused
from functions.plugins.unable import Unable, needed


async def question(error: Exception | None) -> str:
    if error is not None:
        raise error
    return "answer"


@pytest.mark.parametrize(
    "error, raised",
    [
        pytest.param(Refused("no"), Unable("lost: no"), id="GitHub refuses it"),
        pytest.param(Later("GitHub answers 502"), Unable("lost: GitHub answers 502"), id="GitHub has failed each time"),
        pytest.param(Later("a limit", seconds=60), Later("a limit"), id="GitHub says when it will answer"),
    ],
)
async def test_what_is_not_given(error: Exception, raised: Exception) -> None:
    with pytest.raises(type(raised), match=str(raised)):
        await needed(question(error), lambda error: f"lost: {error}")


async def test_what_is_given() -> None:
    assert await needed(question(None), "lost") == "answer"
