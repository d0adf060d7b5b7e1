"""The configuration in force, as roles get it."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from cutwater.config.findings import Finding
from cutwater.config.jobs import Periodic, Postsubmit, Preset, Presubmit

if TYPE_CHECKING:
    from cutwater.config.plugins import Plugins
    from cutwater.config.prow import ProwConfig


class Jobs(Struct, frozen=True):
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


def _no_prow() -> "ProwConfig":
    from cutwater.config.prow import ProwConfig

    return ProwConfig()


def _no_plugins() -> "Plugins":
    from cutwater.config.plugins import General, Plugins

    return Plugins(General(), {})


class Configuration:
    """Everything at once. config.yaml and plugins.yaml are made, and their types imported, when they are asked for.

    `digest`: SHA-256, in hex, of what it was made of. `warnings`: odd, but not wrong.
    """

    def __init__(
        self,
        *,
        prow: "Callable[[], ProwConfig]" = _no_prow,
        jobs: Jobs | None = None,
        plugins: "Callable[[], Plugins]" = _no_plugins,
        digest: str = "",
        warnings: tuple[Finding, ...] = (),
    ) -> None:
        self._make_prow, self._make_plugins = prow, plugins
        self.jobs = jobs or Jobs()
        self.digest = digest
        self.warnings = warnings

    @functools.cached_property
    def prow(self) -> "ProwConfig":
        """config.yaml."""
        return self._make_prow()

    @functools.cached_property
    def plugins(self) -> "Plugins":
        """plugins.yaml."""
        return self._make_plugins()
