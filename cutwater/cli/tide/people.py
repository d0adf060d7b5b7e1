"""The authors of simulated pull requests: what they do when a test is red, or when somebody else was faster."""

from collections.abc import Callable, Sequence

from cutwater.cli.tide.clock import Clock
from cutwater.cli.tide.repository import Proposal, Repository
from cutwater.cli.tide.workload import HOUR, Workload
from functions.tide.pull_requests import FAILURE


class Authors:
    """`retest` starts these jobs for a pull request; `changed` is told that one is not what it was."""

    def __init__(
        self,
        clock: Clock,
        workload: Workload,
        repository: Repository,
        *,
        retest: Callable[[Proposal, Sequence[str]], None],
        changed: Callable[[Proposal], None],
    ) -> None:
        self._clock, self._workload, self._repository = clock, workload, repository
        self._retest, self._changed = retest, changed
        self._presubmits = 60 * max(job.minutes for job in workload.jobs)

    def see_red(self, proposal: Proposal, job: str) -> None:
        """A job has failed on the pull request alone. Whose change breaks it gives up, or mends it."""
        is_its_fault = self._repository.breaks(proposal.pull) == job
        if is_its_fault and not self._workload.mends:
            proposal.left = self._clock.now
            self._changed(proposal)
        elif is_its_fault:
            self._push(proposal)
        else:
            self._answer_later(proposal)

    def see_conflict(self, proposal: Proposal) -> None:
        """It cannot be merged any more: it is rebased."""
        self._push(proposal)

    def _answer_later(self, proposal: Proposal) -> None:
        """/retest, where it is still red by then."""
        head = proposal.pull.head

        async def answer() -> None:
            red = [context.name for context in proposal.pull.contexts or () if context.state == FAILURE]
            if proposal.is_open and proposal.pull.head == head and red:
                self._retest(proposal, red)

        self._clock.after(self._workload.answers * HOUR, answer)

    def _push(self, proposal: Proposal) -> None:
        """A new head; it may be merged once its tests have passed."""
        proposal.is_away = True
        self._changed(proposal)

        async def come_back() -> None:
            self._repository.push(proposal)
            proposal.is_away = False
            self._changed(proposal)

        self._clock.after(self._workload.answers * HOUR + self._presubmits, come_back)
