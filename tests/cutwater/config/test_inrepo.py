import gzip

import pytest

from cutwater.config.findings import ConfigError
from cutwater.config.inrepo import (
    MOST_BYTES,
    MOST_FILES,
    OwnFile,
    allowed_clusters,
    check_sizes,
    is_enabled,
    matters,
    may_change_jobs,
    sources_of,
)
from cutwater.config.prow import InRepoConfig


@pytest.mark.parametrize(
    "enabled, expected",
    [
        ({"org": True}, True),
        ({}, False),
        ({"*": True, "org/repo": False}, False),
        ({"*": True}, True),
    ],
)
def test_where_it_is_enabled(enabled: dict[str, bool], expected: bool) -> None:
    assert is_enabled(InRepoConfig(enabled=enabled), "org", "repo") is expected


def test_gerrit_is_known_without_its_scheme() -> None:
    assert is_enabled(InRepoConfig(enabled={"host/repo": True}), "https://host", "repo")


@pytest.mark.parametrize(
    "path, may", [(".prow.yaml", True), (".prow/a.yaml", True), ("x/.prow.yaml", False), (".prows", False)]
)
def test_which_changes_matter(path: str, may: bool) -> None:
    assert may_change_jobs(["README", path]) is may


def test_any_level_may_allow_a_build_cluster() -> None:
    allowed = {"*": ("default",), "org": ("trusted",), "org/repo": ("gpu",), "other": ("private",)}
    assert allowed_clusters(InRepoConfig(allowed_clusters=allowed), "org", "repo") == {"default", "trusted", "gpu"}


@pytest.mark.parametrize(
    "path, expected",
    [
        (".prow.yaml", True),
        (".prow.yml", False),
        (".prowignore", True),
        (".prow/a.yaml", True),
        (".prow/a/b.yml", True),
        (".prow/a/.prowignore", True),
        (".prow/README.md", False),
        ("a/.prow.yaml", False),
        ("a/.prowignore", False),
    ],
)
def test_which_files_matter(path: str, expected: bool) -> None:
    assert matters(path) is expected


def names(paths: dict[str, str], *, has_folder: bool) -> list[str]:
    files = {path: OwnFile(content.encode()) for path, content in paths.items()}
    return [source.name for source in sources_of(files, has_folder=has_folder)]


def test_the_folder_counts_or_else_the_file() -> None:
    both = {".prow.yaml": "", ".prow/a.yaml": ""}
    assert names(both, has_folder=True) == [".prow/a.yaml"]
    assert names({".prow.yaml": ""}, has_folder=False) == [".prow.yaml"]
    assert names({".prow.yaml": ""}, has_folder=True) == []


def test_files_come_as_a_walk_meets_them() -> None:
    paths = [".prow/a/z.yaml", ".prow/a-b.yaml", ".prow/b.yaml", ".prow/a.yaml"]
    walked = [".prow/a/z.yaml", ".prow/a-b.yaml", ".prow/a.yaml", ".prow/b.yaml"]
    assert names(dict.fromkeys(paths, ""), has_folder=True) == walked


@pytest.mark.parametrize(
    "file, wrong",
    [
        pytest.param(OwnFile(b"../jobs.yaml", is_link=True), "is a symbolic link, which is not followed", id="a link"),
        pytest.param(OwnFile(gzip.compress(b"presubmits: []")), "is compressed", id="compressed"),
    ],
)
def test_what_is_not_read(file: OwnFile, wrong: str) -> None:
    with pytest.raises(ConfigError, match=f"^.prow.yaml: {wrong}$"):
        sources_of({".prow.yaml": file}, has_folder=False)
    assert sources_of({".prow/a.yaml": file, ".prowignore": OwnFile(b"a.yaml")}, has_folder=True) == []


@pytest.mark.parametrize(
    "sizes, wrong",
    [
        pytest.param({f"{n}": 0 for n in range(MOST_FILES)}, "", id="as many as may be"),
        pytest.param({f"{n}": 0 for n in range(MOST_FILES + 1)}, "has 1001 files, of which 1000", id="too many"),
        pytest.param({"a": MOST_BYTES}, "", id="as large as may be"),
        pytest.param({"a": 1, "b": MOST_BYTES}, "b: is too large: 8388609 bytes in all", id="too large"),
    ],
)
def test_how_much_is_read(sizes: dict[str, int], wrong: str) -> None:
    if not wrong:
        check_sizes(sizes)
        return
    with pytest.raises(ConfigError, match=wrong):
        check_sizes(sizes)
