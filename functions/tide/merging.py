"""Merges: each at exactly the head that was tested, and only while the branch is where the last of them left it.

GitHub's merge call knows no base. So the branch is read once more before each, and what is being merged stands in a
note on the pool's Lease: whoever comes after a function that died halfway goes on where it stopped.
Source: sigs.k8s.io/prow pkg/tide (github.go, mergePRs) and pkg/github (client.go, Merge).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct, field

from cutwater.config.tide import MergeMethod, Tide
from cutwater.errors import Later, Refused
from cutwater.events.effect import Act
from cutwater.events.look import Look
from cutwater.github.client import Unprocessable
from cutwater.github.effects import Merge, SetStatus, Subject
from cutwater.kube.leases import Holding, LeaveNote
from functions.tide.commits import words_for
from functions.tide.mergeability import method_of
from functions.tide.pull_requests import TIDE, PullRequest
from functions.tide.requirements import meets
from functions.tide.statuses import target_url

ATTEMPTS, PAUSE = 3, 4.0
"""How often a merge is tried while GitHub has not seen yet where the branch is; seconds before the second, doubled."""
FOR_ADMINISTRATORS = "merge error (contact Prow admin)"
"""What people are told of an error that is none of theirs."""


class Note(Struct, frozen=True, kw_only=True):
    """What is being merged: onto `base`, as tested with `refs`; `merged` are the branch's commits since then."""

    base: str
    refs: str
    merged: tuple[str, ...] = ()

    @property
    def branch_is_at(self) -> str:
        """Where the branch is while nobody else pushes to it."""
        return self.merged[-1] if self.merged else self.base


class Failure(Struct, frozen=True, kw_only=True):
    """Why one was not merged. `words` are GitHub's own where it refused; `is_final`: the others were not tried."""

    number: int
    why: str
    words: str = ""
    is_for_people: bool = True
    is_final: bool = False


class Outcome(Struct, kw_only=True):
    """What came of merging: numbers of what was merged, of what was tried, and what went wrong.

    `differing`: those that were merged and gave another tree than the tested one.
    """

    tried: list[int] = field(default_factory=list)
    merged: list[int] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    differing: list[int] = field(default_factory=list)


class Branch(Struct, frozen=True, kw_only=True):
    """Where the merges go. `base`: where the branch was when they were decided. `holding`: how the pool is held."""

    org: str
    repo: str
    name: str
    base: str
    refs: str
    holding: Holding | None = None


Prepare = Callable[[PullRequest], Awaitable[None]]
"""What is done to a pull request right before its merge. May raise Refused."""


async def merge_all(
    pulls: Sequence[PullRequest],
    branch: Branch,
    tide: Tide,
    look: Look,
    act: Act,
    *,
    prepare: Prepare,
    expected: Mapping[int, str] | None = None,
) -> Outcome:
    """Merge them in their order. One that cannot be merged does not stop the others, as long as they may be merged.

    `expected`: the tree that the branch must have with each; then whatever goes wrong with one stops the others.
    """
    outcome, note = Outcome(), Note(base=branch.base, refs=branch.refs)
    for pull in pulls:
        method = method_of(pull, tide)
        if method is None:
            why = f"multiple merge method labels found for {pull}"
            outcome.failures.append(Failure(number=pull.number, why=why))
            continue
        outcome.tried.append(pull.number)
        try:
            await say_success(pull, tide, act)
            await prepare(pull)
        except Refused as refused:
            outcome.failures.append(Failure(number=pull.number, why=str(refused), is_for_people=False))
            if expected is not None:
                break
            continue
        try:
            await check(pull, branch, note.branch_is_at, tide, look)
            await leave(note, branch, pull, act)
            sha = await _merge(pull, method, branch, note.branch_is_at, tide, look, act)
        except Refused as refused:
            failure = _failure(pull.number, refused)
            outcome.failures.append(failure)
            if failure.is_final or expected is not None:
                break
            continue
        outcome.merged.append(pull.number)
        note = msgspec.structs.replace(note, merged=(*note.merged, sha))
        if expected is not None and await _tree_of(sha, branch, look) != expected[pull.number]:
            outcome.differing.append(pull.number)
            break
    await forget(branch, act)
    return outcome


async def _tree_of(sha: str, branch: Branch, look: Look) -> str:
    path = "/repos/{org}/{repo}/git/commits/{sha}"
    commit = await look.again().github.get(path, org=branch.org, repo=branch.repo, sha=sha)
    return str(commit["tree"]["sha"]) if commit else ""


async def say_success(pull: PullRequest, tide: Tide, act: Act) -> None:
    """Our own context, which may be required, must be green before the merge."""
    if any(one.name.lower() == TIDE and one.state == "SUCCESS" for one in pull.contexts or ()):
        return
    await act(
        SetStatus(
            org=pull.org,
            repo=pull.repo,
            sha=pull.head,
            context=TIDE,
            state="success",
            description="",
            target_url=target_url(pull, tide),
            why="it is about to be merged",
        )
    )


class Changed(Refused):
    """What was to be merged, or the branch, is not what it was when that was decided."""


class Unanswered(Refused):
    """GitHub has not merged it, and does not say why."""


