"""reward-owners in talks."""

import pytest

from infra.local.github import seed as shape
from tests.functions.plugins.talk import Talk

pytestmark = pytest.mark.virtual

BEFORE = {"OWNERS": "approvers: [ann, keepers]\n", "OWNERS_ALIASES": "aliases: {keepers: [bob]}\n"}
ALIASES = "aliases: {keepers: [bob, cleo]}\n"


def change(path: str, text: str, status: str = "modified") -> shape.File:
    return shape.File(path, status=status, head_content=text)


@pytest.mark.parametrize(
    "file, people",
    [
        pytest.param(change("OWNERS", "approvers: [ann, dora]\nreviewers: [cleo]\n"), "@cleo, @dora", id="two"),
        pytest.param(change("a/OWNERS", "approvers: [ann, bob]\n"), "", id="who own something else already"),
        pytest.param(change("a/OWNERS", "reviewers: [cleo]\n"), "@cleo", id="a reviewer"),
        pytest.param(change("OWNERS_ALIASES", ALIASES), "@cleo", id="by an alias"),
        pytest.param(change("OWNERS", "approvers: [ann, bob]\n"), "", id="from the aliases into the file"),
        pytest.param(change("a/OWNERS_ALIASES", ALIASES), "", id="aliases elsewhere are none"),
        pytest.param(change("main.go", "package main\n"), "", id="another file"),
        pytest.param(change("a/OWNERS", "", "removed"), "", id="a file that is gone"),
        pytest.param(change("a/OWNERS", "approvers: [\n"), "", id="a file that cannot be read"),
    ],
)
async def test_thanks(file: shape.File, people: str) -> None:
    settings = "owners: {skip_collaborators: [acme]}"
    async with Talk("reward-owners", settings, tree=BEFORE, files=(file,), merged=True, state="closed") as talk:
        await talk.happens("closed")
        thanks = f"\nThanks to {people} for serving the community in this new capacity!\n\nNext steps:\n1- Reach out"
        assert [answer.startswith(thanks) for answer in talk.answers] == ([True] if people else [])


async def test_only_what_is_merged() -> None:
    file = change("OWNERS", "approvers: [dora]\n")
    async with Talk("reward-owners", tree=BEFORE, files=(file,), state="closed") as talk:
        await talk.happens("closed")
        assert talk.answers == []
