"""What changed between two values, and where."""

from typing import Any

import pytest
from msgspec import UNSET

from cutwater.config.values_compared import Change, changes


def change(path: str, old: Any = UNSET, new: Any = UNSET) -> Change:
    return Change(path=path, old=old, new=new)


@pytest.mark.parametrize(
    "old, new, expected",
    [
        pytest.param({"a": {"b": 1}}, {"a": {"b": 1}}, [], id="the same"),
        pytest.param({"a": {"b": 1}}, {"a": {"b": 2}}, [change("a.b", 1, 2)], id="a field"),
        pytest.param({}, {"a/b": 1}, [change('["a/b"]', new=1)], id="a key that is no name"),
        pytest.param({"a": 1}, {}, [change("a", 1)], id="gone"),
        pytest.param({"a": ["x"]}, {"a": ["y"]}, [change("a[0]", "x", "y")], id="an item of a list"),
        pytest.param({"a": ["x"]}, {"a": ["x", "y"]}, [change("a", ["x"], ["x", "y"])], id="a longer list"),
        pytest.param(
            {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
            {"env": [{"name": "B", "value": "3"}, {"name": "C"}]},
            [
                change("env[A]", {"name": "A", "value": "1"}),
                change("env[B].value", "2", "3"),
                change("env[C]", new={"name": "C"}),
            ],
            id="items with names",
        ),
        pytest.param(
            {"mounts": [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}]},
            {"mounts": [{"name": "v", "mountPath": "/a"}, {"name": "w", "mountPath": "/b"}]},
            [change("mounts[/b].name", "v", "w")],
            id="names that are not unique",
        ),
        pytest.param(
            {"env": [{"name": "A"}, {"name": "B"}]},
            {"env": [{"name": "B"}, {"name": "A"}]},
            [change("env (order)", ["A", "B"], ["B", "A"])],
            id="only their order",
        ),
        pytest.param(
            {"env": [{"name": "O", "value": '{"args":["a"],"timeout":1}'}]},
            {"env": [{"name": "O", "value": '{"args":["b"],"timeout":1}'}]},
            [change("env[O].value.args[0]", "a", "b")],
            id="JSON in text",
        ),
        pytest.param({"a": "{no"}, {"a": "{yes"}, [change("a", "{no", "{yes")], id="what only looks like JSON"),
        pytest.param({"a": None}, {"a": False}, [change("a", None, False)], id="null is not false"),
    ],
)
def test_changes(old: object, new: object, expected: list[Change]) -> None:
    assert list(changes(old, new)) == expected


def test_the_same_change_elsewhere_is_known() -> None:
    one, other = change("a", {"x": 1, "y": 2}, 1), change("a", {"y": 2, "x": 1}, 1)
    assert one.identity == other.identity != change("b", {"x": 1, "y": 2}, 1).identity
