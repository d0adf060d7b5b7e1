"""How accounts, repositories and issues look as JSON, in the REST API's answers and in webhooks alike.

What is part of nearly every answer (users, repositories) is encoded once for each version of its record.
"""

import base64
from collections.abc import Callable

import msgspec

from infra.local.github import access
from infra.local.github import records as r
from infra.local.github.hub import Hub

GHOST = "ghost"
_REPOSITORY_LINKS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
_USER_LINKS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def node_id(kind: str, id_: int) -> str:
    """A node id as GitHub's look: a prefix for the kind and something opaque; `node_number` reads it back."""
    return f"{kind}_{base64.urlsafe_b64encode(str(id_).encode()).decode().rstrip('=')}"


def node_number(text: str) -> tuple[str, int] | None:
    """Kind and id of a node id, or None when it is none of ours."""
    kind, _, opaque = text.rpartition("_")
    try:
        return kind, int(base64.urlsafe_b64decode(opaque + "=" * (-len(opaque) % 4)))
    except ValueError:
        return None


def api_of(hub: Hub, repository: r.Repository) -> str:
    """The API address of a repository."""
    return f"{hub.api}/repos/{repository.full_name}"


def page_of(hub: Hub, repository: r.Repository) -> str:
    """The address of a repository's page."""
    return f"{hub.address}/{repository.full_name}"


def kept(hub: Hub, kind: str, id_: int, version: object, form: Callable[[], r.Json]) -> msgspec.Raw:
    """The encoded form, made anew when the version is another than last time."""
    found = hub.rendered.get((kind, id_))
    if found is not None and found[0] == version:
        return found[1]
    raw = msgspec.Raw(msgspec.json.encode(form()))
    hub.rendered[kind, id_] = (version, raw)
    return raw


def account_form(hub: Hub, account: r.Account) -> dict[str, object]:
    """GitHub's "simple user"."""
    api = f"{hub.api}/users/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id("O" if account.kind == "Organization" else "U", account.id),
        "avatar_url": f"{hub.address}/avatars/{account.id}",
        "gravatar_id": "",
        "url": api,
        "html_url": f"{hub.address}/{account.login}",
        **{name: api + path for name, path in _USER_LINKS.items()},
        "type": account.kind,
        "site_admin": False,
        "user_view_type": "public",
    }


def user(hub: Hub, login: str | None) -> msgspec.Raw | None:
    """The simple user with this login; None stays None, and somebody who is gone is GitHub's ghost."""
    if login is None:
        return None
    account = hub.account(login) or r.Account(id=10137, login=login or GHOST, created_at=hub.now())
    return kept(hub, "account", account.id, account, lambda: account_form(hub, account))


def organisation(hub: Hub, account: r.Account) -> dict[str, object]:
    """GitHub's "organization simple"."""
    api = f"{hub.api}/orgs/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id("O", account.id),
        "url": api,
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events",
        "hooks_url": f"{api}/hooks",
        "issues_url": f"{api}/issues",
        "members_url": f"{api}/members{{/member}}",
        "public_members_url": f"{api}/public_members{{/member}}",
        "avatar_url": f"{hub.address}/avatars/{account.id}",
        "description": account.description,
    }


def users(hub: Hub, logins: tuple[str, ...]) -> list[object]:
    return [user(hub, login) for login in logins]


def repository_form(hub: Hub, repository: r.Repository) -> dict[str, object]:
    """GitHub's "repository", without what depends on who asks."""
    api, page = api_of(hub, repository), page_of(hub, repository)
    open_issues = hub.open_issues_of.count(repository.id)
    forks = hub.forks_of.count(repository.id)
    return {
        "id": repository.id,
        "node_id": node_id("R", repository.id),
        "name": repository.name,
        "full_name": repository.full_name,
        "private": repository.is_private,
        "owner": user(hub, repository.owner),
        "html_url": page,
        "description": repository.description,
        "fork": repository.parent is not None,
        "url": api,
        **{name: api + path for name, path in _REPOSITORY_LINKS.items()},
        "git_url": f"git://{hub.address.partition('//')[2]}/{repository.full_name}.git",
        "ssh_url": f"git@{hub.address.partition('//')[2]}:{repository.full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
        "forks_count": forks,
        "forks": forks,
        "stargazers_count": 0,
        "watchers_count": 0,
        "watchers": 0,
        "size": 0,
        "default_branch": repository.default_branch,
        "open_issues_count": open_issues,
        "open_issues": open_issues,
        "is_template": False,
        "topics": [],
        "has_issues": repository.has_issues,
        "has_projects": True,
        "has_wiki": True,
        "has_pages": False,
        "has_downloads": True,
        "has_discussions": False,
        "archived": repository.is_archived,
        "disabled": False,
        "visibility": "private" if repository.is_private else "public",
        "allow_forking": True,
        "web_commit_signoff_required": False,
        "pushed_at": repository.pushed_at,
        "created_at": repository.created_at,
        "updated_at": repository.pushed_at,
    }


def repository(hub: Hub, row: r.Repository) -> msgspec.Raw:
    version = (row, hub.open_issues_of.count(row.id), hub.forks_of.count(row.id))
    return kept(hub, "repository", row.id, version, lambda: repository_form(hub, row))


def permissions(level: access.Level) -> dict[str, bool]:
    """The `permissions` object of a repository or collaborator."""
    return {
        "admin": level >= access.Level.ADMIN,
        "maintain": level >= access.Level.MAINTAIN,
        "push": level >= access.Level.WRITE,
        "triage": level >= access.Level.TRIAGE,
        "pull": level >= access.Level.READ,
    }


