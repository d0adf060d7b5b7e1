"""owners-label in talks."""

import pytest

from infra.local.github import seed as shape
from tests.functions.plugins.talk import Talk

pytestmark = pytest.mark.virtual

OWNERS = {
    "OWNERS": "labels: [everything]\n",
    "a/OWNERS": "labels: [area/a]\n",
    "a/own/OWNERS": "options: {no_parent_owners: true}\nlabels: [area/own]\n",
    "b/OWNERS": "filters:\n  '\\.go$': {labels: [language/go]}\n  '.*': {labels: [Area/B, nowhere]}\n",
    "c/OWNERS": "labels: [\n",
}
KNOWN = ["everything", "area/a", "area/own", "language/go", "area/b", "other"]


@pytest.mark.parametrize(
    "paths, before, after",
    [
        pytest.param(["a/x"], [], "area/a everything", id="of all folders above"),
        pytest.param(["a/own/x"], [], "area/own", id="without parents"),
        pytest.param(["a/x", "b/y.go"], [], "area/a area/b everything language/go", id="of all files"),
        pytest.param(["b/y.md"], [], "area/b everything", id="by patterns; in the repository's spelling"),
        pytest.param(["a/x"], ["other"], "area/a everything other", id="none is taken away"),
        pytest.param(["a/x"], ["area/a", "everything"], "area/a everything", id="all are there"),
        pytest.param(["c/x"], [], "everything", id="a file that cannot be read has none"),
    ],
)
@pytest.mark.parametrize("action", ["opened", "reopened", "synchronize"])
async def test_labels(paths: list[str], before: list[str], after: str, action: str) -> None:
    files = tuple(shape.File(path) for path in paths)
    async with Talk("owners-label", tree=OWNERS, files=files, labels=before, known=KNOWN) as talk:
        await talk.happens(action)
        assert " ".join(sorted(talk.labels)) == after


async def test_not_at_every_event() -> None:
    async with Talk("owners-label", tree=OWNERS, files=(shape.File("a/x"),), known=KNOWN) as talk:
        await talk.happens("edited", changes={})
        assert talk.labels == set()


async def test_the_receipt_tells_of_what_the_repository_does_not_have() -> None:
    async with Talk("owners-label", tree=OWNERS, files=(shape.File("b/x"),), known=KNOWN) as talk:
        await talk.happens("opened")
        (receipt,) = await talk.receipts()
        told = {read.question: read.answer for read in receipt.reads}
        assert told["OWNERS labels that the repository does not have"] == ["nowhere"]
