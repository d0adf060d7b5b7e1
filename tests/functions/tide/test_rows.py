"""What upstream's tide did with the same pools, and said of the same pull requests."""

from pathlib import Path

import pytest

from tests.oracle import tide_acting, tide_batches, tide_judging, tide_searching
from tests.oracle.kinds import part_not_built
from tests.oracle_rows import OnPurpose, Row, read, tenth

MODULES = {
    kind: module for module in (tide_acting, tide_batches, tide_judging, tide_searching) for kind in module.KINDS
}

pytestmark = pytest.mark.parametrize("kind", MODULES)


def test_a_tenth(oracle: Path, kind: str) -> None:
    assert _differences(kind, tenth(read(oracle, kind))) == []


@pytest.mark.slow
def test_all(oracle: Path, kind: str) -> None:
    assert _differences(kind, read(oracle, kind)) == []


def _differences(kind: str, rows: list[Row]) -> list[str]:
    module = MODULES[kind]
    found = [(row["id"], module.check(row)) for row in rows if part_not_built(kind, row) is None]
    return [f"{name}: {one}" for name, one in found if one is not None and not isinstance(one, OnPurpose)]
