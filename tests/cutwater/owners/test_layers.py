"""Logins by their distance."""

import pytest

from cutwater.owners.layers import Layers


@pytest.mark.parametrize(
    "given, kept",
    [
        pytest.param(["x", "xy"], ["x", "y"], id="who is nearer is not farther, too"),
        pytest.param(["a", "", "b"], ["a", "", "b"], id="an empty layer keeps its place"),
        pytest.param(["a", "", ""], ["a"], id="but not behind the last name"),
        pytest.param([], [], id="nobody"),
    ],
)
def test_layers(given: list[str], kept: list[str]) -> None:
    assert Layers.of(given) == Layers(tuple(map(frozenset, kept)))


@pytest.mark.parametrize(
    "one, other, both",
    [
        pytest.param(["a", "b"], ["b", "ac"], ["a", "bc"], id="the first's places count"),
        pytest.param(["", "b"], ["b"], ["", "b"], id="even where they are farther"),
        pytest.param([], ["", "a"], ["", "a"], id="with nobody"),
        pytest.param(["a"], ["b", "c"], ["ab", "c"], id="of different depth"),
    ],
)
def test_union(one: list[str], other: list[str], both: list[str]) -> None:
    assert Layers.of(one) | Layers.of(other) == Layers.of(both)


def test_what_is_asked_of_layers() -> None:
    layers = Layers.of(["", "ca", "b"])
    assert list(layers) == ["a", "c", "b"]
    assert len(layers) == 3
    assert "b" in layers and "d" not in layers
    assert layers.nearest == ("a", "c")
    assert layers.without({"a", "c"}) == Layers.of(["", "", "b"])
    assert layers.without({"a", "c"}).nearest == ("b",)
    assert layers.without({"a", "b", "c"}) == Layers()
    assert Layers().nearest == ()
