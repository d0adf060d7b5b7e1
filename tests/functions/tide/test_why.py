"""What `cutwater why` says of a pull request, what tide does with it, and what its status says are one and the same."""

import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from cutwater.cli import why
from cutwater.errors import Refused
from cutwater.events.edges import Edges
from cutwater.events.effect import Effect, apply
from cutwater.events.explanations import QUEUED, Explanation, of_pull_request, of_repository
from cutwater.events.look import look_at
from cutwater.github.edits import MoveBranch
from cutwater.github.effects import Merge
from cutwater.kube.effects import CreateProwJob
from functions.tide import kept
from functions.tide.assessment import State, assess
from functions.tide.sight import PoolName
from functions.tide.statuses import shortened
from infra.local.github.world import Issue
from tests.functions.tide.pools import POOL, TESTS, Alone, alone
from tests.world import BOT, CONFIG

pytestmark = pytest.mark.virtual

SETTINGS = CONFIG.replace("labels: [lgtm]", "labels: [lgtm], excludedBranches: [release]").replace(
    "tide:\n",
    """in_repo_config: {enabled: {acme/rocket: true}}
tide:
  blocker_label: stop
  squash_label: tide/squash
  rebase_label: tide/rebase
""",
)
STRICT = SETTINGS.replace(
    "  queries: [",
    """  context_options: {required-contexts: [weather]}
  github_merge_blocks_policy: {"*": block}
  display_all_tide_queries_in_status: true
  queries:
    - {orgs: [acme], author: batman, reviewApprovedRequired: true, labels: [approved, "a-very-long-name-for-a-label,b"]}
    - """,
).replace("needs-ok-to-test]}]", "needs-ok-to-test]}")
SPECULATIVE = SETTINGS + 'prow_ignored: {cutwater: {tide: {"*": {mode: speculative}}}}\n'
BROKEN = {
    ".prow.yaml": "presubmits: [{name: own, always_run: true, cluster: secret, spec: {containers: [{image: x}]}}]\n"
}


class Recorded:
    """Carries the effects of a look out, and remembers whether something was merged, who was refused, who is tested."""

    def __init__(self) -> None:
        self.has_merged = False
        self.refused: set[int] = set()
        self.tested: set[int] = set()

    async def __call__(self, effect: Effect[Any], edges: Edges) -> Any:
        try:
            result = await apply(effect, edges)
        except Refused:
            if isinstance(effect, Merge):
                self.refused.add(effect.subject.number)
            raise
        self.has_merged = self.has_merged or isinstance(effect, Merge | MoveBranch)
        if isinstance(effect, CreateProwJob) and effect.job.spec.refs:
            self.tested |= {pull.number for pull in effect.job.spec.refs.pulls}
        return result


# What may have happened to a pull request

Happening = Callable[[Alone, Issue, random.Random], Awaitable[None]]


async def labels(here: Alone, change: Issue, dice: random.Random) -> None:
    for label in dice.sample(["approved", "do-not-merge/hold", "needs-ok-to-test", "tide/squash", "tide/rebase"], 2):
        await change.label(label, by="alice")


async def no_lgtm(here: Alone, change: Issue, dice: random.Random) -> None:
    await change.unlabel("lgtm", "alice")


async def contexts(here: Alone, change: Issue, dice: random.Random) -> None:
    for name in dice.sample([*TESTS, "weather", "somebody-else"], 2):
        await change.set_status(BOT, name, dice.choice(["failure", "pending", "error", "success"]))


async def weather(here: Alone, change: Issue, dice: random.Random) -> None:
    await change.set_status("alice", "weather", "success")


async def a_push(here: Alone, change: Issue, dice: random.Random) -> None:
    await change.push({"more.txt": f"{dice.random()}\n"})


async def a_moved_base(here: Alone, change: Issue, dice: random.Random) -> None:
    await here.world.github.push(here.world.rocket, "main", {"base.txt": f"{dice.random()}\n"}, author="alice")


async def a_conflict(here: Alone, change: Issue, dice: random.Random) -> None:
    files = {"a.txt": "conflicting\n", "b.txt": "conflicting\n"}
    await here.world.github.push(here.world.rocket, "main", files, author="alice")


async def a_blocker(here: Alone, change: Issue, dice: random.Random) -> None:
    title = dice.choice(["Stop", "Stop branch:main", "Stop branch:other"])
    await here.world.github.issue(here.world.rocket, author="alice", title=title, labels=["stop"])


async def a_review(here: Alone, change: Issue, dice: random.Random) -> None:
    await change.review("alice", dice.choice(["APPROVE", "REQUEST_CHANGES"]), "So it is.")


async def protection(here: Alone, change: Issue, dice: random.Random) -> None:
    rules: dict[str, Any] = dice.choice([{"contexts": ["unheard-of"]}, {"approvals": 1}, {"push_users": ["alice"]}])
    here.world.github.protect("acme/rocket", enforce_admins=True, **rules)


async def broken_jobs(here: Alone, change: Issue, dice: random.Random) -> None:
    await change.push(BROKEN)


async def closed(here: Alone, change: Issue, dice: random.Random) -> None:
    await here.look()
    await change.close("bob")


