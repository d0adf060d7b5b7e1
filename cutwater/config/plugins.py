"""plugins.yaml: which plugins are on where. What a plugin is told about itself is typed by the plugin.

Source: sigs.k8s.io/prow pkg/plugins (config.go); reference keys `plugins`, `external_plugins`, `owners`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field

from cutwater.config.findings import ConfigError, Finding, Source

T = TypeVar("T")

DEFAULT_LABELS_DENYLIST = ("approved", "lgtm")
DEFAULT_FILENAMES = ("OWNERS", "OWNERS_ALIASES")
OURS = frozenset({"cherrypicker", "needs-rebase", "refresh"})
"""Prow's own external plugins: here they are plugins like others."""


class Enabled(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The plugins of an organisation or a repository. `excluded_repos`: short names, of an organisation's."""

    plugins: tuple[str, ...] = ()
    excluded_repos: tuple[str, ...] = ()


class ExternalPlugin(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A plugin that another program serves, unless it is one of ours. No events means all."""

    name: str = ""
    endpoint: str = ""
    events: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        return self.endpoint or f"http://{self.name}"

    @property
    def is_ours(self) -> bool:
        """Whether cutwater serves it: one of Prow's own, at the address that Prow gives it by default."""
        usual = f"http://{self.name}"
        return self.name in OURS and self.address.removesuffix("/").removesuffix(":80") == usual

    def takes(self, event: str) -> bool:
        """Whether it is to have GitHub's events of this name."""
        return not self.events or event in self.events


class OwnersFilenames(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What OWNERS files are called. An entry stands for both: what it leaves out is empty."""

    owners: str = ""
    owners_aliases: str = ""


class Owners(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How OWNERS files are read. `labels_denylist` None: the default; an empty list is empty."""

    mdyamlrepos: tuple[str, ...] = ()
    skip_collaborators: tuple[str, ...] = ()
    labels_denylist: tuple[str, ...] | None = None
    filenames: Mapping[str, OwnersFilenames] = field(default_factory=dict)

    @property
    def denied_labels(self) -> tuple[str, ...]:
        return DEFAULT_LABELS_DENYLIST if self.labels_denylist is None else self.labels_denylist

    def reads_markdown_headers(self, org: str, repo: str) -> bool:
        return org in self.mdyamlrepos or f"{org}/{repo}" in self.mdyamlrepos

    def skips_collaborators(self, org: str, repo: str) -> bool:
        return org in self.skip_collaborators or f"{org}/{repo}" in self.skip_collaborators

    def filenames_of(self, org: str, repo: str) -> OwnersFilenames:
        for key in (f"{org}/{repo}", org):
            if key in self.filenames:
                return self.filenames[key]
        owners, aliases = DEFAULT_FILENAMES
        return OwnersFilenames(owners=owners, owners_aliases=aliases)


class General(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The part of plugins.yaml that is no single plugin's."""

    plugins: Mapping[str, Enabled] = field(default_factory=dict)
    external_plugins: Mapping[str, tuple[ExternalPlugin, ...]] = field(default_factory=dict)
    owners: Owners = field(default_factory=Owners)


class Plugins:
    """plugins.yaml and its supplemental files in force."""

    def __init__(
        self,
        general: General,
        sections: Mapping[str, Any],
        sources: Sequence[Source] = (),
        typed: Mapping[tuple[str, Any], Any] | None = None,
    ) -> None:
        """`sections`: what stands under their keys, read without a type. `typed`: sections that were read for one.

        `sources`: the files that they came from, so that what is asked for later is read there, and has lines.
        """
        self.general = general
        self.sections = sections
        self._sources = tuple(sources)
        self._typed = dict(typed or {})

    @property
    def owners(self) -> Owners:
        return self.general.owners

    def enabled_for(self, org: str, repo: str) -> tuple[str, ...]:
        """The plugins of a repository: the organisation's, unless it is left out there, then its own."""
        of_org = self.general.plugins.get(org, Enabled())
        of_repo = self.general.plugins.get(f"{org}/{repo}", Enabled())
        inherited = () if repo in of_org.excluded_repos else of_org.plugins
        return (*inherited, *of_repo.plugins)

    def external_for(self, org: str, repo: str) -> tuple[ExternalPlugin, ...]:
        """The external plugins of a repository: its own and the organisation's."""
        external = self.general.external_plugins
        return (*external.get(f"{org}/{repo}", ()), *external.get(org, ()))

    def section(self, name: str, wanted: type[T]) -> T:
        """What plugins.yaml says under a key, as the plugin's own type; its zero where it says nothing.

        Raises ConfigError with every finding. Read once for a type.
        """
        key = (name, wanted)
        if key not in self._typed:
            self._typed[key] = self._read_section(name, wanted)
        value: T = self._typed[key]
        return value

    def _read_section(self, name: str, wanted: Any) -> Any:
        if not self._sources or name not in self.sections:
            return _converted(name, self.sections.get(name), wanted)
        from cutwater.config.plugin_files import read_section

        return read_section(self._sources, name, wanted)


def _converted(name: str, value: object, wanted: Any) -> Any:
    try:
        return _zero(wanted) if value is None else msgspec.convert(value, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError([Finding("plugins.yaml", 0, name, str(error))]) from error


def _zero(wanted: Any) -> Any:
    """What a type is where nothing is said: None where it may be, else an object or a list with nothing in it."""
    attempts: tuple[object, ...] = (None, {})
    for nothing in attempts:
        try:
            return msgspec.convert(nothing, wanted)
        except msgspec.ValidationError:
            continue
    return msgspec.convert([], wanted)
