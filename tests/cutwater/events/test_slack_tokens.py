"""Slack's tokens, by host, from files."""

from pathlib import Path

import pytest

from cutwater.errors import Refused
from cutwater.events.environment import slack_token


def test_each_host_has_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("public", "acme"):
        (tmp_path / name).write_text(f"token of {name}\n")
    monkeypatch.setenv("CUTWATER_SLACK_TOKEN_FILE", str(tmp_path / "public"))
    monkeypatch.setenv("CUTWATER_ADDITIONAL_SLACK_TOKEN_FILES", f"acme={tmp_path / 'acme'},lost={tmp_path / 'lost'}")
    assert (slack_token("*"), slack_token("acme")) == ("token of public", "token of acme")
    with pytest.raises(Refused, match="host 'umbrella' not supported"):
        slack_token("umbrella")
    with pytest.raises(Refused, match="cannot be read"):
        slack_token("lost")
