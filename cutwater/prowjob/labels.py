"""The labels and annotations of a ProwJob and of its pod.

Source: sigs.k8s.io/prow pkg/kube (prowjob.go) and pkg/pod-utils/decorate (LabelsAndAnnotationsForSpec); the forms of
keys and values are Kubernetes'.
"""

import re
from collections.abc import Mapping

from cutwater.prowjob.types import ProwJobSpec

CREATED_BY_PROW = "created-by-prow"
CREATED_BY_TIDE = "created-by-tide"
TYPE = "prow.k8s.io/type"
JOB = "prow.k8s.io/job"
CONTEXT = "prow.k8s.io/context"
ORG = "prow.k8s.io/refs.org"
REPO = "prow.k8s.io/refs.repo"
BASE_REF = "prow.k8s.io/refs.base_ref"
PULL = "prow.k8s.io/refs.pull"
ID = "prow.k8s.io/id"
BUILD_ID = "prow.k8s.io/build-id"
PLANK_VERSION = "prow.k8s.io/plank-version"
EVENT_GUID = "event-GUID"
IS_OPTIONAL = "prow.k8s.io/is-optional"
RETEST = "prow.k8s.io/retest"
RERUN = "prow.k8s.io/re-run"
JENKINS_START = "cutwater.dev/jenkins-start"
"""On a ProwJob that Jenkins was asked to build: `asked` or `taken`, the build id, and how often it was asked."""
REPORTED = "cutwater.dev/reported"
"""On a ProwJob that is over and of which nothing is left to be told: crier's sweep passes it over."""
UPLOAD_UNCENSORED = "cutwater.dev/upload-uncensored"
"""On a job: "true" where its logs and artifacts may be uploaded although a secret could not be read."""

TREES = "cutwater.dev/trees"
"""On a run of tide's: the trees that its pull requests make, one on top of the other, the branch's own first; between
them stand commas. The last one is what is tested."""

RESERVED = frozenset({TYPE, CREATED_BY_PROW, ID})
"""What a job's own labels may not be."""

MOST_LETTERS = 63

_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_NAME = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def is_value(text: str) -> bool:
    """Whether Kubernetes takes it as a label's value."""
    return len(text) <= MOST_LETTERS and _VALUE.fullmatch(text) is not None


def is_key(text: str) -> bool:
    """Whether Kubernetes takes it as the name of a label or an annotation: `[prefix/]name`."""
    prefix, slash, name = text.rpartition("/")
    if slash and (len(prefix) > 253 or _PREFIX.fullmatch(prefix) is None):
        return False
    return len(name) <= MOST_LETTERS and _NAME.fullmatch(name) is not None


def labels_of(spec: ProwJobSpec, extra: Mapping[str, str]) -> dict[str, str]:
    """The labels of a ProwJob; `extra` wins.

    A value that Kubernetes would refuse is cut to what follows its last slash, and left out where that does not help.
    """
    labels = {
        CREATED_BY_PROW: "true",
        TYPE: spec.type,
        JOB: _cut(spec.job),
        CONTEXT: _cut(spec.context),
    }
    refs = spec.refs or (spec.extra_refs[0] if spec.extra_refs else None)
    if refs is not None:
        labels |= {ORG: refs.org, REPO: refs.repo, BASE_REF: refs.base_ref}
        if refs.pulls:
            labels[PULL] = str(refs.pulls[0].number)
    return {key: value for key, text in (labels | dict(extra)).items() if (value := _made_valid(text)) is not None}


def annotations_of(spec: ProwJobSpec, extra: Mapping[str, str]) -> dict[str, str]:
    """The annotations of a ProwJob: job and context in full; `extra` wins."""
    return {JOB: spec.job, CONTEXT: spec.context, **extra}


def _cut(text: str) -> str:
    """The first 63 bytes, without the punctuation in which they may end."""
    encoded = text.encode()
    if len(encoded) <= MOST_LETTERS:
        return text
    return encoded[:MOST_LETTERS].decode(errors="ignore").rstrip("._-")


def _made_valid(text: str) -> str | None:
    if is_value(text):
        return text
    last = _last_element(text)
    return last if is_value(last) else None


def _last_element(path: str) -> str:
    """Go's path.Base: slashes at the end do not count."""
    stripped = path.rstrip("/")
    return stripped.rpartition("/")[2] if stripped else "/"
