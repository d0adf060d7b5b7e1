"""The GraphQL API: queries over the views, and the few mutations that are made."""

from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path

import msgspec
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    build_schema,
    execute_sync,
    parse,
    validate,
)
from msgspec import Struct

from infra.local.github import forms, issues, pulls, views
from infra.local.github import records as r
from infra.local.github.access import Actor, Level, actor_level
from infra.local.github.errors import Refusal
from infra.local.github.hub import Hub
from infra.local.github.rates import Rates
from infra.local.github.rest.api import Request, Response
from infra.local.github.search import search
from infra.local.github.signin import actor_of

SCHEMA = Path(__file__).with_name("schema.graphql")
MOST_PINNED = 3
"""Issues that a repository may have pinned."""
_JSON = (b"content-type", b"application/json; charset=utf-8")


class Query(Struct):
    query: str
    variables: dict[str, object] | None = None
    operationName: str | None = None  # noqa: N815 (GraphQL's spelling)


class GraphQL:
    """The API over one hub."""

    def __init__(self, hub: Hub, rates: Rates) -> None:
        self._hub = hub
        self._rates = rates
        self._checked = lru_cache(maxsize=256)(self._check)

    def answer(self, request: Request) -> Response:
        """One POST; what is wrong with a query is said in a 200, as GitHub does."""
        try:
            actor = actor_of(self._hub, request.headers)
            if actor.kind in ("anonymous", "app"):
                raise Refusal(401, "This endpoint requires you to be authenticated.")
            asked = msgspec.json.decode(request.body, type=Query)
        except Refusal as refusal:
            return Response(refusal.status, [_JSON], msgspec.json.encode(refusal.body()))
        except msgspec.MsgspecError:
            body = Refusal(400, "Problems parsing JSON").body()
            return Response(400, [_JSON], msgspec.json.encode(body))
        bucket = self._rates.bucket(actor.rate_key, "graphql", is_anonymous=False)
        headers = [_JSON]
        if bucket.remaining == 0:
            message = f"API rate limit exceeded for {actor.rate_key}."
            body = {"errors": [{"type": "RATE_LIMITED", "message": message}]}
            return Response(200, headers + Rates.headers(bucket, "graphql"), msgspec.json.encode(body))
        bucket.used += 1
        result = self.run(asked, actor)
        return Response(200, headers + Rates.headers(bucket, "graphql"), msgspec.json.encode(result))

    def run(self, asked: Query, actor: Actor) -> dict[str, object]:
        """Data and errors of one query; a mutation that fails changes nothing."""
        document, errors = self._checked(asked.query)
        if document is None:
            return {"errors": [error.formatted for error in errors]}
        root = self._root(actor)
        try:
            with self._hub.store.transaction():
                result = execute_sync(
                    _schema(),
                    document,
                    root,
                    variable_values=asked.variables,
                    operation_name=asked.operationName,
                )
                if result.errors and result.data is None:
                    raise _Failed(result)
        except _Failed as failed:
            result = failed.result
        return _formatted(result)

    def _check(self, query: str) -> tuple[DocumentNode | None, list[GraphQLError]]:
        try:
            document = parse(query)
        except GraphQLError as error:
            return None, [error]
        errors = validate(_schema(), document)
        return (None, errors) if errors else (document, [])

    def _root(self, actor: Actor) -> dict[str, object]:
        hub = self._hub
        by = actor.account

        def repository(_: object, owner: str, name: str, **__: object) -> views.View:
            here = hub.repository(f"{owner}/{name}")
            if here is None or actor_level(hub, here, actor) < Level.READ:
                message = f"Could not resolve to a Repository with the name '{owner}/{name}'."
                raise GraphQLError(message, extensions={"type": "NOT_FOUND"})
            view = views.repository(hub, here)
            assert view is not None
            return view

        def account(login: str, kind: str) -> views.View:
            view = views.account(hub, login)
            if view is None or view["__typename"] != kind:
                message = f"Could not resolve to a {kind} with the login of '{login}'."
                raise GraphQLError(message, extensions={"type": "NOT_FOUND"})
            return view

        def limits(_: object, **__: object) -> views.View:
            bucket = self._rates.bucket(actor.rate_key, "graphql", is_anonymous=False)
            return {
                "cost": 1,
                "limit": bucket.limit,
                "nodeCount": 0,
                "remaining": bucket.remaining,
                "resetAt": bucket.reset.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "used": bucket.used,
            }

        def found(info: object, type: str, query: str, **page: object) -> views.View:  # noqa: A002 (GitHub's name)
            return self._search(actor, info, type, query, **page)

        def change(input: dict[str, object]) -> "_Change":  # noqa: A002 (GitHub's name)
            if by is None:
                raise GraphQLError("This endpoint requires you to be authenticated.")
            return _Change(hub, by, input, lambda here: actor_level(hub, here, actor))

        return {
            "viewer": lambda _: views.account(hub, actor.login),
            "user": lambda _, login: account(login, "User"),
            "organization": lambda _, login: account(login, "Organization"),
            "repository": repository,
            "rateLimit": limits,
            "search": found,
            "node": lambda _, **given: views.either(hub, _issue(hub, given["id"])),
            "pinIssue": lambda _, **given: change(**given).pin(is_pinned=True),
            "unpinIssue": lambda _, **given: change(**given).pin(is_pinned=False),
            "transferIssue": lambda _, **given: change(**given).transfer(),
            "convertPullRequestToDraft": lambda _, **given: change(**given).draft(is_draft=True),
            "markPullRequestReadyForReview": lambda _, **given: change(**given).draft(is_draft=False),
        }

    def _search(self, actor: Actor, info: object, kind: str, query: str, **page: object) -> views.View:
        hub = self._hub
        if kind == "USER":
            words = query.lower().split()
            accounts = [
                row.login for row in hub.accounts if all(word in _about(row) for word in words) and row.kind == "User"
            ]
            view = views.connection("search", accounts, lambda login: views.account(hub, login))(info, **page)
            return view | {"userCount": len(accounts), "issueCount": 0, "repositoryCount": 0}
        if kind != "ISSUE":
            raise GraphQLError(f"Searching for {kind} is not offered here.")
        try:
            rows = search(hub, query, lambda here: actor_level(hub, here, actor) >= Level.READ)
        except Refusal as refusal:
            raise GraphQLError(refusal.message) from refusal
        view = views.connection("search", rows, lambda row: views.either(hub, row))(info, **page)
        return view | {"issueCount": len(rows), "userCount": 0, "repositoryCount": 0}


