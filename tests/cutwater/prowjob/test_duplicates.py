from datetime import UTC, datetime, timedelta

import pytest

from cutwater.prowjob.duplicates import identity, superseded
from cutwater.prowjob.types import ObjectMeta, ProwJob, ProwJobSpec, ProwJobStatus, Pull, Refs

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def refs(*numbers: int, base_ref: str = "main", sha: str = "s", base_sha: str = "b") -> Refs:
    pulls = tuple(Pull(number=number, author="a", sha=sha) for number in numbers)
    return Refs(org="o", repo="r", base_ref=base_ref, base_sha=base_sha, pulls=pulls)


def run(name: str, minutes: int, *, of: Refs | None = None, job: str = "unit", **spec: object) -> ProwJob:
    return ProwJob(
        metadata=ObjectMeta(name=name),
        spec=ProwJobSpec(**{"type": "presubmit", "job": job, "refs": of or refs(1), **spec}),  # type: ignore[arg-type]
        status=ProwJobStatus(state="pending", startTime=NOON + timedelta(minutes=minutes)),
    )


EXTRA = Refs(org="e", repo="x")
OTHER = Refs(org="f", repo="y")


@pytest.mark.parametrize(
    "jobs, given_up",
    [
        pytest.param([run("new", 2), run("old", 1)], ["old"], id="the older one"),
        pytest.param([run("old", 1), run("new", 2)], ["old"], id="in any order"),
        pytest.param([run("older", 0), run("new", 2), run("old", 1)], ["older", "old"], id="all older ones"),
        pytest.param([run("first", 1), run("second", 1)], ["second"], id="started at once: the later in the list"),
        pytest.param([run("a", 1), run("b", 2, job="e2e")], [], id="another job"),
        pytest.param([run("a", 1), run("b", 2, of=refs(2))], [], id="another pull request"),
        pytest.param([run("a", 1), run("b", 2, of=refs(1, base_ref="next"))], [], id="another branch"),
        pytest.param([run("a", 1), run("b", 2, of=refs(1, base_sha="c", sha="t"))], ["a"], id="commits do not matter"),
        pytest.param([run("a", 1, of=refs(1, 2)), run("b", 2, of=refs(2, 1))], ["a"], id="nor the order of pulls"),
        pytest.param(
            [run("a", 1, extra_refs=(EXTRA, OTHER)), run("b", 2, extra_refs=(OTHER, EXTRA))],
            ["a"],
            id="of extra refs",
        ),
        pytest.param([run("a", 1, type="batch"), run("b", 2, type="batch")], [], id="only presubmits"),
    ],
)
def test_what_is_given_up(jobs: list[ProwJob], given_up: list[str]) -> None:
    assert [job.metadata.name for job in superseded(jobs)] == given_up


def test_what_is_complete_plays_no_part() -> None:
    done = ProwJob(
        metadata=ObjectMeta(name="done"),
        spec=run("x", 0).spec,
        status=ProwJobStatus(state="success", startTime=NOON, completionTime=NOON),
    )
    assert superseded([done, run("new", 2)]) == []


def test_the_identity_in_words() -> None:
    assert identity(run("a", 1, of=refs(2, 1)).spec) == "o/r@main [1 2],presubmit,unit"
