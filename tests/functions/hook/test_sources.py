"""Which pushes make `configuration` look."""

import msgspec
import pytest

from cutwater.events.origin import VARIABLE
from cutwater.github.webhooks import open_webhook
from functions.hook.sources import looks_at_sources

SETTING = "repository: {name: acme/rocket, branch: release/1, config: config.yaml}"


@pytest.mark.parametrize(
    ("event", "ref", "setting", "expected"),
    [
        pytest.param("push", "refs/heads/release/1", SETTING, ["acme/rocket:release/1"], id="to the branch"),
        pytest.param("push", "refs/heads/main", SETTING, [], id="to another"),
        pytest.param("push", "refs/tags/release/1", SETTING, [], id="a tag"),
        pytest.param("push", "refs/heads/release/1", SETTING.replace("rocket", "engine"), [], id="another repository"),
        pytest.param("push", "refs/heads/release/1", "configMaps: {}", [], id="the sources are in ConfigMaps"),
        pytest.param("push", "refs/heads/release/1", "", [], id="there are none"),
        pytest.param("push", "refs/heads/release/1", "repository: [", [], id="a setting that cannot be read"),
        pytest.param("create", "refs/heads/release/1", SETTING, [], id="no push"),
    ],
)
def test_looks(event: str, ref: str, setting: str, expected: list[str]) -> None:
    repository = {"name": "rocket", "full_name": "acme/rocket", "owner": {"login": "acme"}}
    webhook = open_webhook(event, "1", msgspec.json.encode({"repository": repository, "ref": ref}))
    found = looks_at_sources(webhook, {VARIABLE: setting})
    assert [look.subject for look in found] == expected
    assert all(look["role"] == "configuration" for look in found)
