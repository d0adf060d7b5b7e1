"""project: the members of a team put issues and pull requests on project boards (GitHub's first kind).

Source: sigs.k8s.io/prow pkg/plugins/project.
"""

import json
from collections.abc import Mapping, Sequence

from msgspec import Struct

from cutwater.config.configuration import Configuration
from cutwater.config.sections import ProjectConfig, ProjectOfOrganisation
from cutwater.errors import Refused
from cutwater.github.boards import AddCard, Board, Column, ContentType, MoveCard, RemoveCard
from cutwater.github.client import NotFound
from cutwater.github.effects import AddComment, Subject
from functions.plugins.boards import boards_of, card_of, columns_of
from functions.plugins.kit import Act, Command, Comment, Look, Plugin
from functions.plugins.teams import is_in_team

CLEAR = "clear"
NO_BOARD_NAMED = (
    "Please provide 1 or more arguments. Example usage: /project 0.5.0, /project 0.5.0 To do, /project clear 0.4.0"
)
NO_TEAM = "There is no maintainer team for this repo or org."
NOT_IN_TEAM = (
    "You must be a member of the [{org}/{repo}](https://github.com/orgs/{org}/teams/{repo}/members) github team to set "
    "the project and column."
)
UNKNOWN_BOARD = (
    "The provided project is not valid for this organization. Projects in Kubernetes orgs and repositories: [{}]."
)
UNKNOWN_COLUMN = (
    "A column is not provided or it's not valid for the project {}. Please provide one of the following columns in the "
    "command:\n[{}]"
)
NOT_ON_BOARD = (
    "The project {} is not valid for the issue/PR {}. Please provide a valid project to which this issue belongs."
)
REMOVED = "You have successfully removed this issue/PR from project {}."
MOVED = "You have successfully moved the project card for this issue to column {} (ID {})."
ADDED = (
    "You have successfully created a project card for this issue. It's been added to project {} column {} "
    "(ID %!D(int={}))."
)
"""Upstream's text, slip of the pen and all."""

plugin = Plugin(
    "project",
    about="Puts issues and pull requests on the project boards (classic) of an organisation or its repositories.",
    commands=[
        Command(
            "project",
            usage=f"/project <board>, /project <board> <column>, or /project {CLEAR} <board>",
            pattern=r"(?m)^/project\s(.*?)$",
            ignores_case=False,
            about="Puts it into a column of a board, or takes it off the board.",
            who="Members of the team that is configured under project_config.",
            examples=("/project 0.5.0", "/project 0.5.0 To do", "/project clear 0.4.0"),
        ),
    ],
    effects=[AddCard, AddComment, MoveCard, RemoveCard],
)


class Wish(Struct, frozen=True, kw_only=True):
    """What was typed: a board and a column by their names; the column may be left out."""

    board: str
    column: str = ""
    is_clearing: bool = False


def wish_of(argument: str) -> Wish | None:
    """None where it names no board, or more than a board and a column. Names with blanks stand in quotation marks."""
    is_clearing = argument.startswith(CLEAR)
    content = argument.removeprefix(CLEAR).strip().replace('"', "'")
    parts = content.split("'") if "'" in content else content.split(" ", 1)
    board, *columns = [part.strip() for part in parts if part.strip()] or [""]
    if not board or len(columns) > 1:
        return None
    return Wish(board=board, column=columns[0] if columns else "", is_clearing=is_clearing)


class Settings(Struct, frozen=True, kw_only=True):
    """The team whose members may, and the columns in which cards begin, by board. None where there is no such team."""

    team: int | None
    columns: Mapping[str, str]


def settings_for(config: Configuration, org: str, repo: str) -> Settings:
    """The repository's entry where there is one; of boards that it does not name, the organisation's columns."""
    section = config.plugins.section("project_config", ProjectConfig)
    of_org = section.project_org_configs.get(org, ProjectOfOrganisation())
    of_repo = of_org.project_repo_configs.get(repo)
    if of_repo is not None:
        columns = {**of_org.org_default_column_map, **of_repo.repo_default_column_map}
        return Settings(team=of_repo.repo_maintainers_team_id, columns=columns)
    team = of_org.org_maintainers_team_id if org in section.project_org_configs else None
    return Settings(team=team, columns=of_org.org_default_column_map)


