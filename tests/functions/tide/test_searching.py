"""What tide searches GitHub for. The tables are those of upstream's tests, whose names stand beside them."""

from typing import Any

import pytest

from cutwater.config.tide import Tide, TideQuery
from cutwater.errors import Later
from cutwater.events.look import look_at
from cutwater.events.publish import LookAgain, look_event
from cutwater.kube.client import Kube
from functions.tide.sweep import CHANGES, searches_for_changes, sweep
from tests.cutwater.config.configured import configured
from tests.edges import edges
from tests.oracle.clusters import Cluster, Json

# TestOpenPRsQuery


def test_one_search_for_each_organisation() -> None:
    tide = Tide(
        queries=(
            TideQuery(orgs=("org",), excluded_repos=("org/repo1", "org/repo2")),
            TideQuery(orgs=("kuber",)),
            TideQuery(repos=("k8s/k8s", "k8s/t-i")),
        )
    )
    assert searches_for_changes(tide) == {
        "k8s": f'{CHANGES} repo:"k8s/k8s" repo:"k8s/t-i"',
        "kuber": f'{CHANGES} org:"kuber"',
        "org": f'{CHANGES} org:"org" -repo:"org/repo1" -repo:"org/repo2"',
    }


def test_what_one_query_leaves_out_and_another_does_not_is_searched() -> None:
    tide = Tide(queries=(TideQuery(orgs=("org",), excluded_repos=("org/a",)), TideQuery(orgs=("org",))))
    assert searches_for_changes(tide) == {"org": f'{CHANGES} org:"org"'}


# TestSearch


class Pages:
    """A GitHub whose searches find two pages in each organisation; `breaks` is the one whose second does not come."""

    def __init__(self, breaks: str) -> None:
        self._breaks = breaks

    async def graphql(self, query: str, org: str, **asked: Any) -> Json:
        is_second = asked["after"] is not None
        if is_second and org == self._breaks:
            raise Later("GitHub does not answer")
        repository = {"name": "two" if is_second else "one", "owner": {"login": org}}
        node = {
            "number": 1,
            "repository": repository,
            "baseRefName": "main",
            "headRefOid": "head",
            "updatedAt": "2026-01-02T03:04:05Z",
        }
        return {"search": {"nodes": [node], "pageInfo": {"hasNextPage": not is_second, "endCursor": "next"}}}


@pytest.mark.virtual
async def test_a_page_that_does_not_come_holds_back_no_other_search() -> None:
    cluster = Cluster({}, lambda *_: None)
    github = Pages(breaks="acme")
    config = configured("tide: {queries: [{orgs: [acme, zeta]}]}")
    world = edges(config=config, kube=lambda: Kube(cluster), github=lambda: github)
    looks = []

    async def act(effect: Any) -> Any:
        if isinstance(effect, LookAgain):
            looks.append(effect.subject)

    await sweep(look_event("tide", "sweep"), await look_at(world), act)
    assert {"zeta/one:main", "zeta/two:main"} <= set(looks)
