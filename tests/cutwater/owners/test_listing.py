"""Which files of a repository count."""

import pytest

from cutwater.config.patterns import matches
from cutwater.owners.listing import Naming, counting

FILES = (
    "OWNERS",
    "OWNERS_ALIASES",
    "docs/file.md",
    "foo",
    "src/OWNERS",
    "src/code.go",
    "src/dir/OWNERS",
    "src/dir/conformance/OWNERS",
    "src/dir/subdir/OWNERS",
    "vendor/OWNERS",
    "vendor/k8s.io/client-go/OWNERS",
)
ALL = {"", "src", "src/dir", "src/dir/conformance", "src/dir/subdir", "vendor", "vendor/k8s.io/client-go"}


def places(
    *denied: str, files: tuple[str, ...] = FILES, owners: str = "OWNERS", reads_markdown: bool = False
) -> set[str]:
    naming = Naming(owners=owners, aliases="OWNERS_ALIASES", denied=denied, reads_markdown=reads_markdown)
    return {naming.place(path) for path in counting(files, naming, matches)}


@pytest.mark.parametrize(
    "denied, gone",
    [
        pytest.param((), set(), id="nothing"),
        pytest.param(("sr$",), set(), id="no folder ends so"),
        pytest.param(
            ("src",), {"src", "src/dir", "src/dir/conformance", "src/dir/subdir"}, id="a folder and what is below"
        ),
        pytest.param(("dir",), {"src/dir", "src/dir/conformance", "src/dir/subdir"}, id="wherever it lies"),
        pytest.param(("src/dir",), {"src/dir", "src/dir/conformance", "src/dir/subdir"}, id="by its path"),
        pytest.param(("src/dir/.",), {"src/dir/conformance", "src/dir/subdir"}, id="what is below alone"),
        pytest.param(("/c",), {"src/dir/conformance", "vendor/k8s.io/client-go"}, id="a folder in another"),
        pytest.param(("vendor/.*/.*",), {"vendor/k8s.io/client-go"}, id="far enough below"),
        pytest.param(("/src",), {"src", "src/dir", "src/dir/conformance", "src/dir/subdir"}, id="by its absolute path"),
        pytest.param((r"^\.$",), ALL, id="the root"),
    ],
)
def test_denied(denied: tuple[str, ...], gone: set[str]) -> None:
    assert places(*denied) == ALL - gone


def test_what_comes_behind_a_file_denied_by_its_absolute_path_is_gone_with_it() -> None:
    files = ("a/Makefiles/OWNERS", "a/OWNERS", "a/z/OWNERS", "b/OWNERS")
    assert places("^/a$", files=files) == {"a/Makefiles", "b"}


@pytest.mark.parametrize(
    "owners, reads_markdown, files, found",
    [
        pytest.param("OWNERS", False, FILES, ALL, id="a Markdown file is none"),
        pytest.param("OWNERS", True, FILES, ALL | {"docs/file.md"}, id="unless the repository wants it so"),
        pytest.param("OWNERS", True, ("a.MD", "b.markdown"), set(), id="and its name ends in .md"),
        pytest.param("OWNERS_FOO", False, ("OWNERS", "a/OWNERS_FOO"), {"a"}, id="another name"),
        pytest.param("", False, FILES, set(), id="no name"),
        pytest.param("OWNERS.md", True, ("a/OWNERS.md",), {"a/OWNERS.md"}, id="a name that is Markdown's"),
        pytest.param("OWNERS.md", False, ("a/OWNERS.md",), {"a"}, id="a name that would be"),
    ],
)
def test_names(owners: str, reads_markdown: bool, files: tuple[str, ...], found: set[str]) -> None:
    assert places(files=files, owners=owners, reads_markdown=reads_markdown) == found
