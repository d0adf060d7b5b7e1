"""What the markers come to, and what is said of it."""

from pathlib import Path

import pytest

from cutwater.podutils.options import Entry
from cutwater.podutils.sidecar.run import Outcome, wait


def entries(folder: Path, *codes: str | None) -> list[Entry]:
    """An entry for each code; None is a container that has not ended."""
    made = []
    for index, code in enumerate(codes):
        marker = folder / f"{index}-marker"
        if code is not None:
            marker.write_text(code)
        made.append(
            Entry(args=("run", str(index)), marker_file=str(marker), metadata_file=str(folder / f"{index}.json"))
        )
    return made


@pytest.mark.parametrize(
    ("codes", "passed", "aborted", "failures"),
    [
        (["0"], True, False, 0),
        (["0", "0\n", " 0 "], True, False, 0),
        (["1"], False, False, 1),
        (["0", "130", "1"], False, True, 2),
        (["0", "not-an-exit-code", "0"], False, False, 1),
        (["0", None], False, False, 1),
        (["0", "1", "130", "1130", "1", "0"], False, True, 3),
    ],
)
def test_outcomes(tmp_path: Path, codes: list[str | None], passed: bool, aborted: bool, failures: int) -> None:
    outcome = wait(entries(tmp_path, *codes), pause=lambda: False)
    assert outcome == Outcome(passed=passed, aborted=aborted, failures=failures)


def test_a_marker_that_comes_late_is_waited_for(tmp_path: Path) -> None:
    waited = entries(tmp_path, "0", None)
    pauses = []

    def pause() -> bool:
        pauses.append(1)
        if len(pauses) == 3:
            Path(waited[1].marker_file).write_text("0")
        return True

    assert wait(waited, pause).passed
    assert len(pauses) == 3
