"""The answers at /plugin-help: what the plugins are, where they are on, and what external ones say of themselves."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from cutwater.outgoing.client import Outgoing
from functions.plugins.every import PLUGINS
from infra.local.broker.asgi import Request
from infra.local.github import seed as shape
from infra.local.github import seeds
from tests.functions.plugins.scene import Scene, configuration

pytestmark = pytest.mark.virtual

PLUGINS_YAML = """
plugins:
  org1: {plugins: [hold], excluded_repos: [repo3]}
  org1/repo1: {plugins: [trigger]}
  org2/repo1: {plugins: [lgtm]}
  nobody: {plugins: [hold]}
triggers: [{repos: [org1/repo1], trusted_org: other}]
external_plugins:
  org1/repo1: [{name: ok, events: [push]}, {name: down}, {name: wrong}, {name: slow}, {name: refresh, events: [issues]}]
  nobody: [{name: ok}]
"""


class Answering:
    """External plugins: `ok` is one, `down` is not there, `wrong` answers HTML, and `slow` takes its time."""

    def __init__(self) -> None:
        self.asked: list[httpx2.Request] = []

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        match request.url.host:
            case "ok":
                command = {"Usage": "/x", "Featured": True, "Description": "d", "Examples": ["/x"], "WhoCanUse": "w"}
                said = {"Description": "<b>fine</b>", "Config": None, "Events": ["all"], "Commands": [command]}
                return httpx2.Response(200, json=said)
            case "wrong":
                return httpx2.Response(200, html="<h1>hello</h1>")
            case "slow":
                await asyncio.sleep(5)
        raise httpx2.ConnectError("nobody there")

    def way(self) -> Outgoing:
        def client() -> Any:
            return httpx2.AsyncClient(transport=httpx2.MockTransport(self))

        return Outgoing(client, slack_token=lambda host: "", secret=lambda name: b"")


@asynccontextmanager
async def scene(answering: Answering, plugins: str = PLUGINS_YAML) -> AsyncIterator[Scene]:
    made = Scene(configuration(plugins), outgoing=answering.way)
    names = ("org1/repo1", "org1/repo2", "org1/repo3", "org2/repo1", "org2/repo2")
    repositories = tuple(shape.Repository(name=name, is_described=True) for name in names)
    orgs = (shape.Organisation("org1"), shape.Organisation("org2"))
    seeds.load(made.github.world(), shape.Seed((), orgs, repositories, ()))
    try:
        yield made
    finally:
        await made.close()


async def ask(made: Scene, method: str = "GET", path: str = "/plugin-help") -> tuple[int, Any]:
    answer = await made.functions.by_name["hook"].send(Request(method, path))
    return answer.status, json.loads(answer.body) if answer.status == 200 else answer.body.decode()


async def test_where_plugins_are_on() -> None:
    async with scene(Answering()) as made:
        _, said = await ask(made)
        assert said["AllRepos"] == ["org1/repo1", "org1/repo2", "org1/repo3", "org2/repo1"]
        assert said["RepoPlugins"]["org1"] == ["hold"]
        assert said["RepoPlugins"][""] == sorted({*PLUGINS} - {"cherrypicker", "needs-rebase", "refresh"})
        assert said["RepoExternalPlugins"][""] == ["down", "ok", "refresh", "slow", "wrong"]
        assert said["PluginHelp"]["trigger"]["Config"] == {
            "org1/repo1": 'The trusted GitHub organization for this repository is "other".'
        }


async def test_what_external_plugins_say() -> None:
    answering = Answering()
    async with scene(answering) as made:
        _, said = await ask(made)
        assert set(said["ExternalPluginHelp"]) == {"ok", "refresh"}
        assert said["ExternalPluginHelp"]["ok"]["Description"] == "<b>fine</b>"
        assert said["ExternalPluginHelp"]["ok"]["Events"] is None, "it is the configuration that says"
        assert said["ExternalPluginHelp"]["ok"]["Commands"][0]["Featured"] is True
        assert said["ExternalPluginHelp"]["refresh"]["Events"] == ["issues"]
        (to_ok,) = (request for request in answering.asked if request.url.host == "ok")
        assert (to_ok.method, str(to_ok.url)) == ("POST", "http://ok/help")
        told = [{"Org": "nobody", "Repo": ""}, {"Org": "org1", "Repo": "repo1"}]
        assert (to_ok.headers["content-type"], json.loads(to_ok.content)) == ("application/json", told)
        assert asyncio.get_running_loop().time() < 2


async def test_whoever_asks_again_gets_the_same_for_a_minute() -> None:
    answering = Answering()
    async with scene(answering) as made:
        first, second = await asyncio.gather(ask(made), ask(made, path="/hook/plugin-help"))
        assert first == second
        assert len(answering.asked) == 4
        await asyncio.sleep(61)
        await ask(made)
        assert len(answering.asked) == 8


async def test_another_configuration_counts_at_once() -> None:
    async with scene(Answering()) as made:
        await ask(made)
        made.config = configuration("plugins: {org2/repo2: {plugins: [hold]}}")
        _, said = await ask(made)
        assert said["AllRepos"] == ["org2/repo2"]


async def test_what_is_empty_is_null() -> None:
    async with scene(Answering(), "plugins: {a/b: {plugins: [wip]}}") as made:
        _, said = await ask(made)
        wip = said["PluginHelp"]["wip"]
        assert list(wip) == ["Description", "Config", "Events", "Commands"]
        assert (wip["Config"], wip["Commands"], wip["Events"]) == (None, None, ["pull_request"])


async def test_only_a_get() -> None:
    async with scene(Answering()) as made:
        assert await ask(made, "POST") == (405, "405 Method not allowed\n")


async def test_other_paths_are_seen_to_fail() -> None:
    async with scene(Answering()) as made:
        assert [(await ask(made, path=path))[0] for path in ("/hook/", "/x", "/hook/plugin-help/")] == [404] * 3
