"""Project boards of GitHub's first kind, which GitHub has removed: these answers are as it gave them."""

from typing import Any

import pytest

from cutwater.config.configuration import Configuration
from functions.plugins import project
from functions.plugins.project import Wish, wish_of
from functions.plugins.project_manager import wanted
from infra.local.github.rest.calls import Answer
from tests.functions.plugins.scene import configuration
from tests.functions.plugins.talk import AUTHOR, MEMBER, NUMBER, ORG, REPO, STRANGER, Talk

CARD = {"id": 901, "content_url": f"https://api.github.com/repos/{ORG}/{REPO}/issues/{NUMBER}"}
TEAM = """
project_config:
  project_org_configs:
    acme: {org_maintainers_team_id: 44, org_default_column_map: {0.1.0: To do, Roadmap: Nowhere}}
"""


@pytest.mark.parametrize(
    "argument, wish",
    [
        pytest.param("0.0.0 To do", Wish(board="0.0.0", column="To do"), id="a board and a column"),
        pytest.param("'0.0.0' To do", Wish(board="0.0.0", column="To do"), id="the board in quotation marks"),
        pytest.param('"0.0.0" "To do"', Wish(board="0.0.0", column="To do"), id="both"),
        pytest.param("'Next release'", Wish(board="Next release"), id="a board with a blank"),
        pytest.param("clear 0.0.0", Wish(board="0.0.0", is_clearing=True), id="clear"),
        pytest.param("clearance", Wish(board="ance", is_clearing=True), id="a board that begins with clear"),
        pytest.param("clear", None, id="clear what"),
        pytest.param("", None, id="nothing"),
        pytest.param("'a' 'b' 'c'", None, id="three"),
    ],
)
def test_wishes(argument: str, wish: Wish | None) -> None:
    assert wish_of(argument) == wish


def boards(talk: Talk, *, at: str = "") -> list[tuple[str, str]]:
    """Has GitHub answer as when it had boards. `at`: the column of the card. Gives the changes as they come."""
    plan = talk.scene.github.plan
    plan("GET", f"/repos/{ORG}/{REPO}/projects", Answer(200, [{"id": 1, "name": "0.1.0"}]))
    plan("GET", f"/orgs/{ORG}/projects", Answer(200, [{"id": 2, "name": "Roadmap"}]))
    for board, columns in {1: {11: "To do", 12: "Done"}, 2: {21: "To do", 22: "Backlog"}}.items():
        plan(
            "GET",
            f"/projects/{board}/columns",
            Answer(200, [{"id": id_, "name": name} for id_, name in columns.items()]),
        )
        for id_, name in columns.items():
            plan("GET", f"/projects/columns/{id_}/cards", Answer(200, [CARD] if board == 1 and name == at else []))
            plan("POST", f"/projects/columns/{id_}/cards", Answer(201, CARD))
    plan("POST", "/projects/columns/cards/901/moves", Answer(201, {}))
    plan("DELETE", "/projects/columns/cards/901", Answer(204))
    return []


@pytest.mark.virtual
@pytest.mark.parametrize(
    "at, by, says, answers",
    [
        pytest.param("", MEMBER, "/project 0.1.0 Done", [project.ADDED.format("0.1.0", "Done", 12)], id="a new card"),
        pytest.param(
            "", MEMBER, "/project 0.1.0", [project.ADDED.format("0.1.0", "To do", 11)], id="where cards begin"
        ),
        pytest.param("To do", MEMBER, "/project 0.1.0 Done", [project.MOVED.format("Done", 12)], id="moved"),
        pytest.param("Done", MEMBER, "/project 0.1.0 Done", [], id="there already"),
        pytest.param("Done", MEMBER, "/project clear 0.1.0", [project.REMOVED.format("0.1.0")], id="cleared"),
        pytest.param(
            "", MEMBER, "/project clear 0.1.0", [project.NOT_ON_BOARD.format('"0.1.0"', 7)], id="nothing to clear"
        ),
        pytest.param(
            "",
            MEMBER,
            "/project Roadmap",
            [project.UNKNOWN_COLUMN.format("Roadmap", "To do Backlog")],
            id="the column where cards begin is not there",
        ),
        pytest.param(
            "", MEMBER, "/project nosuch", [project.UNKNOWN_BOARD.format("`0.1.0`, `Roadmap`")], id="no such board"
        ),
        pytest.param("", STRANGER, "/project 0.1.0", [project.NOT_IN_TEAM.format(org=ORG, repo=REPO)], id="a stranger"),
        pytest.param("", AUTHOR, "/project 0.1.0", [project.NOT_IN_TEAM.format(org=ORG, repo=REPO)], id="the author"),
        pytest.param("", MEMBER, "/project ", [project.NO_BOARD_NAMED], id="no board is named"),
        pytest.param("", MEMBER, "/PROJECT 0.1.0", [], id="in capitals"),
    ],
)
async def test_project(at: str, by: str, says: str, answers: list[str]) -> None:
    async with Talk("project", TEAM) as talk:
        boards(talk, at=at)
        await talk.say(by, says)
        assert talk.answers == answers


