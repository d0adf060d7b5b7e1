"""The configuration in force, as roles get it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cutwater.config.findings import Finding
from cutwater.config.jobs import Periodic, Postsubmit, Preset, Presubmit
from cutwater.config.plugins import General, Plugins
from cutwater.config.prow import ProwConfig


@dataclass(frozen=True, slots=True)
class Jobs:
    """All static jobs, defaulted, by `org/repo`. The maps may be lazy: a repository's jobs are made when asked for.

    `presets` are those that a repository's own jobs may use, too.
    """

    presubmits: Mapping[str, Sequence[Presubmit]] = field(default_factory=dict)
    postsubmits: Mapping[str, Sequence[Postsubmit]] = field(default_factory=dict)
    periodics: Sequence[Periodic] = ()
    presets: Sequence[Preset] = ()

    def presubmits_of(self, org: str, repo: str) -> Sequence[Presubmit]:
        return self.presubmits.get(f"{org}/{repo}", ())

    def postsubmits_of(self, org: str, repo: str) -> Sequence[Postsubmit]:
        return self.postsubmits.get(f"{org}/{repo}", ())

    @property
    def repositories(self) -> frozenset[str]:
        return frozenset(self.presubmits) | frozenset(self.postsubmits)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything at once. `digest`: SHA-256, in hex, of what it was made of. `warnings`: odd, but not wrong."""

    prow: ProwConfig = field(default_factory=ProwConfig)
    jobs: Jobs = field(default_factory=Jobs)
    plugins: Plugins = field(default_factory=lambda: Plugins(General(), {}))
    digest: str = ""
    warnings: tuple[Finding, ...] = ()
