"""Pull requests as GitHub has them now: by number, and by the commit at their head."""

from urllib.parse import quote_plus

from cutwater.errors import Refused
from cutwater.events.look import Look
from cutwater.github.effects import Subject
from cutwater.github.types import PullRequest
from cutwater.github.webhooks import StatusEvent

MOST = 100
"""Open pull requests with the same head: a search gives no more at once."""


async def pull_request_of(look: Look, subject: Subject) -> PullRequest:
    """The pull request. Raises Refused where there is none."""
    pull = await look.github.pull_request(subject.org, subject.repo, subject.number)
    if pull is None:
        raise Refused(f"{subject} does not exist")
    return pull


async def pull_requests_at(look: Look, event: StatusEvent) -> list[PullRequest]:
    """The open ones whose head is the commit of a status. GitHub's search may learn of a new one seconds later."""
    org, repo = event.repository.owner.login, event.repository.name
    query = quote_plus(f"{event.sha} repo:{org}/{repo} type:pr state:open")
    found = await look.github.get(f"/search/issues?q={query}&per_page={MOST}", org=org, repo=repo)
    numbers = [int(one["number"]) for one in (found or {}).get("items") or ()]
    pulls = [await look.github.pull_request(org, repo, number) for number in numbers]
    return [pull for pull in pulls if pull is not None and pull.head.sha == event.sha]
