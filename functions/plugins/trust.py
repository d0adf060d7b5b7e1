"""Whom a repository trusts to have its tests run. Source: sigs.k8s.io/prow pkg/plugins/trigger (TrustedUser)."""

from msgspec import Struct

from cutwater.config.configuration import Configuration
from cutwater.events.look import Look
from cutwater.github.effects import Subject


class Prominent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The louder invitation to join, for those who have contributed before."""

    disabled: bool = False
    merged_pr_threshold: int | None = None
    message: str = ""

    @property
    def threshold(self) -> int:
        """How many of somebody's pull requests must have been merged; 0 asks for none."""
        return 3 if self.merged_pr_threshold is None else self.merged_pr_threshold


class OrgInvite(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How strangers are invited to join the organisation."""

    prominent: Prominent = Prominent()


class TriggerSettings(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of `triggers` in plugins.yaml."""

    repos: tuple[str, ...] = ()
    trusted_apps: tuple[str, ...] = ()
    trusted_org: str = ""
    join_org_url: str = ""
    only_org_members: bool = False
    ignore_ok_to_test: bool = False
    trigger_github_workflows: bool = False
    org_invite: OrgInvite = OrgInvite()

    def join_url(self, org: str) -> str:
        """Where one becomes a member."""
        return self.join_org_url or f"https://github.com/orgs/{self.trusted_org or org}/people"


def settings_for(config: Configuration, org: str, repo: str) -> TriggerSettings:
    """The first entry that names the repository, else the first that names its organisation. Never merged."""
    entries = config.plugins.section("triggers", tuple[TriggerSettings, ...]) or ()
    for name in (f"{org}/{repo}", org):
        for entry in entries:
            if name in entry.repos:
                return entry
    return TriggerSettings()


async def is_trusted(look: Look, settings: TriggerSettings, login: str, org: str, repo: str) -> bool:
    """Whether tests run at this person's word. The first rule that says yes wins."""
    if (await look.github.bot()).is_me(login):
        return True
    if await look.github.is_member(org, login):
        return True
    if not settings.only_org_members and await look.github.is_collaborator(org, repo, login):
        return True
    if login.endswith("[bot]") and login.removesuffix("[bot]") in settings.trusted_apps:
        return True
    if not settings.trusted_org or settings.trusted_org == org:
        return False
    return await look.github.is_member(settings.trusted_org, login)


def why_untrusted(settings: TriggerSettings, org: str) -> str:
    """What somebody is not who is not trusted, in upstream's words."""
    is_none_of = ["a member of the org"]
    is_none_of += [] if settings.only_org_members else ["a collaborator"]
    is_none_of += ["a member of the trusted secondary org"] if settings.trusted_org not in ("", org) else []
    reasons = "".join(f"User is not {one}. " for one in is_none_of)
    return f"{reasons}Satisfy at least one of these conditions to make the user trusted."


async def is_trusted_pull_request(look: Look, settings: TriggerSettings, subject: Subject, author: str) -> bool:
    """Whether a pull request's tests run: its author is trusted, or somebody trusted has said ok-to-test."""
    if await is_trusted(look, settings, author, subject.org, subject.repo):
        return True
    return has(await look.github.labels(subject.org, subject.repo, subject.number), "ok-to-test")


def has(labels: list[str], name: str) -> bool:
    """Whether a label is there, whatever its case."""
    return name.lower() in {label.lower() for label in labels}
