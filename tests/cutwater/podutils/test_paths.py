"""Where a run lies, by strategy and type."""

import pytest

from cutwater.podutils import paths
from cutwater.podutils.jobspec import JobSpec
from cutwater.prowjob.decoration import StorageConfiguration
from cutwater.prowjob.types import Pull, Refs


def spec(org: str, repo: str, *, type: str = "presubmit") -> JobSpec:  # noqa: A002 - the field's name
    refs = Refs(org=org, repo=repo, pulls=(Pull(number=1, author="", sha=""),))
    return JobSpec(type=type, job="job", buildid="7", refs=refs)


@pytest.mark.parametrize(
    ("strategy", "org", "repo", "segment"),
    [
        ("explicit", "org", "repo", "org_repo"),
        ("explicit", "https://org/", "repo/sub", "org_repo_sub"),
        ("single", "org", "repo", ""),
        ("single", "org", "other", "org_other"),
        ("legacy", "org", "repo", ""),
        ("legacy", "org", "other", "other"),
        ("legacy", "https://org", "repo/sub", "org_repo_sub"),
    ],
)
def test_strategies(strategy: str, org: str, repo: str, segment: str) -> None:
    storage = StorageConfiguration(path_strategy=strategy, default_org="org", default_repo="repo")
    assert paths.run_path(spec(org, repo), storage) == paths.join("pr-logs/pull", segment, "1/job/7")


@pytest.mark.parametrize(
    ("type", "folder", "latest"),
    [
        ("periodic", "p/logs/job/7", ["logs/job/latest-build.txt"]),
        ("postsubmit", "p/logs/job/7", ["logs/job/latest-build.txt"]),
        ("batch", "p/pr-logs/pull/batch/job/7", ["pr-logs/directory/job/latest-build.txt"]),
        (
            "presubmit",
            "p/pr-logs/pull/o_r/1/job/7",
            ["pr-logs/directory/job/latest-build.txt", "pr-logs/pull/o_r/1/job/latest-build.txt"],
        ),
    ],
)
def test_types(type: str, folder: str, latest: list[str]) -> None:  # noqa: A002
    storage = StorageConfiguration(path_strategy="explicit", path_prefix="p")
    assert paths.run_path(spec("o", "r", type=type), storage) == folder
    assert paths.latest_builds(spec("o", "r", type=type), storage) == latest


@pytest.mark.parametrize(
    ("text", "bucket"),
    [
        ("name", paths.Bucket(provider="gs", name="name")),
        ("s3://name/a/b", paths.Bucket(provider="s3", name="name", path="/a/b")),
        ("gs://name/a://b", paths.Bucket(provider="gs", name="name", path="/a://b")),
    ],
)
def test_buckets(text: str, bucket: paths.Bucket) -> None:
    assert paths.bucket(text) == bucket


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        (("", ""), ""),
        (("a", "", "b"), "a/b"),
        (("/abs/", "x"), "/abs/x"),
        (("//x",), "/x"),
        (("a", "../../up"), "../up"),
        (("a/", "/b//c/."), "a/b/c"),
    ],
)
def test_join(parts: tuple[str, ...], whole: str) -> None:
    assert paths.join(*parts) == whole


def test_a_job_of_no_known_type_has_no_path() -> None:
    with pytest.raises(ValueError, match="unknown job spec type: odd"):
        paths.run_path(spec("o", "r", type="odd"), StorageConfiguration(path_strategy="explicit"))
