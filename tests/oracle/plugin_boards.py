"""The project boards of a row about plugins. GitHub has none any more: these answers stand in their place."""

from collections.abc import Mapping
from typing import Any

from infra.local.github import Answer
from infra.local.github.server import GitHub

Given = Mapping[str, Any]


def load(github: GitHub, given: Given) -> None:
    """Have GitHub answer for the boards of a row's world, where there are any."""
    boards = given.get("projects")
    if boards is None:
        return
    org, repo = given["org"], given["repo"]
    for name in (f"{org}/{repo}", *(given.get("other_repos") or ())):
        github.plan(
            "GET", f"/repos/{name}/projects", Answer(200, _named(boards, of_org=False, there=name == f"{org}/{repo}"))
        )
    github.plan("GET", f"/orgs/{org}/projects", Answer(200, _named(boards, of_org=True)))
    for board in boards:
        columns = [{"id": column["id"], "name": column["name"]} for column in board["columns"]]
        github.plan("GET", f"/projects/{board['id']}/columns", Answer(200, columns))
        for column in board["columns"]:
            path = f"/projects/columns/{column['id']}/cards"
            github.plan("GET", path, Answer(200, column["cards"]))
            github.plan("POST", path, Answer(201, {"id": 1}))
            for card in column["cards"]:
                github.plan("POST", f"/projects/columns/cards/{card['id']}/moves", Answer(201, {}))
                github.plan("DELETE", f"/projects/columns/cards/{card['id']}", Answer(204))


def _named(boards: list[Given], *, of_org: bool, there: bool = True) -> list[Given]:
    return [{"id": one["id"], "name": one["name"]} for one in boards if there and one["org_project"] == of_org]
