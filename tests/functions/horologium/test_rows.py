"""What upstream's horologium started at the same ticks."""

from pathlib import Path

import pytest

from tests.oracle import horologium
from tests.oracle_rows import OnPurpose, Row, read, tenth

pytestmark = pytest.mark.parametrize("kind", horologium.KINDS)


def test_a_tenth(oracle: Path, kind: str) -> None:
    assert _differences(tenth(read(oracle, kind))) == []


@pytest.mark.slow
def test_all(oracle: Path, kind: str) -> None:
    assert _differences(read(oracle, kind)) == []


def _differences(rows: list[Row]) -> list[str]:
    found = [(row["id"], horologium.check(row)) for row in rows]
    return [f"{name}: {one}" for name, one in found if one is not None and not isinstance(one, OnPurpose)]
