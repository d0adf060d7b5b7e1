"""started.json and finished.json in place of the pod utilities'."""

from datetime import datetime
from typing import Any

import msgspec
import pytest

from cutwater.podutils.clone import Record
from cutwater.prowjob.types import ObjectMeta, ProwJob, ProwJobSpec, ProwJobStatus, Pull, Refs
from functions.crier.metadata import as_object, finished, may_replace_started, records_of, started

REFS = Refs(
    org="kubernetes", repo="test-infra", base_ref="main", pulls=(Pull(number=12345, author="bob", sha="def456"),)
)
START, END = datetime.fromisoformat("2026-08-21T10:00:00Z"), datetime.fromisoformat("2026-08-21T11:00:00Z")
OURS = {"metadata": {"uploader": "crier"}}


def job(state: str = "pending", *, refs: Refs | None = REFS, **status: Any) -> ProwJob:
    return ProwJob(
        metadata=ObjectMeta(),
        spec=ProwJobSpec(type="presubmit", job="my-little-job", refs=refs),
        status=ProwJobStatus(startTime=START, build_id="123", **({"state": state} | status)),
    )


@pytest.mark.parametrize(
    ("records", "commit"),
    [
        pytest.param([], "def456", id="nothing was cloned"),
        pytest.param([Record(refs=REFS, final_sha="abc123")], "abc123", id="what was cloned"),
        pytest.param([Record(refs=Refs(org="x", repo="y"), final_sha="abc123")], "def456", id="another repository"),
    ],
)
def test_started(records: list[Record], commit: str) -> None:
    assert (
        msgspec.json.decode(started(job(), records))
        == {
            "timestamp": int(START.timestamp()),
            "pull": "12345",
            "repos": {"kubernetes/test-infra": "main,12345:def456"},
            "repo-commit": commit,
            "repo-version": commit,
        }
        | OURS
    )


@pytest.mark.parametrize(
    ("existing", "refs", "may"),
    [
        pytest.param(None, REFS, True, id="none"),
        pytest.param(None, None, False, id="a run of no repository"),
        pytest.param({"timestamp": 1}, REFS, False, id="the pod utilities'"),
        pytest.param({"metadata": {"uploader": "other"}}, REFS, False, id="somebody's"),
        pytest.param(OURS, REFS, True, id="ours"),
        pytest.param(OURS | {"repo-commit": "def456"}, REFS, True, id="ours, with the commit asked for"),
        pytest.param(OURS | {"repo-commit": "main"}, REFS, False, id="ours, with one that was found out"),
    ],
)
def test_may_replace_started(existing: dict[str, Any] | None, refs: Refs | None, may: bool) -> None:
    assert may_replace_started(job(refs=refs), existing) == may


@pytest.mark.parametrize(
    ("state", "passed"), [("success", True), ("failure", False), ("error", False), ("aborted", False)]
)
def test_finished(state: str, passed: bool) -> None:
    said = finished(job(state, completionTime=END))
    assert said is not None
    assert msgspec.json.decode(said) == {"timestamp": int(END.timestamp()), "passed": passed, "result": state} | OURS


def test_not_finished() -> None:
    assert finished(job("aborted")) is None


@pytest.mark.parametrize("content", [None, b"", b"[]", b"{", b"\xff"])
def test_what_cannot_be_read_is_as_if_absent(content: bytes | None) -> None:
    assert as_object(content) is None
    assert records_of(content) == []
