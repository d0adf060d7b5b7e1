"""How pull requests, commits, files and reviews look as JSON."""

from datetime import UTC

from infra.local.github import access, forms
from infra.local.github import records as r
from infra.local.github.code import code_of
from infra.local.github.hub import Hub
from infra.local.github.mergeability import Mergeability, mergeability_of, pull_commits, pull_files


def pull(hub: Hub, row: r.Issue) -> dict[str, object]:
    """GitHub's "pull request simple", as lists have it."""
    change = row.pull
    assert change is not None
    here = hub.repositories[row.repository]
    api, page = forms.api_of(hub, here), forms.page_of(hub, here)
    url, html = f"{api}/pulls/{row.number}", f"{page}/pull/{row.number}"
    links = {
        "self": url,
        "html": html,
        "issue": f"{api}/issues/{row.number}",
        "comments": f"{api}/issues/{row.number}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{api}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{api}/statuses/{change.head_sha}",
    }
    teams = [forms.team(hub, team) for id_ in change.requested_teams if (team := hub.teams.get(id_)) is not None]
    return {
        "url": url,
        "id": row.id,
        "node_id": forms.node_id("PR", row.id),
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        **{f"{name}_url": links[name] for name in links if name not in ("self", "html")},
        "number": row.number,
        "state": row.state,
        "locked": row.is_locked,
        "active_lock_reason": row.lock_reason,
        "title": row.title,
        "user": forms.user(hub, row.author),
        "body": row.body,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "closed_at": row.closed_at,
        "merged_at": change.merged_at,
        "merge_commit_sha": change.merge_sha,
        "assignee": forms.user(hub, row.assignees[0]) if row.assignees else None,
        "assignees": forms.users(hub, row.assignees),
        "requested_reviewers": forms.users(hub, change.requested_reviewers),
        "requested_teams": teams,
        "labels": forms.labels(hub, row.labels),
        "milestone": forms.milestone_of(hub, row),
        "draft": change.is_draft,
        "head": {
            "label": f"{change.head_owner}:{change.head_ref}",
            "ref": change.head_ref,
            "sha": change.head_sha,
            "user": forms.user(hub, change.head_owner),
            "repo": _repository(hub, change.head_repository),
        },
        "base": {
            "label": f"{here.owner}:{change.base_ref}",
            "ref": change.base_ref,
            "sha": change.base_sha,
            "user": forms.user(hub, here.owner),
            "repo": forms.repository(hub, here),
        },
        "_links": {name: {"href": link} for name, link in links.items()},
        "author_association": forms.association_of(hub, row),
        "auto_merge": None,
    }


def full_pull(hub: Hub, row: r.Issue, *, is_settled: bool = True) -> dict[str, object]:
    """GitHub's "pull request"; with `is_settled` false its mergeability is not yet known, as right after a push."""
    change = row.pull
    assert change is not None
    files = pull_files(hub, row)
    found = mergeability_of(hub, row) if is_settled else Mergeability(None, None, "unknown")
    return pull(hub, row) | {
        "merged": change.merged_at is not None,
        "mergeable": found.mergeable,
        "rebaseable": found.can_be_rebased,
        "mergeable_state": found.state,
        "merged_by": forms.user(hub, change.merged_by),
        "comments": hub.comments_of.count(row.id),
        "review_comments": hub.review_comments_of.count(row.id),
        "maintainer_can_modify": change.maintainer_can_modify,
        "commits": len(pull_commits(hub, row)),
        "additions": sum(file.additions for file in files),
        "deletions": sum(file.deletions for file in files),
        "changed_files": len(files),
    }


def file(hub: Hub, here: r.Repository, row: r.ChangedFile, sha: str) -> dict[str, object]:
    page, api = forms.page_of(hub, here), forms.api_of(hub, here)
    form: dict[str, object] = {
        "sha": row.sha,
        "filename": row.filename,
        "status": row.status,
        "additions": row.additions,
        "deletions": row.deletions,
        "changes": row.additions + row.deletions,
        "blob_url": f"{page}/blob/{sha}/{row.filename}",
        "raw_url": f"{page}/raw/{sha}/{row.filename}",
        "contents_url": f"{api}/contents/{row.filename}?ref={sha}",
    }
    if row.patch is not None:
        form["patch"] = row.patch
    if row.previous_filename:
        form["previous_filename"] = row.previous_filename
    return form


def login_of(hub: Hub, person: r.Person, stated: str | None) -> str | None:
    """The account that wrote a commit: as a world states it, else the one with the e-mail address."""
    if stated is not None:
        return stated or None
    account = hub.account_of_email(person.email)
    return account.login if account else None