async def a_rival(here: Alone, change: Issue, dice: random.Random) -> None:
    for name in dice.sample(["b", "c", "d"], dice.randint(1, 2)):
        files = {f"{name}.txt": f"{name}\n"}
        rival = await here.world.github.pull_request(
            here.world.rocket, author="carol", files=files, labels=["lgtm"], title=name
        )
        await here.green(rival, here.world.rocket.head())


async def another_branch(here: Alone, change: Issue, dice: random.Random) -> None:
    await here.look()
    await here.world.github.push(here.world.rocket, "release", {"r.txt": "r\n"}, author="alice")
    await change.edit("alice", base="release")


async def ended_tests(here: Alone, change: Issue, dice: random.Random) -> None:
    """Tide has started tests, and some of them have ended."""
    await a_moved_base(here, change, dice)
    await here.look()
    for job in await here.jobs():
        if dice.random() < 0.6:
            await here.finish(job, dice.choice(["success", "success", "failure"]))


SELDOM = (a_conflict, a_blocker, protection, broken_jobs, closed, no_lgtm, a_push, another_branch)
OFTEN = (labels, contexts, weather, a_moved_base, a_review, a_rival, ended_tests)
HAPPENINGS: Sequence[Happening] = SELDOM + OFTEN * 3


@pytest.mark.parametrize("seed", [pytest.param(n, marks=() if n < 10 else pytest.mark.slow) for n in range(100)])
async def test_one_answer(seed: int) -> None:
    dice = random.Random(seed)
    async with alone(dice.choice([SETTINGS, SETTINGS, STRICT, SPECULATIVE, SPECULATIVE])) as here:
        for happening in dice.sample(HAPPENINGS, dice.randint(1, 4)):
            await happening(here, here.change, dice)
        for _ in range(dice.randint(1, 3)):
            for pool in (POOL, "acme/rocket:release"):
                await agrees(here, pool)


async def agrees(here: Alone, pool: str) -> None:
    """Look once, and compare."""
    before, recorded = await state_of(here, pool), Recorded()
    await here.look(apply=recorded, subject=pool)
    branches = await of_repository(here.world.state, "acme", "rocket")
    for number in {number for branch in branches for number in branch.explained.pulls}:
        found = of_pull_request(branches, number)
        assert found is not None
        branch, told = found
        if branch.name != before.sight.name.branch:
            continue
        change = here.world.rocket.issue(number)
        lines = "\n".join(why.told(branch, told, here.edges.clock()))
        assert told.says in lines
        assert (told.verdict == "merged") == change.is_merged, lines
        if change.is_merged or change.state == "closed" or change.pull.base_ref != branch.name:
            assert told.verdict in {"merged", "gone", "not ready"}, lines
            continue
        agrees_with_decision(told, before, recorded, lines)
        if not recorded.has_merged:
            assert change.statuses["tide"] == (told.status, shortened(told.description)), lines
            agrees_with_status(told, lines)


async def state_of(here: Alone, pool: str) -> State:
    """What tide sees and decides just then."""
    look, name = await look_at(here.edges), PoolName.read(pool)
    return await assess(name, (await kept.read(look, name)).value, look)


def agrees_with_decision(told: Explanation, before: State, recorded: Recorded, lines: str) -> None:
    """What it says of an open pull request is what was done to it, or not."""
    number = told.number
    if recorded.has_merged:
        return  # the branch has moved: the next look tells
    is_in_pool = any(one.number == number for one in before.members.candidates)
    is_blocked = before.action.kind == "BLOCKED"
    if told.verdict == "blocked":
        assert is_blocked, lines
    else:
        assert is_in_pool == (told.verdict in QUEUED), lines
    assert before.action.why in told.decided, lines
    if number in recorded.tested:
        assert told.verdict == "testing", lines
        assert "were started" in told.decisions[0].what or "were started" in told.decisions[1].what, lines
    if number in recorded.refused:
        assert told.verdict == "refused", lines
    waits = {one.number for one in before.results.missings} - {one.number for one in before.batches.pending}
    if is_in_pool and number in waits and not recorded.tested and not (is_blocked or before.is_speculative):
        assert told.verdict == "queued", lines
    assert (told.place > 0) == (told.verdict in QUEUED), lines


def agrees_with_status(told: Explanation, lines: str) -> None:
    """What the status names is in the way, and what is in the way keeps it from saying that all is well."""
    in_the_way = "\n".join(lack.text for lacks in (told.lacks, *told.ways) for lack in lacks)
    if told.verdict in QUEUED:
        retesting = "Not mergeable. Retesting: "
        assert told.description.startswith(("In merge pool", retesting)) or told.verdict == "refused", lines
        if told.description.startswith(retesting):
            tests = {test.context for test in told.tests}
            assert {*told.description.removeprefix(retesting).split()} <= tests | {"weather"}, lines
        return
    if told.verdict == "blocked" and told.description.startswith(("In merge pool", "Not mergeable. Retesting")):
        assert "blocks the branch" in in_the_way, lines  # in the pool, where the status does not speak of blockers
        return
    assert told.status in {"pending", "error"}, lines
    assert in_the_way, lines
    words = told.description.removeprefix("Not mergeable.").replace(",", " ").replace(".", " ").split()
    for name in ("lgtm", "do-not-merge/hold", "needs-ok-to-test", "approved", "flight", "unit", "weather", "conflict"):
        assert name not in words or name in in_the_way, lines
