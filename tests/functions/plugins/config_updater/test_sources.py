"""The files at a commit, where they lie behind links or GitHub does not give all at once."""

import base64
from typing import Any

import pytest

from cutwater.errors import Refused
from cutwater.events.remembered import Known
from cutwater.github.trees import Entry, Trees
from functions.plugins.config_updater.sources import LARGEST, Repository

pytestmark = pytest.mark.virtual
FILE, LINK, FOLDER = ("100644", "blob"), ("120000", "blob"), ("040000", "tree")


class Commit:
    """A commit on GitHub. `trees`: by SHA; `blobs`: by SHA. One that is truncated is given in single trees only."""

    def __init__(
        self, trees: dict[str, dict[str, tuple[str, str]]], blobs: dict[str, str], *, is_truncated: bool
    ) -> None:
        self._trees, self._blobs, self._is_truncated = trees, blobs, is_truncated
        self.asked = 0

    async def get(self, path: str, **parts: str | int) -> Any:
        self.asked += 1
        sha = str(parts["sha"])
        if "/blobs/" in path:
            return {"content": base64.b64encode(self._blobs[sha].encode()).decode()}
        tree = self._trees.get(sha)
        if tree is None:
            return None
        entries = [
            {"path": name, "mode": mode, "type": kind, "sha": f"sha of {name}"} for name, (mode, kind) in tree.items()
        ]
        return {"sha": sha, "tree": entries, "truncated": self._is_truncated and "recursive" in path}

    async def exists(self, path: str, **parts: str | int) -> bool:
        raise NotImplementedError

    async def pages(self, path: str, **parts: str | int) -> list[Any]:
        raise NotImplementedError

    async def graphql(self, query: str, org: str, **variables: Any) -> Any:
        raise NotImplementedError


def repository(commit: Commit) -> Repository:
    return Repository(Trees(commit), Known(), org="acme", repo="rocket")


WHOLE = {"c": FOLDER, "c/a": FILE, "c/link": LINK, "c/round": LINK, "c/out": LINK, "c/dead": LINK}
TARGETS = {"link": "./a", "round": "round", "out": "../../etc/passwd", "dead": "nowhere"}
BLOBS = {f"sha of c/{name}": target for name, target in TARGETS.items()}


@pytest.mark.parametrize(
    "path, found",
    [
        pytest.param("c/a", "sha of c/a", id="a file"),
        pytest.param("c/link", "sha of c/a", id="a link"),
        pytest.param("c/round", None, id="a link to itself"),
        pytest.param("c/out", None, id="a link out of the repository"),
        pytest.param("c/dead", None, id="a link to nothing"),
        pytest.param("c", None, id="a folder"),
        pytest.param("c/b", None, id="nothing"),
    ],
)
async def test_entries(path: str, found: str | None) -> None:
    commit = Commit({"1": WHOLE}, BLOBS, is_truncated=False)
    entries = await repository(commit).entries("1", [path])
    assert {name: entry.sha for name, entry in entries.items()} == ({path: found} if found else {})


async def test_what_is_too_much_at_once_is_walked_through() -> None:
    trees = {"1": {"c": FOLDER}, "sha of c": {"d": FOLDER, "a": FILE}, "sha of d": {"b": FILE}}
    commit = Commit(trees, {}, is_truncated=True)
    entries = await repository(commit).entries("1", ["c/a", "c/d/b", "c/d/x", "x/y"])
    assert {name: entry.sha for name, entry in entries.items()} == {"c/a": "sha of a", "c/d/b": "sha of b"}
    assert commit.asked == 4


async def test_no_commit() -> None:
    with pytest.raises(Refused, match="GitHub has no commit 2 in acme/rocket"):
        await repository(Commit({}, {}, is_truncated=False)).entries("2", ["c/a"])


async def test_nothing_is_asked_for_nothing() -> None:
    commit = Commit({}, {}, is_truncated=False)
    assert (await repository(commit).entries("1", []), commit.asked) == ({}, 0)


async def test_a_file_that_fits_no_config_map() -> None:
    entry = Entry(path="c/a", mode="100644", type="blob", sha="1", size=LARGEST + 1)
    with pytest.raises(Refused, match=f"c/a is too large for a ConfigMap: {LARGEST + 1} bytes"):
        await repository(Commit({}, {}, is_truncated=False)).content("c/a", entry)


async def test_what_was_read_is_not_asked_for_again() -> None:
    commit = Commit({"1": WHOLE}, {"sha of c/a": "A"}, is_truncated=False)
    here = repository(commit)
    for _ in range(2):
        entries = await here.entries("1", ["c/a"])
        assert await here.content("c/a", entries["c/a"]) == b"A"
    assert commit.asked == 2
