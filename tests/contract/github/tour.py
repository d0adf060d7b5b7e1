"""A tour of the whole API: one world, and a request for every route in an order that makes sense."""

from typing import NamedTuple

from infra.local.github import reviews
from infra.local.github.world import Issue, World

R, ORG = "/repos/acme/rocket", "/orgs/acme"
PROTECTION = {
    "required_status_checks": {"strict": True, "contexts": ["unit"]},
    "enforce_admins": True,
    "required_pull_request_reviews": {"required_approving_review_count": 1},
    "restrictions": {"users": ["root"], "teams": ["leads"]},
}


class Ask(NamedTuple):
    """One request, `{head}` and `{blob}` in its path filled in; `status` is what it must be answered with."""

    method: str
    path: str
    body: object = None
    status: int = 200
    by: str = "root"


async def build(world: World) -> Issue:
    """An organisation, a repository with everything in it, and an open pull request #1, whose handle is given."""
    world.organisation("acme", members=["alice"], admins=["root"])
    world.team("acme", "leads", members=["alice"], repositories={"acme/rocket": "push"})
    world.user("dan")
    rocket = world.repository(
        "acme/rocket",
        files={"README.md": "hello\n", "docs/a.md": "text\n"},
        collaborators={"alice": "write", "carol": "read"},
        labels=["lgtm"],
        hook=("http://receiver/hook", "secret"),
        branches=["release"],
    )
    world.milestone("acme/rocket", "v1")
    world.workflow_run("acme/rocket", "ci", sha=rocket.head(), branch="main", conclusion="failure")
    world.workflow_run("acme/rocket", "slow", sha=rocket.head(), branch="main", conclusion="action_required")
    app = world.app("ci", installed_in=["acme"], hook=("http://receiver/app", "secret"))
    assert app.installations == {"acme": 1}
    change = await world.pull_request(rocket, author="bob", files={"main.py": "print()\n"}, labels=["size/XS"])
    await world.issue(rocket, author="bob", title="A bug", body="It does not fly.", labels=["bug"])
    await change.comment("alice", "/lgtm")
    await change.label("lgtm", by="alice")
    await change.unlabel("lgtm", by="alice")
    await change.push({"main.py": "print(1)\n"})
    await change.set_status("alice", "unit", "success", "fine", "http://ci/unit")
    await change.review("alice", "APPROVE", "fine", [reviews.Remark("main.py", "why?", line=1)])
    await change.set_draft("bob", is_draft=True)
    await change.set_draft("bob", is_draft=False)
    await change.edit("bob", base="release")
    await change.edit("bob", base="main")
    return change


