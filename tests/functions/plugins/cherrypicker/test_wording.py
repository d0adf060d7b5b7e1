import pytest

from cutwater.errors import Refused
from functions.plugins.cherrypicker import wording
from functions.plugins.cherrypicker.options import Options, options


@pytest.mark.parametrize(
    ("title", "base", "expected"),
    [
        ("Fix", "main", "[r1] Fix"),
        ("[main] Fix", "main", "[r1] Fix"),
        ("[main] Fix [main] it", "main", "[r1] Fix [main] it"),
        ("[main]Fix", "main", "[r1] [main]Fix"),
        ("[r2] Fix", "main", "[r1] [r2] Fix"),
    ],
)
def test_title(title: str, base: str, expected: str) -> None:
    assert wording.title_of(title, target="r1", base=base) == expected


FIRST = "This is an automated cherry-pick of #7"


@pytest.mark.parametrize(
    ("requester", "parent", "chain", "labels", "expected"),
    [
        pytest.param("", "text", (), (), FIRST, id="nothing more"),
        pytest.param("alice", "", (), (), f"{FIRST}\n\n/assign alice", id="somebody to be assigned"),
        pytest.param(
            "", "a\n```release-note\n Fix \n```\nb", (), (), f"{FIRST}\n\n```release-note\nFix\n```", id="a note"
        ),
        pytest.param(
            "",
            "**Release note**:\n<!-- say it -->\n```\nFix\nmore\n```",
            (),
            (),
            f"{FIRST}\n\n```release-note\nFix\nmore\n```",
            id="a note as templates have it",
        ),
        pytest.param("", "", ("r0", "r-1"), (), f"{FIRST}\n\n/cherrypick r0 r-1", id="a chain"),
        pytest.param(
            "",
            "",
            (),
            ("lgtm", "kind/cleanup", "kind/bug", "kind/", "kind/bug"),
            f"{FIRST}\n\n/kind bug\n/kind cleanup",
            id="kinds, in order, each once",
        ),
        pytest.param(
            "alice",
            "```release-note\nx\n```",
            ("r0",),
            ("kind/bug",),
            f"{FIRST}\n\n/assign alice\n\n```release-note\nx\n```\n\n/cherrypick r0\n\n/kind bug",
            id="all of it",
        ),
    ],
)
def test_body(requester: str, parent: str, chain: tuple[str, ...], labels: tuple[str, ...], expected: str) -> None:
    assert wording.body_of(7, requester=requester, parent=parent, chain=chain, labels=labels) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, Options()),
        ({"LABELS": "a, cla: yes,"}, Options(labels=("a", "cla: yes"))),
        ({"USE_PROW_ASSIGNMENTS": "false", "ALLOW_ALL": "T"}, Options(assigns=False, allows_all=True)),
        ({"CREATE_ISSUE_ON_CONFLICT": "1", "LABEL_PREFIX": "pick-"}, Options(opens_issues=True, label_prefix="pick-")),
    ],
)
def test_options(given: dict[str, str], expected: Options) -> None:
    assert options({f"CUTWATER_CHERRYPICKER_{name}": value for name, value in given.items()}) == expected


def test_an_option_that_says_nothing() -> None:
    with pytest.raises(Refused, match='CUTWATER_CHERRYPICKER_ALLOW_ALL: "perhaps" is neither true nor false'):
        options({"CUTWATER_CHERRYPICKER_ALLOW_ALL": "perhaps"})
