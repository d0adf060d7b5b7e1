"""What tide costs of GitHub's hourly limit, where many pull requests are open and little happens."""

from collections import Counter

import pytest
from graphql import build_schema, parse, validate

from bench import tide, tide_peer
from bench.points import points
from bench.tide_world import Size, config_of, seed_of
from infra.local.github.graphql import SCHEMA
from infra.local.github.seeds import load
from tests.world import World, configuration

SIZE = Size(orgs=2, repos=2, branches=2, pulls=12)
FIRST, QUIET = 20, 30
"""Minutes in which all is seen, and in which nothing happens."""
MOST_LOOKS = 4
"""At each pool, while nothing happens."""


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("{viewer {login}}", 1, id="no connection"),
        pytest.param("{a {pulls(first: 100) {nodes {number}}}}", 1, id="one page"),
        pytest.param("{a {pulls(first: 100) {nodes {labels(first: 5) {nodes {name}}}}}}", 1, id="a page for each item"),
        pytest.param(
            "{a {pulls(first: 100) {nodes {labels(last: 50) {nodes {x(first: 60) {y}}}}}}}", 51, id="GitHub's example"
        ),
        pytest.param("query ($n: Int) {a {pulls(first: $n) {nodes {l(first: 1) {x} m(first: 1) {x}}}}}", 2, id="two"),
        pytest.param(
            "query ($n: Int) {a {pulls(first: $n) {...p}}} fragment p on Page {nodes {l(first: 1) {m(first: 1)}}}",
            2,
            id="in a fragment",
        ),
    ],
)
def test_points(query: str, expected: int) -> None:
    assert points(query, {"n": 100}) == expected


@pytest.mark.parametrize("query", [tide_peer.SEARCH, tide_peer.BLOCKERS])
def test_what_the_peer_asks_is_a_question(query: str) -> None:
    assert validate(build_schema(SCHEMA.read_text()), parse(query)) == []


@pytest.mark.slow
@pytest.mark.virtual
async def test_half_an_hour_in_which_nothing_happens() -> None:
    config, jobs = config_of(SIZE)
    async with World(configuration(config, jobs, "plugins: {}")) as world:
        load(world.github, seed_of(SIZE, "http://hook/hook"))
        await world.settle(FIRST * 60)
        before = _asked(world)
        await world.settle(QUIET * 60)
        asked = _asked(world) - before
    assert asked.pop("GRAPHQL query findPools") == 2 * SIZE.orgs * QUIET
    assert asked.pop(tide.LOOK) <= MOST_LOOKS * SIZE.pools
    assert asked == Counter()


def _asked(world: World) -> Counter[str]:
    """What tide has asked of GitHub, by call."""
    return Counter({call: spent.calls for who, call, spent in world.functions.edges.github.calls if who == "tide"})
