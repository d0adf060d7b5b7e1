"""plugins.yaml and its supplemental files, read and put together.

Source: sigs.k8s.io/prow pkg/plugins (plugins.go, Load; config.go, mergeFrom and Validate).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from yaml.nodes import MappingNode, Node, SequenceNode

from cutwater.config.document import compose, entries, is_null, line_at, line_of
from cutwater.config.findings import ConfigError, Finding, Path, Source, written
from cutwater.config.plugins import Enabled, ExternalPlugin, General, Owners, Plugins
from cutwater.config.report import Report
from cutwater.config.section_rules import section_problems, section_remarks
from cutwater.config.typed import UNKNOWN_FIELDS, keys_given_twice, read_node, reader_of, unknown
from cutwater.config.uniting import united

GENERAL: Mapping[str, Any] = {
    "plugins": Mapping[str, Enabled],
    "external_plugins": Mapping[str, tuple[ExternalPlugin, ...]],
    "owners": Owners,
}
SUPPLEMENTAL = ("plugins", "external_plugins", "approve", "lgtm", "triggers", "welcome", "bugzilla", "label")
"""The keys that may be set outside of plugins.yaml; of `label` only `restricted_labels`."""

_OLD_STYLE: Any = Mapping[str, tuple[str, ...]]
_OLD_STYLE_LINK = "https://github.com/kubernetes/test-infra/issues/20631#issuecomment-787693609"
_LISTED = ("approve", "welcome", "invalid_commit_msg")
_EXCLUSIVE = {"blunderbuss", "rifle"}
_EXCLUDE_EACH_OTHER = "blunderbuss and rifle plugins are mutually exclusive"


class PluginFile:
    """One file: its parts by their keys, each as its type, and where they stand."""

    def __init__(self, source: Source, sections: Mapping[str, Any], report: Report) -> None:
        self.name = source.name
        self.parts: dict[str, Any] = {}
        self.untyped: dict[str, Any] = {}
        self._root = _root(source, report)
        known = {**GENERAL, **sections}
        by_any_case = {name.casefold(): name for name in known}
        if self._root is not None:
            report.take(keys_given_twice(self._root, file=source.name, strict=report.strict))
        for key, node in _keys(self._root):
            written_name = str(key.value)
            name = by_any_case.get(written_name.casefold(), written_name)
            if name not in known:
                message = unknown(written_name, known)
                finding = Finding(self.name, line_of(key), written_name, message, UNKNOWN_FIELDS)
                (report.refused if report.strict else report.remarked).append(finding)
            if not is_null(node):
                self._read(name, node, known.get(name), report)

    def _read(self, name: str, node: Node, wanted: Any, report: Report) -> None:
        """`wanted` is None for a section that nobody types."""
        assert self._root is not None
        if name not in GENERAL:
            self.untyped[name] = read_node(self._root, node, Any, file=self.name).value
        if wanted is None:
            return
        is_old_style = name == "plugins" and _is_old_style(node)
        wanted = _OLD_STYLE if is_old_style else wanted
        found = read_node(self._root, node, wanted, file=self.name, strict=report.strict)
        report.take(found)
        if is_old_style:
            about = f"uses a deprecated style, see {_OLD_STYLE_LINK}"
            report.remarked.append(Finding(self.name, line_of(node), name, about))
            self.parts[name] = {key: Enabled(plugins=names) for key, names in found.value.items()}
        else:
            self.parts[name] = found.value

    def line(self, path: Path) -> int:
        return 0 if self._root is None else line_at(self._root, path)

    def finding(self, path: Path, message: str) -> Finding:
        return Finding(self.name, self.line(path), written(path), message)

    def place(self, path: Path) -> str:
        """For the words that name another place."""
        return f"{self.name}:{self.line(path)}"


def read_plugins(main: Source, supplemental: Sequence[Source], sections: Mapping[str, Any], report: Report) -> Plugins:
    """All of them together. What is wrong or odd in them goes to the report."""
    files = [PluginFile(source, sections, report) for source in (main, *supplemental)]
    for file in files:
        report.add(file.finding(path, message) for path, message in section_problems(file.parts))
        report.remarked.extend(file.finding(path, message) for path, message in section_remarks(file.parts))
    for file in files[1:]:
        report.add(_not_to_be_merged(file))
    report.add(_clashes(files))
    parts = dict(_by_name(file.parts for file in files))
    general = General(**{name: part for name, part in parts.items() if name in GENERAL})
    if not general.plugins:
        report.remarked.append(files[0].finding(("plugins",), "no plugins specified: check the syntax"))
    typed = {(name, sections[name]): part for name, part in parts.items() if name in sections}
    untyped = dict(_by_name(file.untyped for file in files))
    return Plugins(general, untyped, (main, *supplemental), typed)


def read_section(sources: Iterable[Source], name: str, wanted: Any) -> Any:
    """One section of files that were read before, for another type. Raises ConfigError."""
    values: list[Any] = []
    for source in sources:
        root = compose(source)
        for key, node in _keys(root if isinstance(root, MappingNode) else None):
            if str(key.value).casefold() == name.casefold():
                assert isinstance(root, MappingNode)
                found = read_node(root, node, wanted, file=source.name)
                if found.refused:
                    raise ConfigError(found.refused)
                values.append(found.value)
    return _merged(values) if values else reader_of(wanted).zero()


def _root(source: Source, report: Report) -> MappingNode | None:
    root = compose(source)
    if isinstance(root, Finding):
        report.refused.append(root)
        return None
    if root is not None and not isinstance(root, MappingNode) and not is_null(root):
        report.refused.append(Finding(source.name, line_of(root), "", "is not a mapping"))
    return root if isinstance(root, MappingNode) else None


def _keys(root: MappingNode | None) -> list[tuple[Node, Node]]:
    """Of a key that is given twice, only the last counts."""
    return [] if root is None else list({str(key.value): (key, value) for key, value in entries(root)}.values())


def _is_old_style(node: Node) -> bool:
    """Lists of names instead of objects: all of them, or it is not the old style."""
    if not isinstance(node, MappingNode):
        return False
    return all(isinstance(value, SequenceNode) or is_null(value) for _, value in entries(node))


def _by_name(files: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The sections of several files, those of a name put together."""
    files = tuple(files)
    for name in {name: None for file in files for name in file}:
        yield name, _merged(file[name] for file in files if name in file)


