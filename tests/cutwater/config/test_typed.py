"""Reading YAML for a type."""

import gzip
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

import pytest
from msgspec import Struct, field

from cutwater.config.findings import Origin, Source
from cutwater.config.typed import Read, read
from cutwater.prowjob.decoration import Duration, Quantity
from cutwater.prowjob.types import PodSpec


class Inner(Struct, frozen=True, kw_only=True):
    """One of several."""

    name: str = ""
    must: int


class Outer(Struct, frozen=True, kw_only=True):
    """Something of every kind."""

    text: str = ""
    maybe: str | None = None
    whole: int = 0
    number: float = 0
    truth: bool = False
    wait: timedelta = timedelta()
    timeout: Duration | None = None
    memory: Quantity | None = None
    kind: Literal["", "good", "bad"] = ""
    many: tuple[str, ...] = ()
    inner: Inner | None = None
    inners: tuple[Inner, ...] = ()
    by_name: Mapping[str, int] = field(default_factory=dict, name="by-name")
    anything: Any = None
    spec: PodSpec | None = None


class Placed(Struct, frozen=True, kw_only=True):
    """What knows where it stands."""

    origin: Origin
    inner: "Placed | None" = None


def reading(text: str, wanted: Any = Outer, *, strict: bool = False) -> Read:
    return read(Source("x.yaml", text.encode()), wanted, strict=strict)


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("text: on", Outer(text="true"), id="a boolean in a field of text"),
        pytest.param("text: 1.50", Outer(text="1.5"), id="a number in a field of text"),
        pytest.param("text: '1.50'", Outer(text="1.50"), id="quoted it stays"),
        pytest.param("text: !!str 012", Outer(text="012"), id="so it does with a tag"),
        pytest.param("text: !!binary aGk=", Outer(text="hi"), id="binary is decoded"),
        pytest.param("text: null\nmaybe: ~", Outer(), id="null is not said"),
        pytest.param("maybe: ''", Outer(maybe=""), id="empty is said"),
        pytest.param("whole: 0x10\nnumber: 3\ntruth: yes", Outer(whole=16, number=3, truth=True), id="numbers"),
        pytest.param("whole: 1e3", Outer(whole=1000), id="a whole number however it is written"),
        pytest.param("wait: 90m", Outer(wait=timedelta(minutes=90)), id="a time to wait"),
        pytest.param("timeout: 90m", Outer(timeout="1h30m0s"), id="a duration as Go writes it"),
        pytest.param("timeout: 1500000000", Outer(timeout="1.5s"), id="a duration in nanoseconds"),
        pytest.param("memory: 1.50", Outer(memory="1.50"), id="a quantity as it is written"),
        pytest.param("kind: good", Outer(kind="good"), id="one of a few"),
        pytest.param("many: [a, 1, ~]", Outer(many=("a", "1", "")), id="null in a list is nothing"),
        pytest.param("inner: {name: a}", Outer(inner=Inner(name="a", must=0)), id="what must be there is zero"),
        pytest.param("inners: [{must: 1}, ~]", Outer(inners=(Inner(must=1), Inner(must=0))), id="in lists, too"),
        pytest.param("by-name: {a: 1, 2: 3, on: 4}", Outer(by_name={"a": 1, "2": 3, "true": 4}), id="keys are text"),
        pytest.param("anything: {on: [y, 1.0, x]}", Outer(anything={"true": [True, 1.0, "x"]}), id="anything"),
        pytest.param("TEXT: a\nBy-Name: {a: 1}", Outer(text="a", by_name={"a": 1}), id="keys match in any case"),
        pytest.param("whole: 1\nwhole: 2", Outer(whole=2), id="the last of a key counts"),
        pytest.param("---\nwhole: 1\n---\nwhole: 2", Outer(whole=1), id="only the first document counts"),
        pytest.param("", Outer(), id="an empty file"),
        pytest.param("# nothing", Outer(), id="a file of comments"),
        pytest.param("anything: &a {whole: 1}\n<<: *a", Outer(anything={"whole": 1}, whole=1), id="a merge"),
        pytest.param(
            "whole: 2\n<<: {whole: 1}\n", Outer(whole=1), id="a merge overrules what stands before it, as in Go"
        ),
        pytest.param("<<: [{whole: 1}, {whole: 2, text: a}]", Outer(whole=1, text="a"), id="the first of several wins"),
        pytest.param(
            "spec: {containers: [{image: 1, env: [{name: A, value: on}]}], hostNetwork: y}",
            Outer(spec={"containers": [{"image": "1", "env": [{"name": "A", "value": "true"}]}], "hostNetwork": True}),
            id="a pod spec has types of its own",
        ),
    ],
)
def test_what_is_read(text: str, expected: Outer) -> None:
    found = reading(text)
    assert found.refused == ()
    assert found.value == expected


