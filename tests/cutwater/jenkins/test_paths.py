"""Where jobs lie in Jenkins."""

import pytest

from cutwater.jenkins.paths import job_path
from cutwater.prowjob.types import JenkinsSpec, Pull, Refs


def refs(branch: str = "master", *pulls: int) -> Refs:
    return Refs(org="o", repo="r", base_ref=branch, pulls=tuple(Pull(number=n, author="a", sha="s") for n in pulls))


@pytest.mark.parametrize(
    ("job", "of", "is_branch_source", "path"),
    [
        pytest.param("my-job", None, False, "/job/my-job", id="plain"),
        pytest.param("folder1/folder2/j", None, False, "/job/folder1/job/folder2/job/j", id="in folders"),
        pytest.param("/a/b/", None, False, "/job/a/job/b", id="slashes around it"),
        pytest.param("j", refs("master", 1), False, "/job/j", id="no branch source"),
        pytest.param("j", refs("master", 123), True, "/job/j/view/change-requests/job/PR-123", id="a change"),
        pytest.param(
            "f/j",
            refs("master", 123, 4),
            True,
            "/job/f/job/j/view/change-requests/job/PR-123",
            id="a change in a folder",
        ),
        pytest.param("j", refs(), True, "/job/j/job/master", id="a branch"),
        pytest.param("j", refs("feature/x"), True, "/job/j/job/feature%252Fx", id="a branch with a slash"),
        pytest.param("j", None, True, "/job/j", id="a branch source without refs"),
    ],
)
def test_job_path(job: str, of: Refs | None, is_branch_source: bool, path: str) -> None:
    assert job_path(job, of, JenkinsSpec(github_branch_source_job=is_branch_source)) == path


def test_a_job_that_says_nothing_of_jenkins() -> None:
    assert job_path("j", refs("master", 1), None) == "/job/j"
