"""The text of OWNERS files, read as Go reads it, and what the configuration says of these files.

Findings are for people: a file that cannot be used is passed over, as upstream does, and somebody should hear of it.
Source: sigs.k8s.io/prow pkg/repoowners (LoadSimpleConfig, LoadFullConfig, ParseAliasesConfig, decodeOwnersMdConfig).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from cutwater.config.configuration import Configuration
from cutwater.config.findings import ConfigError, Finding, Source
from cutwater.config.patterns import compiled
from cutwater.config.prow import OwnersDirDenylist
from cutwater.owners.files import EVERYTHING, Aliases, Options, OwnersFile, People, login, resolved
from cutwater.owners.listing import Naming

if TYPE_CHECKING:
    from cutwater.config.typed import Read

PRECONFIGURED_DENYLIST = (r"\.git$", "_output$", "vendor/.*/.*")
"""The folders that never count, unless the configuration wants it otherwise."""

_FENCE = b"---\n"
_END_OF_HEADER = re.compile(rb"\n---(?=[ \t\r\n]|\Z)")
_GZIP = b"\x1f\x8b"
_KINDS = {
    type(None): "nothing",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a mapping",
}


def naming_of(config: Configuration, org: str, repo: str) -> Naming:
    """What the configuration says of a repository's OWNERS files. A pattern that is none denies nothing."""
    owners = config.plugins.owners
    names = owners.filenames_of(org, repo)
    patterns = _denylist(config.prow.owners_dir_denylist or OwnersDirDenylist(), org, repo)
    return Naming(
        owners=names.owners,
        aliases=names.owners_aliases,
        reads_markdown=owners.reads_markdown_headers(org, repo),
        denied=tuple(pattern for pattern in patterns if _reason_against(pattern) is None),
    )


def _denylist(denylist: OwnersDirDenylist, org: str, repo: str) -> tuple[str, ...]:
    preconfigured = () if denylist.ignore_preconfigured_defaults else PRECONFIGURED_DENYLIST
    of_org, of_repo = denylist.repos.get(org, ()), denylist.repos.get(f"{org}/{repo}", ())
    return (*denylist.default, *of_org, *of_repo, *preconfigured)


class Said(Struct, frozen=True):
    """What files say, by the place that they speak for, in logins alone; and what is wrong in them, for people."""

    files: Mapping[str, OwnersFile]
    wrong: tuple[str, ...] = ()


def read_all(texts: Mapping[str, bytes], naming: Naming) -> Said:
    """What a repository's files say, which count all of them. Of Markdown the texts are the headers."""
    aliases: Aliases = {}
    findings: list[Finding] = []
    if naming.aliases in texts:
        aliases, found = read_aliases(Source(naming.aliases, texts[naming.aliases]))
        findings += found
    files: dict[str, OwnersFile] = {}
    for path in texts.keys() - {naming.aliases}:
        read_file = read_header if naming.is_markdown(path) else read_owners
        try:
            file, found = read_file(Source(path, texts[path]))
        except ConfigError as error:
            findings += error.findings
        else:
            files[naming.place(path)] = resolved(file, aliases)
            findings += found
    return Said(dict(sorted(files.items())), tuple(map(str, sorted(findings))))


class OwnersText(NamedTuple):
    """What a file says, as far as it can be used, and what is wrong in it."""

    file: OwnersFile
    findings: tuple[Finding, ...] = ()


class AliasesText(NamedTuple):
    """The aliases that can be used, and what is wrong with others."""

    aliases: Aliases
    findings: tuple[Finding, ...] = ()


class _Simple(Struct, frozen=True, kw_only=True):
    """The form that has one list of each kind."""

    options: Options = Options()
    approvers: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    required_reviewers: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def file(self) -> OwnersFile:
        people = People(
            approvers=self.approvers,
            reviewers=self.reviewers,
            required_reviewers=self.required_reviewers,
            labels=self.labels,
        )
        return OwnersFile(options=self.options, filters={} if people == People() else {EVERYTHING: people})


