"""The world of a row about plugins: it is loaded into the local GitHub, and read off there afterwards.

A world names its commits and states what they hold, so that no git stands behind it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from infra.local.github import forms, seeds
from infra.local.github import records as r
from infra.local.github import seed as shape
from infra.local.github.hub import Hub
from infra.local.github.mergeability import latest_statuses
from infra.local.github.world import World

Given = Mapping[str, Any]
FILES = ("filename", "status", "additions", "deletions", "patch", "previous_filename", "head_content")


def seed_of(world: Given) -> shape.Seed:
    """All that a row's world states. The bot is in every organisation: to others GitHub shows no members."""
    org = world["org"]
    members = {name: tuple(logins) for name, logins in (world["org_members"] or {}).items()}
    others = [
        shape.Repository(name=name, is_described=True, collaborators={world["bot"]: "admin"})
        for name in (*(world.get("other_repos") or ()), ELSEWHERE)
    ]
    return shape.Seed(
        users=tuple(shape.User(login, is_busy=True) for login in world.get("limited_availability") or ()),
        organisations=tuple(
            shape.Organisation(
                name,
                members=(*members.get(name, ()), world["bot"]),
                admins=tuple(world["org_admins"] or ()) if name == org else (),
                base_permission="none",
            )
            for name in {org, *members}
        ),
        repositories=(_repository(world), *others),
        teams=tuple(
            shape.Team(org, team["slug"], id=team["id"], name=team["name"], members=tuple(team["members"] or ()))
            for team in world["teams"] or ()
        ),
    )


ELSEWHERE = "elsewhere/labels"
"""A repository that owns the labels which a row's issues have and its repository does not."""


def load(world: World, given: Given) -> None:
    """Put the row's world into the local GitHub. There a label of an issue is one of the repository's, too."""
    seeds.load(world, seed_of(given))
    hub = world.github.hub
    here, elsewhere = hub.repository(f"{given['org']}/{given['repo']}"), hub.repository(ELSEWHERE)
    assert here is not None and elsewhere is not None
    with hub.store.transaction():
        for label in list(hub.labels_of.all(here.id)):
            if label.name not in (given["repo_labels"] or ()):
                hub.labels.put(msgspec.structs.replace(label, repository=elsewhere.id))
        listed = (given.get("other_http") or {}).get(f"refs of https://github.com/{here.full_name}")
        if listed is not None:
            _only_refs(hub, here, listed.split())


def _only_refs(hub: Hub, here: r.Repository, names: Iterable[str]) -> None:
    """The branches and tags, where a world lists them apart from its own."""
    for ref in list(hub.refs_of.all(here.id)):
        hub.refs.remove(ref)
    for name in names:
        hub.refs.put(r.Ref(id=hub.refs.next_id(), repository=here.id, name=name, sha=f"sha-of-{name}"))


def _repository(world: Given) -> shape.Repository:
    files, protected = world["files"] or {}, world.get("branch_protected")
    permissions = world["permissions"] or {}
    contexts = world.get("branch_protection_contexts")
    return shape.Repository(
        name=f"{world['org']}/{world['repo']}",
        is_described=True,
        default_branch=world["default_branch"],
        merge_methods=tuple(world["merge_methods_allowed"] or ()),
        branches={
            name: shape.Branch(
                files=files.get(name) or {},
                sha=sha,
                is_protected=bool(protected),
                required_contexts=None if contexts is None else tuple(contexts),
            )
            for name, sha in world["branch_shas"].items()
        },
        collaborators=_collaborators(world["collaborators"] or (), permissions),
        labels=tuple(world["repo_labels"] or ()),
        milestones=tuple(shape.Milestone(**one) for one in world["milestones"] or ()),
        issues=tuple(_issue(one) for one in world["issues"] or ()),
    )


def _collaborators(logins: Iterable[str], permissions: Mapping[str, str]) -> dict[str, str]:
    """Who has which access: a collaborator whose permission is not told may read."""
    levels = dict.fromkeys(logins, "read")
    names = {"maintain": "maintain", "write": "write", "admin": "admin", "triage": "triage"}
    return levels | {login: names.get(permissions[login], "read") for login in levels if login in permissions}


def _issue(given: Given) -> shape.Issue:
    pull = given.get("pull_request")
    return shape.Issue(
        number=given["number"],
        title=given["title"],
        author=given["author"],
        body=given["body"],
        author_association=given["author_association"],
        state=given["state"],
        state_reason=given.get("state_reason"),
        labels=tuple(given["labels"] or ()),
        assignees=tuple(given["assignees"] or ()),
        milestone=given.get("milestone"),
        comments=_convert(given["comments"], shape.Comment),
        events=_convert(given["events"], shape.Event),
        pull_request=_pull(pull) if pull else None,
    )