def _merged(parts: Iterable[Any]) -> Any:
    first, *more = parts
    for part in more:
        first = united(first, part)
    return first


# What clashes


def _not_to_be_merged(file: PluginFile) -> Iterator[Finding]:
    allowed = ", ".join(SUPPLEMENTAL).replace("label", "label.restricted_labels")
    for name, part in file.parts.items():
        if name not in SUPPLEMENTAL and part:
            yield file.finding((name,), f"doesn't support merging: a supplemental file may hold only {allowed}")
    label = file.parts.get("label")
    if label is not None and label.additional_labels:
        yield file.finding(("label", "additional_labels"), "doesn't support merging: only label.restricted_labels does")


def _clashes(files: Sequence[PluginFile]) -> Iterator[Finding]:
    yield from _given_twice(files)
    yield from _enabled_twice(files)
    yield from _external_twice(files)
    for name in _LISTED:
        yield from _listed_twice(files, name)


def _given_twice(files: Sequence[PluginFile]) -> Iterator[Finding]:
    """What several files say. A later one's is wrong."""
    first: dict[Path, PluginFile] = {}
    for file in files:
        for path in _leaves(file.parts):
            other = first.setdefault(path, file)
            if other is not file:
                yield file.finding(path, f"found duplicate config for {written(path)}, first in {other.place(path)}")
    labels: dict[tuple[str, str], tuple[PluginFile, Path]] = {}
    for file in files:
        for key, entries_of_key in getattr(file.parts.get("label"), "restricted_labels", {}).items():
            for index, entry in enumerate(entries_of_key):
                here: Path = ("label", "restricted_labels", key, index)
                other, there = labels.setdefault((key, entry.label), (file, here))
                if other is not file:
                    message = f"there are multiple label.restricted_labels configs for label {entry.label}"
                    yield file.finding(here, f"{message}, first in {other.place(there)}")


