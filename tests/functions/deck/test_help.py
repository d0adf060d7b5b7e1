"""The pages of commands and plugins: what hook says, chosen and shown, and nothing of it believed."""

import asyncio
import json
from typing import Any

import msgspec
import pytest

from cutwater.errors import Later
from functions.deck.help import Help, commands_of, plugins_of, without
from tests.functions.deck.site import CONFIG, Site

HELP: dict[str, Any] = {
    "AllRepos": ["acme/launcher", "acme/rocket", "secret/x"],
    "RepoPlugins": {"": ["cat", "hold", "old"], "acme": ["hold"], "acme/rocket": ["cat", "gone"], "secret/x": ["cat"]},
    "RepoExternalPlugins": {"": ["coffee", "tea"], "acme/rocket": ["coffee", "tea"]},
    "PluginHelp": {
        "hold": {
            "Description": "Anyone may stop a merge.",
            "Config": {"": "for <b>all</b>", "acme/rocket": "for the rocket", "secret/x": "x"},
            "Events": ["push", "issue"],
            "Commands": [
                {
                    "Usage": "/hold [cancel]",
                    "Featured": False,
                    "Description": "Stops it.",
                    "Examples": ["/hold", "/hold cancel"],
                    "WhoCanUse": "Anyone.",
                }
            ],
        },
        "cat": {
            "Description": "<script>alert(1)</script>Pictures.",
            "Config": None,
            "Events": None,
            "Snippet": "cat: {}\n# </pre><script>",
            "Commands": [
                {
                    "Usage": "/meow <kind>",
                    "Featured": True,
                    "Description": "A cat.",
                    "Examples": ["/meow-vie"],
                    "WhoCanUse": '<a href="javascript:x">all</a>',
                }
            ],
        },
        "old": {"Description": "Deprecated! Do not use.", "Config": None, "Events": [], "Commands": None},
    },
    "ExternalPluginHelp": {"coffee": {"Description": "Brews.", "Config": {}, "Events": None, "Commands": []}},
}


async def said() -> bytes:
    return json.dumps(HELP).encode()


def help_() -> Help:
    return msgspec.convert(HELP, Help)


@pytest.mark.parametrize(
    "repository, names",
    [
        pytest.param("", ["cat", "coffee", "hold", "tea", "old"], id="all, what is deprecated at the end"),
        pytest.param("acme/rocket", ["cat", "coffee", "hold", "tea"], id="the organisation's and its own"),
        pytest.param("acme/launcher", ["hold"], id="the organisation's"),
        pytest.param("other/x", [], id="unknown"),
    ],
)
def test_plugins_of_a_repository(repository: str, names: list[str]) -> None:
    assert [plugin.name for plugin in plugins_of(help_(), repository)] == names


@pytest.mark.parametrize(
    "word, usages",
    [
        pytest.param("", ["/meow <kind>", "/hold [cancel]"], id="featured ones first"),
        pytest.param("STOPS", ["/hold [cancel]"], id="a word of the description"),
        pytest.param("meow-vie", ["/meow <kind>"], id="an example"),
        pytest.param("nothing", [], id="none"),
    ],
)
def test_commands(word: str, usages: list[str]) -> None:
    assert [command.usage for _, command in commands_of(plugins_of(help_(), ""), word)] == usages


def test_links_of_upstream_lead_to_the_command() -> None:
    assert [command.anchor for _, command in commands_of(plugins_of(help_(), ""))] == ["meow_vie", "hold"]


def test_hidden_repositories_are_not_told_of() -> None:
    shown = msgspec.json.encode(without(help_(), ["secret"])).decode()
    assert "secret" not in shown and "acme/rocket" in shown


async def test_the_page_of_commands() -> None:
    page = await Site(plugin_help=said).get("/command-help?repo=acme/rocket")
    assert page.status == 200
    assert "2 commands for acme/rocket" in page.text
    assert "<code>/meow &lt;kind&gt;</code>" in page.text and 'id="meow_vie"' in page.text
    assert 'href="/plugins?repo=acme%2Frocket#cat"' in page.text
    assert "javascript:" not in page.text and "<a>all</a>" in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]


async def test_the_page_of_plugins() -> None:
    page = await Site(plugin_help=said).get("/plugins?repo=acme/rocket")
    assert "for <b>all</b>" in page.text and "for the rocket" in page.text
    assert "<script>" not in page.text and "alert" not in page.text
    assert "cat: {}\n# &lt;/pre&gt;&lt;script&gt;" in page.text
    assert "It has not said what it does." in page.text, "tea has not answered"
    assert "issue, push" in page.text


@pytest.mark.parametrize(
    "address, says",
    [
        ("/command-help?repo=nobody/x", "No plugin with commands is on for nobody/x."),
        ("/command-help?q=%3Cb%3E", "No command speaks of “&lt;b&gt;”."),
        ("/plugins?repo=nobody/x", "No plugin is on for nobody/x."),
    ],
)
async def test_nothing_found(address: str, says: str) -> None:
    assert says in (await Site(plugin_help=said).get(address)).text


async def test_for_programs() -> None:
    site = Site(plugin_help=said)
    page = await site.get("/plugin-help.js?var=allHelp")
    assert page.text.startswith("var allHelp = {") and page.text.endswith("};")
    assert json.loads((await site.get("/plugin-help.js")).text) == HELP
    moved = await site.get("/plugin-help")
    assert (moved.status, moved.headers["location"]) == (301, "/command-help")


async def test_hidden_from_programs_too() -> None:
    site = Site(f"{CONFIG}\ndeck: {{hidden_repos: [secret]}}", plugin_help=said)
    assert "secret" not in (await site.get("/plugin-help.js")).text


async def test_hook_is_asked_once_a_minute() -> None:
    asked = 0

    async def count() -> bytes:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return await said()

    site = Site(plugin_help=count)
    await asyncio.gather(*(site.get("/plugins") for _ in range(5)))
    assert asked == 1


async def test_no_hook() -> None:
    page = await Site().get("/command-help")
    assert (page.status, "no hook is set up to be asked" in page.text) == (502, True)


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'{"PluginHelp": 1}'])
async def test_an_answer_that_is_none(answer: bytes) -> None:
    async def wrong() -> bytes:
        return answer

    assert (await Site(plugin_help=wrong).get("/plugins")).status == 503


async def test_hook_is_away() -> None:
    async def away() -> bytes:
        raise Later("hook cannot be reached")

    assert (await Site(plugin_help=away).get("/plugins")).status == 503
