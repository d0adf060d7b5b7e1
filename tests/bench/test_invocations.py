"""One life of a ProwJob costs no more invocations than it should: what the relay is for."""

from pathlib import Path

import pytest

from bench import invocations


@pytest.mark.slow
async def test_the_life_of_a_prowjob(tmp_path: Path) -> None:
    found = await invocations.measure(tmp_path, lives=2)
    useful, vain = (sum(counts) for counts in zip(*found.values(), strict=True))
    assert useful <= invocations.EXPECTED * 1.3, found
    assert vain <= invocations.EXPECTED, found
