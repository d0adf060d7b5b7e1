"""What becomes of a bug when its pull request is merged or closed.

Source: sigs.k8s.io/prow pkg/plugins/bugzilla (handleMerge, handleClose).
"""

from cutwater.bugzilla.client import Bug, Pull
from cutwater.bugzilla.effects import CommentOnBug, EditBug, LinkBug
from cutwater.config.sections import BugOptions
from cutwater.errors import Refused
from functions.plugins.bugzilla.event import REFRESH, Event, failed, link, tried
from functions.plugins.bugzilla.options import is_in, missing, pretty
from functions.plugins.kit import Act, Look
from functions.plugins.unable import Unable


async def merged(event: Event, bug: Bug, options: BugOptions, look: Look, act: Act) -> None:
    """The bug moves on when all its pull requests are merged. Raises Unable."""
    after, address = options.state_after_merge, look.bugzilla.address
    if after is None:
        return
    name, state = link(address, bug.id), pretty(after)
    if options.valid_states is not None or options.state_after_validation is not None:
        validated = () if options.state_after_validation is None else (options.state_after_validation,)
        if not is_in(bug, (*(options.valid_states or ()), *validated)):
            # Somebody has put it there: it is not ours to move.
            text = f"{name} is in an unrecognized state ({pretty(bug)}) and will not be moved to the {state} state."
            await act(event.answer(text))
            return
    done, undone = await _linked(event, bug, look)
    wanted = missing(after, None)
    if wanted is None:
        return
    listed = "\n".join(f" * {_shown(pull)}" for pull in done)
    if undone is None:
        effect = EditBug(
            bug=bug.id, why="its pull requests are merged", status=wanted.status, resolution=wanted.resolution
        )
        await tried(act(effect), f"updating to the {state} state", bug.id, address)
        text = f"All pull requests linked via external trackers have merged:\n{listed}\n\n"
        await act(event.answer(f"{text}{name} has been moved to the {state} state."))
        return
    await act(
        event.answer(
            f"Some pull requests linked via external trackers have merged:\n{listed}\n\n"
            f"The following pull requests linked via external trackers have not merged:\n * {undone}\n\n"
            "These pull request must merge or be unlinked from the Bugzilla bug in order for it to move to the next "
            f"state. Once unlinked, request a bug refresh with {REFRESH}.\n\n"
            f"{name} has not been moved to the {state} state."
        )
    )


async def _linked(event: Event, bug: Bug, look: Look) -> tuple[list[Pull], str | None]:
    """The pull requests of the bug that are merged, up to the first that is not; and that one, in words."""
    done: list[Pull] = []
    address = look.bugzilla.address
    for pull in await tried(look.bugzilla.links(bug.id), "searching for external tracker bugs", bug.id, address):
        is_merged, state = event.merged, event.state
        if pull != own(event):
            if f"{pull.org}/{pull.repo}" not in look.config.jobs.repositories:
                continue  # it may be anything, anywhere
            doing = f"checking the state of a related pull request at {_address(pull)}"
            there = await tried(look.github.pull_request(pull.org, pull.repo, pull.number), doing, bug.id, address)
            if there is None:
                raise Unable(failed(doing, bug.id, address, Refused("there is none")))
            is_merged, state = there.merged, there.state
        if not is_merged:
            return done, f"{_shown(pull)} is {state}"
        done.append(pull)
    return done, None


async def closed(event: Event, bug: Bug, options: BugOptions, look: Look, act: Act) -> None:
    """The bug knows the pull request no longer; without any, it goes back. Raises Unable."""
    address, mine, after = look.bugzilla.address, own(event), options.state_after_close
    if not options.add_external_link:
        return
    links = await tried(look.bugzilla.links(bug.id), "getting external tracker bugs", bug.id, address)
    effect = LinkBug(bug=bug.id, pull=mine, present=False, why="the pull request is closed")
    await tried(act(effect), "removing this pull request from the external tracker bugs", bug.id, address)
    text = (
        f"This pull request references {link(address, bug.id)}. The bug has been updated to no longer refer to the "
        "pull request using the external bug tracker."
    )
    if after is not None and bug.status != "CLOSED" and not [pull for pull in links if pull != mine]:
        if wanted := missing(after, bug):
            edit = EditBug(
                bug=bug.id, why="its pull requests are closed", status=wanted.status, resolution=wanted.resolution
            )
            await tried(act(edit), f"updating to the {pretty(after)} state", bug.id, address)
            text += f" All external bug links have been closed. The bug has been moved to the {pretty(after)} state."
        said = f"Bug status changed to {after.status} as previous linked PR {_address(mine)} has been closed"
        try:
            await act(CommentOnBug(bug=bug.id, text=said, why="its state has changed"))
        except Refused:
            text += "\nWarning: Failed to comment on Bugzilla bug with reason for changed state."
    if mine in links:
        await act(event.answer(text))


def own(event: Event) -> Pull:
    """The pull request itself, as bugs are linked to it."""
    return Pull(event.subject.org, event.subject.repo, event.subject.number)


def _address(pull: Pull) -> str:
    return f"https://github.com/{pull.identifier}"


def _shown(pull: Pull) -> str:
    return f"[{pull.org}/{pull.repo}#{pull.number}]({_address(pull)})"
