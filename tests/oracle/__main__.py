"""How many of the rows that upstream's code answered are answered alike.

usage: python -m tests.oracle ORACLE CORPUS [KIND…]

A line a kind, `KIND AGREED/TOTAL`, then ` NAME=COUNT` for each difference on purpose; what is not built stands apart
and is not in the total. Below the table stand the first real disagreements of each kind. The exit code is 1 where there
are any, or rows of a kind that nobody knows; 2 where there is nothing to compare.
"""

import argparse
import json
import os
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from tests.conftest import ROOT
from tests.oracle.kinds import NOT_BUILT, PARTS_NOT_BUILT, Check, checks, part_not_built
from tests.oracle_rows import OnPurpose, Row

DIFFERENCES = ROOT / "docs" / "differences.md"
SHOWN = 5  # disagreements of a kind
PORTION = 20  # rows that a process takes at once
ROW_LIMIT = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one row: `found` differs, `part` is the part of its kind that is not built."""

    row: str
    found: str | None = None
    part: str = ""

    @property
    def is_agreement(self) -> bool:
        return not self.part and self.found is None

    @property
    def is_disagreement(self) -> bool:
        return self.found is not None and not isinstance(self.found, OnPurpose)


class _Overdue(BaseException):
    """Nothing that a role does about its own errors may catch this."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__.partition("\n")[0])
    parser.add_argument("oracle", type=Path, help="the folder of the rows")
    parser.add_argument("corpus", type=Path, help="the folder of the configurations that config/ rows are about")
    parser.add_argument("kinds", nargs="*", metavar="kind", help="such as engine/plank; all of them unless given")
    options = parser.parse_args(arguments)
    kinds = options.kinds or _kinds(options.oracle)
    missing = [str(folder) for folder in (options.oracle, options.corpus) if not folder.is_dir()]
    missing += [kind for kind in kinds if not _file(options.oracle, kind).is_file()]
    if missing or not kinds:
        print(f"nothing to compare: {', '.join(missing) or f'{options.oracle} has no rows'}", file=sys.stderr)
        return 2
    return _compare(options.oracle, options.corpus, kinds)


def _kinds(oracle: Path) -> list[str]:
    return sorted(file.relative_to(oracle).with_suffix("").as_posix() for file in oracle.rglob("*.jsonl"))


def _file(oracle: Path, kind: str) -> Path:
    return oracle / f"{kind}.jsonl"


def _compare(oracle: Path, corpus: Path, kinds: Sequence[str]) -> int:
    """Print the table, each line as soon as it is known, and what is below it. The exit code."""
    unknown = [kind for kind in kinds if kind not in NOT_BUILT and kind not in checks(corpus)]
    disagreements: dict[str, list[Verdict]] = {}
    with ProcessPoolExecutor(os.cpu_count(), initializer=_quiet) as pool:
        pending = {
            kind: _begin(pool, oracle, corpus, kind) for kind in kinds if kind not in NOT_BUILT and kind not in unknown
        }
        for kind in kinds:
            if kind in pending:
                verdicts = [verdict for portion in pending[kind] for verdict in portion.result()]
                disagreements[kind] = [verdict for verdict in verdicts if verdict.is_disagreement]
                lines = _lines(kind, verdicts)
            elif kind in unknown:
                lines = [f"{kind} unknown: neither checked nor listed as not built"]
            else:
                lines = [f"{kind} not built ({len(_rows(oracle, kind))} rows): {NOT_BUILT[kind]}"]
            print(*lines, sep="\n", flush=True)
    for kind, found in disagreements.items():
        if found:
            print("", *_shown(kind, found), sep="\n")
    return int(bool(unknown or any(disagreements.values())))


def _rows(oracle: Path, kind: str) -> list[tuple[int, str]]:
    """The rows of a kind as text, with the numbers of their lines."""
    with _file(oracle, kind).open(encoding="utf-8") as lines:
        return [(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _begin(pool: ProcessPoolExecutor, oracle: Path, corpus: Path, kind: str) -> list[Future[list[Verdict]]]:
    rows = _rows(oracle, kind)
    portions = [rows[start : start + PORTION] for start in range(0, len(rows), PORTION)]
    return [pool.submit(judged, kind, portion, corpus) for portion in portions]


# The table


def _lines(kind: str, verdicts: Sequence[Verdict]) -> list[str]:
    """The line of a kind, and one for each of its parts that is not built."""
    parts = Counter(verdict.part for verdict in verdicts if verdict.part)
    meant = Counter(str(verdict.found) for verdict in verdicts if isinstance(verdict.found, OnPurpose))
    agreed = sum(verdict.is_agreement for verdict in verdicts)
    counts = "".join(f" {name}={count}" for name, count in sorted(meant.items()))
    return [
        f"{kind} {agreed}/{len(verdicts) - parts.total()}{counts}",
        *(
            f"{kind} {part.name} not built ({parts[part.name]} rows): {part.why}"
            for part in PARTS_NOT_BUILT.get(kind, ())
            if part.name in parts
        ),
    ]


def _shown(kind: str, disagreements: Sequence[Verdict]) -> list[str]:
    left_out = len(disagreements) - SHOWN
    return [
        f"{kind}: {len(disagreements)} disagree",
        *(f"  {one.row}: {one.found}" for one in disagreements[:SHOWN]),
        *([f"  and {left_out} more"] if left_out > 0 else []),
    ]


# In the processes


def _quiet() -> None:
    """The table stands alone on stdout: what roles log while they are asked is of no interest."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.dup2(nowhere, sys.stderr.fileno())


def judged(kind: str, rows: Sequence[tuple[int, str]], corpus: Path) -> list[Verdict]:
    """What becomes of these rows. Whatever goes wrong with one is its disagreement."""
    explained = DIFFERENCES.read_text(encoding="utf-8")
    return [_judged(kind, number, line, checks(corpus)[kind], explained) for number, line in rows]


def _judged(kind: str, number: int, line: str, asked: Sequence[Check], explained: str) -> Verdict:
    name = f"line {number}"
    try:
        row: Row = json.loads(line)
        name += f", {row.get('id') or row.get('job') or row.get('repo', '')}"
        part = part_not_built(kind, row)
        if part is not None:
            return Verdict(name, part=part.name)
        found = _found(asked, row)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever it is, the other rows go on
        return Verdict(name, _address(error))
    if isinstance(found, OnPurpose) and f"### {found}\n" not in explained:
        return Verdict(name, f"{found} has no paragraph in docs/{DIFFERENCES.name}")
    return Verdict(name, found)


def _found(asked: Sequence[Check], row: Row) -> str | None:
    """What differs: a real disagreement of any check, else a difference on purpose of any."""
    signal.signal(signal.SIGALRM, _overdue)
    signal.setitimer(signal.ITIMER_REAL, ROW_LIMIT)
    try:
        found = [one for check in asked if (one := check(row)) is not None]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return next((one for one in found if not isinstance(one, OnPurpose)), found[0] if found else None)


def _overdue(number: int, frame: FrameType | None) -> None:
    raise _Overdue(f"no answer within {ROW_LIMIT:.0f} s")


def _address(error: BaseException) -> str:
    """An exception in one line, and where it was raised."""
    *_, last = traceback.extract_tb(error.__traceback__)
    file = Path(last.filename)
    place = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file.name
    return f"{type(error).__name__}: {' '.join(str(error).split())} ({place}:{last.lineno})"


if __name__ == "__main__":
    sys.exit(main())
