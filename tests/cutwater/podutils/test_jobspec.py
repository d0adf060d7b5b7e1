"""What a test is told of its job."""

import msgspec
import pytest

from cutwater.podutils import jobspec
from cutwater.podutils.jobspec import JobSpec
from cutwater.prowjob.decoration import Decoration
from cutwater.prowjob.types import ObjectMeta, ProwJob, ProwJobSpec, Pull, Refs

PULLS = (Pull(number=1, author="a", sha="pull-sha"), Pull(number=2, author="b", sha="second-pull-sha"))
REFS = Refs(org="org", repo="repo", base_ref="base-ref", base_sha="base-sha", pulls=PULLS)


def test_a_periodic_is_told_little() -> None:
    spec = JobSpec(type="periodic", job="job-name", buildid="0", prowjobid="prowjob")
    assert jobspec.environment(spec, agent="") == {
        "CI": "true",
        "JOB_NAME": "job-name",
        "BUILD_ID": "0",
        "PROW_JOB_ID": "prowjob",
        "JOB_TYPE": "periodic",
        "JOB_SPEC": '{"type":"periodic","job":"job-name","buildid":"0","prowjobid":"prowjob"}',
    }


def test_a_batch_has_refs_but_no_pull_request_of_its_own() -> None:
    variables = jobspec.environment(JobSpec(type="batch", job="j", refs=REFS), agent="kubernetes")
    assert variables["PULL_REFS"] == "base-ref:base-sha,1:pull-sha,2:second-pull-sha"
    assert "PULL_NUMBER" not in variables
    assert variables["BUILD_NUMBER"] == ""


@pytest.mark.parametrize(
    ("refs", "host", "base"),
    [
        ({}, "github.com", "org/repo"),
        ({"path_alias": "somewhere/else/deep"}, "somewhere", "else/deep"),
        ({"path_alias": "alias"}, "alias", "org/repo"),
        ({"repo_link": "https://ghe.example.com/o/r"}, "ghe.example.com", "o/r"),
    ],
)
def test_where_the_code_comes_from(refs: dict[str, str], host: str, base: str) -> None:
    spec = JobSpec(type="postsubmit", job="j", refs=msgspec.structs.replace(REFS, **refs))
    variables = jobspec.environment(spec, agent="")
    assert (variables["SRC_HOST"], variables["SRC_BASE"]) == (host, base)


@pytest.mark.parametrize(
    ("spec", "revision"),
    [
        pytest.param(JobSpec(refs=REFS), "pull-sha", id="the first pull request's"),
        pytest.param(JobSpec(refs=Refs(org="o", repo="r", base_ref="b", base_sha="s")), "s", id="the base commit"),
        pytest.param(
            JobSpec(
                extra_refs=(
                    Refs(org="o", repo="x", base_ref="master", auxiliary=True),
                    Refs(org="o", repo="r", base_ref="main"),
                )
            ),
            "main",
            id="the first extra refs that are not auxiliary",
        ),
        pytest.param(JobSpec(), "", id="no code"),
    ],
)
def test_revision(spec: JobSpec, revision: str) -> None:
    assert jobspec.revision(spec) == revision


def test_times_are_written_as_go_writes_them() -> None:
    decoration = Decoration(timeout="2h", grace_period=15_000_000_000)
    job = ProwJob(
        metadata=ObjectMeta(name="pj"), spec=ProwJobSpec(type="periodic", job="j", decoration_config=decoration)
    )
    written = msgspec.json.decode(str(jobspec.of(job, "7")))
    assert written["decoration_config"] == {"timeout": "2h0m0s", "grace_period": "15s"}


def test_it_is_read_as_go_reads_it() -> None:
    """Null is absent, what is missing is empty, what is unknown is passed over."""
    text = '{"type":"batch","later":1,"refs":{"org":"o","repo":null,"pulls":[{"number":1}]},"extra_refs":null}'
    spec = jobspec.read({"JOB_SPEC": text})
    assert spec == JobSpec(type="batch", refs=Refs(org="o", repo="", pulls=(Pull(number=1, author="", sha=""),)))


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({}, r"\$JOB_SPEC unset"),
        ({"JOB_SPEC": "{"}, r"malformed \$JOB_SPEC: "),
        ({"JOB_SPEC": '{"job": 1}'}, r"malformed \$JOB_SPEC: Expected `str`, got `int` - at `\$.job`"),
    ],
)
def test_what_cannot_be_read(environment: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        jobspec.read(environment)
