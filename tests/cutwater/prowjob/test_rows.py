"""What upstream answered: how ProwJobs are made, labelled and given up, and when cron expressions fire."""

from pathlib import Path

import pytest

from tests.oracle import cron, pjutil
from tests.oracle_rows import read, tenth


def test_a_tenth_of_the_prowjobs(oracle: Path) -> None:
    rows = tenth(read(oracle, "engine/pjutil"))
    assert [(row["id"], found) for row in rows if (found := pjutil.check(row))] == []


@pytest.mark.slow
def test_all_prowjobs(oracle: Path) -> None:
    rows = read(oracle, "engine/pjutil")
    assert [(row["id"], found) for row in rows if (found := pjutil.check(row))] == []


def test_every_cron_expression(oracle: Path) -> None:
    rows = [row for row in read(oracle, "engine/horologium") if row["id"].startswith("cron-")]
    assert [(row["id"], found) for row in rows if (found := cron.check(row))] == []
