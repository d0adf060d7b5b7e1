import pytest
from msgspec import Struct

from cutwater.config.findings import ConfigError
from cutwater.config.plugins import ExternalPlugin, OwnersFilenames
from tests.cutwater.config.configured import configured, findings

ENABLED = """
plugins:
  org1: {plugins: [p1, p2], excluded_repos: [secret]}
  org1/repo: {plugins: [p3]}
  org1/secret: {plugins: [p4], excluded_repos: [secret]}
"""


class Settings(Struct, frozen=True):
    """What a plugin is told."""

    repos: tuple[str, ...] = ()
    quiet: bool = False
    note: str = ""


@pytest.mark.parametrize(
    "repository, plugins",
    [
        ("org1/repo", ("p1", "p2", "p3")),
        ("org1/other", ("p1", "p2")),
        ("org1/secret", ("p4",)),
        ("org2/repo", ()),
    ],
)
def test_which_plugins_are_on(repository: str, plugins: tuple[str, ...]) -> None:
    assert configured(plugins=ENABLED).plugins.enabled_for(*repository.split("/")) == plugins


def test_the_older_form_is_lists() -> None:
    plugins = configured(plugins="plugins: {org1: [p1, p2], org1/repo: [p3], org3: }").plugins
    assert plugins.enabled_for("org1", "repo") == ("p1", "p2", "p3")


def test_external_plugins() -> None:
    text = "external_plugins: {foo: [{name: refresh}], foo/bar: [{name: x, endpoint: 'http://e', events: [push]}]}"
    found = configured(plugins=text).plugins.external_for("foo", "bar")
    assert found == (ExternalPlugin(name="x", endpoint="http://e", events=("push",)), ExternalPlugin(name="refresh"))
    assert [plugin.address for plugin in found] == ["http://e", "http://refresh"]


@pytest.mark.parametrize(
    "entry, is_ours",
    [
        pytest.param("name: refresh", True, id="no endpoint"),
        pytest.param("name: refresh, endpoint: 'http://refresh'", True, id="the usual one"),
        pytest.param("name: refresh, endpoint: 'http://refresh:80/'", True, id="the usual port"),
        pytest.param("name: refresh, endpoint: 'http://refresh:8888'", False, id="another port"),
        pytest.param("name: refresh, endpoint: 'http://refresh.prow'", False, id="another place"),
        pytest.param("name: refresh, endpoint: 'https://refresh'", False, id="another scheme"),
        pytest.param("name: coffee", False, id="somebody else's"),
    ],
)
def test_whose_an_external_plugin_is(entry: str, is_ours: bool) -> None:
    (found,) = configured(plugins=f"external_plugins: {{a: [{{{entry}}}]}}").plugins.external_for("a", "b")
    assert found.is_ours is is_ours


@pytest.mark.parametrize("endpoint", ["coffee", "ftp://coffee", "http://cof fee", "unix:/run/x"])
def test_an_endpoint_that_reaches_nobody(endpoint: str) -> None:
    text = f"plugins: {{a: {{}}}}\nexternal_plugins: {{a: [{{name: x, endpoint: '{endpoint}'}}]}}"
    (warning,) = configured(plugins=text).warnings
    assert str(warning).startswith(f'plugins.yaml:2: external_plugins.a[0].endpoint: "{endpoint}" is no address')


def test_owners() -> None:
    text = "owners: {skip_collaborators: [org], mdyamlrepos: [org/repo], filenames: {org/repo: {owners: .OWNERS}}}"
    owners = configured(plugins=text).plugins.owners
    assert owners.skips_collaborators("org", "any") and not owners.skips_collaborators("other", "any")
    assert owners.reads_markdown_headers("org", "repo") and not owners.reads_markdown_headers("org", "other")
    assert owners.filenames_of("org", "repo") == OwnersFilenames(owners=".OWNERS", owners_aliases="")
    assert owners.filenames_of("a", "b") == OwnersFilenames(owners="OWNERS", owners_aliases="OWNERS_ALIASES")
    assert owners.denied_labels == ("approved", "lgtm")
    assert configured(plugins="owners: {labels_denylist: []}").plugins.owners.denied_labels == ()


def test_a_plugin_types_its_own_section() -> None:
    plugins = configured(plugins="loud: [{repos: [a], quiet: y, note: on}]").plugins
    assert plugins.section("loud", tuple[Settings, ...]) == (Settings(repos=("a",), quiet=True, note="true"),)
    assert plugins.section("absent", tuple[Settings, ...]) == ()
    assert plugins.section("absent", Settings) == Settings()


def test_a_section_that_does_not_fit_has_its_place() -> None:
    plugins = configured(plugins="loud:\n- repos: [a]\n- quiet: maybe\n  repos: b\n").plugins
    with pytest.raises(ConfigError) as error:
        plugins.section("loud", tuple[Settings, ...])
    assert str(error.value).splitlines() == [
        'plugins.yaml:3: loud[1].quiet: "maybe" is not true or false',
        'plugins.yaml:4: loud[1].repos: "b" is not a list',
    ]


@pytest.mark.parametrize(
    "plugins, wrong",
    [
        pytest.param(
            "plugins: {org: {plugins: [a, b]}, org/repo: {plugins: [b]}}",
            'plugins.yaml:1: plugins["org/repo"]: plugins [b] are duplicated for repo and org',
            id="on twice",
        ),
        pytest.param(
            "plugins: {org: {plugins: [blunderbuss]}, org/repo: {plugins: [rifle]}}",
            "blunderbuss and rifle plugins are mutually exclusive (conflict between org and org/repo config)",
            id="two that exclude each other",
        ),
        pytest.param(
            "plugins: {org: {plugins: [blunderbuss, rifle]}}",
            "plugins.org: blunderbuss and rifle plugins are mutually exclusive",
            id="in one entry",
        ),
        pytest.param(
            "external_plugins: {k: [{name: tetris}], k/t: [{name: tetris}]}",
            "external plugins [tetris] are duplicated for k/t and k",
            id="an external one twice",
        ),
        pytest.param(
            "plugins: {org: [a], org/repo: {plugins: [b]}}", "plugins.org: a list is not a mapping", id="mixed"
        ),
        pytest.param("plugins: {org: {excluded_repos = [ repoB ]}}", "not YAML", id="malformed"),
    ],
)
def test_what_is_wrong(plugins: str, wrong: str) -> None:
    (found,) = findings(plugins=plugins)
    assert wrong in found


def test_on_twice_but_left_out_once() -> None:
    assert findings(plugins="plugins: {org: {plugins: [a], excluded_repos: [repo]}, org/repo: {plugins: [a]}}") == []


@pytest.mark.parametrize(
    "plugins, odd",
    [
        pytest.param("plugins: {a: {}}\nsomething: {a: 1}", "2: something: is no known field", id="no plugin's"),
        pytest.param("plugins: {a: {}}\nsise: {s: 1}", "2: sise: is no known field; size is", id="misspelt"),
        pytest.param("plugins: {a: {}}\nsize: {xs: 1}", "2: size.xs: is no known field; s is", id="within"),
        pytest.param("plugins: {a: {}}\nsize: {}\nsize: {}", "3: size: is given twice, first in line 2", id="twice"),
    ],
)
def test_what_is_odd(plugins: str, odd: str) -> None:
    assert [str(warning) for warning in configured(plugins=plugins).warnings] == [f"plugins.yaml:{odd}"]
    assert findings(plugins=plugins, strict=True) == [f"plugins.yaml:{odd}"]
