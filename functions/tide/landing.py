"""Merges of a speculative queue: the branch becomes exactly what was tested, or it stays what it is.

Merge commits are made here, and the branch is moved to them by a ref update that is not forced: GitHub takes all of
them or none. A squash or a rebase is GitHub's to make, and a protected branch may be moved by nobody: then GitHub
merges one after the other, and the tree of each is compared with the tested one. A difference stops the rest, and what
they have passed does not count any more.
"""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from cutwater.errors import Later, Refused
from cutwater.events.effect import Act
from cutwater.events.look import Look
from cutwater.git.effects import PushStack
from cutwater.git.stacks import Stack
from cutwater.github.edits import MoveBranch, NotFastForward
from functions.tide import merging
from functions.tide.choose import Action
from functions.tide.kept import Speculated
from functions.tide.mergeability import method_of
from functions.tide.merging import Branch, Changed, Failure, Note, Outcome, Prepare
from functions.tide.pull_requests import PullRequest
from functions.tide.sight import Sight
from functions.tide.stacking import stack_of

OTHER_TREE = "it would not give the tree that was tested"


class Landing(Struct, frozen=True, kw_only=True):
    """What came of it. `is_void`: what was tested is not what git makes of it. `moved_to`: where the branch was moved.

    `refusal`: GitHub's words, where it does not let us move the branch.
    """

    outcome: Outcome
    is_void: bool = False
    moved_to: str = ""
    refusal: str = ""


async def land(
    pulls: Sequence[PullRequest],
    trees: Sequence[str],
    branch: Branch,
    sight: Sight,
    look: Look,
    act: Act,
    *,
    may_move: bool,
    prepare: Prepare,
) -> Landing:
    """Merge all of them, in their order. `trees`: the branch's as tested, and that with each of them more; () where one
    alone was tested. `may_move`: GitHub has not refused to let us move the branch. Raises Later.
    """
    try:
        stack = await stack_of(pulls, sight, look)
    except Refused as refused:
        return Landing(outcome=_all_failed(pulls, f"git cannot tell what the branch would be: {refused}"))
    wrong = _wrong(pulls, trees, stack)
    if wrong:
        is_lasting = not trees  # else they are tested again, and maybe apart
        failures = [Failure(number=one.number, why=why, words=why if is_lasting else "") for one, why in wrong]
        return Landing(outcome=Outcome(failures=failures), is_void=not is_lasting)
    refusal = ""
    if may_move and all(method_of(pull, look.config.prow.tide) == "merge" for pull in pulls):
        moved = await _move(pulls, stack, branch, look, act)
        if not moved.refusal:
            return moved
        refusal = moved.refusal
    expected = {layer.number: layer.tree for layer in stack.layers}
    outcome = await merging.merge_all(
        pulls, branch, look.config.prow.tide, look, act, prepare=prepare, expected=expected
    )
    return Landing(outcome=outcome, refusal=refusal)


def _wrong(pulls: Sequence[PullRequest], trees: Sequence[str], stack: Stack) -> list[tuple[PullRequest, str]]:
    """Those that cannot be merged as they were tested, and why."""
    if stack.left_out:
        return [(pull, stack.left_out[pull.number]) for pull in pulls if pull.number in stack.left_out]
    made = [stack.base_tree, *(layer.tree for layer in stack.layers)]
    return [(pulls[-1], OTHER_TREE)] if trees and made != list(trees) else []


async def _move(pulls: Sequence[PullRequest], stack: Stack, branch: Branch, look: Look, act: Act) -> Landing:
    """Move the branch to the stack's last commit."""
    outcome, tide = Outcome(), look.config.prow.tide
    for pull in pulls:
        outcome.tried.append(pull.number)
        try:
            await merging.say_success(pull, tide, act)
            await merging.check(pull, branch, branch.base, tide, look)
        except Refused as refused:
            is_for_people = isinstance(refused, Changed)
            outcome.failures.append(Failure(number=pull.number, why=str(refused), is_for_people=is_for_people))
            return Landing(outcome=outcome)
    tip = stack.layers[-1].commit
    await merging.leave(Note(base=branch.base, refs=branch.refs), branch, pulls[-1], act)
    why = f"all that is required of them has passed on {branch.name} at {branch.base}, one on top of the other"
    try:
        await _push_and_move(tip, branch, why, look, act)
    except NotFastForward as moved:
        await merging.forget(branch, act)
        return Landing(outcome=_all_failed(pulls, f"base branch was modified: {moved}"))
    except Refused as refused:
        return Landing(outcome=Outcome(), refusal=str(refused))
    await merging.forget(branch, act)
    outcome.merged = [pull.number for pull in pulls]
    return Landing(outcome=outcome, moved_to=tip)


def _all_failed(pulls: Sequence[PullRequest], why: str) -> Outcome:
    numbers = [pull.number for pull in pulls]
    return Outcome(tried=numbers, failures=[Failure(number=number, why=why) for number in numbers])


async def _push_and_move(tip: str, branch: Branch, why: str, look: Look, act: Act) -> None:
    """Raises NotFastForward, another Refused where the branch or the repository is protected, and Later."""
    ref = f"refs/cutwater/tide/{quote(branch.name, safe='')}"  # branches a and a/b may follow one another
    await act(PushStack(org=branch.org, repo=branch.repo, commit=tip, ref=ref, why=why))
    move = MoveBranch(org=branch.org, repo=branch.repo, branch=branch.name, sha=tip, why=why)
    try:
        await act(move)
    except Later:
        if await look.again().github.branch_sha(branch.org, branch.repo, branch.name) != tip:
            raise
        # else it was moved, and the answer was lost


def remembered(landing: Landing, action: Action, base: str, was: Speculated, now: datetime) -> Speculated:
    """What is to be kept of a landing. `base`: where the branch was before."""
    if landing.moved_to:
        was = was.after_move(action.targets, now)
    if landing.refusal:
        was = replace(was, refusal=landing.refusal, refused_at=now)
    if landing.is_void:
        was = was.without((base, tuple((pull.number, pull.head) for pull in action.targets)))
    return was