def commit(hub: Hub, here: r.Repository, row: r.Commit, *, with_files: bool = False) -> dict[str, object]:
    """A commit of the REST API; `with_files` adds what one commit's own answer has."""
    api, page = forms.api_of(hub, here), forms.page_of(hub, here)
    form: dict[str, object] = {
        "sha": row.sha,
        "node_id": f"C_{row.sha}",
        "commit": {
            "author": _person(row.author),
            "committer": _person(row.committer),
            "message": row.message,
            "tree": {"sha": row.tree, "url": f"{api}/git/trees/{row.tree}"},
            "url": f"{api}/git/commits/{row.sha}",
            "comment_count": 0,
            "verification": _verification(row),
        },
        "url": f"{api}/commits/{row.sha}",
        "html_url": f"{page}/commit/{row.sha}",
        "comments_url": f"{api}/commits/{row.sha}/comments",
        "author": forms.user(hub, login_of(hub, row.author, row.author_login)),
        "committer": forms.user(hub, login_of(hub, row.committer, row.committer_login)),
        "parents": [_parent(api, page, sha) for sha in row.parents],
    }
    if with_files:
        changes = code_of(hub, here).changes(row.sha)
        added, deleted = sum(one.additions for one in changes), sum(one.deletions for one in changes)
        form["stats"] = {"total": added + deleted, "additions": added, "deletions": deleted}
        form["files"] = [file(hub, here, one, row.sha) for one in changes]
    return form


def git_commit(hub: Hub, here: r.Repository, row: r.Commit) -> dict[str, object]:
    """A commit of the git database API."""
    api, page = forms.api_of(hub, here), forms.page_of(hub, here)
    return {
        "sha": row.sha,
        "node_id": f"C_{row.sha}",
        "url": f"{api}/git/commits/{row.sha}",
        "html_url": f"{page}/commit/{row.sha}",
        "author": _person(row.author),
        "committer": _person(row.committer),
        "message": row.message,
        "tree": {"sha": row.tree, "url": f"{api}/git/trees/{row.tree}"},
        "parents": [_parent(f"{api}/git", page, sha) for sha in row.parents],
        "verification": _verification(row),
    }


def review(hub: Hub, row: r.Review) -> dict[str, object]:
    about = hub.issues[row.issue]
    here = hub.repositories[about.repository]
    html = f"{forms.page_of(hub, here)}/pull/{about.number}#pullrequestreview-{row.id}"
    url = f"{forms.api_of(hub, here)}/pulls/{about.number}"
    return {
        "id": row.id,
        "node_id": forms.node_id("PRR", row.id),
        "user": forms.user(hub, row.author),
        "body": row.body,
        "state": row.state,
        "html_url": html,
        "pull_request_url": url,
        "author_association": access.association(hub, here, row.author),
        "_links": {"html": {"href": html}, "pull_request": {"href": url}},
        "submitted_at": row.submitted_at,
        "commit_id": row.commit,
    }


def review_comment(hub: Hub, row: r.ReviewComment) -> dict[str, object]:
    about = hub.issues[row.issue]
    here = hub.repositories[about.repository]
    url = f"{forms.api_of(hub, here)}/pulls/comments/{row.id}"
    pull_url = f"{forms.api_of(hub, here)}/pulls/{about.number}"
    html = f"{forms.page_of(hub, here)}/pull/{about.number}#discussion_r{row.id}"
    form: dict[str, object] = {
        "url": url,
        "pull_request_review_id": row.review,
        "id": row.id,
        "node_id": forms.node_id("PRRC", row.id),
        "diff_hunk": row.diff_hunk,
        "path": row.path,
        "commit_id": row.commit,
        "original_commit_id": row.commit,
        "user": forms.user(hub, row.author),
        "body": row.body,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "html_url": html,
        "pull_request_url": pull_url,
        "author_association": access.association(hub, here, row.author),
        "_links": {"self": {"href": url}, "html": {"href": html}, "pull_request": {"href": pull_url}},
        "reactions": forms.reactions(hub, "review_comment", row.id, url),
        "start_line": row.start_line,
        "original_start_line": row.start_line,
        "start_side": "RIGHT" if row.start_line else None,
        "line": row.line if row.line is not None else 1,
        "original_line": row.line if row.line is not None else 1,
        "side": row.side,
        "position": row.position if row.position is not None else 1,
        "original_position": row.position if row.position is not None else 1,
        "subject_type": "line",
    }
    if row.in_reply_to is not None:
        form["in_reply_to_id"] = row.in_reply_to
    return form


def _repository(hub: Hub, id_: int | None) -> object:
    found = hub.repositories.get(id_) if id_ is not None else None
    return None if found is None else forms.repository(hub, found)


def _person(person: r.Person) -> dict[str, object]:
    return {"name": person.name, "email": person.email, "date": person.date.astimezone(UTC)}


def _parent(api: str, page: str, sha: str) -> dict[str, object]:
    return {"sha": sha, "url": f"{api}/commits/{sha}", "html_url": f"{page}/commit/{sha}"}


def _verification(row: r.Commit) -> dict[str, object]:
    return {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