@cache
def _schema() -> GraphQLSchema:
    """Built at the first query, once a process."""
    return build_schema(SCHEMA.read_text())


class _Failed(Exception):
    def __init__(self, result: ExecutionResult) -> None:
        super().__init__()
        self.result = result


class _Change:
    """One mutation by somebody, with its input."""

    def __init__(
        self, hub: Hub, by: r.Account, given: dict[str, object], level: Callable[[r.Repository], Level]
    ) -> None:
        self._hub = hub
        self._by = by
        self._given = given
        self._level = level

    def pin(self, *, is_pinned: bool) -> views.View:
        row = self._plain_issue()
        here = self._hub.repositories[row.repository]
        self._expect_write(here, "PinIssue" if is_pinned else "UnpinIssue")
        pinned = [one for one in self._hub.issues_of.all(here.id) if one.is_pinned and one.id != row.id]
        if is_pinned and len(pinned) >= MOST_PINNED:
            raise GraphQLError(
                f"Maximum {MOST_PINNED} pinned issues per repository", extensions={"type": "UNPROCESSABLE"}
            )
        row = issues.set_pinned(self._hub, row, self._by, is_pinned=is_pinned)
        return self._payload({"issue": views.issue(self._hub, row)})

    def transfer(self) -> views.View:
        kind, id_ = forms.node_number(str(self._given["repositoryId"])) or ("", 0)
        there = self._hub.repositories.get(id_) if kind == "R" else None
        if there is None:
            raise _unresolved(str(self._given["repositoryId"]))
        row = self._plain_issue()
        here = self._hub.repositories[row.repository]
        for repository in (here, there):
            self._expect_write(repository, "TransferIssue")
        if here.owner != there.owner:
            raise GraphQLError("An issue stays with its owner.", extensions={"type": "UNPROCESSABLE"})
        row = issues.transfer(self._hub, row, there, self._by)
        return self._payload({"issue": views.issue(self._hub, row)})

    def draft(self, *, is_draft: bool) -> views.View:
        row = pulls.set_draft(self._hub, self._issue("pullRequestId"), self._by, is_draft=is_draft)
        return self._payload({"pullRequest": views.pull(self._hub, row)})

    def _issue(self, name: str) -> r.Issue:
        return _issue(self._hub, str(self._given[name]))

    def _plain_issue(self) -> r.Issue:
        """The issue, which is no pull request."""
        row = self._issue("issueId")
        if row.pull is not None:
            raise _unresolved(str(self._given["issueId"]), "Issue node")
        return row

    def _expect_write(self, repository: r.Repository, mutation: str) -> None:
        if self._level(repository) < Level.WRITE:
            message = f"{self._by.login} does not have the correct permissions to execute `{mutation}`"
            raise GraphQLError(message, extensions={"type": "FORBIDDEN"})

    def _payload(self, view: views.View) -> views.View:
        return {"clientMutationId": self._given.get("clientMutationId"), **view}


def _issue(hub: Hub, node: str) -> r.Issue:
    kind, id_ = forms.node_number(node) or ("", 0)
    row = hub.issues.get(id_) if kind in ("I", "PR") else None
    if row is None:
        raise _unresolved(node)
    return row


def _unresolved(node: str, what: str = "a node") -> GraphQLError:
    message = f"Could not resolve to {what} with the global id of '{node}'"
    return GraphQLError(message, extensions={"type": "NOT_FOUND"})


def _about(row: r.Account) -> str:
    return f"{row.login} {row.name or ''} {row.email or ''}".lower()


def _formatted(result: ExecutionResult) -> dict[str, object]:
    formatted: dict[str, object] = {"data": result.data}
    if result.errors:
        formatted["errors"] = [_error(error) for error in result.errors]
    return formatted


def _error(error: GraphQLError) -> dict[str, object]:
    """GitHub puts the type of an error beside its message."""
    plain: dict[str, object] = {"message": error.message, "path": error.path}
    if error.locations:
        plain["locations"] = [{"line": one.line, "column": one.column} for one in error.locations]
    kind = (error.extensions or {}).get("type")
    return plain | {"type": kind} if kind else plain
