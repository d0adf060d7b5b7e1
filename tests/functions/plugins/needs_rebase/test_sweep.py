from datetime import UTC, datetime
from typing import Any

import pytest

from cutwater.config.plugins import Enabled, ExternalPlugin, General
from cutwater.events.publish import look_event
from functions.plugins.needs_rebase.sweep import MOST, found, searches

OPEN = "archived:false is:pr is:open"
IT = (ExternalPlugin(name="needs-rebase"),)
ELSEWHERE = (ExternalPlugin(name="needs-rebase", endpoint="http://robots.example.com"),)


@pytest.mark.parametrize(
    ("external", "own", "expected"),
    [
        pytest.param({}, {}, {}, id="nowhere"),
        pytest.param(
            {"kubernetes": IT, "kubernetes-sigs": IT},
            {},
            {"kubernetes": f'{OPEN} org:"kubernetes"', "kubernetes-sigs": f'{OPEN} org:"kubernetes-sigs"'},
            id="organisations",
        ),
        pytest.param(
            {"org/repo": IT, "other/repo": IT, "org/more": IT},
            {},
            {"org": f'{OPEN} repo:"org/more" repo:"org/repo"', "other": f'{OPEN} repo:"other/repo"'},
            id="repositories, by organisation",
        ),
        pytest.param({"org": IT, "org/repo": IT}, {}, {"org": f'{OPEN} org:"org"'}, id="both"),
        pytest.param({"org/a/b": IT, "org/": IT}, {}, {}, id="no repositories"),
        pytest.param({"org": ELSEWHERE}, {}, {}, id="another program's"),
        pytest.param(
            {},
            {
                "org": Enabled(plugins=("needs-rebase",), excluded_repos=("x",)),
                "a/b": Enabled(plugins=("needs-rebase",)),
            },
            {"a": f'{OPEN} repo:"a/b"', "org": f'{OPEN} org:"org" -repo:"org/x"'},
            id="as a plugin like others",
        ),
    ],
)
def test_searches(external: Any, own: Any, expected: dict[str, str]) -> None:
    made = searches(General(plugins=own, external_plugins=external))
    assert {one.attributes["org"]: one.attributes["search"] for one in made} == expected
    assert {one.role for one in made} <= {"needs-rebase"}


def test_many_repositories_are_several_searches() -> None:
    made = searches(General(external_plugins={f"org/repo-{number}": IT for number in range(120)}))
    assert [one.attributes["search"].count("repo:") for one in made] == [50, 50, 20]


def pull(number: int, mergeable: str, *labels: str, state: str = "OPEN") -> dict[str, Any]:
    repository = {"name": "repo", "owner": {"login": "org"}}
    nodes = [{"name": label} for label in labels]
    return {
        "number": number,
        "state": state,
        "mergeable": mergeable,
        "repository": repository,
        "labels": {"nodes": nodes},
    }


class Seen:
    """A look at a GitHub whose search finds these."""

    now = datetime(2026, 3, 2, tzinfo=UTC)

    def __init__(self, nodes: list[dict[str, Any]], count: int) -> None:
        self.github, self._nodes, self._count = self, nodes, count
        self.asked: list[str] = []

    async def graphql(self, query: str, *, search: str, **variables: Any) -> Any:
        self.asked.append(search)
        return {"search": {"issueCount": self._count}}

    async def search(self, query: str, text: str, **variables: Any) -> Any:
        return self._nodes


async def test_only_what_differs_is_looked_at() -> None:
    nodes = [
        pull(1, "CONFLICTING"),
        pull(2, "CONFLICTING", "needs-rebase"),
        pull(3, "MERGEABLE"),
        pull(4, "MERGEABLE", "lgtm", "needs-rebase"),
        pull(5, "UNKNOWN", "needs-rebase"),
        pull(6, "CONFLICTING", state="MERGED"),
        {},
    ]
    look: Any = Seen(nodes, len(nodes))
    wanted = await found(look_event("needs-rebase", "", search=OPEN, org="org"), look)
    assert [one.subject for one in wanted] == ["org/repo#1", "org/repo#4"]


@pytest.mark.parametrize(
    ("since", "until", "halves"),
    [
        ("", "", [("2007-01-01", "2016-08-01"), ("2016-08-02", "2026-03-03")]),
        ("2026-03-01", "2026-03-02", [("2026-03-01", "2026-03-01"), ("2026-03-02", "2026-03-02")]),
    ],
)
async def test_a_search_that_finds_too_many_becomes_two(since: str, until: str, halves: list[tuple[str, str]]) -> None:
    look: Any = Seen([pull(1, "CONFLICTING")], MOST)
    event = look_event("needs-rebase", "", search=OPEN, org="org", since=since, until=until)
    wanted = await found(event, look)
    assert [(one.attributes["since"], one.attributes["until"]) for one in wanted] == halves
    assert look.asked == [f"{OPEN} created:{since}..{until}" if since else OPEN]


async def test_one_day_s_are_taken_as_far_as_github_gives_them() -> None:
    look: Any = Seen([pull(1, "CONFLICTING")], MOST + 5)
    event = look_event("needs-rebase", "", search=OPEN, org="org", since="2026-03-01", until="2026-03-01")
    assert [one.subject for one in await found(event, look)] == ["org/repo#1"]
