"""A ref moved: by a git push, by the API, by a merge, by a world. What follows from it is the same.

The ref's record is brought up to date, pull requests from the branch get their new head, those whose head the base
branch now has are merged, and the hooks hear of it.
"""

from msgspec.structs import replace

from infra.local.github import forms, issues, pull_forms
from infra.local.github import records as r
from infra.local.github.code import Code, RealCode, code_of, git_of
from infra.local.github.commits import Files, write_files
from infra.local.github.hub import Hub
from infra.local.github.people import person_of
from infra.local.github.webhooks import emit

NOTHING = "0" * 40
BRANCH = "refs/heads/"
TAG = "refs/tags/"


def move(hub: Hub, here: r.Repository, name: str, new: str | None, by: r.Account) -> None:
    """Set, make or (None) delete a ref and do what follows."""
    code_of(hub, here).set_ref(name, new)
    moved(hub, here, name, new, by)


def commit_files(
    hub: Hub, here: r.Repository, branch: str, files: Files, *, base: str | None, by: r.Account, message: str
) -> str:
    """One commit on a branch in git and nothing else: no record moves, nobody is told. Gives its SHA."""
    git = git_of(hub, here)
    sha = write_files(git, files, base=base, message=message, author=person_of(hub, by))
    git.keep(f"{BRANCH}{branch}", sha)
    return sha


def push_files(hub: Hub, here: r.Repository, branch: str, files: Files, *, by: r.Account, message: str) -> str:
    """One commit on a branch, which begins at the default branch if it is new, as if pushed. Gives its SHA."""
    tip = hub.branch(here, branch) or hub.branch(here, here.default_branch)
    sha = commit_files(hub, here, branch, files, base=tip.sha if tip else None, by=by, message=message)
    moved(hub, here, f"{BRANCH}{branch}", sha, by)
    return sha


def read_refs(hub: Hub, here: r.Repository, by: r.Account) -> None:
    """Compare git's refs with the records and do what follows from each difference: somebody has pushed."""
    now = git_of(hub, here).refs()
    known = {row.name: row.sha for row in hub.refs_of.all(here.id)}
    for name in [*known, *(name for name in now if name not in known)]:
        if known.get(name) != now.get(name):
            moved(hub, here, name, now.get(name), by)


def moved(hub: Hub, here: r.Repository, name: str, new: str | None, by: r.Account) -> None:
    """What follows from a ref that already is where it is to be."""
    old = hub.ref(here, name)
    before = old.sha if old else None
    if before == new:
        return
    _record(hub, here, old, name, new)
    if not name.startswith((BRANCH, TAG)):
        return  # of a kind that only its maker knows: nobody hears of it
    here = hub.repositories.put(replace(here, pushed_at=hub.now()))
    code = code_of(hub, here)
    forced = before is not None and new is not None and not code.is_ancestor(before, new)
    if name.startswith(BRANCH):
        branch = name.removeprefix(BRANCH)
        _follow_head(hub, here, branch, new, by, forced=forced)
        _follow_base(hub, here, branch, before, new, by, code=code)
    _tell(hub, here, name, before, new, by, forced=forced)


def _record(hub: Hub, here: r.Repository, old: r.Ref | None, name: str, new: str | None) -> None:
    if new is not None:
        id_ = old.id if old else hub.refs.next_id()
        hub.refs.put(r.Ref(id=id_, repository=here.id, name=name, sha=new))
    elif old is not None:
        hub.refs.remove(old)


def _follow_head(hub: Hub, here: r.Repository, branch: str, new: str | None, by: r.Account, *, forced: bool) -> None:
    for issue in hub.pulls_with_head.all((here.id, branch)):
        if new is None:
            issues.close(hub, issue, by)
        else:
            synchronize(hub, issue, new, by, forced=forced)


def _follow_base(
    hub: Hub, here: r.Repository, branch: str, old: str | None, new: str | None, by: r.Account, *, code: Code
) -> None:
    into = [row for row in hub.open_issues_of.all(here.id) if row.pull and row.pull.base_ref == branch]
    if not into:
        return
    fresh = {commit.sha for commit in ahead(code, old, new)} if new is not None and old is not None else set()
    for issue in into:
        if new is None:
            issues.close(hub, issue, by)
        elif issue.pull and issue.pull.head_sha in fresh:
            mark_merged(hub, issue, new, by)


