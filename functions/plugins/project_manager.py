"""project-manager: issues with certain labels come to stand on project boards (GitHub's first kind) by themselves.

Source: sigs.k8s.io/prow pkg/plugins/projectmanager.
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from cutwater.config.configuration import Configuration
from cutwater.config.sections import Column, ManagedProject, ProjectManager
from cutwater.errors import Refused
from cutwater.github.boards import AddCard
from cutwater.github.effects import Subject
from cutwater.github.webhooks import IssueEvent, Webhook
from functions.plugins.boards import boards_of, card_of, columns_of
from functions.plugins.kit import Act, Look, Plugin
from functions.plugins.trust import has

plugin = Plugin(
    "project-manager",
    about="Adds issues to columns of project boards (classic) when they have the labels that are configured for these.",
    effects=[AddCard],
)


class Wanted(NamedTuple):
    """A column in which an issue is to stand. `owner`: whose board it is, `org` or `org/repo`."""

    owner: str
    board: str
    column: Column


def wanted(config: Configuration, org: str, *, state: str, labels: Collection[str]) -> Iterator[Wanted]:
    """Of each board the first column that fits."""
    section = config.plugins.section("project_manager", ProjectManager)
    for owner, managed in section.orgs_repos.items():
        for board, project in managed.projects.items():
            column = _first_that_fits(project, org, state, list(labels))
            if column is not None:
                yield Wanted(owner, board, column)


def _first_that_fits(project: ManagedProject, org: str, state: str, labels: list[str]) -> Column | None:
    fitting = (
        column
        for column in project.columns
        if column.org == org
        and column.state in {"", state}
        and column.labels
        and all(has(labels, label) for label in column.labels)
    )
    return next(fitting, None)


def _has_boards(hook: Webhook, config: Configuration) -> bool:
    section = config.plugins.section("project_manager", ProjectManager)
    projects = (project for managed in section.orgs_repos.values() for project in managed.projects.values())
    return any(column.org == hook.org for project in projects for column in project.columns)


@plugin.on("issues", "opened", "reopened", "labeled", "unlabeled", wants=_has_boards)
async def decide(event: IssueEvent, look: Look, act: Act) -> None:
    """A card on each board on which the issue is to be and is not yet. One that fails does not keep it from others."""
    issue = event.issue
    subject = Subject(event.repository.owner.login, event.repository.name, issue.number)
    labels = [label.name for label in issue.labels]
    labels = labels or await look.github.labels(subject.org, subject.repo, subject.number)
    failed = []
    for place in wanted(look.config, subject.org, state=issue.state, labels=labels):
        try:
            column = await _column(look, subject, place)
            if column is not None:
                why = f"it has the labels {', '.join(place.column.labels)}"
                await act(AddCard(subject=subject, column=column, content=issue.id, content_type="Issue", why=why))
        except Refused as refused:
            failed.append(f"{place.board}: {refused}")
    if failed:
        raise Refused("; ".join(failed))


async def _column(look: Look, subject: Subject, place: Wanted) -> int | None:
    """The column's id; None where the issue is on the board already. Raises Refused where there is no such column."""
    if place.column.id is not None:
        return place.column.id
    org, _, repo = place.owner.partition("/")
    board = next((board for board in await boards_of(look, org, repo) if board.name == place.board), None)
    if board is None:
        raise Refused(f"{place.owner} has no such board")
    columns = await columns_of(look, org, board)
    if await card_of(look, subject, columns) is not None:
        return None
    column = next((column for column in columns if column.name == place.column.name), None)
    if column is None:
        raise Refused(f"the board has no column {place.column.name}")
    return column.id
