"""The runs that tide starts itself: for what has not been tested on the branch as it is now.

Their names come from what they are for, so that whoever dies after one of them starts none of them twice.
Source: sigs.k8s.io/prow pkg/tide (tide.go, trigger).
"""

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

from cutwater.config.configuration import Configuration
from cutwater.config.jobs import Presubmit
from cutwater.config.specs import batch_spec, presubmit_spec
from cutwater.errors import Refused
from cutwater.kube.effects import CreateProwJob
from cutwater.prowjob.labels import CREATED_BY_TIDE, TREES
from cutwater.prowjob.new import new_prowjob
from cutwater.prowjob.types import ProwJob, Pull, Refs
from functions.tide.batching import heads_of
from functions.tide.pull_requests import PullRequest

NAMES = uuid.UUID("0c7d6b9e-3a52-5b0c-8a49-9f6f1d2f5a37")
"""The namespace of the names of ProwJobs that tide makes."""


def runs_for(
    pulls: Sequence[PullRequest],
    presubmits: Sequence[Presubmit],
    *,
    base: str,
    config: Configuration,
    jobs: Sequence[ProwJob],
    now: datetime,
    why: str,
    trees: Sequence[str] = (),
) -> Iterator[CreateProwJob]:
    """Start the presubmits on the branch at `base` with these pull requests on it, once for each context.

    They are put there by number; where their `trees` are known, in the order in which they are given. `jobs`: the runs
    that there are. A test that failed is run again under another name; one of a batch that has passed, or has not
    ended, is not.
    """
    ordered = pulls if trees else sorted(pulls, key=lambda pull: pull.number)
    refs = refs_of(ordered, base, config.prow.github.link_url)
    noted = {TREES: ",".join(trees)} if trees else {}
    taken = {job.metadata.name for job in jobs}
    by_context = {job.context: job for job in reversed(presubmits)}
    for job in presubmits:
        if by_context[job.context] is not job or (len(pulls) > 1 and _is_under_way(job, refs, jobs)):
            continue
        spec = batch_spec(job, refs) if len(pulls) > 1 else presubmit_spec(job, refs)
        made = new_prowjob(
            spec,
            name=_free_name(refs, job, taken),
            namespace=config.prow.prowjob_namespace,
            start=now.replace(microsecond=0),
            labelled={**job.labels, CREATED_BY_TIDE: "true"},
            annotated={**job.annotations, **noted},
            state="scheduling" if config.prow.scheduler.enabled else "triggered",
        )
        yield CreateProwJob(job=made, why=why)


def failure(run: CreateProwJob, refused: Refused) -> str:
    """What people are told where a run cannot be started."""
    spec = run.job.spec
    numbers = " ".join(str(pull.number) for pull in spec.refs.pulls) if spec.refs else ""
    return f'failed to create a ProwJob for job: "{spec.job}", PRs: [{numbers}]: {refused}'


def _is_under_way(test: Presubmit, refs: Refs, jobs: Iterable[ProwJob]) -> bool:
    """Whether there is a run of the test for a batch of just these heads, on this base, that can still do."""
    return any(
        job.spec.type == "batch"
        and (job.spec.job, _under_test(job.spec.refs)) == (test.name, _under_test(refs))
        and (not job.is_complete or job.status.state == "success")
        for job in jobs
    )


def _under_test(refs: Refs | None) -> object:
    """What they stand for, in whichever order the pull requests are."""
    return refs and (refs.full_name, refs.base_ref, refs.base_sha, heads_of(refs))


def refs_of(pulls: Sequence[PullRequest], base: str, link_url: str) -> Refs:
    """The branch at `base` with the pull requests on it, in this order. `link_url`: where people find GitHub."""
    first = pulls[0]
    repo_link = f"{link_url.rstrip('/')}/{first.full_name}"
    return Refs(
        org=first.org,
        repo=first.repo,
        repo_link=repo_link,
        base_ref=first.base_ref,
        base_sha=base,
        base_link=f"{repo_link}/tree/{base}",
        pulls=tuple(
            Pull(
                number=pull.number,
                title=pull.title,
                author=pull.author,
                sha=pull.head,
                head_ref=pull.head_ref,
                link=f"{repo_link}/pull/{pull.number}",
                commit_link=f"{repo_link}/commit/{pull.head}",
                author_link=f"{link_url.rstrip('/')}/{pull.author}",
            )
            for pull in pulls
        ),
    )


def _free_name(refs: Refs, job: Presubmit, taken: Collection[str]) -> str:
    """The first name for this test of this state that no run has."""
    number = 0
    while True:
        name = str(uuid.uuid5(NAMES, "\n".join((refs.full_name, str(refs), job.name, str(number)))))
        if name not in taken:
            return name
        number += 1
