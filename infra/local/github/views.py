"""How things look to GraphQL: one function a type, giving its fields; what is costly to know is a function, called
only where a query asks for it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from graphql import GraphQLError

from infra.local.github import access, forms, pull_forms
from infra.local.github import records as r
from infra.local.github.code import RealCode, code_of
from infra.local.github.hub import Hub
from infra.local.github.mergeability import (
    combined_state,
    latest_statuses,
    mergeability_of,
    pull_commits,
    pull_files,
    review_decision,
)

View = dict[str, object]
T = TypeVar("T")
LARGEST_PAGE = 100


def connection(name: str, rows: Sequence[T], form: Callable[[T], View | None]) -> Callable[..., View]:
    """A list as GraphQL pages it: `first` or `last` must be said, cursors are positions."""

    def page(
        _: object,
        first: int | None = None,
        last: int | None = None,
        after: str | None = None,
        before: str | None = None,
        **__: object,
    ) -> View:
        size = first if first is not None else last
        if size is None:
            raise GraphQLError(
                f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
            )
        if not 0 <= size <= LARGEST_PAGE:
            word = "first" if first is not None else "last"
            raise GraphQLError(
                f"Requesting {size} records on the `{name}` connection exceeds the `{word}` limit of "
                f"{LARGEST_PAGE} records."
            )
        low = int(after or "0") if (after or "0").isdecimal() else 0
        high = int(before) - 1 if before and before.isdecimal() else len(rows)
        if first is not None:
            high = min(high, low + size)
        else:
            low = max(low, high - size)
        nodes = [form(row) for row in rows[low:high]]
        return {
            "totalCount": len(rows),
            "nodes": nodes,
            "edges": [{"cursor": str(low + at + 1), "node": node} for at, node in enumerate(nodes)],
            "pageInfo": {
                "hasNextPage": high < len(rows),
                "hasPreviousPage": low > 0,
                "startCursor": str(low + 1) if nodes else None,
                "endCursor": str(low + len(nodes)) if nodes else None,
            },
        }

    return page


def account(hub: Hub, login: str | None) -> View | None:
    found = hub.account(login) if login else None
    if found is None:
        return None
    kind = found.kind
    return {
        "__typename": kind,
        "id": forms.node_id({"Organization": "O", "Bot": "BOT"}.get(kind, "U"), found.id),
        "databaseId": found.id,
        # A bot's login has no "[bot]" in GraphQL.
        "login": found.login.removesuffix("[bot]") if kind == "Bot" else found.login,
        "name": found.name,
        "email": found.email or "",
        "url": f"{hub.address}/{found.login}",
        "status": _user_status(found) if found.is_busy else None,
        "repository": lambda _, name, **__: repository(hub, hub.repository(f"{found.login}/{name}")),
    }


def repository(hub: Hub, here: r.Repository | None) -> View | None:
    if here is None:
        return None
    return {
        "__typename": "Repository",
        "id": forms.node_id("R", here.id),
        "databaseId": here.id,
        "name": here.name,
        "nameWithOwner": here.full_name,
        "owner": lambda _: account(hub, here.owner),
        "url": forms.page_of(hub, here),
        "isArchived": here.is_archived,
        "isFork": here.parent is not None,
        "isPrivate": here.is_private,
        "defaultBranchRef": lambda _: ref(hub, here, f"refs/heads/{here.default_branch}"),
        "ref": lambda _, qualifiedName: ref(hub, here, _qualified(qualifiedName)),  # noqa: N803 (GitHub's spelling)
        "object": lambda _, expression=None, oid=None: git_object(hub, here, expression or oid or ""),
        "issue": lambda _, number: _numbered(hub, here, number, is_pull=False),
        "pullRequest": lambda _, number: _numbered(hub, here, number, is_pull=True),
        "issues": lambda info, states=None, labels=None, **page: connection(
            "issues", _held(hub, here, states, labels, is_pull=False), lambda row: issue(hub, row)
        )(info, **page),
        "pullRequests": lambda info, **asked: _pulls(hub, here, info, **asked),
        "mergeCommitAllowed": here.allow_merge_commit,
        "squashMergeAllowed": here.allow_squash_merge,
        "rebaseMergeAllowed": here.allow_rebase_merge,
        "labels": connection("labels", hub.labels_of.all(here.id), label),
        "collaborators": lambda info, affiliation=None, **page: _collaborators(hub, here, affiliation)(info, **page),
    }


def ref(hub: Hub, here: r.Repository, name: str) -> View | None:
    found = hub.ref(here, name)
    if found is None:
        return None
    prefix, _, short = name.partition("/")[2].partition("/")
    return {
        "__typename": "Ref",
        "id": forms.node_id("REF", found.id),
        "name": short,
        "prefix": f"refs/{prefix}/",
        "repository": lambda _: repository(hub, here),
        "target": lambda _: commit_at(hub, here, found.sha),
    }


def git_object(hub: Hub, here: r.Repository, expression: str) -> View | None:
    """A commit, or a file by "ref:path"."""
    code = code_of(hub, here)
    name, colon, path = expression.partition(":")
    sha = code.resolve(here.default_branch if name == "HEAD" else name)
    if sha is None:
        return None
    if not colon:
        return commit_at(hub, here, sha)
    found = code.file(sha, path)
    if found is None:
        return None
    blob_sha, body = found
    return {
        "__typename": "Blob",
        "id": f"B_{blob_sha}",
        "oid": blob_sha,
        "byteSize": len(body),
        "isBinary": b"\0" in body,
        "text": body.decode(errors="replace"),
        "repository": lambda _: repository(hub, here),
    }


def commit_at(hub: Hub, here: r.Repository, sha: str) -> View | None:
    found = code_of(hub, here).commit(sha)
    return None if found is None else commit(hub, here, found)


def commit(hub: Hub, here: r.Repository, row: r.Commit) -> View:
    return {
        "__typename": "Commit",
        "id": f"C_{row.sha}",
        "oid": row.sha,
        "message": row.message,
        "messageHeadline": row.message.partition("\n")[0],
        "authoredDate": _time(row.author.date),
        "committedDate": _time(row.committer.date),
        "url": f"{forms.page_of(hub, here)}/commit/{row.sha}",
        "repository": lambda _: repository(hub, here),
        "tree": {
            "__typename": "Tree",
            "id": f"T_{row.tree}",
            "oid": row.tree,
            "repository": lambda _: repository(hub, here),
        },
        "author": lambda _: {
            "name": row.author.name,
            "email": row.author.email,
            "date": _time(row.author.date),
            "user": account(hub, pull_forms.login_of(hub, row.author, row.author_login)),
        },
        "status": lambda _: status(hub, here, row.sha),
        "statusCheckRollup": lambda _: rollup(hub, here, row.sha),
        "blame": lambda _, path: {"ranges": _blame(hub, here, row.sha, path)},
    }


def status(hub: Hub, here: r.Repository, sha: str) -> View | None:
    rows = latest_statuses(hub, here, sha)
    if not rows:
        return None
    views = [status_context(hub, row) for row in rows]
    return {
        "id": f"SC_{sha}",
        "state": combined_state(rows).upper(),
        "contexts": views,
        "context": lambda _, name: next((view for view in views if view["context"] == name), None),
    }


def status_context(hub: Hub, row: r.Status) -> View:
    return {
        "__typename": "StatusContext",
        "id": forms.node_id("SC", row.id),
        "context": row.context,
        "description": row.description,
        "state": row.state.upper(),
        "targetUrl": row.target_url,
        "createdAt": _time(row.created_at),
        "creator": lambda _: account(hub, row.creator),
    }


def rollup(hub: Hub, here: r.Repository, sha: str) -> View | None:
    """Statuses and the newest check run of each name together."""
    statuses = latest_statuses(hub, here, sha)
    runs = list({(row.app, row.name): row for row in hub.check_runs_of.all((here.id, sha))}.values())
    views = [status_context(hub, row) for row in statuses] + [check_run(row) for row in runs]
    if not views:
        return None
    failed = any(row.conclusion in ("failure", "timed_out", "cancelled", "action_required") for row in runs)
    running = any(row.status != "completed" for row in runs)
    states = {combined_state(statuses)} if statuses else {"success"}
    states |= {"failure"} if failed else {"pending"} if running else set()
    state = next(word for word in ("failure", "pending", "success") if word in states)
    return {
        "id": f"SCR_{sha}",
        "state": state.upper(),
        "contexts": connection("contexts", views, lambda view: view),
    }


def check_run(row: r.CheckRun) -> View:
    return {
        "__typename": "CheckRun",
        "id": forms.node_id("CR", row.id),
        "databaseId": row.id,
        "name": row.name,
        "status": row.status.upper(),
        "conclusion": row.conclusion.upper() if row.conclusion else None,
        "detailsUrl": row.details_url,
        "startedAt": _time(row.started_at) if row.started_at else None,
        "completedAt": _time(row.completed_at) if row.completed_at else None,
        "title": row.title,
        "summary": row.summary,
    }


def label(row: r.Label) -> View:
    return {
        "id": forms.node_id("LA", row.id),
        "name": row.name,
        "color": row.color,
        "description": row.description,
    }


def milestone(hub: Hub, row: r.Issue) -> View | None:
    found = hub.milestone(hub.repositories[row.repository], row.milestone) if row.milestone else None
    if found is None:
        return None
    return {
        "id": forms.node_id("MI", found.id),
        "number": found.number,
        "title": found.title,
        "state": found.state.upper(),
    }


def comment(hub: Hub, row: r.Comment) -> View:
    about = hub.issues[row.issue]
    page = forms.page_of(hub, hub.repositories[about.repository])
    kind = "pull" if about.pull else "issues"
    return {
        "id": forms.node_id("IC", row.id),
        "databaseId": row.id,
        "body": row.body,
        "createdAt": _time(row.created_at),
        "url": f"{page}/{kind}/{about.number}#issuecomment-{row.id}",
        "author": lambda _: account(hub, row.author),
    }


def either(hub: Hub, row: r.Issue) -> View:
    """An issue or a pull request, whichever it is."""
    return pull(hub, row) if row.pull else issue(hub, row)


def issue(hub: Hub, row: r.Issue) -> View:
    here = hub.repositories[row.repository]
    held = [found for id_ in row.labels if (found := hub.labels.get(id_)) is not None]
    kind = "pull" if row.pull else "issues"
    return {
        "__typename": "Issue",
        "id": forms.node_id("PR" if row.pull else "I", row.id),
        "number": row.number,
        "title": row.title,
        "body": row.body or "",
        "state": row.state.upper(),
        "closed": row.state == "closed",
        "locked": row.is_locked,
        "isPinned": row.is_pinned,
        "url": f"{forms.page_of(hub, here)}/{kind}/{row.number}",
        "createdAt": _time(row.created_at),
        "updatedAt": _time(row.updated_at),
        "author": lambda _: account(hub, row.author),
        "repository": lambda _: repository(hub, here),
        "milestone": lambda _: milestone(hub, row),
        "labels": connection("labels", held, label),
        "assignees": connection("assignees", row.assignees, lambda login: account(hub, login)),
        "comments": connection("comments", hub.comments_of.all(row.id), lambda one: comment(hub, one)),
    }


def pull(hub: Hub, row: r.Issue) -> View:
    change = row.pull
    assert change is not None
    here = hub.repositories[row.repository]
    home = hub.repositories.get(change.head_repository) if change.head_repository is not None else None
    return issue(hub, row) | {
        "__typename": "PullRequest",
        "state": "MERGED" if change.merged_at else row.state.upper(),
        "isDraft": change.is_draft,
        "merged": change.merged_at is not None,
        "mergedAt": _time(change.merged_at) if change.merged_at else None,
        "mergeCommit": lambda _: commit_at(hub, here, change.merge_sha) if change.merge_sha else None,
        "baseRefName": change.base_ref,
        "baseRefOid": change.base_sha,
        "baseRef": lambda _: ref(hub, here, f"refs/heads/{change.base_ref}"),
        "headRefName": change.head_ref,
        "headRefOid": change.head_sha,
        "headRef": lambda _: ref(hub, home, f"refs/heads/{change.head_ref}") if home else None,
        "headRepository": lambda _: repository(hub, home),
        "mergeable": lambda _: {True: "MERGEABLE", False: "CONFLICTING", None: "UNKNOWN"}[
            mergeability_of(hub, row).mergeable
        ],
        "mergeStateStatus": lambda _: mergeability_of(hub, row).state.upper(),
        "canBeRebased": lambda _: bool(mergeability_of(hub, row).can_be_rebased),
        "reviewDecision": lambda _: review_decision(hub, row),
        "statusCheckRollup": lambda _: rollup(hub, here, change.head_sha),
        "additions": lambda _: sum(file.additions for file in pull_files(hub, row)),
        "deletions": lambda _: sum(file.deletions for file in pull_files(hub, row)),
        "changedFiles": lambda _: len(pull_files(hub, row)),
        "commits": lambda info, **page: connection(
            "commits",
            pull_commits(hub, row),
            lambda one: {"id": f"PURC_{row.id}_{one.sha}", "commit": commit(hub, here, one)},
        )(info, **page),
    }


def _user_status(row: r.Account) -> View:
    return {
        "id": forms.node_id("US", row.id),
        "indicatesLimitedAvailability": True,
        "emoji": None,
        "message": "busy",
    }


def _qualified(name: str) -> str:
    return name if name.startswith("refs/") else f"refs/heads/{name}"


def _numbered(hub: Hub, here: r.Repository, number: int, *, is_pull: bool) -> View:
    row = hub.issue(here, number)
    if row is None or (row.pull is not None) != is_pull:
        kind = "a PullRequest" if is_pull else "an Issue"
        message = f"Could not resolve to {kind} with the number of {number}."
        raise GraphQLError(message, extensions={"type": "NOT_FOUND"})
    return either(hub, row)


def _held(
    hub: Hub, here: r.Repository, states: list[str] | None, labels: list[str] | None, *, is_pull: bool
) -> list[r.Issue]:
    wanted = {name.lower() for name in labels or ()}
    return [
        row
        for row in hub.issues_of.all(here.id)
        if (row.pull is not None) == is_pull
        and (states is None or either(hub, row)["state"] in states)
        and (labels is None or any(hub.labels[id_].name.lower() in wanted for id_ in row.labels))
    ]


def _pulls(
    hub: Hub,
    here: r.Repository,
    info: object,
    *,
    states: list[str] | None = None,
    labels: list[str] | None = None,
    baseRefName: str | None = None,  # noqa: N803 (GitHub's spelling, here and below)
    headRefName: str | None = None,  # noqa: N803
    orderBy: dict[str, str] | None = None,  # noqa: N803
    **page: object,
) -> View:
    rows = [
        row
        for row in _held(hub, here, states, labels, is_pull=True)
        if row.pull and baseRefName in (None, row.pull.base_ref) and headRefName in (None, row.pull.head_ref)
    ]
    if orderBy is not None:
        by_update = orderBy["field"] == "UPDATED_AT"
        rows.sort(
            key=lambda row: (row.updated_at if by_update else row.created_at, row.id),
            reverse=orderBy["direction"] == "DESC",
        )
    return connection("pullRequests", rows, lambda row: pull(hub, row))(info, **page)


def _collaborators(hub: Hub, here: r.Repository, affiliation: str | None) -> Callable[..., View]:
    logins = [
        row.login
        for row in hub.accounts
        if row.kind == "User"
        and (
            hub.collaborator(here, row.login) is not None
            if affiliation == "DIRECT"
            else access.is_collaborator(hub, here, row.login)
        )
    ]
    pages = connection("collaborators", logins, lambda login: account(hub, login))

    def page(info: object, **asked: object) -> View:
        view = pages(info, **asked)
        edges = view["edges"]
        assert isinstance(edges, list)
        for edge in edges:
            level = access.level_of(hub, here, edge["node"]["login"])
            edge["permission"] = level.name if level > access.Level.NONE else "READ"
        return view

    return page


def _blame(hub: Hub, here: r.Repository, sha: str, path: str) -> list[View]:
    code = code_of(hub, here)
    if not isinstance(code, RealCode):
        return []
    ranges: list[View] = []
    for line in code.git.run("blame", "--incremental", sha, "--", path).decode(errors="replace").splitlines():
        words = line.split(" ")
        if len(words) == 4 and len(words[0]) == 40:
            first, count = int(words[2]), int(words[3])
            ranges.append(
                {
                    "startingLine": first,
                    "endingLine": first + count - 1,
                    "age": 1,
                    "commit": commit_at(hub, here, words[0]),
                }
            )
    return sorted(ranges, key=lambda one: int(str(one["startingLine"])))


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