def label(hub: Hub, row: r.Label) -> dict[str, object]:
    return {
        "id": row.id,
        "node_id": node_id("LA", row.id),
        "url": f"{api_of(hub, hub.repositories[row.repository])}/labels/{row.name}",
        "name": row.name,
        "color": row.color,
        "default": False,
        "description": row.description,
    }


def labels(hub: Hub, ids: tuple[int, ...]) -> list[dict[str, object]]:
    return [label(hub, row) for id_ in ids if (row := hub.labels.get(id_)) is not None]


def milestone(hub: Hub, row: r.Milestone) -> dict[str, object]:
    here = hub.repositories[row.repository]
    held = [issue for issue in hub.issues_of.all(row.repository) if issue.milestone == row.number]
    api = f"{api_of(hub, here)}/milestones/{row.number}"
    return {
        "url": api,
        "html_url": f"{page_of(hub, here)}/milestone/{row.number}",
        "labels_url": f"{api}/labels",
        "id": row.id,
        "node_id": node_id("MI", row.id),
        "number": row.number,
        "title": row.title,
        "description": row.description,
        "creator": user(hub, row.creator),
        "open_issues": sum(issue.state == "open" for issue in held),
        "closed_issues": sum(issue.state == "closed" for issue in held),
        "state": row.state,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "due_on": row.due_on,
        "closed_at": row.closed_at,
    }


def milestone_of(hub: Hub, issue: r.Issue) -> dict[str, object] | None:
    found = hub.milestone(hub.repositories[issue.repository], issue.milestone) if issue.milestone else None
    return None if found is None else milestone(hub, found)


def reactions(hub: Hub, subject: str, id_: int, url: str) -> dict[str, object]:
    """The roll-up of reactions that issues and comments carry."""
    found = [row.content for row in hub.reactions_on.all((subject, id_))]
    return {
        "url": f"{url}/reactions",
        "total_count": len(found),
        **{name: found.count(name) for name in REACTIONS},
    }


def association_of(hub: Hub, row: r.Issue) -> str:
    return row.association or access.association(hub, hub.repositories[row.repository], row.author)


def issue(hub: Hub, row: r.Issue) -> dict[str, object]:
    """An issue, or a pull request seen as an issue."""
    here = hub.repositories[row.repository]
    api, page = api_of(hub, here), page_of(hub, here)
    url = f"{api}/issues/{row.number}"
    form: dict[str, object] = {
        "url": url,
        "repository_url": api,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": f"{page}/{'pull' if row.pull else 'issues'}/{row.number}",
        "id": row.id,
        "node_id": node_id("PR" if row.pull else "I", row.id),
        "number": row.number,
        "title": row.title,
        "user": user(hub, row.author),
        "labels": labels(hub, row.labels),
        "state": row.state,
        "locked": row.is_locked,
        "assignee": user(hub, row.assignees[0]) if row.assignees else None,
        "assignees": users(hub, row.assignees),
        "milestone": milestone_of(hub, row),
        "comments": hub.comments_of.count(row.id),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "closed_at": row.closed_at,
        "author_association": association_of(hub, row),
        "active_lock_reason": row.lock_reason,
        "body": row.body,
        "closed_by": user(hub, row.closed_by),
        "reactions": reactions(hub, "issue", row.id, url),
        "performed_via_github_app": None,
        "state_reason": row.state_reason,
    }
    if row.pull:
        form["draft"] = row.pull.is_draft
        form["pull_request"] = {
            "url": f"{api}/pulls/{row.number}",
            "html_url": f"{page}/pull/{row.number}",
            "diff_url": f"{page}/pull/{row.number}.diff",
            "patch_url": f"{page}/pull/{row.number}.patch",
            "merged_at": row.pull.merged_at,
        }
    return form


def comment(hub: Hub, row: r.Comment) -> dict[str, object]:
    about = hub.issues[row.issue]
    here = hub.repositories[about.repository]
    url = f"{api_of(hub, here)}/issues/comments/{row.id}"
    kind = "pull" if about.pull else "issues"
    return {
        "url": url,
        "html_url": f"{page_of(hub, here)}/{kind}/{about.number}#issuecomment-{row.id}",
        "issue_url": f"{api_of(hub, here)}/issues/{about.number}",
        "id": row.id,
        "node_id": node_id("IC", row.id),
        "user": user(hub, row.author),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "body": row.body,
        "author_association": access.association(hub, here, row.author),
        "reactions": reactions(hub, "comment", row.id, url),
        "performed_via_github_app": None,
    }


def team(hub: Hub, row: r.Team, *, with_parent: bool = True) -> dict[str, object]:
    owner = hub.account(row.organisation)
    url = f"{hub.api}/organizations/{owner.id if owner else 0}/team/{row.id}"
    form: dict[str, object] = {
        "id": row.id,
        "node_id": node_id("T", row.id),
        "name": row.name,
        "slug": row.slug,
        "description": row.description,
        "privacy": row.privacy,
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "url": url,
        "html_url": f"{hub.address}/orgs/{row.organisation}/teams/{row.slug}",
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "type": "organization",
    }
    if with_parent:
        parent = hub.teams.get(row.parent) if row.parent else None
        form["parent"] = team(hub, parent, with_parent=False) if parent else None
    return form
