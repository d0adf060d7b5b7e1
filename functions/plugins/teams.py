"""Teams of an organisation, by their slugs, or by the numbers that older configuration has."""

from cutwater.errors import Refused
from cutwater.events.look import Look


async def is_in_team(look: Look, login: str, *, org: str, slug: str = "", number: int = 0) -> bool:
    """Whether somebody is in a team; it goes by its number where no slug is given. Raises Refused where it is not."""
    parts: dict[str, str | int] = {"org": org, "slug": slug} if slug else {"org": org, "id": number}
    team = "/orgs/{org}/teams/{slug}" if slug else "/teams/{id}"
    members = await look.github.pages(f"{team}/members?role=all", **parts)
    if not members and await look.github.get(team, **parts) is None:
        raise Refused(f"{org} has no team {slug or number}")
    return _plain(login) in {_plain(str(member["login"])) for member in members}


def _plain(login: str) -> str:
    return login.lower().removeprefix("@")