def _leaves(parts: Mapping[str, Any]) -> Iterator[Path]:
    """What only one file may say."""
    for name in ("plugins", "external_plugins"):
        yield from ((name, key) for key in parts.get(name, {}))
    bugzilla = parts.get("bugzilla")
    if bugzilla is None:
        return
    if bugzilla.default:
        yield ("bugzilla", "default")
    for org, of_org in bugzilla.orgs.items():
        if of_org.default:
            yield ("bugzilla", "orgs", org, "default")
        yield from (("bugzilla", "orgs", org, "repos", repo) for repo in of_org.repos)


def _owners_of(files: Sequence[PluginFile], name: str) -> dict[str, tuple[PluginFile, Any]]:
    """The entries of a mapping that is in several files, each with the file that counts."""
    return {key: (file, value) for file in reversed(files) for key, value in file.parts.get(name, {}).items()}


def _enabled_twice(files: Sequence[PluginFile]) -> Iterator[Finding]:
    """A plugin that is on for an organisation and for a repository of it would run twice there."""
    entries_by_name = _owners_of(files, "plugins")
    for full_name, (file, of_repo) in entries_by_name.items():
        here: Path = ("plugins", full_name)
        if {*of_repo.plugins} >= _EXCLUSIVE:
            yield file.finding(here, _EXCLUDE_EACH_OTHER)
        org, slash, repo = full_name.partition("/")
        if not slash or org not in entries_by_name:
            continue
        other, of_org = entries_by_name[org]
        if repo in of_org.excluded_repos:
            continue
        place = f", {org} in {other.place(('plugins', org))}"
        if twice := [name for name in of_repo.plugins if name in of_org.plugins]:
            yield file.finding(here, f"plugins [{' '.join(twice)}] are duplicated for {repo} and {org}{place}")
        if {*of_repo.plugins, *of_org.plugins} >= _EXCLUSIVE and not {*of_repo.plugins} >= _EXCLUSIVE:
            message = f"{_EXCLUDE_EACH_OTHER} (conflict between {org} and {full_name} config)"
            yield file.finding(here, message + place)


def _external_twice(files: Sequence[PluginFile]) -> Iterator[Finding]:
    entries_by_name = _owners_of(files, "external_plugins")
    for full_name, (file, external) in entries_by_name.items():
        org, slash, _ = full_name.partition("/")
        if not slash or org not in entries_by_name:
            continue
        other, of_org = entries_by_name[org]
        if twice := sorted({plugin.name for plugin in of_org} & {plugin.name for plugin in external}):
            place = other.place(("external_plugins", org))
            message = (
                f"external plugins [{' '.join(twice)}] are duplicated for {full_name} and {org}, which is in {place}"
            )
            yield file.finding(("external_plugins", full_name), message)


def _listed_twice(files: Sequence[PluginFile], section: str) -> Iterator[Finding]:
    """Of two entries for the same repository only the first counts."""
    first: dict[str, str] = {}
    for file in files:
        for index, entry in enumerate(file.parts.get(section, ())):
            for place, name in enumerate(getattr(entry, "repos", ())):
                here: Path = (section, index, "repos", place)
                if name in first:
                    kind = "repo" if "/" in name else "org"
                    yield file.finding(here, f'the {kind} "{name}" is duplicated, first in {first[name]}')
                first.setdefault(name, file.place(here))
