"""What is remembered is what would be answered."""

from collections.abc import Sequence

from cutwater.cli.tide.policies import Compatible
from cutwater.cli.tide.remembering import Remembering
from cutwater.cli.tide.repository import BRANCH, ORG, REPO, Repository
from cutwater.cli.tide.settings import Rules
from cutwater.cli.tide.simulation import Pool
from cutwater.cli.tide.workload import Rates, drawn
from functions.tide.choose import Action
from functions.tide.results import accumulate, of_base
from functions.tide.trials import trials_of
from tests.cutwater.cli.tide.queues import JOBS, outcome


class Asked(Compatible):
    """Asks both each time."""

    looks = 0

    def __init__(self, rules: Rules, repository: Repository) -> None:
        super().__init__(rules, repository)
        self._other = Remembering()

    async def decide(self, pool: Pool) -> Sequence[Action]:
        Asked.looks += 1
        everything = tuple(pool.runs)
        jobs = of_base(everything, f"{ORG}/{REPO}:{BRANCH}", pool.base)
        assert pool.runs.of_base(pool.base) == tuple(jobs)
        remembered = self._other.accumulate(pool.candidates, jobs, pool.base, pool.now)
        assert remembered == accumulate(pool.candidates, jobs, pool.base, pool.now)
        assert self._other.trials_of(pool.runs, pool.now) == trials_of(everything, pool.now)
        return await super().decide(pool)


async def test_the_answers_are_the_same() -> None:
    workload = drawn(Rates(an_hour=6, fail=0.1, conflict=0.1), JOBS, hours=12, flakes=0.1, seed=5)
    await outcome(workload, Asked)
    assert Asked.looks > 100