class _Aliases(Struct, frozen=True):
    aliases: Mapping[str, Any] = {}


def read_owners(source: Source) -> OwnersText:
    """An OWNERS file of either form. Raises ConfigError where it is neither.

    Its lists count first, and filters only where it has none. Where a list is none (`approvers: bob`), its options
    alone count, and a finding says so.
    """
    file, findings = written_in(source)
    filters = {pattern: people for pattern, people in file.filters.items() if _reason_against(pattern) is None}
    findings = (*findings, *_no_patterns(source.name, file.filters))
    return OwnersText(OwnersFile(options=file.options, filters=filters), findings)


def written_in(source: Source) -> OwnersText:
    """The same as it is written: with patterns that are none, which count for no file. Raises ConfigError."""
    simple = _read_simple(source)
    if not simple.refused and simple.value.file.filters:
        return OwnersText(simple.value.file)
    full = _read(source, OwnersFile)
    if full.refused:
        raise ConfigError(full.refused)
    return OwnersText(full.value, simple.refused)


def read_header(source: Source) -> OwnersText:
    """What the header of a Markdown file (see `header_of`) says of the file's own owners. Raises ConfigError."""
    found = _read_simple(source)
    if found.refused:
        raise ConfigError(found.refused)
    return OwnersText(found.value.file)


def header_of(markdown: bytes) -> bytes:
    """The YAML between the fence that a Markdown file begins with and the next one; empty where it has none."""
    last = markdown.rfind(b"\n---", len(_FENCE))
    if not markdown.startswith(_FENCE) or last < 0:
        return b""
    first = _END_OF_HEADER.search(markdown, len(_FENCE))
    return markdown[: (first.start() if first else last) + 1]


def read_aliases(source: Source) -> AliasesText:
    """OWNERS_ALIASES. An alias that is none is left out, and the others count.

    Members are a list, or the keys of a mapping (`{alice, bob}`); there may be none. Where two names are the same but
    for their case, the last counts.
    """
    found = _read(source, _Aliases)
    if found.refused:
        return AliasesText({}, found.refused)
    aliases: dict[str, frozenset[str]] = {}
    findings: list[Finding] = []
    for name, value in found.value.aliases.items():
        try:
            aliases[login(name)] = frozenset(map(login, _members(value)))
        except ValueError as error:
            findings.append(Finding(source.name, 0, f"aliases.{name}", f"alias group '{name}' {error}"))
    return AliasesText(aliases, tuple(findings))


def _members(value: object) -> list[str]:
    """Raises ValueError, in words, for what are no members."""
    if value is None:
        return []
    if not isinstance(value, list | dict):
        raise ValueError("must contain a list of members")
    odd = [member for member in value if not isinstance(member, str)]
    if odd:
        raise ValueError(f"has a member that is {_KINDS[type(odd[0])]}, and not text: a login may need quotes")
    return list(value)


def _read_simple(source: Source) -> "Read":
    return _read(source, _Simple, converts=False)


def _read(source: Source, wanted: type[Struct], *, converts: bool = True) -> "Read":
    """As configuration is read, but for gzip: nobody's OWNERS are packed."""
    from cutwater.config.typed import Read, read

    if source.content.startswith(_GZIP):
        return Read(None, (Finding(source.name, 1, "", "not YAML: it is packed by gzip"),), ())
    return read(source, wanted, converts=converts)


def _no_patterns(file: str, patterns: Iterable[str]) -> Iterator[Finding]:
    for pattern in patterns:
        reason = _reason_against(pattern)
        if reason is not None:
            yield Finding(file, 0, f"filters.{pattern}", reason)


def _reason_against(pattern: str) -> str | None:
    try:
        compiled(pattern)
    except ValueError as error:
        return str(error)
    return None
