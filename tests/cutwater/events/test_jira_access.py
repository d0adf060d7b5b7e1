"""Who we are for Jira, from files."""

from pathlib import Path

import pytest

from cutwater.errors import Refused
from cutwater.events import environment
from cutwater.events.environment import jira_authorization

USER, PASSWORD, TOKEN = "CUTWATER_JIRA_USER", "CUTWATER_JIRA_PASSWORD_FILE", "CUTWATER_JIRA_TOKEN_FILE"


@pytest.mark.parametrize(
    "variables, header",
    [
        pytest.param({}, "", id="nobody"),
        pytest.param({TOKEN: "secret"}, "Bearer s3cret", id="a token"),
        pytest.param({USER: "bot", PASSWORD: "secret"}, "Basic Ym90OnMzY3JldA==", id="a password"),
    ],
)
def test_who_we_are(variables: dict[str, str], header: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    monkeypatch.chdir(tmp_path)
    for name in (USER, PASSWORD, TOKEN):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert jira_authorization() == header


def test_where_none_is_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUTWATER_JIRA", raising=False)
    with pytest.raises(Refused, match="CUTWATER_JIRA is not set"):
        _ = environment.edges().jira
