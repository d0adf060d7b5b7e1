"""JOB_SPEC and its companions: what a test learns of the job that it belongs to.

Source: sigs.k8s.io/prow pkg/pod-utils/downwardapi.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from cutwater.podutils import gojson, gotext
from cutwater.prowjob import duration
from cutwater.prowjob.decoration import Decoration, Duration
from cutwater.prowjob.types import ProwJob, Refs

VARIABLE = "JOB_SPEC"
GITHUB_HOST = "github.com"


class JobSpec(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One run of a job, as its pod is told."""

    type: str = ""
    job: str = ""
    buildid: str = ""
    prowjobid: str = ""
    refs: Refs | None = None
    extra_refs: tuple[Refs, ...] = ()
    decoration_config: Decoration | None = None

    def __str__(self) -> str:
        return msgspec.json.encode(self).decode()


def of(job: ProwJob, build_id: str) -> JobSpec:
    """What the pod of this ProwJob is told. Its times are written as Go writes them."""
    spec = job.spec
    return JobSpec(
        type=spec.type,
        job=spec.job,
        buildid=build_id,
        prowjobid=job.metadata.name,
        refs=spec.refs,
        extra_refs=spec.extra_refs,
        decoration_config=spec.decoration_config and _with_plain_times(spec.decoration_config),
    )


def _with_plain_times(decoration: Decoration) -> Decoration:
    names = ("timeout", "grace_period", "pod_pending_timeout", "pod_running_timeout", "pod_unscheduled_timeout")
    times = {
        name: gotext.duration(nanoseconds(value)) for name in names if (value := getattr(decoration, name)) is not None
    }
    return msgspec.structs.replace(decoration, **times)


def nanoseconds(time: Duration) -> int:
    """The span in nanoseconds. Raises ValueError for what Go would not read."""
    return time if isinstance(time, int) else round(duration.seconds(time) * 1e9)


def read(environment: Mapping[str, str]) -> JobSpec:
    """The job of this pod. Raises ValueError where the environment does not say it."""
    text = environment.get(VARIABLE)
    if text is None:
        raise ValueError(f"${VARIABLE} unset")
    try:
        return gojson.decode(text, JobSpec)
    except ValueError as error:
        raise ValueError(f"malformed ${VARIABLE}: {error}") from error


def environment(spec: JobSpec, *, agent: str) -> dict[str, str]:
    """The variables that every test container gets. Raises ValueError where the job lacks what its type has."""
    variables = {
        "CI": "true",
        "JOB_NAME": spec.job,
        "BUILD_ID": spec.buildid,
        "PROW_JOB_ID": spec.prowjobid,
        "JOB_TYPE": spec.type,
        VARIABLE: str(spec),
    }
    if agent == "kubernetes":
        variables["BUILD_NUMBER"] = spec.buildid
    if spec.type == "periodic":
        return variables
    if spec.refs is None:
        raise ValueError(f"{spec.type} job {gotext.quoted(spec.job)} lacks refs")
    host, base = _source(spec.refs)
    variables |= {
        "REPO_OWNER": spec.refs.org,
        "REPO_NAME": spec.refs.repo,
        "SRC_HOST": host,
        "SRC_BASE": base,
        "PULL_BASE_REF": spec.refs.base_ref,
        "PULL_BASE_SHA": spec.refs.base_sha,
        "PULL_REFS": str(spec.refs),
    }
    if spec.type in {"postsubmit", "batch"}:
        return variables
    if not spec.refs.pulls:
        raise ValueError(f"{spec.type} job {gotext.quoted(spec.job)} lacks a pull request")
    pull = spec.refs.pulls[0]
    return variables | {
        "PULL_NUMBER": str(pull.number),
        "PULL_PULL_SHA": pull.sha,
        "PULL_HEAD_REF": pull.head_ref,
        "PULL_TITLE": pull.title,
    }


def _source(refs: Refs) -> tuple[str, str]:
    """Host and path of the code, as an import path names it."""
    place = refs.path_alias or refs.repo_link.rpartition("://")[2] or f"{GITHUB_HOST}/{refs.full_name}"
    host, slash, base = place.partition("/")
    return (host, base) if slash else (host, refs.full_name)


def main_refs(spec: JobSpec) -> Refs | None:
    """The code that the job is about: its refs, else the first extra ones that are not merely auxiliary."""
    return spec.refs or next((refs for refs in spec.extra_refs if not refs.auxiliary), None)


def revision(spec: JobSpec) -> str:
    """The commit that the job is about, or the branch where no commit is known."""
    refs = main_refs(spec)
    if refs is None:
        return ""
    if refs.pulls:
        return refs.pulls[0].sha
    return refs.base_sha or refs.base_ref
