"""Opening, changing and merging pull requests.

Source of the refusals' words: GitHub's own answers, by which Prow's client tells the kinds apart
(sigs.k8s.io/prow pkg/github, Merge).
"""

from collections.abc import Sequence

from msgspec.structs import replace

from infra.local.github import access, issues, pushes
from infra.local.github import records as r
from infra.local.github.code import Code, code_of, moved_under_us
from infra.local.github.errors import Forbidden, Invalid, Refusal, field_error
from infra.local.github.git import GitError
from infra.local.github.guards import objections_to_merge
from infra.local.github.hub import Hub
from infra.local.github.mergeability import mergeability_of, pull_commits
from infra.local.github.people import person_of

NOT_MERGEABLE = "Pull Request is not mergeable"
BASE_MODIFIED = "Base branch was modified. Review and try the merge again."
HEAD_MODIFIED = "Head branch was modified. Review and try the merge again."
_FORBIDDEN_METHODS = {
    "merge": "Merge commits are not allowed on this repository.",
    "squash": "Squash merges are not allowed on this repository.",
    "rebase": "Rebase merges are not allowed on this repository.",
}


def open_pull(
    hub: Hub,
    here: r.Repository,
    *,
    by: r.Account,
    title: str,
    head: str,
    base: str,
    body: str | None = None,
    is_draft: bool = False,
    maintainer_can_modify: bool = True,
    labels: Sequence[str] = (),
) -> r.Issue:
    """A pull request from `head` ("branch", "owner:branch" or "owner/repository:branch") into the branch `base`."""
    home, branch = _head_of(hub, here, head)
    source = hub.branch(home, branch) if home else None
    target = hub.branch(here, base)
    if home is None or source is None:
        raise Invalid(errors=[field_error("PullRequest", "head")])
    if target is None:
        raise Invalid(errors=[field_error("PullRequest", "base")])
    for twin in hub.pulls_with_head.all((home.id, branch)):
        if twin.pull and twin.repository == here.id and twin.pull.base_ref == base:
            message = f"A pull request already exists for {home.owner}:{branch}."
            raise Invalid(errors=[{"resource": "PullRequest", "code": "custom", "message": message}])
    code = code_of(hub, here)
    if code.is_ancestor(source.sha, target.sha):
        message = f"No commits between {here.owner}:{base} and {home.owner}:{branch}"
        raise Invalid(errors=[{"resource": "PullRequest", "code": "custom", "message": message}])
    change = r.Pull(
        base_ref=base,
        base_sha=target.sha,
        head_ref=branch,
        head_sha=source.sha,
        head_owner=home.owner,
        head_repository=home.id,
        is_draft=is_draft,
        maintainer_can_modify=maintainer_can_modify and home.id != here.id,
    )
    code.keep_head(hub.next_number(here), source.sha)
    return issues.open_issue(hub, here, by=by, title=title, body=body, pull=change, labels=labels)


def change_base(hub: Hub, issue: r.Issue, base: str, by: r.Account) -> r.Issue:
    change = issue.pull
    assert change is not None
    if base == change.base_ref:
        return issue
    tip = hub.branch(hub.repositories[issue.repository], base)
    if tip is None:
        raise Invalid(errors=[field_error("PullRequest", "base")])
    was = {"ref": {"from": change.base_ref}, "sha": {"from": change.base_sha}}
    issue = issues.touch(hub, replace(issue, pull=replace(change, base_ref=base, base_sha=tip.sha)))
    issues.note(hub, issue, "base_ref_changed", by, rename_from=change.base_ref, rename_to=base)
    issues.tell(hub, issue, "edited", by, changes={"base": was})
    return issue


def set_draft(hub: Hub, issue: r.Issue, by: r.Account, *, is_draft: bool) -> r.Issue:
    change = issue.pull
    assert change is not None
    if change.is_draft == is_draft:
        return issue
    issue = issues.touch(hub, replace(issue, pull=replace(change, is_draft=is_draft)))
    kind = "convert_to_draft" if is_draft else "ready_for_review"
    issues.note(hub, issue, kind, by)
    issues.tell(hub, issue, "converted_to_draft" if is_draft else kind, by)
    return issue


def merge(
    hub: Hub,
    issue: r.Issue,
    by: r.Account,
    *,
    method: str = "merge",
    sha: str | None = None,
    title: str | None = None,
    message: str | None = None,
) -> str:
    """Merge it and give the SHA that the base branch then has; 405 and 409 in GitHub's words when it cannot be."""
    change = issue.pull
    assert change is not None
    here = hub.repositories[issue.repository]
    tip = hub.branch(here, change.base_ref)
    check_merge(hub, issue, by, method=method, sha=sha)
    assert tip is not None
    code = code_of(hub, here)
    new = _combine(hub, issue, code, tip.sha, by, method=method, title=title, message=message)
    if new is None:
        raise Refusal(405, "This branch can't be rebased" if method == "rebase" else NOT_MERGEABLE)
    try:
        code.set_ref(tip.name, new, tip.sha)
    except GitError as error:
        if moved_under_us(error):
            raise Refusal(405, BASE_MODIFIED) from error
        raise
    pushes.mark_merged(hub, issue, new, by)
    pushes.moved(hub, here, tip.name, new, by)
    return new


