"""Making repositories and forks, and how a repository looks to the one who asks."""

from msgspec.structs import replace

from infra.local.github import forms
from infra.local.github import records as r
from infra.local.github.access import Level
from infra.local.github.code import git_of
from infra.local.github.errors import Invalid, field_error
from infra.local.github.hub import Hub


def create(
    hub: Hub,
    owner: str,
    name: str,
    *,
    default_branch: str = "main",
    is_private: bool = False,
    is_described: bool = False,
    description: str | None = None,
    parent: r.Repository | None = None,
) -> r.Repository:
    """A new, empty repository; a fork when it has a parent."""
    if hub.repository(f"{owner}/{name}") is not None:
        message = "name already exists on this account"
        raise Invalid("Repository creation failed.", [field_error("Repository", "name", "custom", message)])
    now = hub.now()
    here = hub.repositories.put(
        r.Repository(
            id=hub.repositories.next_id(),
            owner=owner,
            name=name,
            default_branch=default_branch,
            is_private=is_private,
            is_described=is_described,
            description=description,
            parent=parent.id if parent else None,
            network=(parent.network or parent.id) if parent else None,
            created_at=now,
            pushed_at=now,
        )
    )
    if not is_described:
        git_of(hub, here).create(default_branch, shares=git_of(hub, parent) if parent else None)
    return here


def fork(hub: Hub, parent: r.Repository, owner: str, name: str | None = None) -> r.Repository:
    """The owner's fork, made unless there is one, with the parent's branches and tags."""
    for held in hub.repositories_of.all(owner.lower()):
        if held.parent == parent.id:
            return held
    here = create(
        hub,
        owner,
        name or parent.name,
        default_branch=parent.default_branch,
        is_private=parent.is_private,
        is_described=parent.is_described,
        description=parent.description,
        parent=parent,
    )
    for ref in hub.refs_of.all(parent.id):
        hub.refs.put(replace(ref, id=hub.refs.next_id(), repository=here.id))
        if not here.is_described:
            git_of(hub, here).keep(ref.name, ref.sha)
    return here


def form(hub: Hub, here: r.Repository, level: Level) -> dict[str, object]:
    """The repository as lists have it."""
    return forms.repository_form(hub, here) | {"permissions": forms.permissions(level)}


def full_form(hub: Hub, here: r.Repository, level: Level) -> dict[str, object]:
    """GitHub's "full repository"."""
    full = form(hub, here, level) | {
        "allow_merge_commit": here.allow_merge_commit,
        "allow_squash_merge": here.allow_squash_merge,
        "allow_rebase_merge": here.allow_rebase_merge,
        "allow_auto_merge": False,
        "delete_branch_on_merge": False,
        "allow_update_branch": False,
        "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
        "squash_merge_commit_message": "COMMIT_MESSAGES",
        "merge_commit_title": "MERGE_MESSAGE",
        "merge_commit_message": "PR_TITLE",
        "subscribers_count": 0,
        "network_count": 0,
    }
    owner = hub.account(here.owner)
    if owner is not None and owner.kind == "Organization":
        full["organization"] = forms.user(hub, owner.login)
    parent = hub.repositories.get(here.parent) if here.parent is not None else None
    if parent is not None:
        source = hub.repositories.get(here.network) if here.network is not None else None
        full["parent"] = forms.repository(hub, parent)
        full["source"] = forms.repository(hub, source or parent)
    return full
