"""Label and field selectors: parsed once, asked of each object.

Source: k8s.io/apimachinery pkg/labels and pkg/fields.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from infra.local.kube import names
from infra.local.kube.statuses import ApiError, bad_request

Selector: TypeAlias = Callable[[Mapping[str, str]], bool]

_TOKEN = re.compile(r"\s*(==|!=|[!(),=<>]|[^\s!(),=<>]+|$)")
_SYMBOLS = frozenset(("!", "(", ")", ",", "=", "==", "!=", "<", ">"))


def parse_labels(text: str) -> Selector | None:
    """The claim a label selector makes of an object's labels; None for one that selects everything. Raises ApiError."""
    if not text.strip():
        return None
    return _all(_LabelParser(text).requirements())


def parse_fields(text: str, known: Callable[[str], ApiError | None]) -> Selector | None:
    """The same for a field selector over the fields that `known` does not refuse."""
    if not text:
        return None
    requirements = [_field_requirement(term, known) for term in _split_unescaped(text, ",") if term]
    return _all(requirements)


def _all(requirements: Sequence[Selector]) -> Selector:
    if len(requirements) == 1:
        return requirements[0]
    return lambda values: all(requirement(values) for requirement in requirements)


class _LabelParser:
    def __init__(self, text: str) -> None:
        self._tokens = [match.group(1) for match in _TOKEN.finditer(text)]
        self._next = 0

    def requirements(self) -> list[Selector]:
        result = []
        while True:
            result.append(self._requirement())
            following = self._take()
            if not following:
                return result
            if following != ",":
                raise bad_request(f"found '{following}', expected: ',' or 'end of string'")
            if not self._peek():
                raise bad_request("found '', expected: identifier after ','")

    def _requirement(self) -> Selector:
        if self._peek() == "!":
            self._take()
            key = self._key()
            return lambda labels: key not in labels
        if self._peek() in _SYMBOLS:
            raise bad_request(f"found '{self._peek()}', expected: !, identifier, or 'end of string'")
        key = self._key()
        if self._peek() in ("", ","):
            return lambda labels: key in labels
        return self._comparison(key, self._take())

    def _comparison(self, key: str, operator: str) -> Selector:
        match operator:
            case "=" | "==":
                value = self._value(key)
                return lambda labels: labels.get(key) == value
            case "!=":
                value = self._value(key)
                return lambda labels: labels.get(key) != value
            case "in":
                values = self._values(key)
                return lambda labels: labels.get(key) in values
            case "notin":
                values = self._values(key)
                return lambda labels: labels.get(key) not in values
            case "<" | ">":
                limit = self._number()
                return lambda labels: _compares(labels.get(key), limit, operator)
        expected = "in, notin, =, ==, !=, gt, lt"
        raise bad_request(f"unable to parse requirement: found '{operator}', expected: {expected}")

    def _value(self, key: str) -> str:
        """One value; none at all is the empty one."""
        return "" if self._peek() in ("", ",") else self._checked(key, self._identifier(), 0)

    def _values(self, key: str) -> frozenset[str]:
        if (found := self._take()) != "(":
            raise bad_request(f"unable to parse requirement: found '{found}' expected: '('")
        values: set[str] = set()
        while True:
            if self._peek() in (",", ")"):
                values.add("")
            else:
                values.add(self._checked(key, self._identifier(), len(values)))
            following = self._take()
            if following == ")":
                return frozenset(values)
            if following != ",":
                raise bad_request(f"unable to parse requirement: found '{following}', expected: ',' or ')'")

    def _number(self) -> int:
        text = self._identifier()
        if not re.fullmatch(r"[+-]?\d+", text):
            why = "for 'Gt', 'Lt' operators, the value must be an integer"
            raise bad_request(f'unable to parse requirement: values[0]: Invalid value: "{text}": {why}')
        return int(text)

    def _key(self) -> str:
        key = self._identifier()
        for why in names.qualified(key):
            raise bad_request(f'unable to parse requirement: <nil>: Invalid value: "{key}": {why}')
        return key

    @staticmethod
    def _checked(key: str, value: str, position: int) -> str:
        for why in names.label_value(value):
            field = f"values[{position}][{key}]"
            raise bad_request(f'unable to parse requirement: {field}: Invalid value: "{value}": {why}')
        return value

    def _identifier(self) -> str:
        token = self._take()
        if not token or token in _SYMBOLS:
            raise bad_request(f"unable to parse requirement: found '{token}', expected: identifier")
        return token

    def _peek(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        self._next += 1
        return token


def _compares(value: str | None, limit: int, operator: str) -> bool:
    if value is None or not re.fullmatch(r"[+-]?\d+", value):
        return False
    return int(value) > limit if operator == ">" else int(value) < limit


def _field_requirement(term: str, known: Callable[[str], ApiError | None]) -> Selector:
    match = re.match(r"(.*?)(!=|==|=)(.*)$", term, re.DOTALL)
    if not match:
        raise bad_request(f"invalid selector: '{term}'; can't understand '{term}'")
    field, operator, value = match[1], match[2], _unescaped(match[3])
    if refusal := known(field):
        raise refusal
    if operator == "!=":
        return lambda fields: fields.get(field, "") != value
    return lambda fields: fields.get(field, "") == value


def _split_unescaped(text: str, separator: str) -> list[str]:
    """`text` at each `separator` that no backslash protects."""
    return re.findall(rf"((?:[^{separator}\\]|\\.)+)", text, re.DOTALL)


def _unescaped(value: str) -> str:
    return re.sub(r"\\([\\,=])", r"\1", value)
