"""GitHub for a command: under a token from a file, without the limits and memories that functions share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cutwater.github.client import GitHub

PUBLIC_API = "https://api.github.com"


@asynccontextmanager
async def github_at(api: str, token: str, graphql_api: str = "") -> AsyncIterator[GitHub]:
    """GitHub's API at this address. `token`: "" for none. `graphql_api`: where that is not beside the other."""
    import httpx2

    async def identity(org: str) -> str:
        return token

    async with httpx2.AsyncClient(timeout=15, follow_redirects=True) as client:
        yield GitHub(client, identity, api=api, graphql_api=graphql_api or f"{api}/graphql")
