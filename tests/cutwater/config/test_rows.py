"""Two whole configurations, and what upstream answered on them."""

from collections import defaultdict
from pathlib import Path

import pytest

from tests.oracle import config, tide_config
from tests.oracle_rows import read, tenth

EVENTS = ("generic_comment", "issue", "issue_comment", "pull_request", "review", "review_comment", "status", "push")


@pytest.mark.parametrize("kind", config.KINDS)
def test_a_tenth(oracle: Path, corpus: Path, kind: str) -> None:
    rows = tenth(read(oracle, kind))
    assert [found for row in rows if (found := config.check(row, kind=kind, corpus=corpus))] == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", config.KINDS)
def test_all(oracle: Path, corpus: Path, kind: str) -> None:
    rows = read(oracle, kind)
    assert [found for row in rows if (found := config.check(row, kind=kind, corpus=corpus))] == []


@pytest.mark.parametrize("kind", tide_config.KINDS)
def test_what_tide_is_told(oracle: Path, kind: str) -> None:
    rows = read(oracle, kind)
    assert [(row["id"], found) for row in rows if (found := tide_config.check(row))] == []


@pytest.mark.parametrize("name", ["k8s", "synth"])
def test_which_plugins_are_on(oracle: Path, corpus: Path, name: str) -> None:
    """Each event's plugins are those that are on and handle it; which handle it is known from all rows together."""
    rows = read(oracle, f"config/{name}-plugin_config")
    plugins = config.configuration(corpus, name).plugins
    handlers: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for event in EVENTS:
            handlers[event] |= set(row[event])
    for row in rows:
        org, _, repo = row["repo"].partition("/")
        enabled = set(plugins.enabled_for(org, repo))
        assert {event: set(row[event]) for event in EVENTS} == {event: enabled & handlers[event] for event in EVENTS}
        assert plugins.owners.reads_markdown_headers(org, repo) is row["mdyaml"]
        assert plugins.owners.skips_collaborators(org, repo) is row["skip_collaborators"]
