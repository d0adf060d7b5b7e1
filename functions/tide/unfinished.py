"""A batch whose merging somebody died over: it was tested as a whole, so it is merged to its end.

How far that came stands in the note on the pool's Lease, and at GitHub.
"""

from collections.abc import Sequence

import msgspec

from cutwater.events.look import Look
from functions.tide.merging import Note
from functions.tide.pull_requests import PullRequest
from functions.tide.requirements import meets
from functions.tide.sight import Sight

Member = tuple[int, str]
"""Number and head."""


async def rest_of_batch(text: str, sight: Sight, look: Look) -> Sequence[PullRequest]:
    """What is left of the batch in a note; nothing where none is half merged, or where the branch has moved since."""
    try:
        note = msgspec.json.decode(text, type=Note)
    except msgspec.DecodeError:
        return ()
    still_open = {(pull.number, pull.head): pull for pull in sight.pulls}
    members = members_of(note.refs)
    gone = [member for member in members if member not in still_open]
    if not gone:
        return ()
    behind = members[members.index(gone[-1]) + 1 :]  # who was passed over was not tested on top of these
    rest = [still_open[member] for member in behind if _is_wanted(still_open[member], look)]
    if not rest:
        return ()
    landed = [await _landed(member, sight, look) for member in gone]
    if None in landed:
        return ()  # it was closed, or has another head: what is left was never tested without it
    return rest if sight.base in (note.branch_is_at, landed[-1]) else ()


def _is_wanted(pull: PullRequest, look: Look) -> bool:
    """Whether people want it merged still: since the batch passed it may have been held."""
    return any(meets(pull, query) for query in look.config.prow.tide.queries)


async def _landed(member: Member, sight: Sight, look: Look) -> str | None:
    """The commit that it was merged with; None where it was not merged, or not with this head."""
    number, head = member
    found = await look.github.pull_request(sight.name.org, sight.name.repo, number)
    return found.merge_commit_sha if found is not None and found.merged and found.head.sha == head else None


def members_of(refs: str) -> list[Member]:
    """The pull requests of refs, `base_ref:base_sha,number:head,…`."""
    pulls = (one.split(":") for one in refs.split(",")[1:])
    return [(int(number), head) for number, head, *_ in pulls]
