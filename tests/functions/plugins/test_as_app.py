"""Plugins under a GitHub App: its tokens may do what a plugin declares, which is all that it does."""

from pathlib import Path

import pytest

from cutwater.github.permissions import needed_by
from functions.plugins.every import PLUGINS
from tests import oracle_rows
from tests.functions.plugins.talk import MEMBER, Talk
from tests.oracle import plugins


@pytest.mark.parametrize("name", PLUGINS)
def test_what_its_effects_write_is_declared(name: str) -> None:
    on_github = [kind for kind in PLUGINS[name].effects if kind.__module__.startswith("cutwater.github.")]
    assert [kind.__name__ for kind in on_github if not getattr(kind, "writes", ())] == []


@pytest.mark.parametrize(
    "name, writes",
    [
        pytest.param("hold", {"issues", "pull_requests"}, id="labels"),
        pytest.param("branchcleaner", {"contents"}, id="branches"),
        pytest.param("trigger", {"actions", "issues", "pull_requests"}, id="workflows"),
    ],
)
def test_what_a_plugin_may_write(name: str, writes: set[str]) -> None:
    needed = needed_by(PLUGINS[name].effects, reads=PLUGINS[name].reads)
    assert {permission for permission, level in needed.items() if level == "write"} == writes


async def test_a_talk_with_an_app() -> None:
    async with Talk("hold") as talk:
        talk.scene.act_as_app("cutwater")
        await talk.say(MEMBER, "/hold")
        assert talk.labels == {"do-not-merge/hold"}
        (token,) = [token for token in talk.scene.github.hub.tokens if token.installation]
        levels = token.permissions or {}
        assert {name for name, level in levels.items() if level == "write"} == {"issues", "pull_requests"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", plugins.KINDS)
def test_nothing_is_refused(kind: str, oracle: Path) -> None:
    print(f"seed {oracle_rows.SEED}")
    rows = oracle_rows.tenth(oracle_rows.read(oracle, kind))
    assert {row["id"]: refused for row in rows if (refused := plugins.refused_to_app(row))} == {}
