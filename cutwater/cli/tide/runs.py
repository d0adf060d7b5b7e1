"""The ProwJobs of a simulation, by what is asked of them at every look, for there are thousands."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from cutwater.prowjob.types import ProwJob, Refs

K = TypeVar("K")
Code = tuple[str, bool]
"""What a run tests, and whether for a pull request alone."""


class Runs:
    """All runs that there are, the oldest first."""

    def __init__(self) -> None:
        self.by_code: dict[Code, tuple[ProwJob, ...]] = {}
        """The runs of the same code. Where one of them changes, this is another tuple."""
        self._all: dict[str, ProwJob] = {}
        self._by_base: dict[str, dict[str, ProwJob]] = {}
        self._alone: dict[int, dict[str, ProwJob]] = {}
        self._codes: dict[str, Code] = {}

    def __getitem__(self, name: str) -> ProwJob:
        return self._all[name]

    def __iter__(self) -> Iterator[ProwJob]:
        return iter(self._all.values())

    def of_base(self, base: str) -> Sequence[ProwJob]:
        """The runs for the branch at this commit."""
        return tuple(self._by_base.get(base, {}).values())

    def alone(self, number: int) -> Sequence[ProwJob]:
        """The runs for this pull request alone."""
        return tuple(self._alone.get(number, {}).values())

    def put(self, job: ProwJob) -> None:
        """There is a new run, or another state of one."""
        name, refs = job.metadata.name, refs_of(job)
        is_alone = job.spec.type == "presubmit"
        if name not in self._all:
            self._codes[name] = str(refs), is_alone
        self._all[name] = job
        self._by_base.setdefault(refs.base_sha, {})[name] = job
        if is_alone:
            self._alone.setdefault(refs.pulls[0].number, {})[name] = job
        code = self._codes[name]
        same = {one.metadata.name: one for one in self.by_code.get(code, ())}
        self.by_code[code] = tuple((same | {name: job}).values())

    def remove(self, name: str) -> None:
        """The run is there no longer."""
        job = self._all.pop(name)
        refs, code = refs_of(job), self._codes.pop(name)
        _drop(self._by_base, refs.base_sha, name)
        if job.spec.type == "presubmit":
            _drop(self._alone, refs.pulls[0].number, name)
        rest = tuple(one for one in self.by_code.pop(code) if one.metadata.name != name)
        if rest:
            self.by_code[code] = rest


def _drop(index: dict[K, dict[str, ProwJob]], key: K, name: str) -> None:
    del index[key][name]
    if not index[key]:
        del index[key]


def refs_of(job: ProwJob) -> Refs:
    """What it tests: every run of a simulation tests something."""
    assert job.spec.refs is not None
    return job.spec.refs
