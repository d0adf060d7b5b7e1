"""Who is to have a webhook: plugins, Prow's own external ones, and those of others."""

import json
from typing import Any

import pytest

from cutwater.github.webhooks import open_webhook
from functions.hook.enablement import Enablement
from functions.hook.wanted import wanted_by
from functions.plugins.kit import Plugin
from tests.functions.plugins.scene import configuration

EXTERNAL = """
external_plugins:
  k/t:
  - {name: sandwich, events: [pull_request]}
  - {name: coffee}
  k/other:
  - {name: gumbo}
  k:
  - {name: chicken, events: [push, repository]}
  - {name: water}
  - {name: chocolate, events: [pull_request, issue_comment, issues, repository]}
"""
EVERYBODY = Enablement()
REPOSITORY = {"name": "t", "full_name": "k/t", "owner": {"login": "k"}}


def wanted(event: str, payload: Any, plugins: str = EXTERNAL, enablement: Enablement = EVERYBODY) -> list[str]:
    webhook = open_webhook(event, "guid", json.dumps(payload).encode())
    return [name.removeprefix("external:") for name in wanted_by(webhook, configuration(plugins), enablement)]


@pytest.mark.parametrize(
    "event, payload, expected",
    [
        pytest.param("issue_comment", {"repository": REPOSITORY}, ["coffee", "water", "chocolate"], id="variety"),
        pytest.param(
            "repository",
            {"repository": REPOSITORY},
            ["coffee", "chicken", "water", "chocolate"],
            id="an event that no plugin here knows",
        ),
        pytest.param("check_run", {"repository": REPOSITORY}, ["coffee", "water"], id="no events means all"),
        pytest.param("organization", {"organization": {"login": "k"}}, [], id="no repository"),
        pytest.param("push", {"repository": {"full_name": "k/new"}}, ["chicken", "water"], id="the organisation's"),
        pytest.param("push", {"repository": {"full_name": "K/t"}}, [], id="names in another case"),
        pytest.param("issues", {"repository": REPOSITORY, "issue": {"number": "x"}}, [], id="of a wrong type"),
        pytest.param("ping", {"zen": "x", "repository": {"full_name": ""}}, [], id="nobody's"),
    ],
)
def test_external(event: str, payload: Any, expected: list[str]) -> None:
    assert wanted(event, payload) == expected


def test_a_disabled_repository() -> None:
    assert (
        wanted("repository", {"repository": REPOSITORY}, enablement=Enablement(disabled_repos=frozenset({"k/t"}))) == []
    )


COMMENT = {
    "action": "created",
    "repository": REPOSITORY,
    "issue": {"number": 7, "user": {"login": "alice"}, "pull_request": {}, "body": ""},
    "comment": {"id": 1, "user": {"login": "bob"}, "body": "/hold\n/cherrypick release-1"},
}


@pytest.mark.parametrize(
    "entry, expected",
    [
        pytest.param("{name: cherrypicker}", ["cherrypicker"], id="no endpoint"),
        pytest.param("{name: cherrypicker, endpoint: 'http://cherrypicker'}", ["cherrypicker"], id="the usual one"),
        pytest.param("{name: cherrypicker, endpoint: 'http://cherrypicker:80/'}", ["cherrypicker"], id="its port"),
        pytest.param("{name: cherrypicker, events: [pull_request]}", [], id="not this event"),
        pytest.param(
            "{name: cherrypicker, endpoint: 'http://cherrypicker:8888'}", ["external:cherrypicker"], id="another port"
        ),
        pytest.param(
            "{name: cherrypicker, endpoint: 'http://cherrypicker.prow'}", ["external:cherrypicker"], id="another place"
        ),
        pytest.param("{name: coffee}", ["external:coffee"], id="somebody else's"),
        pytest.param("{name: a/b c}", ["external:a%2Fb%20c"], id="a name that would be part of a path"),
        pytest.param("{name: x, endpoint: 'http://a'}, {name: x, endpoint: 'http://b'}", ["external:x"], id="twice"),
    ],
)
def test_whose(entry: str, expected: list[str]) -> None:
    webhook = open_webhook("issue_comment", "guid", json.dumps(COMMENT).encode())
    config = configuration(f"external_plugins: {{k/t: [{entry}]}}")
    assert wanted_by(webhook, config, Enablement()) == expected


def test_plugins_and_external_ones() -> None:
    both = "plugins: {k: {plugins: [hold, wip]}}\nexternal_plugins: {k: [{name: coffee}, {name: cherrypicker}]}"
    assert wanted("issue_comment", COMMENT, both) == ["hold", "coffee", "cherrypicker"]
    assert wanted("issue_comment", COMMENT, both, Enablement(disabled_orgs=frozenset({"k"}))) == []


def test_a_plugin_that_is_left_out_of_a_repository() -> None:
    excluded = "plugins: {k: {plugins: [hold], excluded_repos: [t]}}"
    assert wanted("issue_comment", COMMENT, excluded) == []


def test_the_owner_of_a_push_is_who_is_named() -> None:
    push = {
        "ref": "refs/heads/main",
        "after": "a",
        "repository": {"name": "t", "full_name": "A/t", "owner": {"login": "A", "name": "k"}},
    }
    on = "plugins: {k/t: {plugins: [trigger]}}"
    enabled = Enablement(enabled_orgs=frozenset({"A"}))
    assert wanted("push", push, on, enabled) == wanted("push", push, on) == ["trigger"]


def test_a_plugin_that_breaks_keeps_no_other_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_(self: Plugin, *_: object) -> bool:
        if self.name == "wip":
            raise ZeroDivisionError
        return True

    monkeypatch.setattr(Plugin, "wants", break_)
    assert wanted("issue_comment", COMMENT, "plugins: {k: {plugins: [wip, hold]}}") == ["wip", "hold"]
