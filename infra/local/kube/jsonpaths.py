"""The little of JSONPath that a definition's columns and selectable fields use.

Source: k8s.io/client-go util/jsonpath.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

Step: TypeAlias = Callable[[Any], Iterator[Any]]

_STEP = re.compile(
    r"""\.(?P<name>(?:[^.\[\]\\]|\\.)+)
      | \['(?P<quoted>(?:[^'\\]|\\.)*)'\]
      | \[(?P<index>-?\d+)\]
      | (?P<all>\[\*\]|\.\*)
      | \[\?\(\s*@(?P<filter>(?:\.[^.\[\]=\s]+)+)\s*==\s*(?P<value>"[^"]*"|'[^']*'|[^)\s]+)\s*\)\]""",
    re.VERBOSE,
)


class JsonPath:
    """A compiled path; raises ValueError for one that is not understood."""

    def __init__(self, text: str) -> None:
        self._names: list[str] | None = []  # the steps of a path of members only, the usual one
        self._steps: list[Step] = []
        position = 0
        while position < len(text):
            match = _STEP.match(text, position)
            if not match:
                raise ValueError(f"unrecognized part of a path: {text[position:]}")
            self._steps.append(_step(match))
            name = match["name"] or match["quoted"]
            if name is None:
                self._names = None
            elif self._names is not None:
                self._names.append(_unescaped(name))
            position = match.end()

    def find(self, value: Any) -> list[Any]:
        """What the path leads to, which may be nothing."""
        if self._names is not None:
            for name in self._names:
                if not isinstance(value, dict) or name not in value:
                    return []
                value = value[name]
            return [value]
        found = [value]
        for step in self._steps:
            found = [result for item in found for result in step(item)]
        return found


def _step(match: re.Match[str]) -> Step:
    if match["all"]:
        return lambda value: iter(
            value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
        )
    if match["index"]:
        return _element(int(match["index"]))
    if match["filter"]:
        path = JsonPath(match["filter"])
        wanted = match["value"].strip("\"'")
        return lambda value: (item for item in _items(value) if [str(found) for found in path.find(item)] == [wanted])
    return _member(_unescaped(match["name"] or match["quoted"]))


def _unescaped(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name)


def _member(name: str) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, dict) and name in value:
            yield value[name]

    return step


def _element(index: int) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, list) and -len(value) <= index < len(value):
            yield value[index]

    return step


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
