"""Who is told of a ProwJob's states: the reporters, and what of that the ProwJob alone can say.

A reporter's name is the key under which the ProwJob keeps the state that it has told of; those that Prow has, too,
have the names that they have there. Source: sigs.k8s.io/prow pkg/crier/reporters (ShouldReport of each).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from cutwater.prowjob.types import ProwJob

GITHUB = "github-reporter"
STORAGE = "gcsreporter"
PODINFO = "gcsk8sreporter"
SLACK = "slackreporter"
WEBHOOK, CLOUDEVENTS = "webhook/", "cloudevents/"
"""What the reporters to one's own addresses begin with; behind it stands the name that config.yaml gives one."""

BY_DEFAULT = (GITHUB, STORAGE, PODINFO)
"""The reporters that are at work where nobody says otherwise."""

GERRIT_LABEL = "prow.k8s.io/gerrit-report-label"
NOTE = "report.cutwater.dev/"
"""The annotations that say, reporter by reporter, what came in the way of a report. People read them."""
CLAIM = "claim.cutwater.dev/"
"""The annotations that say, reporter by reporter, of which state a message is being sent: it is not sent twice."""
LONGEST_NOTE = 300
"""Letters of a refuser's words that are kept on a ProwJob."""

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,38}[a-z0-9])?")


def concerns_github(job: ProwJob) -> bool:
    """Whether GitHub is told of this run. A run that waits for its cluster is told of once it has one."""
    if not job.spec.report or job.metadata.labels.get(GERRIT_LABEL):
        return False
    return job.spec.type in {"presubmit", "postsubmit"} and job.status.state != "scheduling"


def concerns_storage(job: ProwJob) -> bool:
    """Whether there is a folder to write to: from the moment on that the run has a build id."""
    return job.status.build_id != ""


def concerns_podinfo(job: ProwJob) -> bool:
    """Whether the run has had a pod, and a folder to describe it in."""
    return job.spec.agent == "kubernetes" and job.status.pendingTime is not None and job.status.build_id != ""


def has_state(job: ProwJob) -> bool:
    """Whether there is anything to tell. Of what kind it must be, the configuration says."""
    return job.status.state != ""


REPORTERS: Mapping[str, Callable[[ProwJob], bool]] = MappingProxyType(
    {GITHUB: concerns_github, STORAGE: concerns_storage, PODINFO: concerns_podinfo, SLACK: has_state}
)


def is_reporter(name: str) -> bool:
    """Whether there is such a reporter, or may be one of the user's own."""
    if name in REPORTERS:
        return True
    return name.startswith((WEBHOOK, CLOUDEVENTS)) and _NAME.fullmatch(name.partition("/")[2]) is not None


def reporters_of(environment: Mapping[str, str]) -> Sequence[str]:
    """The reporters at work: CUTWATER_REPORTERS, a list with commas. Raises ValueError for one that there is not."""
    given = environment.get("CUTWATER_REPORTERS", "")
    names = [name.strip() for name in given.split(",") if name.strip()] or list(BY_DEFAULT)
    for name in names:
        if not is_reporter(name):
            known = ", ".join([*REPORTERS, f"{WEBHOOK}NAME", f"{CLOUDEVENTS}NAME"])
            raise ValueError(f'CUTWATER_REPORTERS: "{name}" is none of {known}')
    return names


def is_owed(job: ProwJob, reporter: str) -> bool:
    """Whether the reporter has not told yet of the state that the ProwJob is in, and may have to."""
    told = job.status.prev_report_states.get(reporter, "")
    return told != job.status.state and REPORTERS.get(reporter, has_state)(job)


def note_key(reporter: str) -> str:
    """The annotation that says what came in the way of the reporter."""
    return NOTE + reporter.replace("/", ".")


def is_claimed(reporter: str) -> bool:
    """Whether its messages are claimed before they are sent: nobody could see that one is there already."""
    return reporter == SLACK or reporter.startswith(WEBHOOK)


def claim_key(reporter: str) -> str:
    """The annotation that says of which state the reporter is sending a message."""
    return CLAIM + reporter.replace("/", ".")


def note_of(state: str, words: str) -> str:
    """What such a note says: of which state it speaks, and the refuser's words."""
    return f"{state}: {words[:LONGEST_NOTE]}"


def is_refused(job: ProwJob, reporter: str) -> bool:
    """Whether what the reporter had to say of this very state was refused before."""
    return job.metadata.annotations.get(note_key(reporter), "").startswith(f"{job.status.state}: ")
