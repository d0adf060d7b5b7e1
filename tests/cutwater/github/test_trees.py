from typing import Any

import pytest

from cutwater.errors import Refused
from cutwater.github.trees import Trees


class Answering:
    """GitHub with one answer to everything."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    async def get(self, path: str, **parts: str | int) -> Any:
        return self.answer

    async def exists(self, path: str, **parts: str | int) -> bool:
        raise NotImplementedError

    async def pages(self, path: str, **parts: str | int) -> list[Any]:
        raise NotImplementedError

    async def graphql(self, query: str, org: str, **variables: Any) -> Any:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        pytest.param({"content": "aGVs\nbG8=\n", "encoding": "base64"}, b"hello", id="in lines of base64"),
        pytest.param({"content": "", "encoding": "base64", "size": 0}, b"", id="empty"),
        pytest.param({"content": "hé", "encoding": "utf-8"}, "hé".encode(), id="as text"),
    ],
)
async def test_a_blob(answer: Any, content: bytes) -> None:
    assert await Trees(Answering(answer)).blob("acme", "rocket", "1") == content


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(None, "GitHub has no blob 1 in acme/rocket", id="none"),
        pytest.param({"content": "x", "encoding": "base64"}, "what GitHub sent as blob 1 is not base64", id="half"),
        pytest.param({"sha": "1"}, "what GitHub sent is no Blob", id="another shape"),
    ],
)
async def test_no_blob(answer: Any, why: str) -> None:
    with pytest.raises(Refused, match=why):
        await Trees(Answering(answer)).blob("acme", "rocket", "1")


async def test_a_tree_with_what_may_be_in_it() -> None:
    entries = [
        {"path": "a", "mode": "100644", "type": "blob", "sha": "1", "size": 3, "url": "x"},
        {"path": "b", "mode": "040000", "type": "tree", "sha": "2"},
        {"path": "c", "mode": "160000", "type": "commit", "sha": "3"},
        {"path": "d", "mode": "120000", "type": "blob", "sha": "4", "size": 9},
    ]
    tree = await Trees(Answering({"sha": "0", "tree": entries, "truncated": True})).tree("acme", "rocket", "0")
    assert tree is not None
    assert (tree.truncated, [entry.is_link for entry in tree.tree]) == (True, [False, False, False, True])
    assert (getattr(tree.entry("a"), "size", None), tree.entry("e")) == (3, None)


async def test_a_merge_base() -> None:
    answer = {"merge_base_commit": {"sha": "b", "commit": {}}, "commits": []}
    assert await Trees(Answering(answer)).merge_base("acme", "rocket", "1", "2") == "b"
    assert await Trees(Answering(None)).merge_base("acme", "rocket", "1", "2") is None
