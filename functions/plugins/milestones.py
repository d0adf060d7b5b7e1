"""Milestones of a repository, and who may set them: the members of a team.

Source: sigs.k8s.io/prow pkg/plugins/milestone.
"""

from cutwater.config.configuration import Configuration
from cutwater.config.sections import RepoMilestone
from cutwater.events.look import Look
from cutwater.github.effects import Subject
from functions.plugins.teams import is_in_team


def settings_for(config: Configuration, subject: Subject) -> RepoMilestone:
    """The repository's entry, else the one of the name "" for all others."""
    entries = config.plugins.section("repo_milestone", dict[str, RepoMilestone]) or {}
    return entries.get(f"{subject.org}/{subject.repo}") or entries.get("") or RepoMilestone()


async def is_maintainer(look: Look, subject: Subject, login: str) -> bool:
    """Whether somebody is in the team. Raises Refused where there is no such team."""
    settings = settings_for(look.config, subject)
    slug, number = settings.maintainers_team, settings.maintainers_id
    return await is_in_team(look, login, org=subject.org, slug=slug, number=number)


def not_in_team(look: Look, subject: Subject, deed: str, command: str) -> str:
    """What others are told who want to do the deed."""
    settings, org = settings_for(look.config, subject), subject.org
    team, friend = settings.maintainers_team, settings.maintainers_friendly_name
    return (
        f"You must be a member of the [{org}/{team}](https://github.com/orgs/{org}/teams/{team}/members) GitHub team "
        f"to {deed}. If you believe you should be able to issue the /{command} command, please contact your {friend} "
        "and have them propose you as an additional delegate for this responsibility."
    )


async def open_milestones(look: Look, subject: Subject) -> dict[str, int]:
    """Their numbers by title."""
    found = await look.github.pages("/repos/{org}/{repo}/milestones", org=subject.org, repo=subject.repo)
    return {str(one["title"]): int(one["number"]) for one in found}
