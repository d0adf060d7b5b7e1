"""The labels that a repository has."""

from cutwater.events.look import Look
from cutwater.github.effects import Subject


async def labels_of_repository(look: Look, subject: Subject) -> dict[str, str]:
    """In the repository's spelling, by their lower case."""
    found = await look.github.pages("/repos/{org}/{repo}/labels", org=subject.org, repo=subject.repo)
    return {str(label["name"]).lower(): str(label["name"]) for label in found}
