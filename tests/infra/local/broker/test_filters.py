"""Trigger filters, as Knative's filter service decides them."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from infra.local.broker.filters import accepts
from infra.local.broker.resources import TriggerSpec

EVENT = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "datacontenttype": "application/json"}
NO = {"exact": {"type": "no"}}
YES = {"exact": {"type": "t"}}


def delivers(attributes: Mapping[str, str], **spec: Any) -> bool:
    trigger = {"broker": "b", "subscriber": {"uri": "http://f"}, **spec}
    return accepts(msgspec.convert(trigger, TriggerSpec))({**EVENT, **attributes})


@pytest.mark.parametrize(
    "filters, is_delivered",
    [
        pytest.param([YES], True, id="F1 exact"),
        pytest.param([{"exact": {"type": "T"}}], False, id="F1 exact is case-sensitive"),
        pytest.param([{"exact": {"subject": "x"}}], False, id="F2 absent subject"),
        pytest.param([{"not": {"exact": {"subject": "x"}}}], True, id="F3 not, absent subject"),
        pytest.param([{"not": {"exact": {"foo": "x"}}}], True, id="F4 not, absent extension"),
        pytest.param([{"exact": {"foo": ""}}], True, id="F5 an empty value drops an exact filter"),
        pytest.param([{"prefix": {"foo": ""}}], True, id="F5 an empty value drops a prefix filter"),
        pytest.param([{}], True, id="F6 empty"),
        pytest.param([{"not": {}}], True, id="F6 not empty"),
        pytest.param([{"any": [{}]}], True, id="F6 any of empty"),
        pytest.param([{"all": [{}]}], True, id="F6 all of empty"),
        pytest.param([{"any": [NO, {}]}], False, id="F7 empty is dropped from any"),
        pytest.param([{"any": [NO, {"not": {}}]}], True, id="F8 the last of any has no opinion"),
        pytest.param([{"any": [{"not": {}}, NO]}], False, id="F9 the last of any fails"),
        pytest.param([YES, {"prefix": {"source": "/x"}}], False, id="F10 all filters must pass"),
        pytest.param([{"prefix": {"knativearrivaltime": "2"}}], True, id="F19 arrival time"),
        pytest.param([{"exact": {"datamediatype": "application/json"}}], True, id="F20 media type"),
        pytest.param([{"exact": {"time": "0001-01-01T00:00:00Z"}}], True, id="F21 no time"),
        pytest.param([{"exact": {"type": "t"}, "prefix": {"type": "x"}}], True, id="F28 stored, exact wins"),
        pytest.param([{"suffix": {"source": "s"}}], True, id="suffix"),
        pytest.param([{"exact": {"type": "t", "source": "/x"}}], False, id="several keys must all be equal"),
        pytest.param([{"any": [NO, YES]}], True, id="any"),
        pytest.param([{"all": [YES, NO]}], False, id="all"),
        pytest.param([{"not": {"any": [NO, YES]}}], False, id="not any"),
        pytest.param([{"not": {"all": [YES, NO]}}], True, id="not all"),
    ],
)
def test_filters(filters: list[object], is_delivered: bool) -> None:
    event = {"datacontenttype": "application/json; charset=utf-8", "knativearrivaltime": "2026-11-25T08:00:00Z"}
    assert delivers(event, filters=filters) == is_delivered


@pytest.mark.parametrize(
    "wanted, event, is_delivered",
    [
        pytest.param({"type": "t"}, {}, True, id="F22 equal"),
        pytest.param({"type": "T"}, {}, False, id="other"),
        pytest.param({}, {}, True, id="F22 empty"),
        pytest.param({"subject": ""}, {}, False, id="F23 any subject, absent"),
        pytest.param({"foo": ""}, {}, False, id="F23 any value of an extension, absent"),
        pytest.param({"foo": ""}, {"foo": "x"}, True, id="F23 any value of an extension, present"),
        pytest.param({"time": ""}, {}, True, id="F24 any time, absent"),
        pytest.param({"type": "t", "foo": "x"}, {"foo": "y"}, False, id="one of two differs"),
    ],
)
def test_filter_of_old(wanted: Mapping[str, str], event: Mapping[str, str], is_delivered: bool) -> None:
    assert delivers(event, filter={"attributes": wanted}) == is_delivered


def test_without_any_filter_all_is_delivered() -> None:
    assert delivers({})


@pytest.mark.parametrize(
    "filters, is_delivered",
    [pytest.param([YES], True, id="F25 filters stand for filter"), pytest.param([], False, id="F26 none do not")],
)
def test_both_kinds(filters: list[object], is_delivered: bool) -> None:
    assert delivers({}, filter={"attributes": {"type": "no"}}, filters=filters) == is_delivered
