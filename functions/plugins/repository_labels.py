"""The labels that a repository has."""

from collections.abc import Sequence

from cutwater.events.look import Look
from cutwater.github.effects import Subject


async def labels_of_repository(look: Look, subject: Subject) -> dict[str, str]:
    """In the repository's spelling, by their lower case."""
    found = await look.github.pages("/repos/{org}/{repo}/labels", org=subject.org, repo=subject.repo)
    return {str(label["name"]).lower(): str(label["name"]) for label in found}


async def named_as_there(look: Look, subject: Subject, wanted: Sequence[str], *, whose: str) -> list[str]:
    """Those that the repository has, in its spelling; of `whose` others the receipt tells.

    GitHub would make a label that is not there, without its colour or what it means.
    """
    known = await labels_of_repository(look, subject)
    unknown = [label for label in wanted if label.lower() not in known]

    async def answer() -> list[str]:
        return unknown

    if unknown:
        await look.reads.once(f"{whose} labels that the repository does not have", answer)
    return list(dict.fromkeys(known[label.lower()] for label in wanted if label.lower() in known))
