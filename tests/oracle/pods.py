"""Pods: the one that plank makes of each ProwJob of the corpora."""

from typing import Any

import msgspec

from cutwater.podutils.decorate import pod_for
from cutwater.prowjob.types import ProwJob
from tests.oracle_rows import Row, difference

KINDS = ("config/k8s-jobs", "config/synth-jobs")
BUILD_ID = "1000"


def check(row: Row) -> str | None:
    """The difference between our pod and upstream's, or None. A row without either asks for none."""
    if "pod" not in row and "poderror" not in row:
        return None
    job = msgspec.convert(row["prowjob"], ProwJob)
    ours: dict[str, Any] = {}
    try:
        ours["pod"] = pod_for(job, build_id=BUILD_ID)
    except ValueError as error:
        ours["poderror"] = str(error)
    upstream = {key: row[key] for key in ("pod", "poderror") if key in row}
    if "pod" in ours:  # upstream's objects are typed: they do not say their kind
        ours["pod"] = {key: value for key, value in ours["pod"].items() if key not in {"apiVersion", "kind"}}
    return difference(ours, upstream)