@pytest.mark.virtual
async def test_github_has_no_boards_any_more() -> None:
    async with Talk("project", TEAM) as talk:
        await talk.say(MEMBER, "/project 0.1.0")
        assert talk.answers == [
            "This could not be done: GitHub answers 404: Not Found, for /repos/acme/rocket/projects: "
            "it has no project boards (classic)"
        ]


@pytest.mark.virtual
async def test_boards_that_are_switched_off_for_a_repository() -> None:
    async with Talk("project", TEAM) as talk:
        boards(talk)
        gone = Answer(410, {"message": "Projects are disabled for this repository"})
        talk.scene.github.plan("GET", f"/repos/{ORG}/{REPO}/projects", gone)
        await talk.say(MEMBER, "/project Roadmap Backlog")
        assert talk.answers == [project.ADDED.format("Roadmap", "Backlog", 22)]


@pytest.mark.virtual
async def test_a_card_that_github_refuses() -> None:
    async with Talk("project", TEAM) as talk:
        boards(talk)
        full = Answer(403, {"message": "No more cards."})
        talk.scene.github.plan("POST", "/projects/columns/11/cards", full)
        await talk.say(MEMBER, "/project 0.1.0")
        assert talk.answers == ["This could not be done: GitHub answers 403: No more cards."]


@pytest.mark.virtual
async def test_a_team_that_is_not_there() -> None:
    async with Talk("project", TEAM.replace("44", "45")) as talk:
        await talk.say(MEMBER, "/project 0.1.0")
        assert talk.answers == ["This could not be done: acme has no team 45"]


@pytest.mark.virtual
async def test_no_team() -> None:
    async with Talk("project") as talk:
        await talk.say(MEMBER, "/project 0.1.0")
        assert talk.answers == [project.NO_TEAM]


COLUMNS = """
project_manager: {orgsRepos: {acme/rocket: {projects: {0.1.0: {columns: [
  {name: To do, org: acme, labels: [kind/bug, area/wing]},
  {name: Done, org: acme, labels: [kind/bug]},
  {id: 99, org: acme, state: closed, labels: [kind/old]},
  {id: 98, org: other, labels: [kind/new]},
]}}}}}
"""


@pytest.mark.parametrize(
    "state, labels, columns",
    [
        pytest.param("open", ["kind/bug", "area/wing"], ["To do"], id="the first that fits"),
        pytest.param("open", ["KIND/bug"], ["Done"], id="one label is missing"),
        pytest.param("open", ["area/wing"], [], id="none fits"),
        pytest.param("open", ["kind/old"], [], id="in another state"),
        pytest.param("closed", ["kind/old"], [99], id="in that state"),
        pytest.param("open", ["kind/new"], [], id="of another organisation"),
    ],
)
def test_wanted_columns(state: str, labels: list[str], columns: list[Any]) -> None:
    config: Configuration = configuration(COLUMNS)
    found = [place.column.id or place.column.name for place in wanted(config, ORG, state=state, labels=labels)]
    assert found == columns


@pytest.mark.virtual
@pytest.mark.parametrize(
    "at, is_added", [pytest.param("", True, id="a new card"), pytest.param("To do", False, id="on the board already")]
)
async def test_project_manager(at: str, is_added: bool) -> None:
    async with Talk("project-manager", COLUMNS, on="issue", labels=["kind/bug"]) as talk:
        boards(talk, at=at)
        await talk.happens("opened")
        spent = [call for _, call, _ in talk.scene.functions.edges.github_calls]
        assert ("POST /projects/columns/{column}/cards" in spent) == is_added
