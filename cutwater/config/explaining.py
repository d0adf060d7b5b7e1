"""Which jobs of a repository a change starts, why each runs or does not, and where the rule that decided is written."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Literal

from msgspec import Struct
from yaml.nodes import Node

from cutwater.config.document import compose, line_at
from cutwater.config.findings import Finding, Origin, Source
from cutwater.config.jobs import BranchJob, Postsubmit, Presubmit
from cutwater.config.matching import Filter, Verdict, judged, postsubmit_verdict

Weight = Literal["required", "if it runs", "optional", "unreported"]
"""What a red result means: the pull request waits for the job, only where it runs, never, or nobody hears of it."""


class Explanation(Struct, frozen=True, kw_only=True):
    """Whether one job runs. `rule`: the field of the job that decided, "" where none did; `line`: where that is."""

    job: str
    context: str
    runs: bool
    why: str
    rule: str
    file: str
    line: int
    weight: Weight

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"


def of_pull_request(
    presubmits: Iterable[Presubmit], branch: str, changes: Collection[str], chosen_by: Filter, places: "Places"
) -> Iterator[Explanation]:
    """Each presubmit, when a pull request to `branch` with these changed files has the event of the filter."""
    for job, verdict in judged(presubmits, branch, changes, chosen_by):
        yield _explanation(job, verdict, places)


def of_push(
    postsubmits: Iterable[Postsubmit], branch: str, changes: Collection[str], places: "Places"
) -> Iterator[Explanation]:
    """Each postsubmit, when `branch` is pushed to with these changed files."""
    for job in postsubmits:
        yield _explanation(job, postsubmit_verdict(job, branch, changes), places)


class Places:
    """Where the fields of jobs are written. `read` gives a file that the configuration was loaded from; it is kept."""

    def __init__(self, read: Callable[[str], Source]) -> None:
        self._read = read
        self._roots: dict[str, Node | None] = {}

    def line(self, origin: Origin, rule: str) -> int:
        """The line of a job's field; that of the job where the field is not written, but a default."""
        if not rule:
            return origin.line
        if origin.file not in self._roots:
            found = compose(self._read(origin.file))
            self._roots[origin.file] = None if isinstance(found, Finding) else found
        root = self._roots[origin.file]
        return origin.line if root is None else line_at(root, (*origin.path, rule))


def _explanation(job: BranchJob, verdict: Verdict, places: Places) -> Explanation:
    return Explanation(
        job=job.name,
        context=job.context,
        runs=verdict.runs,
        why=verdict.why,
        rule=verdict.rule,
        file=job.origin.file,
        line=places.line(job.origin, verdict.rule),
        weight=weight_of(job),
    )


def weight_of(job: BranchJob) -> Weight:
    """What its red result means."""
    if job.skip_report:
        return "unreported"
    if not isinstance(job, Presubmit) or job.optional:
        return "optional"
    return "if it runs" if job.runs_conditionally else "required"
