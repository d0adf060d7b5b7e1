"""What merge commits say. The table is that of upstream's TestPrepareMergeDetails."""

import pytest

from cutwater.config.tide import MergeCommitTemplate
from functions.tide.commits import Words, words_for
from tests.functions.tide.making import pull

ONE = pull(1, title="my commit title", body="my commit body")


@pytest.mark.parametrize(
    ("template", "words"),
    [
        pytest.param(None, Words(), id="no template"),
        pytest.param(MergeCommitTemplate(), Words(), id="an empty one"),
        pytest.param(
            MergeCommitTemplate(title="{{ .Number }}: {{ .Title }}"), Words("1: my commit title"), id="a title"
        ),
        pytest.param(
            MergeCommitTemplate(title="{{ .Title }} (#{{ .Number }})", body="{{ .HeadRefOID }} - {{ .Body }}"),
            Words("my commit title (#1)", "head-1 - my commit body"),
            id="a body, too",
        ),
        pytest.param(MergeCommitTemplate(title="{{ .Nothing }}", body="{{ .Body }}"), Words("", "my commit body"),
                     id="a field that there is not"),
    ],
)  # fmt: skip
def test_words(template: MergeCommitTemplate | None, words: Words) -> None:
    assert words_for(ONE, template) == words
