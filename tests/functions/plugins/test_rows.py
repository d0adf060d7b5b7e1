"""The plugins against what upstream's own handlers did."""

from pathlib import Path

import pytest

from tests import oracle_rows
from tests.conftest import ROOT
from tests.oracle import plugins
from tests.oracle_rows import OnPurpose, Row

DIFFERENCES = ROOT / "docs" / "differences.md"


def disagreements(rows: list[Row]) -> list[str]:
    """Every row that differs, and how; what is meant to differ must have its paragraph."""
    found, explained = [], DIFFERENCES.read_text(encoding="utf-8")
    for row in rows:
        difference = plugins.check(row)
        if isinstance(difference, OnPurpose) and f"### {difference}\n" in explained:
            continue
        if difference:
            found.append(f"{row['id']}: {difference}")
    return found


@pytest.mark.parametrize("kind", plugins.KINDS)
def test_a_tenth_of_the_rows(kind: str, oracle: Path) -> None:
    print(f"seed {oracle_rows.SEED}")
    assert disagreements(oracle_rows.tenth(oracle_rows.read(oracle, kind))) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", plugins.KINDS)
def test_all_rows(kind: str, oracle: Path) -> None:
    assert disagreements(oracle_rows.read(oracle, kind)) == []
