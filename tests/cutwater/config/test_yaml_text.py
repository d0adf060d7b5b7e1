"""What is written as YAML reads back as the same, here and by any other reader."""

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from cutwater.config.findings import Source
from cutwater.config.typed import read
from cutwater.config.yaml_text import Plain, yaml_text

TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "",
            "y",
            "No",
            "on",
            "~",
            "null",
            "0755",
            "1_000",
            "1e3",
            "0x1f",
            "12:30",
            "2026-01-02",
            "<<",
            "=",
            "...",
            "---",
        ]
    ),
    st.text(alphabet="ab:# -'\"\n\t{}[]&*!|>%@`", max_size=12),
)
VALUES: st.SearchStrategy[Plain] = st.recursive(
    st.one_of(st.booleans(), st.integers(-(2**60), 2**60), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(TEXTS, VALUES, max_size=4)


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS)
def test_it_reads_back_as_go_reads_it(value: dict[str, Plain]) -> None:
    found = read(Source("x.yaml", yaml_text(value).encode()), dict[str, Plain])
    assert (found.refused, found.value) == ((), value)


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS)
def test_it_reads_back_as_others_read_it(value: dict[str, Plain]) -> None:
    assert yaml.safe_load(yaml_text(value)) == value


def test_how_it_looks() -> None:
    job: dict[str, Plain] = {
        "name": "unit",
        "always_run": True,
        "labels": {"on": "y", "version": "1.20", "empty": ""},
        "branches": ["main", r"release-\d+"],
        "spec": {"containers": [{"image": "x:1", "args": ["-c", "make\ngo test ./...\n"], "env": []}]},
        "timeout": "1h30m0s",
        "memory": "2Gi",
        "max_concurrency": 3,
    }
    assert yaml_text({"presubmits": {"acme/rocket": [job]}}) == snapshot("""\
presubmits:
  acme/rocket:
  - name: unit
    always_run: true
    labels:
      'on': 'y'
      version: '1.20'
      empty: ''
    branches:
    - main
    - 'release-\\d+'
    spec:
      containers:
      - image: x:1
        args:
        - '-c'
        - |
          make
          go test ./...
        env: []
    timeout: 1h30m0s
    memory: 2Gi
    max_concurrency: 3
""")


def test_keys_in_the_order_of_their_names() -> None:
    assert yaml_text({"b": 1, "a": {"d": 2, "c": [{"z": 1, "y": 2}]}}, sort_keys=True) == snapshot("""\
a:
  c:
  - 'y': 2
    z: 1
  d: 2
b: 1
""")
