"""Jobs by their names: several may share one, in other repositories, of another type, or for other branches."""

import difflib
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from cutwater.config.configuration import Jobs
from cutwater.config.jobs import BranchJob, Job
from cutwater.config.matching import runs_on

Kind = Literal["presubmit", "postsubmit", "periodic"]
KINDS: tuple[Kind, ...] = ("presubmit", "postsubmit", "periodic")


class Listed(NamedTuple):
    """A job and where it belongs. `repository` (`org/repo`) is empty for a periodic."""

    kind: Kind
    repository: str
    job: Job

    @property
    def title(self) -> str:
        """What people call it: `presubmit unit of acme/rocket`."""
        return f"{self.kind} {self.job.name}" + (f" of {self.repository}" if self.repository else "")

    @property
    def place(self) -> str:
        """Where it is written: file and line."""
        return f"{self.job.origin.file}:{self.job.origin.line}"


def listed(jobs: Jobs) -> Iterator[Listed]:
    """All jobs, in the order in which a name is looked for: presubmits, postsubmits, periodics."""
    for repository, presubmits in jobs.presubmits.items():
        yield from (Listed("presubmit", repository, job) for job in presubmits)
    for repository, postsubmits in jobs.postsubmits.items():
        yield from (Listed("postsubmit", repository, job) for job in postsubmits)
    yield from (Listed("periodic", "", job) for job in jobs.periodics)


class NotOne(LookupError):
    """No job is meant, or several are; the message lists what there is."""


def any_of(jobs: Jobs, name: str, *, repository: str = "") -> list[Listed]:
    """Those of this name; with `repository`, only its own. Raises NotOne where there is none."""
    found = [one for one in listed(jobs) if one.job.name == name and repository in ("", one.repository)]
    if not found:
        where = f" of {repository}" if repository else ""
        near = difflib.get_close_matches(name, {one.job.name for one in listed(jobs)}, n=3)
        raise NotOne(f"there is no job {name}{where}" + (f"; there is {', '.join(near)}" if near else ""))
    return found


def only(found: Sequence[Listed], *, branch: str = "") -> Listed:
    """The one that is meant: of several, the one for the branch, where one is named. Raises NotOne."""
    fitting = found
    if len(found) > 1 and branch:
        fitting = [one for one in found if not isinstance(one.job, BranchJob) or runs_on(one.job, branch)]
    if not fitting:
        raise NotOne(f"no {found[0].title} is for the branch {branch}")
    if len(fitting) > 1:
        places = "".join(f"\n  {one.title}, in {one.place}" for one in fitting)
        raise NotOne(f"several jobs are called {fitting[0].job.name}: say whose, or of which branch, is meant{places}")
    return fitting[0]