async def check(pull: PullRequest, branch: Branch, is_at: str, tide: Tide, look: Look) -> None:
    """What was decided must hold still, read directly. Raises Changed."""
    again = look.again()
    now = await again.github.pull_request(pull.org, pull.repo, pull.number)
    if now is None or now.state != "open":
        raise Changed(f"{pull} is not open any more")
    if now.head.sha != pull.head:
        raise Changed(f"PR was modified: its head is {now.head.sha} by now")
    as_it_is = msgspec.structs.replace(
        pull,
        base_ref=now.base.ref,
        labels=tuple(label.name for label in now.labels),
        milestone=now.milestone.title if now.milestone else None,
    )
    met = [query for query in tide.queries if meets(pull, query)]
    if met and not any(meets(as_it_is, query) for query in tide.queries):
        raise Changed("PR was modified: it does not meet the requirements any more")
    await _check_branch(branch, is_at, again)


async def _check_branch(branch: Branch, is_at: str, look: Look) -> None:
    sha = await look.github.branch_sha(branch.org, branch.repo, branch.name)
    if sha != is_at:
        raise Changed(f"base branch was modified: {branch.name} is at {sha}, not at {is_at}")


async def leave(note: Note, branch: Branch, pull: PullRequest, act: Act) -> None:
    """Leave word of what is being merged. Raises Conflict where the pool is not held any more."""
    if branch.holding is not None:
        text = msgspec.json.encode(note).decode()
        await act(LeaveNote(holding=branch.holding, note=text, why=f"#{pull.number} is about to be merged"))


async def forget(branch: Branch, act: Act) -> None:
    """Take the word back: nothing is being merged any more. Raises Conflict as above."""
    if branch.holding is not None:
        await act(LeaveNote(holding=branch.holding, note="", why="the merges are done"))


async def _merge(
    pull: PullRequest, method: MergeMethod, branch: Branch, is_at: str, tide: Tide, look: Look, act: Act
) -> str:
    """The SHA that the branch has after the merge. Raises Refused."""
    words = words_for(pull, tide.template_of(pull.org, pull.repo))
    merge = Merge(
        subject=Subject(pull.org, pull.repo, pull.number),
        head=pull.head,
        method=method,
        why=f"all that is required of it holds on {branch.name} at {is_at}",
        title=words.title,
        message=words.body or None,
    )
    for attempt in range(ATTEMPTS):
        try:
            return await act(merge)
        except Refused as refused:
            if BASE_MODIFIED not in str(refused) or attempt == ATTEMPTS - 1:
                raise
        except Later as later:
            sha = await _merged_sha(pull, look)
            if sha is not None:
                return sha  # it was merged, and the answer was lost
            if attempt == ATTEMPTS - 1:
                raise Unanswered(str(later)) from later
        await asyncio.sleep(PAUSE * 2**attempt)
        await _check_branch(branch, is_at, look.again())
    raise AssertionError("the last attempt returns or raises")


async def _merged_sha(pull: PullRequest, look: Look) -> str | None:
    now = await look.again().github.pull_request(pull.org, pull.repo, pull.number)
    return now.merge_commit_sha if now is not None and now.merged else None


BASE_MODIFIED = "Base branch was modified"
_MEANINGS: tuple[tuple[int, str, str, bool], ...] = (
    (409, "", "PR was modified: ", False),
    (405, BASE_MODIFIED, "base branch was modified: ", False),
    (
        405,
        "You're not authorized to push to this branch",
        "branch needs to be configured to allow this robot to push: ",
        True,
    ),
    (
        405,
        "Merge commits are not allowed on this repository",
        "Tide needs to be configured to use the 'rebase' merge method for this repo or the repo needs to allow merge "
        "commits: ",
        True,
    ),
    (
        405,
        "",
        "PR is unmergable. Do the Tide merge requirements match the GitHub settings for the repo? ",
        False,
    ),
)
"""Status, words in GitHub's answer, what we say of it, and whether the others need not be tried."""


def _failure(number: int, refused: Refused) -> Failure:
    if isinstance(refused, Changed | Unanswered):
        return Failure(number=number, why=str(refused))
    status = refused.status if isinstance(refused, Unprocessable) else 0
    words = str(refused).removeprefix(f"GitHub answers {status}: ")
    for code, part, meaning, is_final in _MEANINGS:
        if code == status and part in words:
            is_transient = code == 409 or part == BASE_MODIFIED
            said = "" if is_transient else words
            return Failure(number=number, why=f"{meaning}{words}", words=said, is_final=is_final)
    return Failure(number=number, why=str(refused), words=str(refused))


def report(outcome: Outcome, pulls: Sequence[PullRequest], *, for_people: bool) -> str:
    """What went wrong, in one line; "" where nothing did. `for_people`: without what only administrators need."""
    if not outcome.failures:
        return ""
    batch = f" from batch {_numbers(pull.number for pull in pulls)}" if len(pulls) > 1 else ""
    partial = f", partial merge {_numbers(outcome.merged)}" if outcome.merged else ""
    whys = "; ".join(
        f"#{failure.number}: {failure.why if failure.is_for_people or not for_people else FOR_ADMINISTRATORS}"
        for failure in outcome.failures
    )
    return f"failed merging {_numbers(one.number for one in outcome.failures)}{batch}{partial}: {whys}"


def _numbers(numbers: Iterable[int]) -> str:
    return f"[{' '.join(map(str, numbers))}]"
