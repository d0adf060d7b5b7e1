"""What Jenkins says of its builds, its queue and its jobs, as far as it is read here. Fields are its JSON keys.

Source: sigs.k8s.io/prow pkg/jenkins (jenkins.go), and Jenkins' remote access API.
"""

from collections.abc import Iterator

from msgspec import Struct, field

PROW_JOB_ID, BUILD_ID = "PROW_JOB_ID", "BUILD_ID"
"""The parameters by which a build says whose it is: the ProwJob's name, and the number of the run."""


class Parameter(Struct, frozen=True):
    """One parameter of a build. A secret one has no value; one of a plugin may have any."""

    name: str = ""
    value: object = None


class Action(Struct, frozen=True):
    """One of the things that plugins hang on a build. Most are empty here."""

    parameters: tuple[Parameter, ...] = ()


class _Parameterised(Struct, frozen=True):
    """What was started with parameters."""

    actions: tuple[Action | None, ...] = ()

    @property
    def prow_job_id(self) -> str:
        """The name of its ProwJob; "" where it is not one of ours."""
        return next(self._texts(PROW_JOB_ID), "")

    @property
    def build_id(self) -> str:
        """The number of the run that its ProwJob was told of."""
        return next(self._texts(BUILD_ID), "")

    def _texts(self, name: str) -> Iterator[str]:
        for action in self.actions:
            for parameter in action.parameters if action else ():
                if parameter.name == name and isinstance(parameter.value, str):
                    yield parameter.value


class Build(_Parameterised, frozen=True):
    """A build that runs, or has run. A matrix build may have a result while it runs."""

    number: int = 0
    result: str | None = None
    building: bool = False

    @property
    def is_running(self) -> bool:
        return self.building or self.result is None


class Queued(_Parameterised, frozen=True):
    """A build that waits for its turn. `id`: what it is cancelled by; very old servers do not say."""

    id: int = 0


class _Definition(Struct, frozen=True):
    name: str = ""


class _Holder(Struct, frozen=True):
    """A property of a job. One of them holds the definitions of its parameters."""

    parameterDefinitions: tuple[_Definition, ...] = ()  # noqa: N815 - the JSON key


class JobInfo(Struct, frozen=True):
    """A job: which parameters it takes, and whether it was ever built."""

    properties: tuple[_Holder | None, ...] = field(name="property", default=())
    builds: tuple[Build, ...] = ()

    @property
    def parameters(self) -> frozenset[str]:
        """The names of the parameters that it declares. It drops all others."""
        return frozenset(each.name for holder in self.properties if holder for each in holder.parameterDefinitions)
