"""Who may do what: the signed-in actor, and the level of access an account has to a repository.

Source of the order of grants: docs.github.com, "Repository roles for an organization".
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from infra.local.github import records as r
from infra.local.github.hub import Hub


class Level(IntEnum):
    """Levels of access to a repository, each including those before it."""

    NONE = 0
    READ = 1
    TRIAGE = 2
    WRITE = 3
    MAINTAIN = 4
    ADMIN = 5

    @property
    def label(self) -> str:
        """The level's role name, as `role_name` has it."""
        return self.name.lower()

    @property
    def legacy(self) -> str:
        """The four older permissions: maintain counts as write, triage as read."""
        return {Level.MAINTAIN: "write", Level.TRIAGE: "read"}.get(self, self.label)


NAMES = {level.label: level for level in Level} | {"pull": Level.READ, "push": Level.WRITE}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a request. `rate_key` names the bucket that the request is counted in."""

    kind: Literal["anonymous", "user", "installation", "app"]
    rate_key: str
    account: r.Account | None = None
    app: r.App | None = None
    installation: r.Installation | None = None
    token: r.Token | None = None

    @property
    def login(self) -> str:
        return self.account.login if self.account else ""


def level_of(hub: Hub, repository: r.Repository, login: str) -> Level:
    """The highest level that anything gives this account; an explicit "none" denies all else."""
    if login.lower() == repository.owner.lower():
        return Level.ADMIN
    membership = hub.membership(repository.owner, login)
    is_member = membership is not None and membership.state == "active"
    if membership is not None and is_member and membership.role == "admin":
        return Level.ADMIN
    direct = hub.collaborator(repository, login)
    if direct is not None and direct.permission == "none":
        return Level.NONE
    levels = [Level.NONE if repository.is_private else Level.READ]
    if direct is not None:
        levels.append(NAMES[direct.permission])
    if is_member:
        owner = hub.account(repository.owner)
        levels.append(NAMES[owner.base_permission] if owner else Level.NONE)
        levels.append(_team_level(hub, repository, login))
    return max(levels)


def is_collaborator(hub: Hub, repository: r.Repository, login: str) -> bool:
    """Whether something beyond the repository's being public gives this account access."""
    if login.lower() == repository.owner.lower():
        return True
    direct = hub.collaborator(repository, login)
    if direct is not None:
        return direct.permission != "none"
    membership = hub.membership(repository.owner, login)
    if membership is None or membership.state != "active":
        return False
    owner = hub.account(repository.owner)
    return (
        membership.role == "admin"
        or (owner is not None and owner.base_permission != "none")
        or _team_level(hub, repository, login) > Level.NONE
    )


def is_member(hub: Hub, organisation: str, login: str) -> bool:
    membership = hub.membership(organisation, login)
    return membership is not None and membership.state == "active"


def association(hub: Hub, repository: r.Repository, login: str) -> str:
    """GitHub's word for how an account stands to a repository, as `author_association` has it."""
    if login.lower() == repository.owner.lower():
        return "OWNER"
    if is_member(hub, repository.owner, login):
        return "MEMBER"
    direct = hub.collaborator(repository, login)
    if direct is not None and direct.permission != "none":
        return "COLLABORATOR"
    return "CONTRIBUTOR" if hub.merged_by.count((repository.id, login)) else "NONE"


def actor_level(hub: Hub, repository: r.Repository, actor: Actor) -> Level:
    """What this actor may do here; an installation's permissions are looked at request by request instead."""
    if actor.kind == "installation":
        return Level.ADMIN if reaches(actor, repository) else Level.NONE if repository.is_private else Level.READ
    if actor.account is None:
        return Level.NONE if repository.is_private else Level.READ
    return level_of(hub, repository, actor.login)


def reaches(actor: Actor, repository: r.Repository) -> bool:
    """Whether an installation's token covers the repository."""
    installation, token = actor.installation, actor.token
    if installation is None or installation.account.lower() != repository.owner.lower():
        return False
    if installation.repositories is not None and repository.id not in installation.repositories:
        return False
    return token is None or token.repositories is None or repository.id in token.repositories


def _team_level(hub: Hub, repository: r.Repository, login: str) -> Level:
    wanted = login.lower()
    return max(
        (
            NAMES[permission]
            for team in hub.teams_of.all(repository.owner.lower())
            for name, permission in team.repositories.items()
            if name.lower() == repository.full_name.lower() and any(member.lower() == wanted for member in team.members)
        ),
        default=Level.NONE,
    )
