"""What git makes of pull requests, one on top of another: as they will be merged, and as their tests see them.

A test merges the heads into its checkout, whichever way they will be merged into the branch. What counts for the branch
is the tree that was tested; so who squashes or rebases must come to the same one.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from cutwater.events.look import Look
from cutwater.git.stacks import Change, Stack
from functions.tide.commits import words_for
from functions.tide.mergeability import method_of
from functions.tide.pull_requests import PullRequest
from functions.tide.sight import Sight


async def stack_of(pulls: Sequence[PullRequest], sight: Sight, look: Look, *, limit: int = 0) -> Stack:
    """The pull requests on the branch as it is, in their order; behind the last of `limit` layers nothing is tried.

    Left out is what conflicts, and what would not be merged as it is tested. Raises Refused and Later where git cannot
    tell.
    """
    changes = changes_of(pulls, look)
    left_out: dict[int, str] = {}
    while True:
        stack = await _stack(changes, sight, look, limit)
        if all(change.method == "merge" for change in changes):
            return replace(stack, left_out={**stack.left_out, **left_out})
        numbers = [layer.number for layer in stack.layers]
        merges = [replace(change, method="merge") for change in changes if change.number in numbers]
        tested = {layer.number: layer.tree for layer in (await _stack(merges, sight, look, 0)).layers}
        odd = next((layer for layer in stack.layers if tested.get(layer.number) != layer.tree), None)
        if odd is None:
            return replace(stack, left_out={**stack.left_out, **left_out})
        method = next(change.method for change in changes if change.number == odd.number)
        left_out[odd.number] = (
            f"A {method} would not give the tree that tests see. To rebase it onto {sight.name.branch} helps."
        )
        changes = [change for change in changes if change.number != odd.number]


async def _stack(changes: Sequence[Change], sight: Sight, look: Look, limit: int) -> Stack:
    name = sight.name
    return await look.stacks.stack(name.org, name.repo, name.branch, base=sight.base, changes=changes, limit=limit)


def changes_of(pulls: Sequence[PullRequest], look: Look) -> list[Change]:
    """The pull requests as git is given them; those are left out whose labels name several methods."""
    tide = look.config.prow.tide
    changes = []
    for pull in pulls:
        method = method_of(pull, tide)
        if method is not None:
            words = words_for(pull, tide.template_of(pull.org, pull.repo))
            changes.append(
                Change(
                    number=pull.number,
                    head=pull.head,
                    method=method,
                    title=words.title,
                    body=words.body,
                    subject=pull.title,
                    branch=f"{pull.org}/{pull.head_ref}",
                )
            )
    return changes
