"""A repository whose queue works speculatively, and who watches it: what was landed had been tested just so."""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from cutwater.events.explanations import Explanation, of_pull_request, of_repository
from cutwater.git.stacks import Change, Layer, Stack, Stacks
from cutwater.prowjob.labels import TREES
from cutwater.prowjob.types import ProwJob
from infra.local.github.code import Code, code_of
from infra.local.github.people import person_of
from infra.local.github.world import Issue
from tests.functions.tide.pools import TESTS, Alone
from tests.world import BOT, CONFIG, World

MAIN = "refs/heads/main"


def speculative(config: str = CONFIG, *, lanes: int = 3, largest: int = 2) -> str:
    """The configuration with such a queue."""
    queue = f"{{mode: speculative, lanes: {lanes}, largest_batch: {largest}}}"
    return f"{config}prow_ignored: {{cutwater: {{tide: {{acme/rocket: {queue}}}}}}}\n"


async def proposed(here: Alone, *names: str) -> list[Issue]:
    """Pull requests beside the first one, all green on an older commit of the branch: none may be merged yet."""
    made = [here.change]
    for name in names:
        change = await here.world.github.pull_request(
            here.world.rocket,
            author="bob",
            files={f"{name}.txt": f"{name}\n"},
            labels=["lgtm"],
            branch=name,
            title=name,
        )
        await here.green(change, "0" * 40)
        made.append(change)
    await here.world.github.push(here.world.rocket, "main", {"moved": "moved\n"}, author="alice")
    return made


async def finish(here: Alone, *changes: Issue, state: str = "success") -> None:
    """The runs that test just these together end."""
    numbers = [change.number for change in changes]
    ours = [job for job in await here.jobs() if members(job) == numbers and not job.is_complete]
    assert ours, f"nothing tests {numbers}"
    for job in ours:
        await here.finish(job, state)


async def tried(world: World) -> list[list[int]]:
    """What has been tested together, in the order in which it was begun."""
    found = await world.kube.read.prowjobs("default", labels="prow.k8s.io/type=batch")
    in_order = sorted(found, key=lambda job: (str(job.status.startTime), len(members(job))))
    return [list(one) for one in dict.fromkeys(tuple(members(job)) for job in in_order)]


def members(job: ProwJob) -> list[int]:
    return [pull.number for pull in job.spec.refs.pulls] if job.spec.refs else []


async def why(world: World, change: Issue) -> Explanation:
    """What `cutwater why` and deck are told of it."""
    found = of_pull_request(await of_repository(world.state, "acme", "rocket"), change.number)
    assert found is not None
    return found[1]


# What was landed


async def untested(world: World, tests: Sequence[str] = TESTS, *, one_by_one: bool = False) -> list[str]:
    """The commits at which the branch was through us, and whose trees no trial has passed; there should be none.

    `one_by_one`: GitHub merges one after the other, so that the branch is each layer of a trial in turn.
    """
    code, jobs = _code(world), await world.kube.read.prowjobs("default")
    layers = [_trees(world, code, trial) for trial in _green(jobs, tests)]
    trees = {tree for made in layers for tree in (made if one_by_one else made[-1:])}
    return [tip for tip in _tips(world) if _tree(code, tip) not in trees]


def moves(world: World) -> int:
    """How often we have moved the branch."""
    return len(_tips(world))


def _tips(world: World) -> list[str]:
    """Where the branch was, whenever it was we who moved it."""
    told = [msgspec.json.decode(one.payload) for one in world.hub.hub.deliveries if one.event == "push"]
    ours = (push for push in told if push["ref"] == MAIN and push["sender"]["login"] == BOT)
    return list(dict.fromkeys(push["after"] for push in ours))


def _green(jobs: Iterable[ProwJob], tests: Sequence[str]) -> list[ProwJob]:
    """A run of each trial all of whose tests have passed."""
    passed: dict[tuple[str, str], dict[str, ProwJob]] = {}
    for job in jobs:
        if job.status.state == "success" and job.spec.refs and job.spec.refs.pulls:
            passed.setdefault((job.spec.type, str(job.spec.refs)), {})[job.spec.context] = job
    return [next(iter(runs.values())) for runs in passed.values() if {*tests} <= {*runs}]


def _trees(world: World, code: Code, job: ProwJob) -> list[str]:
    """The trees with each pull request more of a trial."""
    if TREES in job.metadata.annotations:
        return job.metadata.annotations[TREES].split(",")[1:]
    assert job.spec.refs is not None
    bot = person_of(world.hub.hub, world.github.account(BOT))
    tip, trees = job.spec.refs.base_sha, []
    for pull in job.spec.refs.pulls:
        merged = code.merge(tip, pull.sha, "Merge", author=bot, committer=bot)
        assert merged is not None, f"#{pull.number} was tested though it conflicts"
        tip = merged
        trees.append(_tree(code, tip))
    return trees


def _tree(code: Code, sha: str) -> str:
    found = code.tree(sha, recursive=False)
    assert found is not None
    return found[0]


def _code(world: World) -> Code:
    return code_of(world.hub.hub, world.rocket.record)


# git, as it may answer


class Answering:
    """Stacks that a test changes on their way: `change` is given each that git has made; `refuses` a push."""

    def __init__(self, stacks: Stacks) -> None:
        self._stacks = stacks
        self.change = _as_it_is
        self.refuses: Exception | None = None

    async def stack(
        self, org: str, repo: str, branch: str, *, base: str, changes: Sequence[Change], limit: int = 0
    ) -> Stack:
        return self.change(await self._stacks.stack(org, repo, branch, base=base, changes=changes, limit=limit))

    async def push(self, org: str, repo: str, *, commit: str, ref: str) -> None:
        if self.refuses is not None:
            raise self.refuses
        await self._stacks.push(org, repo, commit=commit, ref=ref)

    async def keep(self, org: str, repo: str, branches: Sequence[str]) -> None:
        await self._stacks.keep(org, repo, branches)


def _as_it_is(stack: Stack) -> Stack:
    return stack


def with_another_tree(stack: Stack, number: int) -> Stack:
    """The stack, in which this pull request gives a tree that nobody has seen."""

    def changed(layer: Layer) -> Layer:
        return replace(layer, tree="e" * 40) if layer.number == number else layer

    return replace(stack, layers=tuple(changed(layer) for layer in stack.layers))


def without(stack: Stack, number: int, why: str) -> Stack:
    """The stack, out of which this pull request and all above it are left."""
    below = next((place for place, layer in enumerate(stack.layers) if layer.number == number), len(stack.layers))
    return replace(stack, layers=stack.layers[:below], left_out={**stack.left_out, number: why})
