"""plugins.yaml: which plugins are on where. What a plugin is told about itself is typed by the plugin.

Source: sigs.k8s.io/prow pkg/plugins (config.go); reference keys `plugins`, `external_plugins`, `owners`.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec
from msgspec import Struct, field

from cutwater.config.findings import ConfigError, Finding, Path, Source, written

if TYPE_CHECKING:
    from yaml.nodes import Node

T = TypeVar("T")

DEFAULT_LABELS_DENYLIST = ("approved", "lgtm")
DEFAULT_FILENAMES = ("OWNERS", "OWNERS_ALIASES")


class Enabled(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The plugins of an organisation or a repository. `excluded_repos`: short names, of an organisation's."""

    plugins: tuple[str, ...] = ()
    excluded_repos: tuple[str, ...] = ()


class ExternalPlugin(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A plugin that another program serves. No events means all."""

    name: str = ""
    endpoint: str = ""
    events: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        return self.endpoint or f"http://{self.name}"


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
    """plugins.yaml in force."""

    def __init__(self, general: General, sections: Mapping[str, Any], source: Source | None = None) -> None:
        """`source`: the file that the sections came from, so that a plugin's findings have lines."""
        self.general = general
        self.sections = sections
        self._source = source
        self._typed: dict[tuple[str, Any, bool], Any] = {}

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

    def section(self, name: str, wanted: type[T], *, strict: bool = False) -> T:
        """What plugins.yaml says under a key, as the plugin's own type; its zero where it says nothing.

        Raises ConfigError with every finding. Read once for a type.
        """
        key = (name, wanted, strict)
        if key not in self._typed:
            self._typed[key] = self._read_section(name, wanted, strict=strict)
        value: T = self._typed[key]
        return value

    def _read_section(self, name: str, wanted: Any, *, strict: bool) -> Any:
        if self._source is None:
            return _converted(name, self.sections.get(name), wanted)
        from cutwater.config.typed import read_node

        root, node = self._nodes
        if name not in node:
            return _zero(wanted)
        found = read_node(root, node[name], wanted, file=self._source.name, strict=strict)
        if found.refused:
            raise ConfigError(found.refused)
        return found.value

    @cached_property
    def _nodes(self) -> tuple["Node", dict[str, "Node"]]:
        from cutwater.config.document import sections_of

        assert self._source is not None
        return sections_of(self._source)


class PluginsRead(NamedTuple):
    """What was read, what makes it unusable, and what is odd."""

    plugins: Plugins
    refused: tuple[Finding, ...]
    remarked: tuple[Finding, ...]


def read_plugins(source: Source, *, strict: bool = False) -> PluginsRead:
    """plugins.yaml. Sections of single plugins are kept, not looked into."""
    from cutwater.config.document import line_at, sections_of
    from cutwater.config.typed import read, read_node

    everything = read(source, Mapping[str, Any], strict=strict)
    if everything.refused or not everything.value:
        return PluginsRead(Plugins(General(), {}, None), everything.refused, everything.remarked)
    root, nodes = sections_of(source)
    parts: dict[str, Any] = {}
    refused: list[Finding] = []
    remarked = [*everything.remarked]
    for name, kind in _KINDS.items():
        if name in nodes:
            wanted = OLD_STYLE if name == "plugins" and _is_old_style(everything.value[name]) else kind
            found = read_node(root, nodes[name], wanted, file=source.name, strict=strict)
            refused.extend(found.refused)
            remarked.extend(found.remarked)
            parts[name] = found.value
    if "plugins" in parts and _is_old_style(everything.value["plugins"]):
        parts["plugins"] = {key: Enabled(plugins=names) for key, names in parts["plugins"].items()}
    general = General(**parts)
    refused.extend(
        Finding(source.name, line_at(root, path), written(path), message) for path, message in _clashes(general)
    )
    sections = {name: value for name, value in everything.value.items() if name not in _KINDS}
    return PluginsRead(Plugins(general, sections, source), tuple(refused), tuple(remarked))


_EXCLUSIVE = {"blunderbuss", "rifle"}
_EXCLUDE_EACH_OTHER = "blunderbuss and rifle plugins are mutually exclusive"
OLD_STYLE: Any = Mapping[str, tuple[str, ...]]
_KINDS: dict[str, Any] = {
    "plugins": Mapping[str, Enabled],
    "external_plugins": Mapping[str, tuple[ExternalPlugin, ...]],
    "owners": Owners,
}


def _is_old_style(plugins: object) -> bool:
    """Lists of names instead of objects: all of them, or it is not the old style."""
    return isinstance(plugins, Mapping) and all(value is None or isinstance(value, list) for value in plugins.values())


def _clashes(general: General) -> Iterator[tuple[Path, str]]:
    """A plugin that is on for an organisation and for a repository of it would run twice there."""
    for full_name, of_repo in general.plugins.items():
        org, slash, repo = full_name.partition("/")
        of_org = general.plugins.get(org)
        here: Path = ("plugins", full_name)
        if slash and of_org and repo not in of_org.excluded_repos:
            if twice := [name for name in of_repo.plugins if name in of_org.plugins]:
                yield here, f"plugins [{' '.join(twice)}] are duplicated for {repo} and {org}"
            if {*of_repo.plugins, *of_org.plugins} >= _EXCLUSIVE:
                yield here, f"{_EXCLUDE_EACH_OTHER} (conflict between {org} and {full_name} config)"
        elif {*of_repo.plugins} >= _EXCLUSIVE:
            yield here, _EXCLUDE_EACH_OTHER
    for full_name, external in general.external_plugins.items():
        org, slash, _ = full_name.partition("/")
        names = {plugin.name for plugin in general.external_plugins.get(org, ())} if slash else set()
        if twice := sorted(names & {plugin.name for plugin in external}):
            message = f"external plugins [{' '.join(twice)}] are duplicated for {full_name} and {org}"
            yield ("external_plugins", full_name), message


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
