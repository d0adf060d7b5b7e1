"""git behind a row's world, where a plugin asks it: the SHAs that the world states become those of real commits."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from infra.local.github import repositories
from infra.local.github.code import git_of
from infra.local.github.commits import write_files
from infra.local.github.hub import Hub
from infra.local.github.records import Person, Repository

Given = Mapping[str, Any]
TIME = datetime(2026, 1, 5, tzinfo=UTC)


def put_under(hub: Hub, given: Given) -> None:
    """Give the world's repository its code, and the bot's fork of it."""
    here = hub.repository(f"{given['org']}/{given['repo']}")
    assert here is not None
    git = git_of(hub, here)
    git.create(given["default_branch"])
    with hub.store.transaction():
        bot = hub.account(given["bot"])
        assert bot is not None
        hub.accounts.put(replace(bot, email=f"{bot.login}@example.com"))
        hub.code.pop(here.id, None)
        here = hub.repositories.put(replace(here, is_described=False))
        heads = {}
        for ref in list(hub.refs_of.all(here.id)):
            branch = ref.name.removeprefix("refs/heads/")
            person = Person("someone", "someone@example.com", TIME)
            files = (given["files"] or {}).get(branch) or {}
            heads[branch] = write_files(git, files, base=None, message=f"The tip of {branch}", author=person)
            git.keep(ref.name, heads[branch])
            hub.refs.put(replace(ref, sha=heads[branch]))
        for one in given["issues"] or ():
            if one.get("pull_request"):
                _pull(hub, here, one, heads)
        for name in given.get("other_repos") or ():
            if name.startswith(f"{given['bot']}/") and (known := hub.repository(name)) is not None:
                hub.repositories.remove(known)
                repositories.fork(hub, here, given["bot"])


def _pull(hub: Hub, here: Repository, given: Given, heads: Mapping[str, str]) -> None:
    """The commits of a pull request; all of what it changes is in the last."""
    git, pull = git_of(hub, here), given["pull_request"]
    head = base = heads[pull["base_ref"]]
    files: dict[str, str | bytes | None] = {}
    for one in pull["files"] or ():
        files |= {one["previous_filename"]: None} if one.get("previous_filename") else {}
        text = one.get("head_content", f"changed {one['filename']}\n")
        files[one["filename"]] = None if one["status"] == "removed" else text
    commits = pull["commits"] or ()
    for number, one in enumerate(commits, start=1):
        name = one.get("author_name") or one["author"] or "someone"
        person = Person(name, one.get("author_email") or f"{name}@example.com", TIME)
        changed = files if number == len(commits) else {}
        head = write_files(git, changed, base=head, message=one["message"], author=person)
    git.keep(f"refs/pull/{given['number']}/head", head)
    issue = hub.issue(here, given["number"])
    assert issue is not None and issue.pull is not None
    hub.issues.put(replace(issue, pull=replace(issue.pull, head_sha=head, base_sha=base, stated=None)))


def pushed(hub: Hub, given: Given) -> list[dict[str, Any]]:
    """The branches that are there now and were not, with what stands on them beyond their base, as a row tells it."""
    here = hub.repository(f"{given['org']}/{given['repo']}")
    assert here is not None
    places = [here, *hub.forks_of.all(here.id)]
    refs = sorted((ref.name, place.id) for place in places for ref in hub.refs_of.all(place.id))
    found = {}
    for name, place in refs:
        branch = name.removeprefix("refs/heads/")
        base = branch.partition("-to-")[2]
        if branch.startswith("cherry-pick-") and branch not in (given["branch_shas"] or {}):
            found[branch] = _told(hub, hub.repositories[place], branch, base, here)
    return list(found.values())


def _told(hub: Hub, place: Repository, branch: str, base: str, here: Repository) -> dict[str, Any]:
    git = git_of(hub, place)
    tip, head = hub.branch(here, base), git.commit(f"refs/heads/{branch}")
    assert tip is not None and head is not None
    commits = git.between(tip.sha, head.sha)
    return {
        "branch": branch,
        "base": base,
        "commits": [
            f"{one.author.name} <{one.author.email}> | {one.committer.name} <{one.committer.email}> | {one.message}"
            for one in commits
        ],
        "diff": git.diff_text(tip.sha, head.sha).decode().strip(),
    }


# What is compared of git's words


_LOOSE = (
    (re.compile(r"(cannot checkout `[^`]*`: ).*?(?=\n\n<details>|\Z)", re.DOTALL), r"\1…"),
    (re.compile(r'(failed to apply on top of branch "[^"]*":\n```\n).*?(\n```)', re.DOTALL), r"\1…\2"),
    (re.compile(r"((?:pull request created|issue created for failed cherrypick): #)\d+"), r"\1…"),
)


def loosely(text: str) -> str:
    """A comment without what git said in it, and without the numbers that a world gives to what is new."""
    for pattern, instead in _LOOSE:
        text = pattern.sub(instead, text)
    return text


def told(branches: Iterable[Given] | None) -> list[dict[str, Any]]:
    """The branches that upstream has pushed."""
    return [
        {**one, "commits": [text.strip("\n\0") for text in one["commits"]], "diff": one["diff"].strip()}
        for one in branches or ()
    ]
