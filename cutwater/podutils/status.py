"""started.json and finished.json: what a run says of itself in storage. Pure.

Source: sigs.k8s.io/prow pkg/pod-utils/downwardapi, and testgrid's metadata/job.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from cutwater.podutils import jobspec
from cutwater.podutils.clone import Record
from cutwater.podutils.jobspec import JobSpec

STARTED, FINISHED = "started.json", "finished.json"

Result = Literal["SUCCESS", "FAILURE", "ABORTED"]


class Started(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="kebab"):
    """started.json. `repos`: org/repo to what is tested of it; `repo_version` is `repo_commit` for older readers."""

    timestamp: int
    pull: str = ""
    repos: Mapping[str, str] = {}
    repo_commit: str = ""
    repo_version: str = ""


class Finished(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """finished.json. `metadata` is the test's own."""

    timestamp: int
    passed: bool
    metadata: Mapping[str, Any] = {}
    result: Result
    revision: str = ""


def started(spec: JobSpec, records: Sequence[Record], now: int) -> Started:
    """What is said when the run begins. `now`: epoch seconds."""
    refs = jobspec.main_refs(spec)
    cloned = next((record.final_sha for record in records if record.refs == refs), "")
    version = cloned or jobspec.revision(spec)
    return Started(
        timestamp=now,
        pull=str(spec.refs.pulls[0].number) if spec.refs and spec.refs.pulls else "",
        repos={each.full_name: str(each) for each in (*((spec.refs,) if spec.refs else ()), *spec.extra_refs)},
        repo_commit=version,
        repo_version=version,
    )


def result(*, passed: bool, aborted: bool) -> Result:
    """One word for how it went."""
    if passed:
        return "SUCCESS"
    return "ABORTED" if aborted else "FAILURE"


def text(status: Started | Finished) -> bytes:
    """The file's content."""
    return msgspec.json.encode(status)
