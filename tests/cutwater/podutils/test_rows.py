"""The pod utilities against what upstream's own code answered."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests import oracle_rows
from tests.oracle import clonerefs, entrypoint, initupload, paths, pods, sidecar
from tests.oracle_rows import OnPurpose, Row

CHECKS: dict[str, Callable[[Row], str | None]] = {
    kind: module.check for module in (clonerefs, entrypoint, initupload, paths, pods, sidecar) for kind in module.KINDS
}
DIFFERENCES = Path(__file__).parents[3] / "docs" / "differences.md"


def disagreements(kind: str, rows: list[Row]) -> list[str]:
    """Every row that differs, and how; what is meant to differ must have its paragraph."""
    found = []
    explained = DIFFERENCES.read_text(encoding="utf-8")
    for row in rows:
        difference = CHECKS[kind](row)
        if isinstance(difference, OnPurpose):
            difference = None if f"### {difference}\n" in explained else f"{difference} is not in differences.md"
        if difference:
            found.append(f"{row.get('id', row.get('job'))}: {difference}")
    return found


@pytest.mark.parametrize("kind", CHECKS)
def test_a_tenth_of_the_rows(kind: str, oracle: Path) -> None:
    print(f"seed {oracle_rows.SEED}")
    assert disagreements(kind, oracle_rows.tenth(oracle_rows.read(oracle, kind))) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", CHECKS)
def test_all_rows(kind: str, oracle: Path) -> None:
    assert disagreements(kind, oracle_rows.read(oracle, kind)) == []
