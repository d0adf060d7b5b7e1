"""Which runs a filter leaves."""

from typing import Any

import pytest

from functions.deck.filters import Filter, chosen, from_query, matcher
from functions.deck.runs import Run, as_run, is_shown


def run(job: str = "unit", **changed: Any) -> Run:
    spec: dict[str, Any] = {"type": "presubmit", "job": job, "cluster": "default"}
    spec["refs"] = {"org": "acme", "repo": "rocket", "pulls": [{"number": 7, "author": "Bob", "sha": "c"}]}
    state = changed.pop("state", "success")
    return as_run({"metadata": {"name": job}, "spec": spec | changed, "status": {"state": state}})


@pytest.mark.parametrize(
    "wanted, is_chosen",
    [
        pytest.param({}, True, id="no wish"),
        pytest.param({"job": "ni"}, True, id="a part of the name"),
        pytest.param({"job": "UNI"}, True, id="in either case"),
        pytest.param({"job": "u*t"}, True, id="a pattern"),
        pytest.param({"job": "n*"}, False, id="a pattern holds for all of it"),
        pytest.param({"job": "u?it"}, True, id="one letter"),
        pytest.param({"job": "[a-z]*"}, False, id="brackets are letters"),
        pytest.param({"repo": "acme/rocket"}, True, id="repository"),
        pytest.param({"repo": "acme/*"}, True, id="organisation"),
        pytest.param({"repo": "other"}, False, id="another repository"),
        pytest.param({"pull": "7"}, True, id="pull request"),
        pytest.param({"pull": "#7"}, True, id="as people write it"),
        pytest.param({"pull": "77"}, False, id="another pull request"),
        pytest.param({"author": "bob"}, True, id="author"),
        pytest.param({"author": "alice"}, False, id="another author"),
        pytest.param({"type": "periodic"}, False, id="type"),
        pytest.param({"state": "success"}, True, id="state"),
        pytest.param({"state": "failure"}, False, id="another state"),
        pytest.param({"cluster": "default"}, True, id="cluster"),
        pytest.param({"cluster": "arm", "job": "unit"}, False, id="all wishes count"),
    ],
)
def test_wishes(wanted: dict[str, str], is_chosen: bool) -> None:
    assert bool(chosen([run()], Filter(**wanted))) is is_chosen


def test_the_name_of_a_job_means_that_job() -> None:
    runs = [run("unit"), run("unit-slow")]
    assert [each.spec.job for each in chosen(runs, Filter(job="unit"), {"unit", "unit-slow"})] == ["unit"]
    assert len(chosen(runs, Filter(job="uni"), {"unit", "unit-slow"})) == 2


def test_many_stars_cost_no_more_than_one() -> None:
    assert not matcher("*" * 150 + "x")("a" * 5000)


def test_a_query_and_back() -> None:
    wanted = from_query({"job": " a&b ", "pull": "7", "nonsense": "x", "author": "x" * 999})
    assert wanted.but(author="").query == "job=a%26b&pull=7"
    assert len(wanted.author) == 200


@pytest.mark.parametrize(
    "changed, hidden, shown",
    [
        pytest.param({}, (), True, id="plain"),
        pytest.param({"hidden": True}, (), False, id="a hidden job"),
        pytest.param({}, ("acme",), False, id="a hidden organisation"),
        pytest.param({}, ("acme/rocket",), False, id="a hidden repository"),
        pytest.param({"extra_refs": [{"org": "acme", "repo": "secret"}]}, ("acme/secret",), False, id="extra refs"),
        pytest.param({}, ("acme/other",), True, id="another repository is hidden"),
        pytest.param({"prowjob_defaults": {"tenant_id": "x"}}, (), False, id="of a tenant"),
        pytest.param({"prowjob_defaults": {"tenant_id": "GlobalDefaultID"}}, (), True, id="of everybody"),
    ],
)
def test_what_everybody_may_see(changed: dict[str, Any], hidden: tuple[str, ...], shown: bool) -> None:
    assert is_shown(run(**changed), hidden) is shown
