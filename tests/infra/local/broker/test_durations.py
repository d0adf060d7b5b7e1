"""ISO 8601 durations."""

import pytest

from infra.local.broker import durations


@pytest.mark.parametrize(
    "text, seconds",
    [
        ("PT1S", 1),
        ("PT0.2S", 0.2),
        ("PT0.25S", 0.2),
        ("PT0.05S", 0),
        ("PT1M30S", 90),
        ("PT2H", 7_200),
        ("P1D", 86_400),
        ("P1W", 604_800),
        ("P1DT1H", 90_000),
        ("P1Y", 31_556_952),
        ("P1M", 2_629_746),
        ("PT1.5M", 90),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert durations.seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "P", "PT", "1s", "pt1s", "PT1s", "PT", "P1S", "PT1D", "PTS", "PT1S ", "-PT1S"])
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="is not an ISO 8601 duration"):
        durations.seconds(text)
