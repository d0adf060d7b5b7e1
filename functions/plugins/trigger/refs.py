"""What a run of a pull request is for: the pull request itself, its branch as it is now, and both as refs."""

from cutwater.config.specs import refs_of_pull_request
from cutwater.errors import Refused
from cutwater.github.effects import Subject
from cutwater.github.types import PullRequest
from cutwater.prowjob.types import Pull, Refs
from functions.plugins.kit import Look


def subject_of(pull: PullRequest) -> Subject:
    """The pull request in its base repository. Raises Refused for one whose repository GitHub does not name."""
    if pull.base.repo is None:
        raise Refused(f"GitHub does not say which repository pull request {pull.number} is for")
    return Subject(pull.base.repo.owner.login, pull.base.repo.name, pull.number)


async def base_sha(look: Look, pull: PullRequest) -> str:
    """The commit that the base branch points to now. Raises Refused where the branch is gone."""
    subject = subject_of(pull)
    sha = await look.github.branch_sha(subject.org, subject.repo, pull.base.ref)
    if sha is None:
        raise Refused(f"the branch {pull.base.ref} of {subject.org}/{subject.repo} does not exist")
    return sha


def refs_of(pull: PullRequest, base: str) -> Refs:
    """The refs of one pull request on its base branch at `base`."""
    subject = subject_of(pull)
    return refs_of_pull_request(
        org=subject.org,
        repo=subject.repo,
        repo_link=pull.base.repo.html_url if pull.base.repo else "",
        base_ref=pull.base.ref,
        base_sha=base,
        pull=Pull(
            number=pull.number,
            author=pull.user.login,
            sha=pull.head.sha,
            title=pull.title,
            head_ref=pull.head.ref,
            link=pull.html_url,
            author_link=pull.user.html_url,
        ),
    )