@pytest.mark.parametrize(
    "text, finding",
    [
        pytest.param("\nwhole: many", 'x.yaml:2: whole: "many" is not a whole number', id="not a number"),
        pytest.param("whole: 1.5", 'x.yaml:1: whole: "1.5" is not a whole number', id="not a whole one"),
        pytest.param("whole: yes", 'x.yaml:1: whole: "yes" is not a whole number', id="a boolean is none"),
        pytest.param(
            "whole: 9223372036854775808", 'x.yaml:1: whole: "9223372036854775808" is not a whole number', id="big"
        ),
        pytest.param("truth: 'yes'", 'x.yaml:1: truth: "yes" is not true or false', id="text is no boolean"),
        pytest.param("text: [a]", "x.yaml:1: text: a list is not text", id="a list for text"),
        pytest.param("many: a", 'x.yaml:1: many: "a" is not a list', id="text for a list"),
        pytest.param("inner: 3", 'x.yaml:1: inner: "3" is not a mapping', id="text for a mapping"),
        pytest.param(
            "wait: 5", 'x.yaml:1: wait: "5" is not a duration such as 1h30m', id="a number for a time to wait"
        ),
        pytest.param("timeout: soon", 'x.yaml:1: timeout: "soon" is not a duration such as 1h30m', id="no duration"),
        pytest.param("kind: ugly", 'x.yaml:1: kind: "ugly" is not one of good, bad', id="none of the few"),
        pytest.param(
            "memory: {}", "x.yaml:1: memory: a mapping is not a quantity such as 500m or 2Gi", id="no quantity"
        ),
        pytest.param(
            "inners:\n- must: 1\n- must: [x]",
            "x.yaml:3: inners[1].must: a list is not a whole number",
            id="deep inside",
        ),
        pytest.param(
            "by-name: {a/b: x}", 'x.yaml:1: by-name["a/b"]: "x" is not a whole number', id="keys that are quoted"
        ),
        pytest.param("anything: .inf", 'anything: ".inf" is not a number that JSON knows', id="infinity"),
        pytest.param("- a", "x.yaml:1: a list is not a mapping", id="the whole file"),
        pytest.param("a: b: c", "x.yaml:1: not YAML: mapping values are not allowed in this context", id="no YAML"),
        pytest.param("a: [", "not YAML: while parsing a flow node, did not find expected node content", id="cut"),
        pytest.param("a\n\x01", "x.yaml:2: not YAML: control characters are not allowed", id="control characters"),
        pytest.param(
            "anything: &a [*a]", "is nested too deeply, or its aliases unfold without end", id="itself in itself"
        ),
    ],
)
def test_what_is_refused_has_its_place(text: str, finding: str) -> None:
    (found,) = reading(text).refused
    assert str(found).endswith(finding)


def test_everything_that_is_wrong_is_found_at_once() -> None:
    found = reading("whole: a\ntruth: b\nmany: [c, [d]]\n")
    assert [finding.where for finding in found.refused] == ["whole", "truth", "many[1]"]


@pytest.mark.parametrize(
    "text, finding",
    [
        pytest.param("wohle: 1", "x.yaml:1: wohle: is no known field; whole is", id="a misspelt field"),
        pytest.param(
            "spec: {contaners: []}", "x.yaml:1: spec.contaners: is no known field; containers is", id="of a pod"
        ),
        pytest.param("whole: 1\nwhole: 2", "x.yaml:2: whole: is given twice, first in line 1", id="a key given twice"),
        pytest.param(
            "by-name: {a: 1, a: 1}", "x.yaml:1: by-name.a: is given twice, first in line 1", id="in a map, too"
        ),
    ],
)
def test_what_is_odd_is_wrong_only_in_strict_reading(text: str, finding: str) -> None:
    lenient, strict = reading(text), reading(text, strict=True)
    assert (list(map(str, lenient.remarked)), lenient.refused) == ([finding], ())
    assert (strict.remarked, list(map(str, strict.refused))) == ((), [finding])


@pytest.mark.parametrize(
    "text, value",
    [
        pytest.param("whole: [1]\nwhole: 2", Outer(whole=2), id="of another type"),
        pytest.param("whole: 1\nwhole:", Outer(), id="nothing at last"),
        pytest.param("by-name: {a: [], a: 2}", Outer(by_name={"a": 2}), id="in a map"),
        pytest.param("<<: {whole: [1]}\nwhole: 2", Outer(whole=2), id="brought along by a merge"),
    ],
)
def test_what_a_later_key_replaces_is_not_read(text: str, value: Outer) -> None:
    found = reading(text)
    assert (found.refused, found.value) == ((), value)


def test_the_same_key_in_another_case_is_read_too() -> None:
    assert [str(finding) for finding in reading("Whole: [1]\nwhole: 2").refused] == [
        "x.yaml:1: Whole: a list is not a whole number"
    ]


def test_what_a_merge_brings_along_is_not_given_twice() -> None:
    assert reading("by-name: {<<: {a: 1}, a: 2}", strict=True).refused == ()


def test_aliases_of_aliases_end() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    found = reading("\n".join([*lines, "anything: *a8"]))
    assert "aliases unfold without end" in found.refused[0].message


def test_gzip_is_unpacked() -> None:
    assert read(Source("x.yaml", gzip.compress(b"whole: 3")), Outer).value == Outer(whole=3)


def test_what_wants_to_know_its_place_is_told() -> None:
    found = reading("inner:\n  inner: {}\n", Placed).value
    assert (found.origin, found.inner.origin) == (Origin("x.yaml", 1), Origin("x.yaml", 2))