def synchronize(hub: Hub, issue: r.Issue, head: str, by: r.Account, *, forced: bool) -> r.Issue:
    """A pull request gets a new head."""
    change = issue.pull
    assert change is not None
    home = hub.repositories[issue.repository]
    tip = hub.branch(home, change.base_ref)
    moved_to = replace(change, head_sha=head, base_sha=tip.sha if tip else change.base_sha)
    issue = issues.touch(hub, replace(issue, pull=moved_to))
    code_of(hub, home).keep_head(issue.number, head)
    if forced:
        issues.note(hub, issue, "head_ref_force_pushed", by, commit=head)
    issues.tell(hub, issue, "synchronize", by, before=change.head_sha, after=head)
    return issue


def mark_merged(hub: Hub, issue: r.Issue, sha: str, by: r.Account) -> r.Issue:
    """The base branch has the change as `sha`: the pull request is closed as merged."""
    assert issue.pull is not None
    now = hub.now()
    change = replace(issue.pull, merged_at=now, merged_by=by.login, merge_sha=sha)
    issue = issues.touch(hub, replace(issue, pull=change, state="closed", closed_at=now, closed_by=by.login))
    issues.note(hub, issue, "merged", by, commit=sha)
    issues.note(hub, issue, "closed", by)
    issues.tell(hub, issue, "closed", by)
    return issue


def ahead(code: Code, old: str | None, new: str) -> list[r.Commit]:
    """The commits that a ref gained, oldest first; for a new ref its last one."""
    if isinstance(code, RealCode) and old is not None:
        return code.git.between(old, new)
    found = []
    for commit in code.history(new, None, 250 if old is not None else 1):
        if commit.sha == old:
            break
        found.append(commit)
    return found[::-1]


def _tell(
    hub: Hub, here: r.Repository, name: str, old: str | None, new: str | None, by: r.Account, *, forced: bool
) -> None:
    short = name.removeprefix(BRANCH).removeprefix(TAG)
    kind = "tag" if name.startswith(TAG) else "branch"
    named = {"ref": short, "ref_type": kind, "pusher_type": "user"}
    if old is None:
        first = {"master_branch": here.default_branch, "description": here.description}
        emit(hub, "create", None, sender=by, repository=here, payload=lambda: named | first)
    if new is None:
        emit(hub, "delete", None, sender=by, repository=here, payload=lambda: named)
    emit(
        hub,
        "push",
        None,
        sender=by,
        repository=here,
        payload=lambda: _push_form(hub, here, name, old, new, by, forced=forced),
    )


def _push_form(
    hub: Hub, here: r.Repository, name: str, old: str | None, new: str | None, by: r.Account, *, forced: bool
) -> dict[str, object]:
    code = code_of(hub, here)
    commits = ahead(code, old, new) if new is not None else []
    head = code.commit(new) if new is not None else None
    page = forms.page_of(hub, here)
    span = f"{old[:12]}...{new[:12]}" if old and new else (new or old or "")[:12]
    owner = forms.account_form(hub, account) if (account := hub.account(here.owner)) else {}
    times = {"created_at": int(here.created_at.timestamp()), "pushed_at": int(here.pushed_at.timestamp())}
    return {
        "ref": name,
        "before": old or NOTHING,
        "after": new or NOTHING,
        "repository": forms.repository_form(hub, here)
        | times
        | {
            "owner": owner | {"name": here.owner, "email": None},
            "stargazers": 0,
            "master_branch": here.default_branch,
            "organization": here.owner,
        },
        "pusher": {"name": by.login, "email": by.email},
        "created": old is None,
        "deleted": new is None,
        "forced": forced,
        "base_ref": None,
        "compare": f"{page}/compare/{span}",
        "commits": [_commit_form(hub, here, code, commit) for commit in commits[-2048:]],
        "head_commit": _commit_form(hub, here, code, head) if head else None,
    }


def _commit_form(hub: Hub, here: r.Repository, code: Code, row: r.Commit) -> dict[str, object]:
    changes = code.changes(row.sha)
    return {
        "id": row.sha,
        "tree_id": row.tree,
        "distinct": True,
        "message": row.message,
        "timestamp": row.committer.date,
        "url": f"{forms.page_of(hub, here)}/commit/{row.sha}",
        "author": _person_form(hub, row.author, row.author_login),
        "committer": _person_form(hub, row.committer, row.committer_login),
        "added": [file.filename for file in changes if file.status in ("added", "renamed")],
        "removed": [
            file.previous_filename or file.filename for file in changes if file.status in ("removed", "renamed")
        ],
        "modified": [file.filename for file in changes if file.status not in ("added", "removed", "renamed")],
    }


def _person_form(hub: Hub, person: r.Person, stated: str | None) -> dict[str, object]:
    login = pull_forms.login_of(hub, person, stated)
    form = {"name": person.name, "email": person.email, "date": person.date}
    return form | {"username": login} if login else form
