"""Files of a repository by their names."""

import base64
from collections.abc import Sequence
from urllib.parse import quote

from cutwater.events.look import Look
from cutwater.github.trees import TEXTS_AT_ONCE


async def file_at(look: Look, org: str, repo: str, path: str, sha: str) -> bytes | None:
    """What stands in it at this commit; None where there is no such file."""
    found = await look.github.get(
        f"/repos/{{org}}/{{repo}}/contents/{quote(path)}?ref={quote(sha)}", org=org, repo=repo
    )
    if not isinstance(found, dict) or found.get("type") != "file":
        return None
    return base64.b64decode(found["content"])


async def texts_at(look: Look, org: str, repo: str, sha: str, paths: Sequence[str]) -> dict[str, bytes]:
    """What stands in files at this commit, many in a request; nothing of those that are not there."""
    texts: dict[str, bytes] = {}
    for at in range(0, len(paths), TEXTS_AT_ONCE):
        for path, text in (await look.trees.texts(org, repo, sha, paths[at : at + TEXTS_AT_ONCE])).items():
            whole = text if text is not None else await file_at(look, org, repo, path, sha)
            texts |= {} if whole is None else {path: whole}
    return texts
