"""The runs that tide starts itself: for what has not been tested on the branch as it is now.

Their names come from what they are for, so that whoever dies after one of them starts none of them twice.
Source: sigs.k8s.io/prow pkg/tide (tide.go, trigger).
"""

import uuid
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from cutwater.config.configuration import Configuration
from cutwater.config.jobs import Presubmit
from cutwater.config.specs import presubmit_spec
from cutwater.kube.effects import CreateProwJob
from cutwater.prowjob.labels import CREATED_BY_TIDE
from cutwater.prowjob.new import new_prowjob
from cutwater.prowjob.types import Pull, Refs
from functions.tide.pull_requests import PullRequest

NAMES = uuid.UUID("0c7d6b9e-3a52-5b0c-8a49-9f6f1d2f5a37")
"""The namespace of the names of ProwJobs that tide makes."""


def runs_for(
    pull: PullRequest,
    presubmits: Sequence[Presubmit],
    *,
    base: str,
    config: Configuration,
    taken: Collection[str],
    now: datetime,
    why: str,
) -> Iterator[CreateProwJob]:
    """Start the presubmits for the pull request on its branch at `base`, once for each context.

    `taken`: the names of the runs that there are: a test that failed is run again under another name.
    """
    refs = refs_of([pull], base, config.prow.github.link_url)
    by_context = {job.context: job for job in reversed(presubmits)}
    for job in presubmits:
        if by_context[job.context] is not job:
            continue
        made = new_prowjob(
            presubmit_spec(job, refs),
            name=_free_name(refs, job, taken),
            namespace=config.prow.prowjob_namespace,
            start=now.replace(microsecond=0),
            labelled={**job.labels, CREATED_BY_TIDE: "true"},
            annotated=job.annotations,
            state="scheduling" if config.prow.scheduler.enabled else "triggered",
        )
        yield CreateProwJob(job=made, why=why)


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
