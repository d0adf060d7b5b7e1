from pathlib import Path

import pytest

from infra.local.settings import Settings, git, graphql


@pytest.mark.parametrize(
    ("api", "expected"),
    [
        pytest.param("", ("http://127.0.0.1:8481", "http://127.0.0.1:8481/api/graphql"), id="the local one"),
        pytest.param("https://api.github.com", ("", "https://api.github.com/graphql"), id="the public one"),
        pytest.param(
            "https://ghe.example.com/api/v3/",
            ("https://ghe.example.com", "https://ghe.example.com/api/graphql"),
            id="one's own",
        ),
    ],
)
def test_where_github_s_other_doors_are(api: str, expected: tuple[str, str]) -> None:
    settings = Settings(folder=Path("x"), config=Path("c"), github_api=api)
    assert (git(settings), graphql(settings)) == expected
