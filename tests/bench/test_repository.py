"""The bench of large repositories, with a small one: the batches are those of the peer, which it checks itself."""

from pathlib import Path

import pytest

from bench.large_repository import CONFLICTING, Size
from bench.repository import Installation, measure

pytestmark = pytest.mark.slow
TINY = Size(texts=400, large=1, commits=700)


def test_the_steps(tmp_path: Path) -> None:
    here = Installation(tmp_path, TINY, seed=1)
    assert here.pulls([CONFLICTING])
    with here.served():
        figures = list(measure(here))
    assert len(figures) == 10
    assert all(0 < one.seconds < 60 and one.memory > 0 for one in figures)
