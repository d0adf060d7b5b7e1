import pytest

from cutwater.prowjob.labels import annotations_of, is_key, is_value, labels_of
from cutwater.prowjob.types import ProwJobSpec, Pull, Refs

LONG = "job-created-by-someone-who-loves-very-very-very-long-names-so-long-that-it-does-not-fit"


def spec(**fields: object) -> ProwJobSpec:
    return ProwJobSpec(**{"type": "presubmit", "job": "unit", "context": "ci/unit", **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "made_of, key, value",
    [
        pytest.param(spec(), "created-by-prow", "true", id="always"),
        pytest.param(spec(), "prow.k8s.io/type", "presubmit", id="the type"),
        pytest.param(spec(), "prow.k8s.io/context", "unit", id="what follows the last slash"),
        pytest.param(spec(context="has blank"), "prow.k8s.io/context", None, id="left out where that does not help"),
        pytest.param(spec(context=""), "prow.k8s.io/context", "", id="empty is a value"),
        pytest.param(spec(job=LONG), "prow.k8s.io/job", LONG[:63], id="cut to 63 letters"),
        pytest.param(spec(job="x" * 62 + "-y"), "prow.k8s.io/job", "x" * 62, id="no punctuation at the end of a cut"),
        pytest.param(spec(), "prow.k8s.io/refs.org", None, id="no refs"),
        pytest.param(spec(refs=Refs(org="o", repo="r")), "prow.k8s.io/refs.org", "o", id="of refs"),
        pytest.param(spec(extra_refs=(Refs(org="e", repo="r"),)), "prow.k8s.io/refs.org", "e", id="of the first extra"),
        pytest.param(
            spec(refs=Refs(org="o", repo="r", pulls=(Pull(number=7, author="a", sha="s"),))),
            "prow.k8s.io/refs.pull",
            "7",
            id="the first pull request",
        ),
        pytest.param(
            spec(refs=Refs(org="https://gerrit.example.com", repo="r")),
            "prow.k8s.io/refs.org",
            "gerrit.example.com",
            id="a Gerrit host",
        ),
        pytest.param(
            spec(refs=Refs(org="o", repo="r", base_ref="b" * 64)),
            "prow.k8s.io/refs.base_ref",
            None,
            id="refs: not cut",
        ),
    ],
)
def test_labels(made_of: ProwJobSpec, key: str, value: str | None) -> None:
    assert labels_of(made_of, {}).get(key) == value


def test_the_caller_wins() -> None:
    given = {"prow.k8s.io/job": "mine", "bad": "no good!"}
    assert labels_of(spec(), given)["prow.k8s.io/job"] == "mine"
    assert "bad" not in labels_of(spec(), given)
    assert annotations_of(spec(), {"note": "hi"}) == {
        "prow.k8s.io/job": "unit",
        "prow.k8s.io/context": "ci/unit",
        "note": "hi",
    }


@pytest.mark.parametrize("key, valid", [("a", True), ("x.io/a_b", True), ("X.io/a", False), ("/a", False)])
def test_names_of_labels(key: str, valid: bool) -> None:
    assert is_key(key) is valid


@pytest.mark.parametrize("value, valid", [("", True), ("a.b-c_d", True), ("-a", False), ("a" * 64, False)])
def test_values_of_labels(value: str, valid: bool) -> None:
    assert is_value(value) is valid
