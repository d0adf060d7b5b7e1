"""The text of OWNERS files, and what the configuration says of them."""

import pytest

from cutwater.config.findings import ConfigError, Source
from cutwater.config.owners import Said, header_of, naming_of, read_aliases, read_all, read_header, read_owners
from cutwater.config.patterns import matches
from cutwater.owners.files import EVERYTHING, Options, OwnersFile, People
from cutwater.owners.listing import Naming, counting
from cutwater.owners.owners import Owners
from tests.cutwater.config.configured import configured

NO_PARENTS = Options(no_parent_owners=True)
A, B = People(approvers=("a",)), People(approvers=("b",))


def read(text: str) -> OwnersFile:
    return read_owners(Source("OWNERS", text.encode())).file


def simple(people: People, options: Options | None = None) -> OwnersFile:
    return OwnersFile(options=options or Options(), filters={EVERYTHING: people})


@pytest.mark.parametrize(
    "text, file",
    [
        pytest.param("approvers: [a]\nfilters: {x: {approvers: [b]}}", simple(A), id="lists go before filters"),
        pytest.param(
            "approvers: []\nfilters: {x: {approvers: [b]}}", OwnersFile(filters={"x": B}), id="if there are any"
        ),
        pytest.param("options: {no_parent_owners: true}", OwnersFile(options=NO_PARENTS), id="options alone"),
        pytest.param("options: {no_parent_owners: yes}\napprovers: [a]", simple(A, NO_PARENTS), id="YAML 1.1"),
        pytest.param(
            "approvers: bob\nreviewers: [r]\noptions: {no_parent_owners: true}",
            OwnersFile(options=NO_PARENTS),
            id="no list: the options count, and nobody else",
        ),
        pytest.param("approvers: [123]\nreviewers: [r]", OwnersFile(), id="a number is no login in a list"),
        pytest.param(
            "filters: {'.*': {approvers: [123, yes, 1e3]}}",
            simple(People(approvers=("123", "true", "1000"))),
            id="but it is one in a filter",
        ),
        pytest.param("approvers: ['123', 2020-01-01]", simple(People(approvers=("123", "2020-01-01"))), id="text"),
        pytest.param("approvers: [~]", simple(People(approvers=("",))), id="nothing is a login, too"),
        pytest.param("Approvers: [a]", simple(A), id="keys in any case"),
        pytest.param("approvers: [a]\napprovers: [b]", simple(B), id="the last of a key counts"),
        pytest.param("approvers: [a]\n---\napprovers: [", simple(A), id="the first document counts"),
        pytest.param("x: &a [a]\napprovers: *a", simple(A), id="anchors"),
        pytest.param("approvers: [a]\nemeritus_approvers: [x]\ncomponent: c", simple(A), id="others mean nothing"),
        pytest.param(
            "filters: {'(': {approvers: [a]}, '.*': {approvers: [b]}}", simple(B), id="a pattern that is none"
        ),
        pytest.param("filters: {w: , x: {}}", OwnersFile(filters={"w": People(), "x": People()}), id="empty filters"),
        pytest.param("", OwnersFile(), id="nothing at all"),
    ],
)
def test_owners(text: str, file: OwnersFile) -> None:
    assert read(text) == file


