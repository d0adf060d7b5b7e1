"""What upstream's tide asks of GitHub in one round over all pools: the same questions, asked of the same GitHub.

It searches all of GitHub for the pull requests that meet a query, and for those that have changed since the last round;
it searches for the issues that block; and it asks where the branch of each pool is, one after the other.
Source: sigs.k8s.io/prow pkg/tide (github.go, status.go, tide.go) and pkg/tide/blockers.
"""

import asyncio
from collections import Counter
from datetime import datetime
from typing import Any

import httpx2

from bench.points import points
from cutwater.config.tide import Tide, search_of
from cutwater.kube.effects import timestamp
from functions.tide.sweep import searches_for_changes

PAGE, ISSUES, MOST = 37, 100, 1000
"""Pull requests and issues a page; results that GitHub gives of a search."""
SEARCH = """
query ($search: String!, $after: String) {
  rateLimit {cost remaining}
  search(type: ISSUE, first: 37, after: $after, query: $search) {
    pageInfo {hasNextPage endCursor}
    nodes {... on PullRequest {
      number title body updatedAt author {login} authorMetadata: author {__typename}
      baseRef {name prefix} headRefName headRefOid
      mergeable mergeStateStatus canBeRebased reviewDecision
      repository {name nameWithOwner owner {login}}
      commits(last: 4) {nodes {commit {
        oid
        status {contexts {context description state}}
        statusCheckRollup {contexts(last: 100) {nodes {... on CheckRun {name conclusion status}}}}
      }}}
      labels(first: 100) {nodes {name}}
      milestone {title}
    }}
  }
}"""
BLOCKERS = """
query ($search: String!, $after: String) {
  rateLimit {cost remaining}
  search(type: ISSUE, first: 100, after: $after, query: $search) {
    pageInfo {hasNextPage endCursor}
    nodes {... on Issue {number title url repository {name owner {login}}}}
  }
}"""
BEGINNING = "2007-01-01T00:00:00Z"


class Upstream:
    """One tide of upstream's. `asked`: requests by kind, and the `points` of GraphQL."""

    def __init__(self, tide: Tide, github: str, token: str) -> None:
        self._tide, self.asked = tide, Counter[str]()
        headers = {"authorization": f"token {token}"}
        self._client = httpx2.AsyncClient(base_url=f"{github}/api", headers=headers, timeout=60)
        self._seen = BEGINNING

    async def close(self) -> None:
        await self._client.aclose()

    async def round(self, now: datetime) -> None:
        """One round of its loop, and one of its statuses. What it would write is left out."""
        self.asked.clear()
        until = timestamp(now)
        found = await asyncio.gather(
            *(self._search(SEARCH, f"{search_of(query)} updated:{BEGINNING}..{until}") for query in self._tide.queries)
        )
        scope = " ".join(searches_for_changes(self._tide).values()).split()
        places = sorted({token for token in scope if token.startswith(("org:", "repo:", "-repo:"))})
        label = self._tide.blocker_label
        if label:
            await self._search(BLOCKERS, " ".join([f'is:issue state:open label:"{label}"', *places]))
        pools = {(pull["repository"]["nameWithOwner"], pull["baseRef"]["name"]) for pulls in found for pull in pulls}
        for name, branch in sorted(pools):
            self.asked["rest"] += 1
            (await self._client.get(f"/v3/repos/{name}/git/ref/heads/{branch}")).raise_for_status()
        search = " ".join(["is:pr state:open sort:updated-asc archived:false", *places])
        changed = await self._search(SEARCH, f"{search} updated:{self._seen}..{until}")
        self._seen = max((pull["updatedAt"] for pull in changed), default=self._seen)

    async def _search(self, query: str, search: str) -> list[dict[str, Any]]:
        nodes: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            variables = {"search": search, "after": after}
            answer = await self._client.post("/graphql", json={"query": query, "variables": variables})
            answer.raise_for_status()
            page = answer.json()["data"]["search"]
            self.asked["graphql"] += 1
            self.asked["points"] += points(query, {})
            nodes += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return nodes
            after = page["pageInfo"]["endCursor"]
