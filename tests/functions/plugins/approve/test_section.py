"""approve's section: which entry is a repository's, and what it means where it says nothing."""

import pytest

from functions.plugins.approve.section import COMMANDS, PROCESS, ApproveSettings, settings_for
from tests.cutwater.config.configured import configured

PLUGINS = """
approve:
- repos: [acme]
  require_self_approval: true
- repos: [acme/rocket, acme]
  issue_required: true
  commandHelpLink: https://acme.example/help
"""


@pytest.mark.parametrize(
    "full_name, repos",
    [
        pytest.param("acme/rocket", ("acme/rocket", "acme"), id="the repository's entry, though it stands later"),
        pytest.param("acme/engine", ("acme",), id="the organisation's first"),
        pytest.param("umbrella/lib", (), id="nobody's"),
    ],
)
def test_whose_entry(full_name: str, repos: tuple[str, ...]) -> None:
    assert settings_for(configured(plugins=PLUGINS), *full_name.split("/")).repos == repos


def test_links_are_the_usual_ones_where_none_are_given() -> None:
    config = configured(plugins=PLUGINS)
    ours, theirs = settings_for(config, "acme", "rocket"), settings_for(config, "umbrella", "lib")
    assert (ours.commandHelpLink, ours.pr_process_link) == ("https://acme.example/help", PROCESS)
    assert (theirs.commandHelpLink, theirs.pr_process_link) == (COMMANDS, PROCESS)


@pytest.mark.parametrize("said, authors", [(None, True), (True, False), (False, True)])
def test_authors_approve_unless_they_must_say_so(said: bool | None, authors: bool) -> None:
    assert ApproveSettings(require_self_approval=said).authors_approve is authors


@pytest.mark.parametrize("said, count", [(None, True), (True, False), (False, True)])
def test_reviews_count_unless_they_are_ignored(said: bool | None, count: bool) -> None:
    assert ApproveSettings(ignore_review_state=said).reviews_count is count
