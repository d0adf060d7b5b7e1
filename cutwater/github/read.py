"""What a role may read of GitHub. Nothing here changes anything."""

from typing import Any
from urllib.parse import quote

from msgspec import Struct

from cutwater.github.client import Asks, Incomplete, Json, NotFound
from cutwater.github.types import (
    CheckRun,
    CheckRuns,
    CombinedStatus,
    Commit,
    Issue,
    IssueComment,
    Label,
    ProtectedBranch,
    PullFile,
    PullRequest,
    Review,
    Status,
    User,
    read,
)


class Bot(Struct, frozen=True):
    """Who we are on GitHub. `is_app`: `login` is the App's name, and what it writes is by `<login>[bot]`."""

    login: str
    is_app: bool = False

    def is_me(self, login: str) -> bool:
        """Whether this login is ours. A person whose name is the App's is not (upstream takes them for the bot)."""
        return login == (f"{self.login}[bot]" if self.is_app else self.login)


class Reader:
    """GitHub, read. Methods raise Later (unreachable, throttled, 5xx) and Refused (forbidden, unreadable)."""

    def __init__(self, asks: Asks) -> None:
        self._asks = asks

    async def bot(self) -> Bot:
        """Who we are."""
        found = read(await self._asks.get("/user"), User)
        is_app = found.type == "Bot" and found.login.endswith("[bot]")
        return Bot(found.login.removesuffix("[bot]"), is_app=True) if is_app else Bot(found.login)

    async def pull_request(self, org: str, repo: str, number: int) -> PullRequest | None:
        found = await self._asks.get("/repos/{org}/{repo}/pulls/{number}", org=org, repo=repo, number=number)
        return None if found is None else read(found, PullRequest)

    async def pull_requests(self, org: str, repo: str, *, head: str = "", base: str = "") -> list[PullRequest]:
        """The open ones. `head`: `owner:branch`."""
        path = "/repos/{org}/{repo}/pulls?state=open"
        path += f"&head={quote(head)}" if head else ""
        path += f"&base={quote(base)}" if base else ""
        return [read(found, PullRequest) for found in await self._asks.pages(path, org=org, repo=repo)]

    async def pull_requests_of(self, org: str, repo: str, sha: str) -> list[PullRequest]:
        """Those that hold a commit, whether they are open or not; none where there is no such commit."""
        path = "/repos/{org}/{repo}/commits/{sha}/pulls"
        return [read(found, PullRequest) for found in await self.pages(path, org=org, repo=repo, sha=sha)]

    async def issue(self, org: str, repo: str, number: int) -> Issue | None:
        found = await self._asks.get("/repos/{org}/{repo}/issues/{number}", org=org, repo=repo, number=number)
        return None if found is None else read(found, Issue)

    async def labels(self, org: str, repo: str, number: int) -> list[str]:
        """The names of the labels of an issue or pull request."""
        path = "/repos/{org}/{repo}/issues/{number}/labels"
        return [read(found, Label).name for found in await self._asks.pages(path, org=org, repo=repo, number=number)]

    async def comments(self, org: str, repo: str, number: int) -> list[IssueComment]:
        """The comments of an issue or pull request, oldest first."""
        path = "/repos/{org}/{repo}/issues/{number}/comments"
        return [read(found, IssueComment) for found in await self._asks.pages(path, org=org, repo=repo, number=number)]

    async def reviews(self, org: str, repo: str, number: int) -> list[Review]:
        path = "/repos/{org}/{repo}/pulls/{number}/reviews"
        return [read(found, Review) for found in await self._asks.pages(path, org=org, repo=repo, number=number)]

    async def files(self, org: str, repo: str, number: int) -> list[PullFile]:
        """The files that a pull request changes. GitHub gives 3,000 at most."""
        path = "/repos/{org}/{repo}/pulls/{number}/files"
        return [read(found, PullFile) for found in await self._asks.pages(path, org=org, repo=repo, number=number)]

    async def commit(self, org: str, repo: str, sha: str) -> Commit | None:
        found = await self._asks.get("/repos/{org}/{repo}/commits/{sha}", org=org, repo=repo, sha=sha)
        return None if found is None else read(found, Commit)

    async def branch_sha(self, org: str, repo: str, branch: str) -> str | None:
        """The commit that a branch points to, or None."""
        path = f"/repos/{{org}}/{{repo}}/git/ref/heads/{quote(branch)}"
        found = await self._asks.get(path, org=org, repo=repo)
        return None if found is None else str(found["object"]["sha"])

    async def demanded_contexts(self, org: str, repo: str, branch: str) -> list[str]:
        """The contexts that the protection of a branch demands of what is merged to it, whoever makes them."""
        path = f"/repos/{{org}}/{{repo}}/branches/{quote(branch, safe='')}"
        found = await self._asks.get(path, org=org, repo=repo)
        return [] if found is None else list(read(found, ProtectedBranch).protection.required_status_checks.contexts)

    async def statuses(self, org: str, repo: str, sha: str) -> list[Status]:
        """The newest status of each context of a commit."""
        path = "/repos/{org}/{repo}/commits/{sha}/status?per_page=100"
        statuses: list[Status] = []
        page = 1
        while True:
            found = await self._asks.get(f"{path}&page={page}", org=org, repo=repo, sha=sha)
            batch = () if found is None else read(found, CombinedStatus).statuses
            statuses += batch
            if len(batch) < 100:
                return statuses
            page += 1

    async def check_runs(self, org: str, repo: str, sha: str) -> list[CheckRun]:
        """The newest check run of each name and application on a commit."""
        path = "/repos/{org}/{repo}/commits/{sha}/check-runs?per_page=100"
        runs: list[CheckRun] = []
        page = 1
        while True:
            found = await self._asks.get(f"{path}&page={page}", org=org, repo=repo, sha=sha)
            batch = () if found is None else read(found, CheckRuns).check_runs
            runs += batch
            if len(batch) < 100:
                return runs
            page += 1

    async def repositories_of(self, owner: str) -> list[str]:
        """The full names of the repositories of an organisation or of a person."""
        try:
            found = await self._asks.pages("/orgs/{org}/repos", org=owner)
        except NotFound:
            found = await self._asks.pages("/users/{org}/repos", org=owner)
        return [str(one["full_name"]) for one in found]

    async def is_member(self, org: str, login: str) -> bool:
        """Whether somebody is in an organisation, as far as we may see. An owner is in their own account."""
        if org == login:
            return True
        return await self._asks.exists("/orgs/{org}/members/{login}", org=org, login=login)

    async def is_collaborator(self, org: str, repo: str, login: str) -> bool:
        if org == login:
            return True
        path = "/repos/{org}/{repo}/collaborators/{login}"
        return await self._asks.exists(path, org=org, repo=repo, login=login)

    async def search(self, query: str, text: str, *, org: str, first: int = 37, may_lack: bool = False) -> list[Json]:
        """All nodes of a GraphQL search. `text` is a query with the variables $search, $first and $after.

        `may_lack`: what GitHub keeps back is null among them, instead of a refusal of it all.
        """
        nodes: list[Json] = []
        after: str | None = None
        while True:
            try:
                answer = await self._asks.graphql(text, org, search=query, first=first, after=after)
            except Incomplete as incomplete:
                answer = incomplete.data
                if not may_lack or answer.get("search") is None:
                    raise
            nodes += answer["search"]["nodes"]
            page = answer["search"]["pageInfo"]
            if not page["hasNextPage"]:
                return nodes
            after = page["endCursor"]

    async def graphql(self, text: str, *, org: str, **variables: Any) -> Json:
        """The data of a GraphQL query. Raises Refused with GitHub's first complaint."""
        return await self._asks.graphql(text, org, **variables)

    async def get(self, path: str, **parts: str | int) -> Json | None:
        """One object as GitHub sends it, or None."""
        return await self._asks.get(path, **parts)

    async def pages(self, path: str, **parts: str | int) -> list[Json]:
        """All items of all pages as GitHub sends them; none where there is no such thing."""
        try:
            return await self._asks.pages(path, **parts)
        except NotFound:
            return []
