"""What people do and what goes wrong, step by step; each step can be left out, so that a failure shrinks to a story."""

import asyncio
from collections.abc import Callable, Sequence
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from tests.functions.tide.model.cluster import BROKEN, RIVAL, SHY
from tests.functions.tide.model.hub import SHARED, Pull
from tests.functions.tide.model.stage import Stage
from tests.functions.tide.model.weather import FAULTS, Fault

TRAITS = ("fine", "fine", "fine", BROKEN, SHY, RIVAL)
BRANCHES = ("main", "main", "main", "release")
LABELS = ("lgtm", "hold", "squash", "rebase")
PAUSES = (0, 1, 3, 9, 20, 40, 90)
"""Seconds between two steps."""


class Open(Struct, frozen=True):
    """Somebody opens a pull request, which soon has its label.

    `folder`: "docs/" has other tests than "". `is_shared`: it changes a file that others change, too.
    """

    trait: str
    folder: str = ""
    is_shared: bool = False
    base: str = "main"

    async def do(self, stage: Stage) -> str:
        title = f"{self.trait}-{len(stage.pulls)}"
        path = SHARED if self.is_shared else f"{self.folder}{title}.txt"
        files = {path: f"{self.trait} {title}\n"}
        number = await stage.hub.open(title, files, base=self.base)
        stage.pulls.append(number)
        await stage.cluster.test(number)
        await stage.hub.label(number, "lgtm", present=True)
        stage.tell(f"acme/rocket:{self.base}")
        return f"#{number} is opened, {self.trait}, with {path}, for {self.base}"


class Push(Struct, frozen=True):
    """The author pushes to a pull request; `again`: puts it on the branch as it is by that."""

    which: int
    trait: str
    again: bool = False

    async def do(self, stage: Stage) -> str:
        pull = chosen(stage, self.which)
        if pull is None or not pull.is_open:
            return ""
        files = {f"{pull.title}.txt": f"{self.trait} {pull.title} again\n"}
        await (stage.hub.rebase if self.again else stage.hub.push)(pull.number, files)
        await stage.cluster.test(pull.number)
        stage.tell(f"acme/rocket:{pull.base}")
        return f"#{pull.number} is {'put on the branch as it is' if self.again else 'pushed to'}: {self.trait}"


class Label(Struct, frozen=True):
    """A label comes or goes."""

    which: int
    name: str
    is_there: bool

    async def do(self, stage: Stage) -> str:
        pull = chosen(stage, self.which)
        if pull is None:
            return ""
        await stage.hub.label(pull.number, self.name, present=self.is_there)
        stage.tell(f"acme/rocket:{pull.base}")
        return f"#{pull.number} {'gets' if self.is_there else 'loses'} the label {self.name}"


class Close(Struct, frozen=True):
    """A pull request is closed, or opened again."""

    which: int
    is_open: bool

    async def do(self, stage: Stage) -> str:
        pull = chosen(stage, self.which)
        if pull is None or pull.merged or pull.is_open == self.is_open:
            return ""
        await stage.hub.set_open(pull.number, is_open=self.is_open)
        stage.tell(f"acme/rocket:{pull.base}")
        return f"#{pull.number} is {'opened again' if self.is_open else 'closed'}"


class Retarget(Struct, frozen=True):
    """A pull request is for another branch from now on."""

    which: int
    base: str

    async def do(self, stage: Stage) -> str:
        pull = chosen(stage, self.which)
        if pull is None or not pull.is_open or pull.base == self.base:
            return ""
        await stage.hub.retarget(pull.number, self.base)
        await stage.cluster.test(pull.number)
        stage.tell(f"acme/rocket:{pull.base}")
        stage.tell(f"acme/rocket:{self.base}")
        return f"#{pull.number} is for {self.base} from now on"


class PushByHand(Struct, frozen=True):
    """Somebody pushes to a branch."""

    branch: str
    is_shared: bool = False

    async def do(self, stage: Stage) -> str:
        number = len(stage.story)
        path = SHARED if self.is_shared else f"hand-{number}.txt"
        await stage.hub.push_to(self.branch, {path: f"by hand {number}\n"})
        stage.tell(f"acme/rocket:{self.branch}")
        return f"somebody pushes {path} to {self.branch}: now {stage.hub.state.branches[self.branch][:7]}"


class Block(Struct, frozen=True):
    """An issue that blocks branches is opened, or all are closed."""

    title: str

    async def do(self, stage: Stage) -> str:
        if self.title:
            number = await stage.hub.block(self.title)
            said = f'issue #{number} is opened: "{self.title}"'
        else:
            for blocker in stage.hub.state.blockers.values():
                await stage.hub.unblock(blocker.number)
            said = "no issue blocks any more"
        stage.tell("acme/rocket:")
        return said


