import pytest

from cutwater.config.findings import ConfigError, Source
from cutwater.config.own_jobs import own_jobs
from tests.cutwater.config.configured import POD, configured

STATIC = configured(
    "presets: [{labels: {docker: 'true'}, env: [{name: A, value: a}]}]",
    jobs=f"presubmits: {{org/repo: [{{name: static, {POD}}}]}}",
)


def own(text: str) -> list[str]:
    found = own_jobs(STATIC, "org", "repo", [Source(".prow.yaml", text.encode())])
    return [job.name for job in (*found.presubmits, *found.postsubmits)]


def test_jobs_that_a_repository_brings() -> None:
    text = f"presubmits: [{{name: hans, {POD}}}]\npostsubmits: [{{name: franz, {POD}}}]\nunknown: 1"
    assert own(text) == ["hans", "franz"]


def test_they_are_defaulted_as_static_ones_are_with_presets_of_both() -> None:
    text = (
        f"presets: [{{env: [{{name: B, value: b}}]}}]\npresubmits: [{{name: hans, labels: {{docker: 'true'}}, {POD}}}]"
    )
    (job,) = own_jobs(STATIC, "org", "repo", [Source(".prow.yaml", text.encode())]).presubmits
    assert job.spec is not None and [e["name"] for e in job.spec["containers"][0]["env"]] == ["A", "B"]
    assert (job.trigger, job.cluster) == (r"(?m)^/test( | .* )hans,?($|\s.*)", "default")


def test_nothing_is_nothing() -> None:
    assert own("") == []


@pytest.mark.parametrize(
    "text, wrong",
    [
        pytest.param(
            f"presubmits: [{{name: hans, cluster: privileged, {POD}}}]",
            'cluster: cluster "privileged" is not allowed for repository "org/repo"',
            id="a build cluster that is not for them",
        ),
        pytest.param(f"presubmits: [{{name: static, {POD}}}]", "duplicated presubmit jobs", id="a static job's name"),
        pytest.param("presubmits: {a: b}", "presubmits: a mapping is not a list", id="no list"),
        pytest.param("presubmits: [{name: x}]", "agent kubernetes needs a pod spec", id="wrong as any job"),
    ],
)
def test_what_is_wrong(text: str, wrong: str) -> None:
    with pytest.raises(ConfigError) as error:
        own(text)
    (found,) = error.value.findings
    assert wrong in str(found)
    assert str(found).startswith(".prow.yaml:1: ")
