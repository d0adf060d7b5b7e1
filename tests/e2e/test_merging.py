"""tide from the approval to the merge, by webhooks and ticks alone: one by one and in batches, with what comes between.

Each line (a branch of a repository) is one thing that happens, and all of them happen side by side.
"""

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from starlette.responses import JSONResponse, Response

from infra.local.demo import seed
from infra.local.demo.people import Person
from tests.e2e import merging
from tests.e2e.merging import FERRY, FLEET, Line
from tests.e2e.merging.trees import untested
from tests.e2e.pull import Pull
from tests.e2e.running import Running
from tests.e2e.story import soon
from tests.e2e.weather import Passage, Weather

NEEDS_LGTM = ("pending", "Not mergeable. Needs lgtm label.")
NO_REVIEW = "At least 1 approving review is required by reviewers with write access."
FERRY_TEST, FLEET_TEST = "pull-ferry-test", "pull-fleet-test"


@pytest.fixture(params=["compatible", "speculative"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def weather_and_platform(mode: str) -> Iterator[tuple[Weather, Running]]:
    """A platform of its own, in a folder with a short path: sockets lie in it."""
    folder = Path(tempfile.mkdtemp(prefix="merging-"))
    settings, port = merging.made(folder, mode)
    weather, platform = Weather(settings.github, port), Running(settings)
    weather.start()
    try:
        platform.start()
        yield weather, platform
    finally:
        left = platform.stop()
        weather.stop()
        shutil.rmtree(folder, ignore_errors=True)
    assert left == []


async def test_merging(mode: str, platform: Running, weather: Weather) -> None:
    line = partial(Line, platform, mode)
    async with asyncio.TaskGroup() as stories:
        stories.create_task(one_after_the_other(line(FERRY, "main"), weather))
        stories.create_task(a_context_is_missing(line(FERRY, "squashed")))
        stories.create_task(an_issue_blocks(line(FERRY, "rebased"), weather))
        stories.create_task(github_refuses(line(FERRY, "guarded")))
        stories.create_task(the_head_moves(line(FERRY, "moving"), platform, weather))
        stories.create_task(batches(line(FLEET, "main"), line(FLEET, "pair")))
    assert weather.unmet == []


async def one_after_the_other(line: Line, weather: Weather) -> None:
    """The base moves by the first merge: the second is tested again. GitHub is slow to see where the branch is."""
    first = await line.opened({"one.txt": "1\n"}, "The first")
    second = await line.opened({"two.txt": "2\n"}, "The second")
    await line.are_tested(first, second)
    weather.meets(*landing_of(line, second), base_is_modified if line.mode == "compatible" else no_fast_forward)
    await line.are_reviewed(first, second)
    await line.are_merged(first, second)
    retesting = [("pending", f"Not mergeable. Retesting: {FERRY_TEST}")] if line.mode == "compatible" else []
    assert in_order([NEEDS_LGTM, *retesting], await second.told("tide"))
    assert await line.subjects() == [
        f"Merge pull request #{second.number} from acme/main-2",
        f"Merge pull request #{first.number} from acme/main-1",
        "First commit",
    ]
    await it_was_done(
        line, ("MERGE", [first.number], ""), ("TRIGGER", [second.number], ""), ("MERGE", [second.number], "")
    )


def landing_of(line: Line, pull: Pull) -> tuple[str, str]:
    """The request by which it is merged: a speculative queue moves the branch itself, unless GitHub must squash."""
    if line.mode == "speculative":
        return "PATCH", f"/repos/{line.repository}/git/refs/heads/{line.branch}"
    return "PUT", f"/repos/{line.repository}/pulls/{pull.number}/merge"


async def base_is_modified(passage: Passage) -> Response:
    return JSONResponse({"message": "Base branch was modified. Review and try the merge again."}, status_code=405)


async def no_fast_forward(passage: Passage) -> Response:
    return JSONResponse({"message": "Update is not a fast forward"}, status_code=422)


async def a_context_is_missing(line: Line) -> None:
    """Somebody else's context is required; when it is there, the change is squashed."""
    pull = await line.opened({"one.txt": "1\n"}, "One", ({"more.txt": "more\n"}, "And more"))
    await line.are_tested(pull)
    await line.are_reviewed(pull)
    await it_says(pull, "pending", "Not mergeable. Job cla has not succeeded.")
    assert not await pull.is_merged()
    head = (await pull.now())["head"]["sha"]
    await line.reviewer.send(f"/repos/{FERRY}/statuses/{head}", {"context": "cla", "state": "success"})
    await line.are_merged(pull)
    assert await line.subjects() == [f"One (#{pull.number})", "First commit"]
    await it_was_done(line, ("MERGE", [pull.number], ""))


async def an_issue_blocks(line: Line, weather: Weather) -> None:
    """Nothing is merged before it is closed. The answer to the merge, a rebase, is lost on its way."""
    issue = await line.is_blocked("The harbour is closed, branch:rebased")
    pull = await line.opened({"one.txt": "1\n"}, "One", ({"two.txt": "2\n"}, "Two"))
    await it_says(pull, "error", f"Not mergeable. Merging is blocked by issue {issue}.")
    await line.are_tested(pull)
    await line.are_reviewed(pull)
    await soon("the pool waits for the issue", lambda: holds(line, pull, issue))
    assert not await pull.is_merged()
    weather.meets("PUT", f"/repos/{FERRY}/pulls/{pull.number}/merge", the_answer_is_lost)
    await line.is_free(issue)
    await line.are_merged(pull)
    assert await line.subjects() == ["Two", "One", "First commit"]
    await it_was_done(line, ("MERGE", [pull.number], ""))


async def holds(line: Line, pull: Pull, issue: int) -> bool:
    """Whether the pull request is ready, and held by the issue."""
    pool = await line.pool()
    return (
        pool is not None
        and pool["Action"] == "BLOCKED"
        and [one["Number"] for one in pool["SuccessPRs"] or ()] == [pull.number]
        and [one["Number"] for one in pool["Blockers"]] == [issue]
    )


async def the_answer_is_lost(passage: Passage) -> Response:
    await passage()
    return Response(status_code=502)


async def github_refuses(line: Line) -> None:
    """The branch demands a review of which tide does not know. It stops one, the other goes on; a review mends it."""
    refused = await line.opened({"one.txt": "1\n"}, "Without a review")
    approved = await line.opened({"two.txt": "2\n"}, "With a review")
    await line.are_tested(refused, approved)
    await approves(line, approved)
    await line.are_reviewed(refused, approved)
    await it_says(refused, "error", f"Not mergeable. {NO_REVIEW}")
    await line.are_merged(approved)
    assert not await refused.is_merged()
    await approves(line, refused)
    await line.are_merged(refused)
    error = (
        f"failed merging [{refused.number}]: #{refused.number}: PR is unmergable. "
        f"Do the Tide merge requirements match the GitHub settings for the repo? {NO_REVIEW}"
    )
    await it_was_done(
        line,
        ("MERGE", [refused.number], error),
        ("MERGE", [refused.number], error),
        ("MERGE", [approved.number], ""),
        ("TRIGGER", [refused.number], ""),
        ("MERGE", [refused.number], ""),
    )


async def approves(line: Line, pull: Pull) -> None:
    await line.reviewer.send(f"/repos/{FERRY}/pulls/{pull.number}/reviews", {"event": "APPROVE"})


async def the_head_moves(line: Line, platform: Running, weather: Weather) -> None:
    """Right before the merge somebody pushes. What is merged at last is what was tested at last."""
    pull = await line.opened({"one.txt": "1\n"}, "One")
    await line.are_tested(pull)
    old = (await pull.now())["head"]["sha"]

    async def a_push_comes_first(passage: Passage) -> Response:
        # The weather lives in another thread: its author is not ours.
        author = Person(platform.settings, seed.AUTHOR)
        await author.push_more(FERRY, "moving-1", {"two.txt": "2\n"}, "Two")
        return await passage()

    weather.meets(*landing_of(line, pull), a_push_comes_first)
    await line.are_reviewed(pull)
    await soon("the label is gone with the push", lambda: pull.has(without={"lgtm"}))
    await line.are_tested(pull)
    await line.are_reviewed(pull)
    await line.are_merged(pull)
    new = (await pull.now())["head"]["sha"]
    assert {run.spec.refs.pulls[0].sha for run in await pull.runs() if run.spec.refs} == {old, new}
    error = (
        f"failed merging [{pull.number}]: #{pull.number}: PR was modified: "
        "Head branch was modified. Review and try the merge again."
    )
    await it_was_done(line, ("MERGE", [pull.number], error), ("MERGE", [pull.number], ""))


async def batches(line: Line, pair: Line) -> None:
    """Of five, one conflicts with another and one fails; of two, each is good alone. All were tested on an old base."""
    issue = await line.is_blocked("The fleet waits")
    red, green, blue = [await line.opened({f"{name}.txt": f"{name}\n"}, name) for name in ("Red", "Green", "Blue")]
    conflicting = await line.opened({"Green.txt": "yellow\n"}, "Conflicting")
    failing = await line.opened({"broken.txt": "\n"}, "Failing")
    left, right = [await pair.opened({f"{name}.txt": ""}, name) for name in ("left", "right")]
    await line.are_tested(red, green, blue, conflicting, left, right)
    await line.are_tested(failing, state="failure")
    await line.are_reviewed(red, green, blue, conflicting, failing, left, right)
    for one in (line, pair):
        await line.reviewer.push_more(FLEET, one.branch, {"base.txt": "moved\n"}, "By hand")
    await line.is_free(issue)
    async with asyncio.TaskGroup() as both:
        both.create_task(five_together(line, [red, green, blue], conflicting, failing))
        both.create_task(two_that_do_not_go_together(pair, left, right))


async def five_together(line: Line, good: Sequence[Pull], conflicting: Pull, failing: Pull) -> None:
    """Three of them pass together. Meanwhile the first is tested alone, in case that they do not."""
    await line.are_merged(*good)
    await it_says(conflicting, "error", "Not mergeable. PR has a merge conflict.")
    await it_says(failing, "pending", f"Not mergeable. Job {FLEET_TEST} has not succeeded.")
    numbers = [pull.number for pull in good]
    named = [f"{number}: {name}" for number, name in zip(numbers, ("Red", "Green", "Blue"), strict=True)]
    assert await line.subjects() == [*reversed(named), "By hand", "First commit"]
    await it_was_done(line, ("TRIGGER_BATCH", numbers, ""), ("TRIGGER", numbers[:1], ""), ("MERGE_BATCH", numbers, ""))


async def two_that_do_not_go_together(line: Line, left: Pull, right: Pull) -> None:
    """The batch fails, and is not tested again; the first passes alone and is merged, and then the second fails."""
    await line.are_merged(left)
    await line.are_tested(right, state="failure")
    await it_says(right, "pending", f"Not mergeable. Job {FLEET_TEST} has not succeeded.")
    both, first, second = [left.number, right.number], [left.number], [right.number]
    await it_was_done(
        line, ("TRIGGER_BATCH", both, ""), ("TRIGGER", first, ""), ("MERGE", first, ""), ("TRIGGER", second, "")
    )


async def it_says(pull: Pull, state: str, description: str) -> None:
    """Wait until the `tide` status says so."""

    async def says() -> bool:
        return (await pull.statuses()).get("tide") == (state, description)

    await soon(f"the status of #{pull.number} is: {description}", says)


async def it_was_done(line: Line, *expected: tuple[str, list[int], str]) -> None:
    """The pool's history is this, and each commit that the branch was put at was tested before.

    In compatible mode GitHub merges a batch one by one: what lies inside it was not. That one is tested beside a batch
    is left out where the batch has ended before the next look. A speculative queue's history is its own affair.
    """
    landings = await line.landings()
    if line.mode == "compatible":

        async def is_written() -> bool:
            return len(without_triggers(await line.history())) >= len(without_triggers(expected))

        await soon(f"the history of {line.branch} is written", is_written)
        history = await line.history()
        assert without_triggers(history) == without_triggers(expected)
        assert [entry for entry in history if entry not in expected] == []
        merged = [len(numbers) for action, numbers, error in expected if "MERGE" in action and not error]
        assert len(landings) == sum(merged)
        landings = [landings[end - 1] for end in itertools.accumulate(merged)]
    assert landings
    assert await untested(line, landings) == []


def without_triggers(history: Sequence[tuple[str, list[int], str]]) -> list[tuple[str, list[int], str]]:
    """What was done with batches, and merged."""
    return [entry for entry in history if entry[0] != "TRIGGER"]


def in_order(some: Sequence[tuple[str, str]], told: Sequence[tuple[str, str]]) -> bool:
    """Whether these were said one after the other, whatever was said between."""
    rest = iter(told)
    return all(one in rest for one in some)