class Retest(Struct, frozen=True):
    """Somebody has all tests of a pull request run again."""

    which: int

    async def do(self, stage: Stage) -> str:
        pull = chosen(stage, self.which)
        if pull is None or not pull.is_open:
            return ""
        await stage.cluster.test(pull.number)
        return f"#{pull.number} is tested again"


class Delete(Struct, frozen=True):
    """Somebody deletes a ProwJob: so many before the last."""

    back: int

    async def do(self, stage: Stage) -> str:
        names = stage.cluster.names
        if self.back < len(names):
            await stage.cluster.delete(names[-1 - self.back])
        return ""


class Abort(Struct, frozen=True):
    """Somebody aborts a run: so many before the last."""

    back: int

    async def do(self, stage: Stage) -> str:
        names = stage.cluster.names
        if self.back < len(names):
            await stage.cluster.abort(names[-1 - self.back])
        return ""


class Brew(Struct, frozen=True):
    """Something is about to go wrong, at one of the next chances."""

    fault: Fault
    spared: int

    async def do(self, stage: Stage) -> str:
        stage.weather.brew(self.fault, self.spared)
        return ""


Step = Open | Push | Label | Close | Retarget | PushByHand | Block | Retest | Delete | Abort | Brew


class Schedule(Struct, frozen=True):
    """The steps, each so many seconds after the one before it, and how the repository merges."""

    method: str
    steps: Sequence[tuple[int, Step]]


def chosen(stage: Stage, which: int) -> Pull | None:
    """One of the pull requests that there are."""
    return stage.hub.state.pulls[stage.pulls[which % len(stage.pulls)]] if stage.pulls else None


def _fault(dice: Random) -> Step:
    fault = dice.choice(FAULTS)
    return Brew(fault, dice.randrange(2 if "landing" in fault or "merge" in fault else 12))


_KINDS: Sequence[Callable[[Random], Step]] = (
    *[_fault] * 10,
    lambda dice: Open(dice.choice(TRAITS), dice.choice(["", "docs/"]), dice.random() < 0.3, dice.choice(BRANCHES)),
    lambda dice: Open(dice.choice(TRAITS)),
    lambda dice: Open("fine"),
    lambda dice: Push(dice.randrange(10), dice.choice(TRAITS), dice.random() < 0.5),
    lambda dice: Label(dice.randrange(10), dice.choice(LABELS), dice.random() < 0.5),
    lambda dice: Label(dice.randrange(10), dice.choice(["lgtm", "hold"]), dice.random() < 0.5),
    lambda dice: Label(dice.randrange(10), "lgtm", is_there=True),
    lambda dice: Close(dice.randrange(10), dice.random() < 0.6),
    lambda dice: Retarget(dice.randrange(10), dice.choice(BRANCHES)),
    lambda dice: PushByHand(dice.choice(BRANCHES), dice.random() < 0.3),
    lambda dice: Block(dice.choice(["", "", "the tests are flaky", "branch:main is frozen"])),
    lambda dice: Retest(dice.randrange(10)),
    lambda dice: Delete(dice.randrange(5)),
    lambda dice: Abort(dice.randrange(5)),
)


def schedule(seed: int) -> Schedule:
    """A schedule that begins with a handful of pull requests. The same seed gives the same one."""
    dice = Random(seed)
    first: list[tuple[int, Step]] = [(0, Open(dice.choice(TRAITS))) for _ in range(dice.randint(2, 6))]
    rest = [(dice.choice(PAUSES), dice.choice(_KINDS)(dice)) for _ in range(dice.randint(5, 45))]
    return Schedule(dice.choice(["merge", "squash", "rebase"]), [*first, *rest])


def shortened(schedule: Schedule, fails: Callable[[Schedule], bool]) -> Schedule:
    """The schedule without all steps that are not needed to make it fail."""
    size = len(schedule.steps)
    while size := size // 2:
        start = 0
        while start < len(schedule.steps):
            shorter = replace(schedule, steps=[*schedule.steps[:start], *schedule.steps[start + size :]])
            if fails(shorter):
                schedule = shorter
            else:
                start += size
    return schedule


async def play(stage: Stage, schedule: Schedule) -> None:
    """Do all steps, then let everything come to rest."""
    for seconds, step in schedule.steps:
        await asyncio.sleep(seconds)
        said = await step.do(stage)
        if said:
            stage.say(said)
    await stage.rest()
