"""Which events a Trigger lets through: the dialects of `filters`, and the older `filter`.

A filter passes, fails, or has no opinion; only a failure stops an event. Source: knative.dev/eventing pkg/eventfilter.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto

from infra.local.broker.events import media_type
from infra.local.broker.resources import Filter, TriggerSpec

Attributes = Mapping[str, str]

ALWAYS_PRESENT = frozenset({"subject", "dataschema", "schemaurl", "datacontenttype", "datacontentencoding"})
"""Optional attributes that a filter sees as "" where the event lacks them."""

NO_TIME = "0001-01-01T00:00:00Z"


class Result(Enum):
    """What one filter says of one event."""

    PASS = auto()
    FAIL = auto()
    NONE = auto()


Predicate = Callable[[Attributes], Result]


def accepts(spec: TriggerSpec) -> Callable[[Attributes], bool]:
    """The test that an event's attributes must stand to be delivered to this Trigger.

    `filters`, where there are any, replace `filter`. The time-to-live must already be gone from the attributes.
    """
    if spec.filters:
        every = _every(_kept(spec.filters))
        return lambda attributes: every(attributes) is not Result.FAIL
    wanted = spec.filter.attributes
    return lambda attributes: all(_legacy(lookup(attributes, name), value) for name, value in wanted.items())


def lookup(attributes: Attributes, name: str) -> str | None:
    """An attribute as a filter sees it; None is an extension that the event lacks."""
    if name in ALWAYS_PRESENT:
        return attributes.get(name, "")
    if name == "time":
        return attributes.get(name, NO_TIME)
    if name == "datamediatype":
        return media_type(attributes.get("datacontenttype", ""))
    return attributes.get(name)


def _legacy(value: str | None, wanted: str) -> bool:
    return value == wanted if wanted else bool(value)


def _kept(filters: Sequence[Filter]) -> list[Predicate]:
    return [predicate for item in filters if (predicate := _predicate(item)) is not None]


def _predicate(item: Filter) -> Predicate | None:
    """The filter's test, or None where Knative drops it as if it were not there."""
    if item.exact:
        return _compared(item.exact, str.__eq__)
    if item.prefix:
        return _compared(item.prefix, str.startswith)
    if item.suffix:
        return _compared(item.suffix, str.endswith)
    if item.all:
        return _every(_kept(item.all))
    if item.any:
        return _some(_kept(item.any))
    if item.not_ is not None:
        return _opposite(_predicate(item.not_))
    return None


def _compared(wanted: Mapping[str, str], matches: Callable[[str, str], bool]) -> Predicate | None:
    if not all(wanted.values()):
        return None

    def test(attributes: Attributes) -> Result:
        for name, value in wanted.items():
            actual = lookup(attributes, name)
            if actual is None or not matches(actual, value):
                return Result.FAIL
        return Result.PASS

    return test


def _every(predicates: Sequence[Predicate]) -> Predicate:
    """The first failure, else what the last one says."""

    def test(attributes: Attributes) -> Result:
        result = Result.NONE
        for predicate in predicates:
            result = predicate(attributes)
            if result is Result.FAIL:
                break
        return result

    return test


def _some(predicates: Sequence[Predicate]) -> Predicate:
    """The first pass, else what the last one says: an opinionless last one lets the event through."""

    def test(attributes: Attributes) -> Result:
        result = Result.NONE
        for predicate in predicates:
            result = predicate(attributes)
            if result is Result.PASS:
                break
        return result

    return test


OPPOSITE = {Result.PASS: Result.FAIL, Result.FAIL: Result.PASS, Result.NONE: Result.NONE}


def _opposite(predicate: Predicate | None) -> Predicate:
    if predicate is None:
        return lambda attributes: Result.NONE
    inner = predicate
    return lambda attributes: OPPOSITE[inner(attributes)]
