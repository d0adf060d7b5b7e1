"""path-label in talks."""

import pytest

from infra.local.github import seed as shape
from tests.functions.plugins.talk import MEMBER, ORG, REPO, Talk
from tests.world import BOT

pytestmark = pytest.mark.virtual

SETTINGS = f"""
path_labels:
- repos: [{ORG}]
  labels: {{docs: ['^docs/', '[.]md$'], area/engine: [^engine/]}}
- repos: [{ORG}/{REPO}]
  labels: {{area/engine: [^nozzle/], nowhere: [^secret/]}}
- repos: [{ORG}/pad]
  labels: {{area/pad: ['']}}
"""
KNOWN = ["Docs", "area/engine", "area/pad", "other"]


@pytest.mark.parametrize(
    "paths, before, after",
    [
        pytest.param(["docs/a"], [], "Docs", id="in the repository's spelling"),
        pytest.param(["src/docs/a"], [], "", id="a pattern says where it begins"),
        pytest.param(["src/a.md", "nozzle/a"], [], "Docs area/engine", id="by several patterns of several entries"),
        pytest.param(["engine/a"], ["area/engine"], "area/engine", id="it is there already"),
        pytest.param(["engine/a"], ["Docs"], "Docs area/engine", id="what somebody else has put stays"),
        pytest.param(["src/a"], ["other"], "other", id="a label that is not configured stays"),
        pytest.param(["secret/a"], [], "", id="a label that does not exist is not made"),
    ],
)
@pytest.mark.parametrize("action", ["opened", "reopened", "synchronize"])
async def test_labels(paths: list[str], before: list[str], after: str, action: str) -> None:
    files = tuple(shape.File(path) for path in paths)
    async with Talk("path-label", SETTINGS, files=files, labels=before, known=KNOWN) as talk:
        await talk.happens(action)
        assert " ".join(sorted(talk.labels)) == after


@pytest.mark.parametrize(
    "put_by, after",
    [
        pytest.param([BOT], set(), id="by us"),
        pytest.param([MEMBER], {"Docs"}, id="by somebody else"),
        pytest.param([MEMBER, BOT], set(), id="by us last"),
        pytest.param([BOT, MEMBER], {"Docs"}, id="by somebody else last"),
    ],
)
async def test_a_label_that_nothing_needs_any_more(put_by: list[str], after: set[str]) -> None:
    async with Talk("path-label", SETTINGS, files=(shape.File("src/a"),), known=KNOWN) as talk:
        for who in put_by:
            if talk.labels:
                await talk.issue.unlabel("Docs", MEMBER)
            await talk.issue.label("Docs", by=who)
        await talk.happens("synchronize")
        assert talk.labels == after


async def test_the_receipt_tells_of_what_the_repository_does_not_have() -> None:
    async with Talk("path-label", SETTINGS, files=(shape.File("secret/a"),), known=KNOWN) as talk:
        await talk.happens("opened")
        (receipt,) = await talk.receipts()
        told = {read.question: read.answer for read in receipt.reads}
        assert told["path_labels labels that the repository does not have"] == ["nowhere"]


@pytest.mark.parametrize(
    "settings, action",
    [
        pytest.param("", "opened", id="nothing is configured"),
        pytest.param(
            f"path_labels: [{{repos: [{ORG}/pad], labels: {{x: [a]}}}}]", "opened", id="for another repository"
        ),
        pytest.param(SETTINGS, "labeled", id="another event"),
    ],
)
async def test_what_costs_nothing(settings: str, action: str) -> None:
    async with Talk("path-label", settings, files=(shape.File("docs/a"),), known=KNOWN) as talk:
        await talk.happens(action)
        assert await talk.receipts() == []