@plugin.on_command("project")
async def decide(comment: Comment, look: Look, act: Act) -> None:
    """The card is to stand where the first command says. What we say ourselves is none."""
    if (await look.github.bot()).is_me(comment.author.login):
        return
    try:
        said = await _said(comment, look, act)
    except Refused as refused:
        await act(comment.reply(f"This could not be done: {refused}"))
        raise
    if said:
        await act(comment.reply(said))


async def _said(comment: Comment, look: Look, act: Act) -> str:
    """What comes of it, in words; "" where nothing was to be done."""
    wish, subject = wish_of(comment.command.argument), comment.subject
    if wish is None:
        return NO_BOARD_NAMED
    settings = settings_for(look.config, subject.org, subject.repo)
    refusal = await _refusal(look, comment, settings)
    if refusal:
        return refusal
    boards = await _boards(look, subject, wish.board)
    if wish.board not in boards:
        return UNKNOWN_BOARD.format(", ".join(sorted(f"`{name}`" for name in boards)))
    return await _place(comment, look, act, wish, boards[wish.board], settings)


async def _refusal(look: Look, comment: Comment, settings: Settings) -> str:
    """Why somebody may not; "" where they may."""
    org, repo = comment.subject.org, comment.subject.repo
    if settings.team is None:
        return NO_TEAM
    is_member = await is_in_team(look, comment.author.login, org=org, number=settings.team)
    return "" if is_member else NOT_IN_TEAM.format(org=org, repo=repo)


async def _boards(look: Look, subject: Subject, wanted: str) -> dict[str, Board]:
    """Boards by name: the repository's, those of its neighbours, the organisation's; no further than the wanted one."""
    boards = await _boards_at(look, subject.org, subject.repo)
    if wanted in boards:
        return boards
    for neighbour in await look.github.pages("/orgs/{org}/repos", org=subject.org):
        boards |= await _boards_at(look, subject.org, str(neighbour["name"]))
    if wanted in boards:
        return boards
    return boards | {board.name: board for board in await boards_of(look, subject.org)}


async def _boards_at(look: Look, org: str, repo: str) -> dict[str, Board]:
    """A repository's; none where they are switched off."""
    try:
        return {board.name: board for board in await boards_of(look, org, repo)}
    except NotFound:
        raise
    except Refused:
        return {}


async def _place(comment: Comment, look: Look, act: Act, wish: Wish, board: Board, settings: Settings) -> str:
    """Puts the card where it is to be, and says what was done; "" where nothing was to be done."""
    subject, why = comment.subject, comment.why
    columns = await columns_of(look, subject.org, board)
    column = _column(wish, columns, settings)
    if column is None and not wish.is_clearing:
        return UNKNOWN_COLUMN.format(wish.board, " ".join(one.name for one in columns))
    found = await card_of(look, subject, columns)
    if found is not None and found[1] == column:
        return ""
    if wish.is_clearing:
        if found is None:
            return NOT_ON_BOARD.format(json.dumps(wish.board, ensure_ascii=False), subject.number)
        await act(RemoveCard(subject=subject, card=found[0].id, why=why))
        return REMOVED.format(wish.board)
    assert column is not None
    if found is not None:
        await act(MoveCard(subject=subject, card=found[0].id, column=column.id, why=why))
        return MOVED.format(column.name, column.id)
    kind: ContentType = "PullRequest" if comment.text.is_pull_request else "Issue"
    await act(AddCard(subject=subject, column=column.id, content=comment.text.issue_id, content_type=kind, why=why))
    return ADDED.format(wish.board, column.name, column.id)


def _column(wish: Wish, columns: Sequence[Column], settings: Settings) -> Column | None:
    """The column that was named, or else the one in which the board's cards begin."""
    name = wish.column or ("" if wish.is_clearing else settings.columns.get(wish.board, ""))
    return next((column for column in columns if column.name == name), None)
