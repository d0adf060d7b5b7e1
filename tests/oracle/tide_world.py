"""The world of a row about tide: a GitHub and a cluster that hold what stands there, and remember what was done."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from cutwater.config.configuration import Configuration
from cutwater.config.findings import Source
from cutwater.config.load import load
from cutwater.config.sources import Sources
from cutwater.errors import Later, Refused
from cutwater.events.edges import Edges
from cutwater.git.stacks import Change, Layer, Stack, Stacks
from cutwater.github.client import NotFound, Unprocessable
from cutwater.kube.client import Kube
from cutwater.storage.memory import MemoryStore
from functions.tide.sight import PoolName
from tests import virtual_time
from tests.edges import edges
from tests.oracle.clusters import Cluster, Json
from tests.oracle.in_repo import InRepo

BOT = "k8s-ci-robot"
Given = Mapping[str, Any]


class GitHub:
    """GitHub as the row has it. `merges`, `statuses` and `deleted` are what was asked of it, in order."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._in_repo = InRepo(given)
        self.pulls = {one["number"]: one for one in given["prs"]}
        branches = {self.base_of(one) for one in given["prs"]}
        self._heads = dict.fromkeys(branches | {given["branch"]}, given["base_sha"])
        self._answers = {int(n): list(answers) for n, answers in (given.get("merge_answers") or {}).items()}
        self.merges: list[Json] = []
        self.statuses: list[Json] = []
        self.deleted: list[int] = []
        self.merged: list[int] = []

    def base_of(self, pull: Given) -> str:
        return str(pull.get("base_ref") or self._given["branch"])

    async def graphql(self, query: str, org: str, **asked: Any) -> Json:
        if self._given.get("repo_error"):
            raise Refused("injected")
        is_here = (asked["owner"], asked["name"]) == (self._given["org"], self._given["repo"])
        allowed = self._given.get("repo_settings") or {}
        blockers = [one for one in self._given.get("blockers") or () if (one["org"], one["repo"]) == _here(self._given)]
        head = self._heads[asked["branch"]]
        nodes = [self.node(one) for one in self.pulls.values() if self.base_of(one) == asked["branch"] and is_here]
        return {
            "repository": {
                "nameWithOwner": f"{asked['owner']}/{asked['name']}",
                "isArchived": False,
                "mergeCommitAllowed": allowed.get("allow_merge_commit", True),
                "squashMergeAllowed": allowed.get("allow_squash_merge", True),
                "rebaseMergeAllowed": allowed.get("allow_rebase_merge", True),
                "ref": {"target": {"oid": head, "tree": {"oid": f"tree-of-{head}"}}},
                "issues": {"nodes": [{key: one[key] for key in ("number", "title", "url")} for one in blockers]},
                "changed": {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": nodes},
            }
        }

    def node(self, pull: Given) -> Json:
        """A pull request as a GraphQL answer has it."""
        commit = {
            "oid": "0" * 40 if pull.get("head_not_in_query") else pull["head_sha"],
            "status": {"contexts": pull["contexts"]},
            "statusCheckRollup": {"contexts": {"nodes": [*({} for _ in pull["contexts"]), *pull["check_runs"]]}},
        }
        return {
            "number": pull["number"],
            "title": pull["title"],
            "body": pull["body"],
            "updatedAt": pull["updated_at"],
            "author": {"login": pull["author"], "__typename": pull["author_type"]},
            "baseRefName": self.base_of(pull),
            "headRefName": pull["head_ref"],
            "headRefOid": pull["head_sha"],
            "mergeable": pull["mergeable"],
            "mergeStateStatus": pull["merge_state_status"],
            "canBeRebased": pull["can_be_rebased"],
            "reviewDecision": pull["review_decision"] or None,
            "labels": {"nodes": [{"name": label} for label in pull["labels"]]},
            "milestone": {"title": pull["milestone"]} if pull["milestone"] is not None else None,
            "commits": {"nodes": [{"commit": commit}]},
        }

    async def get(self, path: str, **parts: Any) -> Any:
        if path == "/user":
            return {"login": BOT}
        own = self._in_repo.get(path, parts)
        if own is not None:
            return own
        if path.startswith("/repos/{org}/{repo}/git/ref/heads/"):
            return {"object": {"sha": self._heads[path.removeprefix("/repos/{org}/{repo}/git/ref/heads/")]}}
        if path == "/repos/{org}/{repo}/pulls/{number}":
            return self._rest(self.pulls[parts["number"]])
        if path.startswith("/repos/{org}/{repo}/branches/"):
            return {}
        pull = next(one for one in self.pulls.values() if one["head_sha"] == parts["sha"])
        if pull.get("contexts_error"):
            raise Refused("injected")
        if "check-runs" in path:
            runs = [
                {**one, **{key: one[key].lower() for key in ("status", "conclusion")}} for one in pull["check_runs"]
            ]
            return {"check_runs": runs}
        statuses = [{**one, "state": one["state"].lower()} for one in pull["contexts"]]
        return {"sha": parts["sha"], "state": "x", "statuses": statuses}

    def _rest(self, pull: Given) -> Json:
        here = {"name": self._given["repo"], "owner": {"login": self._given["org"]}}
        return {
            "number": pull["number"],
            "state": "closed" if pull["number"] in self.merged else "open",
            "merged": pull["number"] in self.merged,
            "base": {"ref": self.base_of(pull), "sha": self._given["base_sha"], "repo": here},
            "head": {"ref": pull["head_ref"], "sha": pull["head_sha"]},
            "user": {"login": pull["author"]},
            "labels": [{"name": label} for label in pull["labels"]],
            "milestone": {"title": pull["milestone"], "number": 1} if pull["milestone"] is not None else None,
        }

    async def exists(self, path: str, **parts: Any) -> bool:
        raise NotImplementedError(path)

    async def pages(self, path: str, **parts: Any) -> list[Any]:
        if path.endswith("/files"):
            pull = self.pulls[parts["number"]]
            if pull.get("changes_error"):
                raise Refused("injected")
            return [{"filename": name} for name in pull["changed_files"]]
        found = (self._given.get("comments") or {}).get(str(parts["number"])) or ()
        return [{"id": one["id"], "body": one["body"], "user": {"login": one["login"]}} for one in found]

    async def send(self, method: str, path: str, body: Any = None, **parts: Any) -> Any:
        if method == "DELETE":
            self.deleted.append(parts["id"])
            return None
        if method == "POST":
            return self._set_status(parts["sha"], body)
        return self._merge(parts["number"], body)

    def _set_status(self, sha: str, body: Json) -> None:
        number = next(one["number"] for one in self.pulls.values() if one["head_sha"] == sha)
        if number in (self._given.get("status_errors") or ()):
            self.statuses.append({"pr": number, "context": body["context"], "failed": True})
            raise Refused("injected: create status failed")
        said = {key: body.get(key, "") for key in ("context", "state", "description", "target_url")}
        self.statuses.append({"pr": number, "sha": sha, **said})

    def _merge(self, number: int, body: Json) -> Json:
        answers = self._answers.get(number) or [{"status": 200, "message": ""}]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        status, message = answer["status"], answer["message"]
        self.merges.append({"pr": number, "body": body, "answer": status})
        words = f"GitHub answers {status}: {message}"
        if status == 404:
            raise NotFound(words)
        if status >= 500:
            raise Later(words)
        if status in {405, 409, 422}:
            raise Unprocessable(status, words)
        if status != 200:
            raise Refused(words)
        self.merged.append(number)
        branch = self.base_of(self.pulls[number])
        self._heads[branch] = f"merged-{number}"
        return {"sha": self._heads[branch], "merged": True}


def _here(given: Given) -> tuple[str, str]:
    return given["org"], given["repo"]


class Git:
    """git as the row has it: it knows no files, only who conflicts with whom. `merges` are those that were tried."""

    def __init__(self, given: Given) -> None:
        self._given: Given = given.get("git") or {}
        self.merges: list[Json] = []

    async def stack(
        self, org: str, repo: str, branch: str, *, base: str, changes: Sequence[Change], limit: int = 0
    ) -> Stack:
        if "clone_error" in self._given:
            raise Later(self._given["clone_error"])
        layers: list[Layer] = []
        left_out: dict[int, str] = {}
        for change in changes:
            if 0 < limit <= len(layers):
                break
            self.merges.append({"method": change.method, "pr": change.number})
            if not self._conflicts(change.number, layers):
                layers.append(Layer(number=change.number, head=change.head, tree="", commit=""))
            elif change.number in (self._given.get("abort_fails") or ()):
                raise Refused("injected")
            else:
                left_out[change.number] = "conflict"
        return Stack(base=base, base_tree="", layers=tuple(layers), left_out=left_out)

    def _conflicts(self, number: int, layers: Sequence[Layer]) -> bool:
        pairs = {frozenset(pair) for pair in self._given.get("conflicts") or ()}
        with_base = self._given.get("conflicts_with_base") or ()
        return number in with_base or any(frozenset({number, layer.number}) in pairs for layer in layers)

    async def push(self, org: str, repo: str, *, commit: str, ref: str) -> None:
        raise NotImplementedError(ref)

    async def keep(self, org: str, repo: str, branches: Sequence[str]) -> None:
        raise NotImplementedError(repo)


class World:
    """The edges of a row. `stacks`: git, where the row has real repositories."""

    def __init__(self, given: Given, *, stacks: Stacks | None = None) -> None:
        self.config = configuration(given)
        self.github = GitHub(given)
        self.git = Git(given)
        self.cluster = Cluster({"prowjobs": [prowjob(one) for one in given["prowjobs"]]}, _inject(given))
        self.state = MemoryStore(virtual_time.clock)
        self.edges: Edges = edges(
            config=self.config,
            state=self.state,
            kube=lambda: Kube(self.cluster),
            github=lambda: self.github,
            stacks=lambda: stacks or self.git,
        )

    @property
    def created(self) -> list[Json]:
        """The ProwJobs that were made, without what is given at random or by time."""
        made = []
        for call, _, body in self.cluster.calls:
            if call == "post prowjobs":
                meta = {key: body["metadata"].get(key) for key in ("namespace", "labels", "annotations")}
                made.append({"metadata": meta, "spec": body["spec"], "status": {"state": body["status"]["state"]}})
        return made


def configuration(given: Given) -> Configuration:
    """The row's configuration. Raises ConfigError."""
    jobs = [Source("jobs.yaml", given["job_config"].encode())] if given["job_config"] else []
    return load(Sources(Source("config.yaml", given["config"].encode()), tuple(jobs)), strict=True)


def prowjob(given: Given) -> Json:
    """A ProwJob of a row as the API server has it."""
    refs = {key: given[key] for key in ("org", "repo", "base_ref", "base_sha")}
    pulls = [{"author": "", **pull} for pull in given["pulls"]]
    spec: Json = {"type": given["type"], "job": given["job"], "context": given["context"]}
    spec["refs"] = {**refs, "pulls": pulls}
    if given.get("tenant_id"):
        spec["prowjob_defaults"] = {"tenant_id": given["tenant_id"]}
    status = {"state": given["state"], "description": given.get("description", ""), "url": given.get("url", "")}
    status |= {"startTime": given["start"]} if given.get("start") else {}
    status |= {"completionTime": given["completion"]} if given.get("completion") else {}
    meta = {"name": given["name"], "namespace": "default", "labels": given.get("labels") or {}}
    return {"apiVersion": "prow.k8s.io/v1", "kind": "ProwJob", "metadata": meta, "spec": spec, "status": status}


def _inject(given: Given) -> Any:
    broken: Sequence[str] = given.get("prowjob_create_errors") or ()

    def inject(verb: str, plural: str, name: str, body: Any) -> Mapping[str, Any] | None:
        if (verb, plural) == ("post", "prowjobs") and body["spec"]["job"] in broken:
            return {"code": 422, "message": "injected: create failed"}
        return None

    return inject


def answered(answer: Callable[[Given, World], Awaitable[Json]], given: Given, *, stacks: Stacks | None = None) -> Json:
    """What we say of a row, in a world of its own and in virtual time."""
    world, answers = World(given, stacks=stacks), []

    async def ask() -> None:
        answers.append(await answer(given, world))

    virtual_time.run(ask())
    found: Json = answers[0]
    return found


def pools(given: Given) -> list[PoolName]:
    """The pools of the row's pull requests."""
    branches = {str(one.get("base_ref") or given["branch"]) for one in given["prs"]}
    return [PoolName(given["org"], given["repo"], branch) for branch in sorted(branches)]