@pytest.mark.parametrize(
    "text, said",
    [
        pytest.param(b"approvers:\n- @bob\n", "OWNERS:2: not YAML: ", id="an at sign without quotes"),
        pytest.param(
            b'options: {no_parent_owners: "true"}\napprovers: [a]',
            'OWNERS:1: options.no_parent_owners: "true" is not true or false',
            id="an option of another kind",
        ),
        pytest.param(b"- a", "OWNERS:1: a list is not a mapping", id="a list"),
        pytest.param(b"\x1f\x8b\x08", "OWNERS:1: not YAML: it is packed by gzip", id="packed"),
        pytest.param(b"a: \xff", "OWNERS:1: not YAML: ", id="no text"),
        pytest.param(b"[" * 10_000, "OWNERS:1: not YAML: ", id="nested without end"),
    ],
)
def test_owners_that_cannot_be_read(text: bytes, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_owners(Source("OWNERS", text))
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(
    "text, said",
    [
        pytest.param(b"approvers: bob", 'OWNERS:1: approvers: "bob" is not a list', id="no list"),
        pytest.param(
            b"filters: {'(': {}}", "OWNERS: filters.(: error parsing regexp: missing closing ): `(`", id="no pattern"
        ),
    ],
)
def test_what_is_passed_over_is_said(text: bytes, said: str) -> None:
    assert [str(finding) for finding in read_owners(Source("OWNERS", text)).findings] == [said]


# Markdown


@pytest.mark.parametrize(
    "text, header",
    [
        pytest.param("---\nlabels: [a]\n---\n# Title\n", "---\nlabels: [a]\n", id="between two fences"),
        pytest.param("---\nlabels: [a]\n---\nb: [\n---\n{\n---\n", "---\nlabels: [a]\n", id="the first two"),
        pytest.param("---\nlabels: [a]\n---", "---\nlabels: [a]\n", id="at the end of the file"),
        pytest.param(
            "---\nlabels: [a]\n----\nrest", "---\nlabels: [a]\n", id="a longer line ends it, if no fence does"
        ),
        pytest.param("---\na: b\n----\n---\n", "---\na: b\n----\n", id="and is part of it otherwise"),
        pytest.param("---\nlabels: [a]\n", "", id="no second fence"),
        pytest.param("---\n---\n", "", id="nothing between them"),
        pytest.param("\n---\nlabels: [a]\n---\n", "", id="not at the very start"),
        pytest.param("---\r\nlabels: [a]\r\n---\r\n", "", id="lines that end otherwise"),
        pytest.param("# Title\n", "", id="no header"),
        pytest.param("", "", id="no text"),
    ],
)
def test_header(text: str, header: str) -> None:
    assert header_of(text.encode()) == header.encode()


def test_a_header_has_the_simple_form_alone() -> None:
    assert read_header(Source("a.md", b"---\napprovers: [a]\n")).file == simple(A)
    assert read_header(Source("a.md", b"---\nfilters: {x: {approvers: [a]}}\n")).file == OwnersFile()
    with pytest.raises(ConfigError, match=r"a.md:2: approvers: \"bob\" is not a list"):
        read_header(Source("a.md", b"---\napprovers: bob\n"))


# Aliases


@pytest.mark.parametrize(
    "text, aliases",
    [
        pytest.param("team1: [alice, bob]\n  team2: [nikhil]", {"team1": "alice bob", "team2": "nikhil"}, id="lists"),
        pytest.param("team1: {alice, bob}", {"team1": "alice bob"}, id="the keys of a mapping"),
        pytest.param("x: {y}", {"x": "true"}, id="whatever YAML makes of them"),
        pytest.param("a: {}\n  b:\n  c: []", {"a": "", "b": "", "c": ""}, id="without members"),
        pytest.param("'@Team': ['@Alice']", {"team": "alice"}, id="in lower case"),
    ],
)
def test_aliases(text: str, aliases: dict[str, str]) -> None:
    found = read_aliases(Source("OWNERS_ALIASES", f"aliases:\n  {text}\n".encode()))
    assert found.findings == ()
    assert found.aliases == {name: frozenset(members.split()) for name, members in aliases.items()}


@pytest.mark.parametrize(
    "text, said, left",
    [
        pytest.param("aliases: {a: ''}", "alias group 'a' must contain a list of members", [], id="text"),
        pytest.param("aliases: {a: 1, b: [x]}", "alias group 'a' must contain a list of members", ["b"], id="a number"),
        pytest.param(
            "aliases: {a: [123], b: [x]}",
            "alias group 'a' has a member that is a number, and not text: a login may need quotes",
            ["b"],
            id="a number in the list; the others count",
        ),
        pytest.param("aliases: {a: [~]}", "alias group 'a' has a member that is nothing", [], id="nothing in the list"),
        pytest.param("aliases: []", "a list is not a mapping", [], id="no mapping"),
        pytest.param("aliases:\n  a:\n  - x\n    b:\n  - y", "not YAML: mapping values", [], id="not indented well"),
    ],
)
def test_aliases_that_are_none(text: str, said: str, left: list[str]) -> None:
    found = read_aliases(Source("OWNERS_ALIASES", text.encode()))
    assert list(found.aliases) == left
    assert [said in str(finding) for finding in found.findings] == [True]


# All files of a repository

FILES = {
    "OWNERS": "approvers: [cjwagner]\nreviewers: [Alice, bob]\nrequired_reviewers: [chris]\nlabels: [EVERYTHING]",
    "docs/file.md": "---\napprovers: [ALICE]\nlabels: [docs]\n---\n# Title\n",
    "foo": "approvers: [bob]",
    "src/OWNERS": "approvers: [Best-Approvers]",
    "src/dir/OWNERS": (
        "approvers: [bob]\nreviewers: [alice, '@CJWagner', jakub]\nrequired_reviewers: [ben]\nlabels: [src-code]"
    ),
    "src/dir/conformance/OWNERS": (
        "options: {no_parent_owners: true, auto_approve_unowned_subfolders: true}\napprovers: [mml]"
    ),
    "src/dir/subdir/OWNERS": "approvers: [bob, alice]\nreviewers: [bob, alice]",
    "vendor/OWNERS": "approvers: [alice]",
    "vendor/k8s.io/client-go/OWNERS": "approvers: [bob]",
}
ALIASES = {"OWNERS_ALIASES": "aliases: {Best-approvers: [carl, cjwagner], best-reviewers: [Carl, BOB]}"}
COLLABORATORS = ("cjwagner", "k8s-ci-robot", "alice", "bob", "carl", "mml", "maggie")
NAMING = naming_of(configured(), "org", "repo")


def said(files: dict[str, str], naming: Naming = NAMING) -> Said:
    names = (naming.aliases, *counting(files, naming, matches))
    texts = {path: files[path].encode() for path in names if path in files}
    return read_all(
        {path: header_of(text) if naming.is_markdown(path) else text for path, text in texts.items()}, naming
    )


def test_a_repository() -> None:
    found = said(FILES)
    assert found.wrong == ()
    assert sorted(found.files) == ["", "src", "src/dir", "src/dir/conformance", "src/dir/subdir", "vendor"]
    assert {place for place, file in found.files.items() if file.options != Options()} == {"src/dir/conformance"}
    owners = Owners(found.files, matches).among(COLLABORATORS)
    assert list(owners.approvers("src/dir/x")) == ["bob", "cjwagner"], "the alias is none, and no collaborator"
    assert list(owners.reviewers("src/dir/x")) == ["alice", "cjwagner", "bob"]
    assert owners.required_reviewers("src/dir/x") == {"ben", "chris"}, "collaborators or not"
    assert owners.labels("src/dir/x") == {"EVERYTHING", "src-code"}


def test_aliases_of_a_repository() -> None:
    owners = Owners(said(FILES | ALIASES).files, matches)
    assert list(owners.approvers("src/x")) == ["carl", "cjwagner"]


def test_markdown_of_a_repository() -> None:
    markdown = naming_of(configured(plugins="owners: {mdyamlrepos: [org]}"), "org", "repo")
    owners = Owners(said(FILES, markdown).files, matches)
    assert (owners.place_of_approvers("docs/file.md"), list(owners.approvers("docs/file.md"))) == (
        "docs/file.md",
        ["alice", "cjwagner"],
    )
    assert list(Owners(said(FILES).files, matches).approvers("docs/file.md")) == ["cjwagner"]


def test_files_that_cannot_be_read_do_not_count_and_are_named() -> None:
    found = said({"OWNERS": "approvers: [a]", "b/OWNERS": "- x", "a/OWNERS": "approvers: bob", "OWNERS_ALIASES": "- x"})
    assert sorted(found.files) == ["", "a"]
    assert found.wrong == (
        "OWNERS_ALIASES:1: a list is not a mapping",
        'a/OWNERS:1: approvers: "bob" is not a list',
        "b/OWNERS:1: a list is not a mapping",
    )


# What the configuration says


@pytest.mark.parametrize(
    "config, denied",
    [
        pytest.param("", NAMING.denied, id="what never counts"),
        pytest.param(
            "{default: [a], repos: {org/repo: [c], org: [b], other: [v], org/other: [w]}}",
            ("a", "b", "c", *NAMING.denied),
            id="the default's, the organisation's, the repository's",
        ),
        pytest.param("{default: [a], ignore_preconfigured_defaults: true}", ("a",), id="these alone"),
        pytest.param("{default: ['(']}", NAMING.denied, id="a pattern that is none"),
    ],
)
def test_denied_folders(config: str, denied: tuple[str, ...]) -> None:
    config = f"owners_dir_denylist: {config}" if config else ""
    assert naming_of(configured(config), "org", "repo").denied == denied


@pytest.mark.parametrize(
    "plugins, naming",
    [
        pytest.param("", NAMING, id="as it is"),
        pytest.param(
            "filenames: {org/repo: {owners: FOO}, org: {owners: BAR, owners_aliases: BAZ}}",
            Naming(owners="FOO", aliases="", denied=NAMING.denied),
            id="an entry counts whole, and the repository's alone",
        ),
        pytest.param(
            "mdyamlrepos: [org]",
            Naming(owners="OWNERS", aliases="OWNERS_ALIASES", reads_markdown=True, denied=NAMING.denied),
            id="Markdown",
        ),
    ],
)
def test_names(plugins: str, naming: Naming) -> None:
    assert naming_of(configured(plugins=f"owners: {{{plugins}}}"), "org", "repo") == naming
