"""The reporters of crier by their names: which runs each tells of, and how."""

import functools
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from msgspec import Struct

from cutwater.config.prow import ProwConfig
from cutwater.events.effect import Act
from cutwater.events.look import Look
from cutwater.prowjob.reporting import GITHUB, PODINFO, REPORTERS, SLACK, STORAGE
from cutwater.prowjob.types import ProwJob
from functions.crier import github, podinfo, sinks, slack, storage
from functions.crier.outcome import Outcome


class Reporter(Struct, frozen=True):
    """`concerns`: whether it tells of the state that a ProwJob is in. `report` does so; raises Refused and Later."""

    concerns: Callable[[ProwJob, ProwConfig], bool]
    report: Callable[[ProwJob, Look, Act], Awaitable[Outcome]]


def _by_itself(name: str) -> Callable[[ProwJob, ProwConfig], bool]:
    """What the ProwJob alone says."""
    return lambda job, config: REPORTERS[name](job)


BUILT_IN: Mapping[str, Reporter] = MappingProxyType(
    {
        GITHUB: Reporter(_by_itself(GITHUB), github.report),
        STORAGE: Reporter(_by_itself(STORAGE), storage.report),
        PODINFO: Reporter(_by_itself(PODINFO), podinfo.report),
        SLACK: Reporter(slack.concerns, slack.report),
    }
)


def reporter_of(name: str) -> Reporter:
    """The reporter of this name; one that is not built in is a receiver of the user's own."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    return Reporter(
        lambda job, config: sinks.concerns(job, name, config),
        functools.partial(_report_to, name),
    )


async def _report_to(name: str, job: ProwJob, look: Look, act: Act) -> Outcome:
    return await sinks.report(job, name, look, act)
