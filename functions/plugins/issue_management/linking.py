"""/link-issue and /unlink-issue: members say in the text of a pull request which issues it fixes."""

from collections.abc import Sequence

from cutwater.errors import Refused
from cutwater.github.edits import SetBody
from functions.plugins.issue_management.links import Reference, reference, relinked
from functions.plugins.kit import Act, Comment, Look

PULLS_ONLY = "`/link-issue` and `/unlink-issue` can only be used on pull requests."
MEMBERS_ONLY = "You must be an org member to use this command."
UPDATED = "Updated the `Fixes` line in the pull request body."
UNCHANGED = "The PR body is already up-to-date. No changes were made."
WRONG = "there are one or more errors with issue references provided. Please cross check and retry.\n"
INVALID = (
    "Invalid format for issue **{}**. Supported formats are **issue-number** (e.g., `123`) and "
    "**organization/repository#issue-number** (e.g., `kubernetes/test-infra#456`)"
)
_ODD = (".", "..", "")
"""Parts of a path that are no names."""


async def decide(comment: Comment, look: Look, act: Act, *, link: Sequence[str], unlink: Sequence[str]) -> None:
    """The line is to name what is linked, and not what is unlinked; whatever is no issue is said."""
    org, repo = comment.subject.org, comment.subject.repo
    if not comment.text.is_pull_request:
        await act(comment.reply(PULLS_ONLY))
        return
    if not await look.github.is_member(org, comment.author.login):
        await act(comment.reply(MEMBERS_ONLY))
        return
    linked, wrong = [], []
    for word in link:
        named = reference(word, org, repo)
        why = INVALID.format(word) if named is None else await _why_not(look, named, org, repo)
        if named is None or why:
            wrong.append(why)
        else:
            linked.append(named.seen_from(org, repo))
    unlinked = [named.seen_from(org, repo) if (named := reference(word, org, repo)) else word for word in unlink]
    said = await _relink(comment, look, act, linked, unlinked) if linked or unlinked else ""
    if wrong:
        said += ("\n\nHowever, " if said else "") + WRONG + "".join(f"* {why}\n" for why in wrong)
    await act(comment.reply(said))


async def _relink(comment: Comment, look: Look, act: Act, link: Sequence[str], unlink: Sequence[str]) -> str:
    subject = comment.subject
    pull = await look.github.pull_request(subject.org, subject.repo, subject.number)
    if pull is None:
        raise Refused(f"{subject} does not exist")
    body = relinked(pull.body, link=link, unlink=unlink)
    if body == pull.body:
        return UNCHANGED
    await act(SetBody(subject=subject, body=body, why=comment.why))
    return UPDATED


async def _why_not(look: Look, named: Reference, org: str, repo: str) -> str:
    """Why an issue cannot be linked; "" where it can."""
    if (named.org, named.repo) != (org, repo) and not await _is_repository(look, named):
        return f"Repository **{named.full_name}** does not exist."
    try:
        issue = await look.github.issue(named.org, named.repo, named.number)
    except Refused:
        issue = None
    if issue is None:
        return f"Issue **#{named.number}** in repository **{named.full_name}** does not exist."
    if issue.pull_request is not None:
        return f"Skipped issue #{issue.number} of **{named.full_name}** as it is a ***pull request***."
    return ""


async def _is_repository(look: Look, named: Reference) -> bool:
    if named.org in _ODD or named.repo in _ODD:
        return False
    try:
        return await look.github.get("/repos/{org}/{repo}", org=named.org, repo=named.repo) is not None
    except Refused:
        return False