def check_merge(hub: Hub, issue: r.Issue, by: r.Account, *, method: str, sha: str | None) -> None:
    """Refuse what GitHub refuses; the order is GitHub's as far as it shows."""
    change = issue.pull
    assert change is not None
    here = hub.repositories[issue.repository]
    allowed = {
        "merge": here.allow_merge_commit,
        "squash": here.allow_squash_merge,
        "rebase": here.allow_rebase_merge,
    }
    if method not in allowed:
        raise Invalid(f'Invalid request.\n\n"{method}" is not a member of ["merge", "squash", "rebase"].')
    if issue.state == "closed":
        raise Refusal(405, NOT_MERGEABLE)
    if sha is not None and sha != change.head_sha:
        raise Refusal(409, HEAD_MODIFIED)
    if change.is_draft:
        raise Refusal(405, "Pull Request is still a draft")
    if not allowed[method]:
        raise Refusal(405, _FORBIDDEN_METHODS[method])
    if objections := objections_to_merge(hub, issue, by, method=method):
        raise Refusal(405, " ".join(objections))
    if mergeability_of(hub, issue).mergeable is False:
        raise Refusal(405, NOT_MERGEABLE)


def update_branch(hub: Hub, issue: r.Issue, by: r.Account, expected: str | None) -> None:
    """Merge the base branch into the head branch."""
    change = issue.pull
    assert change is not None
    here = hub.repositories[issue.repository]
    home = hub.repositories.get(change.head_repository) if change.head_repository is not None else None
    tip = hub.branch(here, change.base_ref)
    if expected is not None and expected != change.head_sha:
        raise Invalid(f"expected head sha didn't match current head ref. {expected}")
    if home is None or tip is None or issue.state == "closed":
        raise Invalid("There are no new commits on the base branch.")
    if code_of(hub, here).is_ancestor(tip.sha, change.head_sha):
        raise Invalid("There are no new commits on the base branch.")
    person = person_of(hub, by)
    message = f"Merge branch '{change.base_ref}' into {change.head_ref}"
    new = code_of(hub, home).merge(change.head_sha, tip.sha, message, author=person, committer=person)
    if new is None:
        raise Invalid("merge conflict between base and head")
    pushes.move(hub, home, f"refs/heads/{change.head_ref}", new, by)


def _head_of(hub: Hub, here: r.Repository, head: str) -> tuple[r.Repository | None, str]:
    where, _, branch = head.rpartition(":")
    if not where or where.lower() == here.owner.lower():
        return here, branch
    if "/" in where:
        return hub.repository(where), branch
    network = here.network or here.id
    forks = (row for row in hub.repositories_of.all(where.lower()) if (row.network or row.id) == network)
    return next(forks, None), branch


def _combine(
    hub: Hub,
    issue: r.Issue,
    code: Code,
    base: str,
    by: r.Account,
    *,
    method: str,
    title: str | None,
    message: str | None,
) -> str | None:
    change = issue.pull
    assert change is not None
    me = person_of(hub, by)
    web = r.Person("GitHub", "noreply@github.com", hub.now())
    if method == "rebase":
        return code.rebase(base, change.head_sha, committer=me)
    if method == "squash":
        commits = pull_commits(hub, issue)
        text = _text(title or _squash_title(issue, commits), _squash_body(commits) if message is None else message)
        account = hub.account(issue.author)
        author = person_of(hub, account) if account else me
        return code.squash(base, change.head_sha, text, author=author, committer=web)
    heading = f"Merge pull request #{issue.number} from {change.head_owner}/{change.head_ref}"
    text = _text(title or heading, issue.title if message is None else message)
    return code.merge(base, change.head_sha, text, author=me, committer=web)


def _text(title: str, body: str) -> str:
    return f"{title}\n\n{body}" if body else title


def _squash_title(issue: r.Issue, commits: Sequence[r.Commit]) -> str:
    title = commits[0].message.partition("\n")[0] if len(commits) == 1 else issue.title
    return f"{title} (#{issue.number})"


def _squash_body(commits: Sequence[r.Commit]) -> str:
    if len(commits) == 1:
        return commits[0].message.partition("\n")[2].strip("\n")
    return "\n\n".join(f"* {commit.message}" for commit in commits)


def check_author_may(hub: Hub, issue: r.Issue, by: r.Account) -> None:
    """Only its author and those with triage may change an issue."""
    here = hub.repositories[issue.repository]
    if issue.author != by.login and access.level_of(hub, here, by.login) < access.Level.TRIAGE:
        raise Forbidden("Must have admin rights to Repository.")
