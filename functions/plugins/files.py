"""A file of a repository by its name."""

import base64
from urllib.parse import quote

from cutwater.events.look import Look


async def file_at(look: Look, org: str, repo: str, path: str, sha: str) -> bytes | None:
    """What stands in it at this commit; None where there is no such file."""
    found = await look.github.get(
        f"/repos/{{org}}/{{repo}}/contents/{quote(path)}?ref={quote(sha)}", org=org, repo=repo
    )
    if not isinstance(found, dict) or found.get("type") != "file":
        return None
    return base64.b64decode(found["content"])
