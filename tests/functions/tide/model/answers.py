"""What the model's GitHub answers, as far as tide asks, and what it does for it."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from cutwater.git.stacks import Change, Stack
from cutwater.github.client import Unprocessable
from cutwater.github.queries import FIND_POOLS, POOL, PULLS
from tests.functions.tide.model.hub import FULL_NAME, ORG, REPO, Hub, Pull, State

Json = dict[str, Any]
_REPOSITORY = "/repos/{org}/{repo}"
_REF = re.compile(re.escape(_REPOSITORY) + r"/git/refs?/heads/(?P<branch>.+)")
NOT_MERGEABLE = "GitHub answers 405: Pull Request is not mergeable"
HEAD_MODIFIED = "GitHub answers 409: Head branch was modified. Review and try the merge again."
NO_FAST_FORWARD = "GitHub answers 422: Update is not a fast forward"


class Answers:
    """GitHub as a client asks it; as of `state`, or as it is now."""

    def __init__(self, hub: Hub, state: State | None = None) -> None:
        self._hub, self._then = hub, state

    @property
    def _state(self) -> State:
        return self._then or self._hub.state

    async def get(self, path: str, **parts: str | int) -> Json | None:
        if ref := _REF.fullmatch(path):
            sha = self._state.branches.get(ref["branch"])
            return {"object": {"sha": sha}} if sha else None
        if path == f"{_REPOSITORY}/pulls/{{number}}":
            pull = self._state.pulls.get(int(parts["number"]))
            return self._pull(pull) | {"merged": pull.merged != ""} if pull else None
        if path.startswith(f"{_REPOSITORY}/commits/{{sha}}/status?"):
            found = self._state.statuses.get(str(parts["sha"]), {}).values()
            return {"statuses": [_status(one.context, one.state, one.description) for one in found]}
        if path.startswith(f"{_REPOSITORY}/commits/{{sha}}/check-runs?"):
            return {"check_runs": []}
        if path == f"{_REPOSITORY}/git/commits/{{sha}}":
            return {"tree": {"sha": self._hub.code.commits[str(parts["sha"])].tree}}
        raise NotImplementedError(path)

    async def exists(self, path: str, **parts: str | int) -> bool:
        raise NotImplementedError(path)

    async def pages(self, path: str, **parts: str | int) -> list[Json]:
        newest_first = sorted(self._state.pulls.values(), key=lambda pull: pull.number, reverse=True)
        if path == f"{_REPOSITORY}/pulls?state=open":
            return [self._pull(pull) for pull in newest_first if pull.is_open]
        if path == f"{_REPOSITORY}/pulls/{{number}}/files":
            pull = self._state.pulls[int(parts["number"])]
            return [{"filename": path} for path in self._hub.code.changed(self._state.branches[pull.base], pull.head)]
        raise NotImplementedError(path)

    async def graphql(self, query: str, org: str, **asked: Any) -> Json:
        if query == POOL:
            return {"repository": self._pool(asked)}
        if query == PULLS:
            page = self._page(asked["branch"], asked["labels"], asked["first"], asked["after"])
            return {"repository": {"pullRequests": page}}
        assert query == FIND_POOLS, query
        return {"search": _page(self._found(asked["search"]), self._hit, asked["first"], asked["after"])}

    async def send(self, method: str, path: str, body: Any = None, **parts: str | int) -> Json:
        if (method, path) == ("POST", f"{_REPOSITORY}/statuses/{{sha}}"):
            await Hub.set_status(self._hub, str(parts["sha"]), body["context"], body["state"], body["description"])
            return {}
        if (method, path) == ("PUT", f"{_REPOSITORY}/pulls/{{number}}/merge"):
            return self._merge(int(parts["number"]), body)
        if method == "PATCH" and (ref := _REF.fullmatch(path)):
            return self._forward(ref["branch"], body)
        raise NotImplementedError(f"{method} {path}")

    def _merge(self, number: int, body: Json) -> Json:
        pull = self._state.pulls[number]
        if not pull.is_open:
            raise Unprocessable(405, NOT_MERGEABLE)
        if body["sha"] != pull.head:
            raise Unprocessable(409, HEAD_MODIFIED)
        before = self._hub.state
        sha = self._hub.land(number, body["merge_method"], body.get("commit_title") or f"#{number}")
        if sha is None:
            raise Unprocessable(405, NOT_MERGEABLE)
        self._hub.landed(before, True)
        return {"sha": sha, "merged": True}

    def _forward(self, branch: str, body: Json) -> Json:
        assert not body.get("force"), "nobody forces a branch"
        if not self._hub.code.holds(body["sha"], self._state.branches[branch]):
            raise Unprocessable(422, NO_FAST_FORWARD)
        before = self._hub.state
        self._hub.move(branch, body["sha"])
        self._hub.landed(before, False)
        return {"object": {"sha": body["sha"]}}

    # How things look

    def _pull(self, pull: Pull) -> Json:
        """A pull request as lists have it."""
        here = {"name": REPO, "owner": {"login": ORG}}
        return {
            "number": pull.number,
            "title": pull.title,
            "state": "open" if pull.is_open else "closed",
            "merge_commit_sha": pull.merged or None,
            "user": {"login": "bob"},
            "base": {"ref": pull.base, "sha": pull.base_sha, "repo": here},
            "head": {"ref": pull.head_ref, "sha": pull.head},
            "labels": [{"name": label} for label in pull.labels],
            "milestone": None,
        }

    def _pool(self, asked: Json) -> Json:
        sha = self._state.branches.get(asked["branch"])
        found = {
            "nameWithOwner": FULL_NAME,
            "isArchived": False,
            "mergeCommitAllowed": True,
            "squashMergeAllowed": True,
            "rebaseMergeAllowed": True,
            "ref": sha and {"target": {"oid": sha, "tree": {"oid": self._hub.code.commits[sha].tree}}},
            "changed": self._page(asked["branch"], None, asked["recent"]),
        }
        if asked["withLabels"]:
            found["wanted"] = self._page(asked["branch"], asked["labels"], asked["first"])
        if asked["mayBeBlocked"]:
            blockers = [one for one in self._state.blockers.values() if one.is_open]
            page = f"http://github.local/{FULL_NAME}/issues"
            nodes = [{"number": one.number, "title": one.title, "url": f"{page}/{one.number}"} for one in blockers]
            found["issues"] = {"nodes": nodes}
        return found

    def _page(self, branch: str, labels: Sequence[str] | None, first: int, after: str | None = None) -> Json:
        """Open pull requests to a branch."""
        pulls = [
            pull
            for pull in self._by_update()
            if pull.is_open and pull.base == branch and (labels is None or not set(labels).isdisjoint(pull.labels))
        ]
        return _page(pulls, self._node, first, after)

    def _by_update(self) -> list[Pull]:
        return sorted(self._state.pulls.values(), key=lambda pull: (pull.updated_at, pull.number), reverse=True)

    def _node(self, pull: Pull) -> Json:
        code, tip = self._hub.code, self._state.branches[pull.base]
        statuses = self._state.statuses.get(pull.head, {}).values()
        merges = code.merged(tip, pull.head) is not None
        is_green = all(one.state == "success" for one in statuses)
        contexts = [_status(one.context, one.state.upper(), one.description) for one in statuses]
        commit: Json = {"oid": pull.head, "status": {"contexts": contexts} if contexts else None}
        return {
            "number": pull.number,
            "title": pull.title,
            "body": "",
            "updatedAt": _time(pull.updated_at),
            "author": {"login": "bob", "__typename": "User"},
            "baseRefName": pull.base,
            "headRefName": pull.head_ref,
            "headRefOid": pull.head,
            "mergeable": "MERGEABLE" if merges else "CONFLICTING",
            "mergeStateStatus": "DIRTY" if not merges else "CLEAN" if is_green else "UNSTABLE",
            "canBeRebased": merges and code.rebased(tip, pull.head) is not None,
            "reviewDecision": None,
            "labels": {"nodes": [{"name": label} for label in pull.labels]},
            "milestone": None,
            "commits": {"nodes": [{"commit": commit}]},
        }

    def _found(self, search: str) -> list[Pull]:
        """What a search finds: the newest first, unless it says otherwise."""
        terms = list(_terms(search))
        found = [pull for pull in self._state.pulls.values() if all(_fits(pull, key, value) for key, value in terms)]
        if ("sort", "updated-asc") in terms:
            return sorted(found, key=lambda pull: (pull.updated_at, pull.number))
        return sorted(found, key=lambda pull: pull.number, reverse=True)

    def _hit(self, pull: Pull) -> Json:
        """A pull request that a search has found."""
        contexts = [
            {"context": one.context, "state": one.state.upper()}
            for one in self._state.statuses.get(pull.head, {}).values()
        ]
        return {
            "number": pull.number,
            "updatedAt": _time(pull.updated_at),
            "headRefOid": pull.head,
            "baseRefName": pull.base,
            "baseRef": {"target": {"oid": self._state.branches[pull.base]}},
            "repository": {"name": REPO, "owner": {"login": ORG}},
            "statusCheckRollup": {"contexts": {"nodes": contexts}} if contexts else None,
        }


class Stacking:
    """Git, as far as tide asks it."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def stack(
        self, org: str, repo: str, branch: str, *, base: str, changes: Sequence[Change], limit: int = 0
    ) -> Stack:
        return self._hub.code.stack(base, changes, limit)

    async def push(self, org: str, repo: str, *, commit: str, ref: str) -> None:
        """All commits are everywhere at once."""
        assert commit in self._hub.code.commits

    async def keep(self, org: str, repo: str, branches: Sequence[str]) -> None:
        """There is nothing to be kept."""


def _page(pulls: Sequence[Pull], show: Callable[[Pull], Json], first: int, after: str | None) -> Json:
    """Some of them. A cursor is how many of them come before."""
    begin = int(after or 0)
    shown = [show(pull) for pull in pulls[begin : begin + first]]
    end = begin + len(shown)
    cursor = str(end) if shown else None
    return {"pageInfo": {"hasNextPage": end < len(pulls), "endCursor": cursor}, "nodes": shown}


def _status(context: str, state: str, description: str) -> Json:
    return {"context": context, "state": state, "description": description}


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _terms(search: str) -> Iterator[tuple[str, str]]:
    for term in search.split():
        key, _, value = term.partition(":")
        yield key, value.strip('"')


def _fits(pull: Pull, key: str, value: str) -> bool:
    match key:
        case "is" | "archived" | "sort":
            return True
        case "state":
            return pull.is_open
        case "repo":
            return value == FULL_NAME
        case "label":
            return not set(value.replace('"', "").split(",")).isdisjoint(pull.labels)
        case "-label":
            return value not in pull.labels
        case "updated":
            since, _, until = value.partition("..")
            return since <= _time(pull.updated_at) <= until
    raise NotImplementedError(key)
