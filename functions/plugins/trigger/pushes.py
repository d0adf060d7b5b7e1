"""What trigger does when a branch is pushed to: its postsubmits run."""

import uuid

from cutwater.config.matching import postsubmit_runs
from cutwater.config.specs import postsubmit_spec
from cutwater.events.repository_jobs import jobs_of
from cutwater.github.webhooks import PushEvent
from cutwater.kube.effects import CreateProwJob
from cutwater.prowjob.labels import EVENT_GUID
from cutwater.prowjob.new import new_prowjob
from cutwater.prowjob.types import Refs
from functions.plugins.kit import Effect, Look
from functions.plugins.trigger.runs import NAMES

GONE = "0" * 40


async def decide(event: PushEvent, look: Look) -> list[Effect[object]]:
    """One ProwJob for each postsubmit that is for the branch and the files; nothing for a branch that is gone.

    The repository's own postsubmits are those at the commit that was pushed.
    """
    if event.deleted or event.after == GONE:
        return []
    repository = event.repository
    refs = Refs(
        org=repository.owner.login,
        repo=repository.name,
        repo_link=repository.html_url,
        base_ref=event.branch,
        base_sha=event.after,
        base_link=event.compare,
    )
    changes = {path for commit in event.commits for path in (*commit.added, *commit.removed, *commit.modified)}
    effects: list[Effect[object]] = []
    jobs = await jobs_of(look, refs.org, refs.repo, base_sha=refs.base_sha)
    for job in jobs.postsubmits:
        if not postsubmit_runs(job, event.branch, sorted(changes)):
            continue
        identity = "\n".join((event.guid, "trigger", "push", refs.full_name, job.name, str(refs)))
        prowjob = new_prowjob(
            postsubmit_spec(job, refs),
            name=str(uuid.uuid5(NAMES, identity)),
            namespace=look.config.prow.prowjob_namespace,
            start=look.now.replace(microsecond=0),
            labelled={**job.labels, EVENT_GUID: event.guid},
            annotated=job.annotations,
            state="scheduling" if look.config.prow.scheduler.enabled else "triggered",
        )
        effects.append(CreateProwJob(job=prowjob, why=f"push to {event.branch} by {event.sender.login}"))
    return effects