READS = [
    *(Ask("GET", R + path) for path in ("", "/issues?state=all", "/issues/1", "/issues/2", "/issues/1/comments")),
    *(Ask("GET", R + path) for path in ("/issues/comments", "/issues/comments/1", "/issues/1/timeline")),
    *(Ask("GET", R + path) for path in ("/issues/1/events", "/issues/events", "/issues/1/labels")),
    *(Ask("GET", R + path) for path in ("/labels", "/labels/lgtm", "/assignees", "/milestones", "/milestones/1")),
    Ask("GET", R + "/assignees/alice", status=204),
    *(Ask("GET", R + path) for path in ("/pulls?state=all", "/pulls/1", "/pulls/1/files", "/pulls/1/commits")),
    *(Ask("GET", R + path) for path in ("/pulls/1/reviews", "/pulls/1/reviews/1", "/pulls/1/comments")),
    *(Ask("GET", R + path) for path in ("/pulls/comments/1", "/pulls/1/requested_reviewers")),
    *(Ask("GET", R + path) for path in ("/branches", "/branches/main", "/git/ref/heads/main", "/git/refs/heads/main")),
    *(Ask("GET", R + path) for path in ("/git/matching-refs/heads/", "/commits", "/commits/main", "/commits/{head}")),
    *(Ask("GET", R + path) for path in ("/commits/{head}/pulls", "/commits/{head}/status", "/commits/{head}/statuses")),
    *(Ask("GET", R + path) for path in ("/statuses/{head}", "/commits/{head}/check-runs", "/git/commits/{head}")),
    *(Ask("GET", R + path) for path in ("/compare/main...bob:topic", "/compare/main...{head}", "/contents")),
    *(Ask("GET", R + path) for path in ("/contents/README.md", "/contents/docs", "/git/trees/main?recursive=1")),
    *(Ask("GET", R + path) for path in ("/git/blobs/{blob}", "/tags", "/forks", "/collaborators", "/invitations")),
    *(Ask("GET", R + path) for path in ("/collaborators/alice/permission", "/teams", "/hooks", "/hooks/1")),
    *(Ask("GET", R + path) for path in ("/hooks/1/deliveries", "/hooks/1/deliveries/1")),
    Ask("GET", R + "/collaborators/alice", status=204),
    *(Ask("GET", path) for path in ("/user", "/users/bob", "/user/orgs", "/user/memberships/orgs", "/user/repos")),
    *(Ask("GET", path) for path in ("/users/bob/repos", "/search/issues?q=is:pr", "/rate_limit", "/meta", "/teams/1")),
    *(Ask("GET", path) for path in ("/teams/1/members", "/organizations/1/team/1", "/organizations/1/team/1/members")),
    *(Ask("GET", ORG + path) for path in ("", "/members", "/public_members", "/memberships/alice", "/hooks", "/teams")),
    *(Ask("GET", ORG + path) for path in ("/teams/leads", "/teams/leads/members", "/teams/leads/memberships/alice")),
    *(Ask("GET", ORG + path) for path in ("/teams/leads/repos", "/repos")),
    *(Ask("GET", ORG + path, status=204) for path in ("/members/alice", "/public_members/alice")),
    Ask("GET", ORG + "/teams/leads/repos/acme/rocket", status=204),
]
CHANGES = [
    Ask("POST", R + "/issues", {"title": "Another", "labels": ["bug"], "assignees": ["alice"]}, 201),
    Ask("PATCH", R + "/issues/2", {"state": "closed", "title": "A beetle", "milestone": 1, "assignees": ["alice"]}),
    Ask("PATCH", R + "/issues/2", {"state": "open", "assignees": [], "milestone": None, "labels": []}),
    Ask("PUT", R + "/issues/2/lock", {}, 204),
    Ask("DELETE", R + "/issues/2/lock", status=204),
    Ask("POST", R + "/issues/1/comments", {"body": "hello"}, 201),
    Ask("PATCH", R + "/issues/comments/2", {"body": "well"}),
    Ask("DELETE", R + "/issues/comments/2", status=204),
    Ask("POST", R + "/issues/1/reactions", {"content": "heart"}, 201),
    Ask("POST", R + "/issues/comments/1/reactions", {"content": "+1"}, 201),
    Ask("GET", R + "/issues/1/reactions"),
    Ask("GET", R + "/issues/comments/1/reactions"),
    Ask("POST", R + "/issues/1/labels", ["ok-to-test", "lgtm"]),
    Ask("DELETE", R + "/issues/1/labels/lgtm"),
    Ask("PUT", R + "/issues/1/labels", {"labels": ["bug"]}),
    Ask("DELETE", R + "/issues/1/labels", status=204),
    Ask("POST", R + "/issues/1/assignees", {"assignees": ["alice"]}, 201),
    Ask("DELETE", R + "/issues/1/assignees", {"assignees": ["alice"]}),
    Ask("POST", R + "/labels", {"name": "fresh", "color": "ff0000"}, 201),
    Ask("PATCH", R + "/labels/fresh", {"new_name": "stale"}),
    Ask("DELETE", R + "/labels/stale", status=204),
    Ask("POST", R + "/milestones", {"title": "v2"}, 201),
    Ask("PATCH", R + "/milestones/2", {"state": "closed"}),
    Ask("DELETE", R + "/milestones/2", status=204),
    Ask("PATCH", R + "/pulls/1", {"title": "A better change", "body": "Better."}),
    Ask("PATCH", R + "/pulls/1", {"state": "closed"}),
    Ask("PATCH", R + "/pulls/1", {"state": "open"}),
    Ask("POST", R + "/pulls/1/requested_reviewers", {"reviewers": ["carol"], "team_reviewers": ["leads"]}, 201),
    Ask("DELETE", R + "/pulls/1/requested_reviewers", {"reviewers": ["carol"], "team_reviewers": ["leads"]}),
    Ask("POST", R + "/pulls/1/requested_reviewers", {"reviewers": ["bob"]}, 422),
    Ask("PUT", R + "/pulls/1/reviews/1", {"body": "very fine"}),
    Ask("PUT", R + "/pulls/1/reviews/1/dismissals", {"message": "changed since"}),
    Ask("POST", R + "/pulls/1/reviews", {"event": "APPROVE", "body": "all right"}),
    Ask("POST", R + "/pulls/1/comments", {"body": "here", "path": "main.py", "line": 1}, 201),
    Ask("POST", R + "/pulls/1/comments", {"body": "indeed", "in_reply_to": 1}, 201),
    Ask("PATCH", R + "/pulls/comments/2", {"body": "here, then"}),
    Ask("DELETE", R + "/pulls/comments/3", status=204),
    Ask("PATCH", R + "/issues/1", {"milestone": 1}),
    Ask("PATCH", R + "/issues/1", {"milestone": None}),
    Ask("POST", R + "/statuses/{head}", {"state": "pending", "context": "e2e"}, 201),
    Ask("POST", R + "/statuses/{head}", {"state": "odd", "context": "e2e"}, 422),
    Ask("POST", R + "/check-runs", {"name": "x", "head_sha": "{head}"}, 403),
    Ask("PATCH", R + "/check-runs/1", {"name": "x"}, 403),
    Ask("GET", R + "/check-runs/1", status=404),
    Ask("POST", R + "/git/refs", {"ref": "refs/heads/extra", "sha": "{base}"}, 201),
    Ask("POST", R + "/git/refs", {"ref": "refs/tags/v1", "sha": "{base}"}, 201),
    Ask("PATCH", R + "/git/refs/heads/extra", {"sha": "{head}"}),
    Ask("PATCH", R + "/git/refs/heads/extra", {"sha": "{base}"}, 422),
    Ask("PATCH", R + "/git/refs/heads/extra", {"sha": "{base}", "force": True}),
    Ask("DELETE", R + "/git/refs/heads/extra", status=204),
    Ask("GET", R + "/branches/main/protection", status=404),
    Ask("PUT", R + "/branches/main/protection", PROTECTION),
    Ask("GET", R + "/branches/main/protection"),
    Ask("GET", R + "/branches/main"),
    Ask("DELETE", R + "/branches/main/protection", status=204),
    Ask("GET", R + "/actions/runs?event=pull_request OR push&status=failure"),
    Ask("GET", R + "/actions/runs/1"),
    Ask("POST", R + "/actions/runs/1/rerun", status=201),
    Ask("POST", R + "/actions/runs/1/rerun-failed-jobs", status=403),
    Ask("POST", R + "/actions/runs/2/approve", status=201),
    Ask("PUT", R + "/collaborators/nobody", {"permission": "push"}, 404),
    Ask("PUT", R + "/collaborators/dan", {"permission": "push"}, 201),
    Ask("GET", R + "/invitations"),
    Ask("GET", "/user/repository_invitations", by="dan"),
    Ask("PATCH", "/user/repository_invitations/1", status=204, by="dan"),
    Ask("DELETE", R + "/collaborators/dan", status=204),
    Ask("PUT", R + "/collaborators/dan", {"permission": "pull"}, 201),
    Ask("DELETE", R + "/invitations/2", status=204),
    Ask("POST", R + "/hooks", {"config": {"url": "http://receiver/b", "content_type": "json", "secret": "q"}}, 201),
    Ask("PATCH", R + "/hooks/3", {"active": False}),
    Ask("POST", R + "/hooks/3/pings", status=204),
    Ask("DELETE", R + "/hooks/3", status=204),
    Ask("POST", R + "/hooks/1/deliveries/1/attempts", status=202),
    Ask("POST", R + "/forks", {}, 202),
    Ask("PATCH", R, {"description": "flies"}),
    Ask("POST", ORG + "/hooks", {"config": {"url": "http://receiver/c", "content_type": "json"}}, 201),
    Ask("GET", ORG + "/hooks/4"),
    Ask("PATCH", ORG + "/hooks/4", {"active": True}),
    Ask("POST", ORG + "/hooks/4/pings", status=204),
    Ask("GET", ORG + "/hooks/4/deliveries"),
    Ask("GET", ORG + "/hooks/4/deliveries/{last}"),
    Ask("POST", ORG + "/hooks/4/deliveries/{last}/attempts", status=202),
    Ask("DELETE", ORG + "/hooks/4", status=204),
    Ask("PATCH", ORG, {"description": "rockets"}),
    Ask("PUT", ORG + "/memberships/dan", {"role": "member"}),
    Ask("GET", ORG + "/invitations"),
    Ask("PATCH", "/user/memberships/orgs/acme", {"state": "active"}, by="dan"),
    Ask("DELETE", ORG + "/memberships/dan", status=204),
    Ask("PUT", ORG + "/memberships/dan", {"role": "member"}),
    Ask("DELETE", ORG + "/members/dan", status=204),
    Ask("POST", ORG + "/teams", {"name": "New Team"}, 201),
    Ask("PATCH", ORG + "/teams/new-team", {"description": "fresh"}),
    Ask("PUT", ORG + "/teams/new-team/memberships/bob", {"role": "maintainer"}),
    Ask("PUT", ORG + "/teams/new-team/repos/acme/rocket", {"permission": "push"}, 204),
    Ask("DELETE", ORG + "/teams/new-team/repos/acme/rocket", status=204),
    Ask("DELETE", ORG + "/teams/new-team/memberships/bob", status=204),
    Ask("DELETE", ORG + "/teams/new-team", status=204),
    Ask("POST", ORG + "/repos", {"name": "second"}, 201),
    Ask("POST", "/user/repos", {"name": "mine"}, 201),
    Ask("POST", R + "/pulls", {"title": "Again", "head": "bob:topic", "base": "release"}, 201),
    Ask("POST", R + "/pulls", {"title": "Again", "head": "bob:topic", "base": "release"}, 422),
    Ask("PUT", R + "/pulls/1/update-branch", {}, 422),
    Ask("GET", R + "/pulls/1/merge", status=404),
    Ask("PUT", R + "/pulls/1/merge", {"sha": "0" * 40}, 409),
    Ask("PUT", R + "/pulls/1/merge", {"merge_method": "squash"}),
    Ask("PUT", R + "/pulls/1/merge", {}, 405),
    Ask("GET", R + "/pulls/1/merge", status=204),
    Ask("GET", R + "/pulls/1"),
]
AS_APP = [
    Ask("GET", "/app"),
    Ask("GET", "/apps/ci"),
    Ask("GET", "/app/hook/config"),
    Ask("GET", "/app/hook/deliveries"),
    Ask("GET", "/app/hook/deliveries/{last}"),
    Ask("POST", "/app/hook/deliveries/{last}/attempts", status=202),
    Ask("GET", "/app/installations"),
    Ask("GET", "/app/installations/1"),
    Ask("GET", R + "/installation"),
    Ask("GET", ORG + "/installation"),
    Ask("GET", "/users/acme/installation"),
    Ask("POST", "/app/installations/1/access_tokens", {"repositories": ["rocket"]}, 201),
]
AS_INSTALLATION = [
    Ask("GET", "/installation/repositories"),
    Ask("GET", ORG + "/installations"),
    Ask("POST", R + "/check-runs", {"name": "unit", "head_sha": "{head}", "status": "in_progress"}, 201),
    Ask("PATCH", R + "/check-runs/1", {"conclusion": "success", "output": {"title": "fine", "summary": "all"}}),
    Ask("GET", R + "/check-runs/1"),
    Ask("GET", R + "/commits/{head}/check-runs"),
]
