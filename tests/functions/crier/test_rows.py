"""What upstream's crier did with the same ProwJobs, comments and files."""

from pathlib import Path

import pytest

from tests.oracle import github_report
from tests.oracle_rows import OnPurpose, Row, read, tenth

pytestmark = pytest.mark.parametrize("kind", github_report.KINDS)


def test_a_tenth(oracle: Path, kind: str) -> None:
    assert _differences(tenth(read(oracle, kind))) == []


@pytest.mark.slow
def test_all(oracle: Path, kind: str) -> None:
    assert _differences(read(oracle, kind)) == []


def _differences(rows: list[Row]) -> list[str]:
    built = [row for row in rows if github_report.family_of(row) in github_report.BUILT]
    found = [(row["id"], github_report.check(row)) for row in built]
    return [f"{name}: {one}" for name, one in found if one is not None and not isinstance(one, OnPurpose)]
