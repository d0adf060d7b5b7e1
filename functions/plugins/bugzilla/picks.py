"""A bug of its own for a cherry-pick, cloned from that of the pull request that is picked.

Source: sigs.k8s.io/prow pkg/plugins/bugzilla (handleCherrypick).
"""

import re

from cutwater.bugzilla.client import Bug
from cutwater.bugzilla.effects import CloneBug, EditBug
from cutwater.config.sections import BugOptions
from functions.plugins.bugzilla.event import REFRESH, Event, found, is_allowed, link, number_in, tried
from functions.plugins.kit import Act, Look
from functions.plugins.unable import Unable


async def picked(event: Event, parent: int, options: BugOptions, look: Look, act: Act) -> None:
    """The pull request gets the title of a bug for this branch: one that there is, or a new one. Raises Unable."""
    subject, address = event.subject, look.bugzilla.address
    pull = await look.github.pull_request(subject.org, subject.repo, parent)
    if pull is None:
        page = f"https://github.com/{subject.org}/{subject.repo}/pull/{parent}"
        raise Unable(
            "Error creating a cherry-pick bug in Bugzilla: failed to check the state of cherrypicked pull request at "
            f"{page}: there is none.\n"
            f"Please contact an administrator to resolve this issue, then request a bug refresh with {REFRESH}."
        )
    number = number_in(pull.title)
    if number is None:
        return
    try:
        bug = await found(look, number)
    except Unable as unable:
        raise Unable(f"Failed to create a cherry-pick bug in Bugzilla: {unable}") from unable
    if not is_allowed(bug, options):
        return
    name = link(address, number)
    if options.target_release is None:
        raise Unable(
            f"Could not make automatic cherrypick of {name} for this PR as the target_release is not set for this "
            "branch in the bugzilla plugin config. Running refresh:\n/bugzilla refresh"
        )
    for clone in await _clones(bug, look):
        if clone.target_release == (options.target_release,):
            text = f"Detected clone of {name} with correct target release. Retitling PR to link to clone:"
            await act(event.answer(f"{text}\n/retitle {_retitled(event.text, number, clone.id)}"))
            return
    new = await _cloned(bug, options.target_release, look, act)
    text = f"{name} has been cloned as {link(address, new)}. Retitling PR to link against new bug."
    await act(event.answer(f"{text}\n/retitle {_retitled(event.text, number, new)}"))


async def _clones(bug: Bug, look: Look) -> list[Bug]:
    doing, address = "creating a cherry-pick bug in Bugzilla: could not get list of clones", look.bugzilla.address
    blocked = [await tried(look.bugzilla.bug(number), doing, bug.id, address) for number in bug.blocks]
    return [one for one in blocked if one is not None and one.summary == bug.summary]


async def _cloned(bug: Bug, release: str, look: Look, act: Act) -> int:
    """The number of a new bug, which depends on the old one and blocks what that blocks."""
    address, why = look.bugzilla.address, "a cherry-pick needs a bug of its own"
    clone = CloneBug(bug=bug.id, summary=bug.summary, why=why)
    new = await tried(act(clone), "cloning bug for cherrypick", bug.id, address)
    edit = EditBug(
        bug=new,
        depends_on=(bug.id,),
        blocks=bug.blocks,
        whiteboard=bug.whiteboard,
        target_release=release,
        why=why,
    )
    doing = (
        f"updating cherry-pick bug in Bugzilla: Created cherrypick {link(address, new)}, "
        "but encountered error updating target release"
    )
    await tried(act(edit), doing, new, address)
    return new


def _retitled(title: str, old: int, new: int) -> str:
    """The title with the new bug in place of the old one."""
    return re.sub(rf"(?i)(Bug\s+){old}(?=:)", rf"\g<1>{new}", title)