def _pull(given: Given) -> shape.Pull:
    merge_sha = given.get("merge_commit_sha")
    return shape.Pull(
        base_ref=given["base_ref"],
        head_ref=given["head_ref"],
        head_sha=given["head_sha"],
        base_sha=given["base_sha"],
        head_owner=given["head_owner"],
        head_repo=given["head_repo"],
        draft=given["draft"],
        merged=given["merged"],
        merge_commit_sha=merge_sha,
        mergeable=given["mergeable"],
        requested_reviewers=tuple(given["requested_reviewers"] or ()),
        requested_teams=tuple(given["requested_teams"] or ()),
        commits=tuple(_commit(one) for one in given["commits"] or ()),
        files=tuple(shape.File(**{key: one[key] for key in FILES if key in one}) for one in given["files"] or ()),
        reviews=_convert(given["reviews"], shape.Review),
        review_comments=_convert(given["review_comments"], shape.ReviewComment),
        statuses=_convert(given["statuses"], shape.Status),
        check_runs=_convert(given["check_runs"], shape.CheckRun),
        workflow_runs=_convert(given.get("workflow_runs"), shape.WorkflowRun),
    )


def _commit(given: Given) -> shape.Commit:
    """A commit, which is a merge where it has two parents; what they are called matters to nobody."""
    parents = tuple(f"parent-{number}-of-{given['sha']}" for number in range(given["num_parents"]))
    named = ("sha", "message", "author", "author_name", "author_email", "tree_sha")
    return shape.Commit(**{key: given[key] for key in named if key in given}, parents=parents)


def _convert(given: Sequence[Given] | None, type_: type[Any]) -> tuple[Any, ...]:
    return tuple(msgspec.convert(one, type_, strict=False) for one in given or ())


# What stands there afterwards


def ids(hub: Hub, full_name: str) -> dict[int, int]:
    """By which ids the hub knows issues and pull requests, by their numbers: a transferred one keeps its id alone."""
    here = hub.repository(full_name)
    assert here is not None
    return {issue.number: issue.id for issue in hub.issues_of.all(here.id)}


def with_own_nodes(hub: Hub, payload: Given, known: Mapping[int, int]) -> dict[str, Any]:
    """An event in which issues and pull requests have the node ids by which the hub knows them."""
    named = dict(payload)
    for key in ("issue", "pull_request"):
        found = payload.get(key)
        if isinstance(found, dict) and found.get("number") in known:
            issue = hub.issues[known[found["number"]]]
            named[key] = {**found, "node_id": forms.node_id("PR" if issue.pull else "I", issue.id)}
    return named


def seen(hub: Hub, full_name: str, numbers: Iterable[int], known: Mapping[int, int]) -> list[dict[str, Any]]:
    """The issues and pull requests of these numbers, as a row tells what became of them. `known`: what `ids` gave."""
    here = hub.repository(full_name)
    assert here is not None
    found = [(number, hub.issue(here, number) or hub.issues.get(known.get(number, 0))) for number in numbers]
    return [_seen(hub, here, issue) | {"number": number} for number, issue in found if issue is not None]


def _seen(hub: Hub, here: r.Repository, issue: r.Issue) -> dict[str, Any]:
    milestone = hub.milestone(here, issue.milestone) if issue.milestone else None
    told: dict[str, Any] = {
        "number": issue.number,
        "title": issue.title,
        "body": issue.body or "",
        "state": issue.state,
        "state_reason": issue.state_reason,
        "labels": sorted(hub.labels[id_].name for id_ in issue.labels),
        "assignees": list(issue.assignees),
        "milestone": milestone.title if milestone else "",
        "comments": [{"author": one.author, "body": one.body} for one in hub.comments_of.all(issue.id)],
    }
    if issue.pull is not None:
        told |= _seen_pull(hub, here, issue, issue.pull)
    return told


def _seen_pull(hub: Hub, here: r.Repository, issue: r.Issue, pull: r.Pull) -> dict[str, Any]:
    return {
        "requested_reviewers": list(pull.requested_reviewers),
        "requested_teams": [hub.teams[id_].slug for id_ in pull.requested_teams],
        "statuses": {
            one.context: {
                "state": one.state,
                "description": one.description or "",
                "target_url": one.target_url or "",
            }
            for one in latest_statuses(hub, here, pull.head_sha)
        },
        "reviews": [
            {"author": one.author, "body": one.body, "state": one.state} for one in hub.reviews_of.all(issue.id)
        ],
    }
