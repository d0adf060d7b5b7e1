"""REST: pull requests, their files and commits, reviews, requested reviewers, merges."""

from msgspec import Struct
from msgspec.structs import replace

from infra.local.github import issues, pull_forms, pulls
from infra.local.github.access import Level
from infra.local.github.code import code_of
from infra.local.github.errors import Forbidden, NotFound
from infra.local.github.mergeability import pull_commits, pull_files
from infra.local.github.rest.calls import Answer, Call, Route
from infra.local.github.rest.issues import in_order, set_state

FILES_SHOWN = 3000
COMMITS_SHOWN = 250
"""What GitHub lists at most of one pull request. Source: docs.github.com, "List pull requests files" and "commits"."""


class NewPull(Struct):
    title: str
    head: str
    base: str
    body: str | None = None
    draft: bool = False
    maintainer_can_modify: bool = True


class PullChange(Struct):
    title: str | None = None
    body: str | None = None
    state: str | None = None
    base: str | None = None
    maintainer_can_modify: bool | None = None


class Merge(Struct):
    commit_title: str | None = None
    commit_message: str | None = None
    sha: str | None = None
    merge_method: str = "merge"


class UpdateBranch(Struct):
    expected_head_sha: str | None = None


def list_pulls(call: Call) -> Answer:
    query, state = call.query, call.query.get("state", "open")
    rows = [
        row
        for row in call.hub.issues_of.all(call.here.id)
        if row.pull
        and state in ("all", row.state)
        and query.get("base", row.pull.base_ref) == row.pull.base_ref
        and query.get("head", f"{row.pull.head_owner}:{row.pull.head_ref}")
        == f"{row.pull.head_owner}:{row.pull.head_ref}"
    ]
    return call.listed(in_order(rows, query), pull_forms.pull)


def create_pull(call: Call) -> Answer:
    new = call.read(NewPull)
    issue = pulls.open_pull(
        call.hub,
        call.here,
        by=call.me,
        title=new.title,
        head=new.head,
        base=new.base,
        body=new.body,
        is_draft=new.draft,
        maintainer_can_modify=new.maintainer_can_modify,
    )
    return Answer(201, pull_forms.full_pull(call.hub, issue, is_settled=False))


def get_pull(call: Call) -> Answer:
    """As JSON, or as a diff or patch where the Accept header asks for one."""
    issue = call.pull()
    accept = call.headers.get("accept", "")
    for form in ("diff", "patch"):
        if f".{form}" in accept and issue.pull:
            text = code_of(call.hub, call.here).diff_text(issue.pull.base_sha, issue.pull.head_sha, form)
            return Answer(200, text, {"content-type": f"application/vnd.github.{form}; charset=utf-8"})
    return Answer(200, pull_forms.full_pull(call.hub, issue))


def change_pull(call: Call) -> Answer:
    change, issue, hub, me = call.read(PullChange), call.pull(), call.hub, call.me
    if call.level() < Level.WRITE and issue.author != me.login:
        raise Forbidden("Must have admin rights to Repository.")
    issue = issues.edit(hub, issue, me, title=change.title, body=change.body)
    if change.base is not None:
        issue = pulls.change_base(hub, issue, change.base, me)
    if change.maintainer_can_modify is not None and issue.pull:
        modified = replace(issue.pull, maintainer_can_modify=change.maintainer_can_modify)
        issue = issues.touch(hub, replace(issue, pull=modified))
    issue = set_state(hub, issue, me, change.state)
    return Answer(200, pull_forms.full_pull(hub, issue))


def list_files(call: Call) -> Answer:
    issue = call.pull()
    head = issue.pull.head_sha if issue.pull else ""
    files = pull_files(call.hub, issue)[:FILES_SHOWN]
    return call.listed(files, lambda hub, row: pull_forms.file(hub, call.here, row, head))


def list_commits(call: Call) -> Answer:
    commits = pull_commits(call.hub, call.pull())[:COMMITS_SHOWN]
    return call.listed(commits, lambda hub, row: pull_forms.commit(hub, call.here, row))


def merge(call: Call) -> Answer:
    asked = call.read(Merge)
    sha = pulls.merge(
        call.hub,
        call.pull(),
        call.me,
        method=asked.merge_method,
        sha=asked.sha,
        title=asked.commit_title,
        message=asked.commit_message,
    )
    return Answer(200, {"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


def is_merged(call: Call) -> Answer:
    issue = call.pull()
    if issue.pull is None or issue.pull.merged_at is None:
        raise NotFound
    return Answer(204)


def update_branch(call: Call) -> Answer:
    issue = call.pull()
    pulls.update_branch(call.hub, issue, call.me, call.read(UpdateBranch).expected_head_sha)
    url = f"{call.hub.api}/repos/{call.here.full_name}/pulls/{issue.number}"
    return Answer(202, {"message": "Updating pull request branch.", "url": url})


_R = "/repos/{owner}/{repo}"
_P = _R + "/pulls/{number}"
_READ = ("pull_requests:read",)
_WRITE = ("pull_requests:write",)
ROUTES = [
    Route("GET", _R + "/pulls", list_pulls, app=_READ),
    Route("POST", _R + "/pulls", create_pull, app=_WRITE),
    Route("GET", _P, get_pull, app=_READ),
    Route("PATCH", _P, change_pull, app=_WRITE),
    Route("GET", _P + "/files", list_files, app=_READ),
    Route("GET", _P + "/commits", list_commits, app=_READ),
    Route("GET", _P + "/merge", is_merged, app=_READ),
    Route("PUT", _P + "/merge", merge, Level.WRITE, ("contents:write",)),
    Route("PUT", _P + "/update-branch", update_branch, app=_WRITE),
]
