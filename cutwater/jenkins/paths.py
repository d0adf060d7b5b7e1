"""Where a job lies in Jenkins, as a path behind its address.

Source: sigs.k8s.io/prow pkg/jenkins (jenkins.go, getJobName, getJobInfoPath and their kin).
"""

from urllib.parse import quote

from cutwater.prowjob.types import JenkinsSpec, Refs

SAFE = "/:@,+=~"
"""Characters of a name that stand for themselves in a path."""


def job_path(job: str, refs: Refs | None, jenkins: JenkinsSpec | None) -> str:
    """`/job/<folder>/job/<name>` of a job by its ProwJob's name; of a branch source, the job of its branch or change.

    A branch is one part of the path, whatever it is called: Jenkins keeps `feature/x` as `feature%2Fx`, so that its
    percent sign is escaped once more.
    """
    path = "/job/" + "/job/".join(quote(part, safe=SAFE) for part in job.strip("/").split("/"))
    if jenkins is None or not jenkins.github_branch_source_job or refs is None:
        return path
    if refs.pulls:
        return f"{path}/view/change-requests/job/PR-{refs.pulls[0].number}"
    return f"{path}/job/{quote(quote(refs.base_ref, safe=''), safe=SAFE)}"
