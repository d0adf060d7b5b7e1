"""Who may override: administrators of the repository, and whom the configuration adds."""

from cutwater.config.configuration import Configuration
from cutwater.config.sections import Override
from cutwater.errors import Refused
from cutwater.events.repository_owners import owners_of_branch
from cutwater.github.types import PullRequest
from cutwater.owners.files import login as normalised
from functions.plugins.kit import Look
from functions.plugins.teams import is_in_team
from functions.plugins.trigger.refs import subject_of


def settings_of(config: Configuration) -> Override:
    """What `override` in plugins.yaml says."""
    return config.plugins.section("override", Override)


def in_words(settings: Override, org: str = "", repo: str = "") -> str:
    """Who may; without a repository, in all of them."""
    words = "Repo administrators"
    if settings.allow_top_level_owners:
        words += ", approvers in top level OWNERS file"
    if settings.allowed_github_teams:
        teams = settings.allowed_github_teams.items()
        listed = (f"{place}: {' '.join(slugs)}" for place, slugs in teams if not org or place in {f"{org}/{repo}", org})
        words += f", and the following github teams:{', '.join(sorted(listed))}"
    return f"{words}."


async def may(look: Look, pull: PullRequest, login: str) -> bool:
    """Whether somebody may override on a pull request. Where GitHub does not tell, they may not."""
    settings = settings_of(look.config)
    if await _is_administrator(look, pull, login) or await _is_in_team(look, settings, pull, login):
        return True
    return settings.allow_top_level_owners and await _is_top_level_approver(look, pull, login)


async def _is_administrator(look: Look, pull: PullRequest, login: str) -> bool:
    subject = subject_of(pull)
    path = "/repos/{org}/{repo}/collaborators/{login}/permission"
    try:
        found = await look.github.get(path, org=subject.org, repo=subject.repo, login=login)
    except Refused:
        return False
    return found is not None and bool(found["permission"] == "admin")


async def _is_in_team(look: Look, settings: Override, pull: PullRequest, login: str) -> bool:
    subject, teams = subject_of(pull), settings.allowed_github_teams
    for slug in (*teams.get(f"{subject.org}/{subject.repo}", ()), *teams.get(subject.org, ())):
        try:
            if await is_in_team(look, login, org=subject.org, slug=slug):
                return True
        except Refused:
            continue  # there is no such team
    return False


async def _is_top_level_approver(look: Look, pull: PullRequest, login: str) -> bool:
    subject = subject_of(pull)
    try:
        owners = await owners_of_branch(look, subject.org, subject.repo, pull.base.ref, paths=())
    except Refused:
        return False
    return normalised(login) in owners.top_level_approvers
