"""`cutwater mkpj`: the ProwJob of a job and a change, printed, or made in the cluster and followed to its end.

Source: sigs.k8s.io/prow cmd/mkpj and pkg/pjutil (TriggerAndWatchProwJob).
"""

import argparse
import asyncio
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec.structs import replace

from cutwater.cli import cluster, configuration
from cutwater.cli.failing import Failed, explained
from cutwater.cli.github import PUBLIC_API, github_at
from cutwater.config.configuration import Configuration
from cutwater.config.jobs import Periodic, Postsubmit, Presubmit
from cutwater.config.listing import Listed, NotOne, any_of, only
from cutwater.config.specs import periodic_spec, postsubmit_spec, presubmit_spec
from cutwater.config.yaml_text import yaml_text
from cutwater.errors import Later
from cutwater.github.read import Reader
from cutwater.kube.client import PROWJOB, Kube
from cutwater.prowjob.new import new_prowjob
from cutwater.prowjob.types import ProwJob, ProwJobStatus, Pull, Refs

FINAL = {"success", "failure", "aborted", "error"}
POLL_SECONDS = 2.0


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--job", required=True, metavar="NAME", help="the job to make a ProwJob of")
    parser.add_argument("--repo", default="", metavar="ORG/REPO", help="whose job, where several share the name")
    parser.add_argument("--base-ref", default="", help="the branch under test")
    parser.add_argument("--base-sha", default="", help="its commit")
    parser.add_argument("--pull-number", type=int, default=0, help="the pull request under test")
    parser.add_argument("--pull-sha", default="", help="the head of the pull request")
    parser.add_argument("--pull-author", default="", help="who opened it")
    parser.add_argument("--pull-head-ref", default="", help="the name of its branch")
    about = "make it in the cluster, and wait for its end; its status is printed then"
    parser.add_argument("--trigger-job", action="store_true", help=about)
    about = "with --trigger-job: end with 1 where the run does not end in success"
    parser.add_argument("--fail-with-job", action="store_true", help=about)
    cluster.add_flags(parser)
    parser.add_argument("--github-endpoint", default=PUBLIC_API, metavar="URL", help="GitHub's API (%(default)s)")
    parser.add_argument("--github-token-path", type=Path, metavar="FILE", help="a token for it (default: none)")
    configuration.add_flags(parser)
    parser.set_defaults(run=run)


@explained("mkpj")
def run(chosen: argparse.Namespace) -> int:
    config = configuration.files_of(chosen).read()
    try:
        wanted, refs = asyncio.run(_wanted(config, chosen))
    except NotOne as error:
        raise Failed(str(error)) from error
    prowjob = _prowjob(wanted, refs, config)
    if not chosen.trigger_job:
        print(yaml_text(msgspec.to_builtins(prowjob), sort_keys=True), end="")
        return 0
    status = asyncio.run(follow(prowjob, config.prow.prowjob_namespace, cluster.chosen_cluster(chosen)))
    print(yaml_text(msgspec.to_builtins(status), sort_keys=True), end="")
    return 1 if chosen.fail_with_job and status.state != "success" else 0


async def _wanted(config: Configuration, chosen: argparse.Namespace) -> tuple[Listed, Refs | None]:
    """The job, and the code under test; none for a periodic.

    What was not said is asked of GitHub where it knows, else of the person at the terminal. A name that a repository
    gives to several presubmits means the one for the branch of the pull request.
    """
    found = any_of(config.jobs, chosen.job, repository=chosen.repo)
    org, _, repo = found[0].repository.partition("/")
    refs = Refs(org=org, repo=repo, base_ref=chosen.base_ref, base_sha=chosen.base_sha)
    if {(one.kind, one.repository) for one in found} == {("presubmit", refs.full_name)}:
        refs = await _with_pull_request(refs, chosen)
        return only(found, branch=refs.base_ref), refs
    wanted = only(found, branch=refs.base_ref)
    if wanted.kind == "periodic":
        return wanted, None
    org, _, repo = wanted.repository.partition("/")
    refs = replace(refs, org=org, repo=repo)
    of_kind = _with_pull_request if wanted.kind == "presubmit" else _with_base
    return wanted, await of_kind(refs, chosen)


def _prowjob(wanted: Listed, refs: Refs | None, config: Configuration) -> ProwJob:
    match wanted.job, refs:
        case Presubmit() as job, Refs():
            spec = presubmit_spec(job, refs)
        case Postsubmit() as job, Refs():
            spec = postsubmit_spec(job, refs)
        case Periodic() as job, _:
            spec = periodic_spec(job)
        case _:
            raise TypeError(wanted.title)
    return new_prowjob(
        spec,
        name=str(uuid.uuid4()),
        start=datetime.now(UTC).replace(microsecond=0),
        labelled=wanted.job.labels,
        annotated=wanted.job.annotations,
        state="scheduling" if config.prow.scheduler.enabled else "triggered",
    )


async def _with_pull_request(refs: Refs, chosen: argparse.Namespace) -> Refs:
    number = chosen.pull_number or _number(_asked("--pull-number", "PR Number: ", f"a presubmit of {refs.full_name}"))
    pull = Pull(number=number, author=chosen.pull_author, sha=chosen.pull_sha, head_ref=chosen.pull_head_ref)
    refs = replace(refs, pulls=(pull,))
    if all((pull.author, pull.sha, refs.base_ref, refs.base_sha)):
        return refs
    async with _github(chosen) as github:
        found = await github.pull_request(refs.org, refs.repo, number)
    if found is None:
        raise Failed(f"{refs.full_name} has no pull request {number}")
    return replace(
        refs,
        base_ref=refs.base_ref or found.base.ref,
        base_sha=refs.base_sha or found.base.sha,
        pulls=(replace(pull, author=pull.author or found.user.login, sha=pull.sha or found.head.sha),),
    )


async def _with_base(refs: Refs, chosen: argparse.Namespace) -> Refs:
    base_ref = refs.base_ref or _asked("--base-ref", "Base ref (e.g. master): ", f"a postsubmit of {refs.full_name}")
    refs = replace(refs, base_ref=base_ref)
    if refs.base_sha:
        return refs
    async with _github(chosen) as github:
        sha = await github.branch_sha(refs.org, refs.repo, base_ref)
    if sha is None:
        raise Failed(f"{refs.full_name} has no branch {base_ref}")
    return replace(refs, base_sha=sha)


@asynccontextmanager
async def _github(chosen: argparse.Namespace) -> AsyncIterator[Reader]:
    token = chosen.github_token_path.read_text().strip() if chosen.github_token_path else ""
    async with github_at(chosen.github_endpoint, token) as github:
        yield Reader(github)


def _asked(flag: str, question: str, who: str) -> str:
    """The answer of the person at the terminal. Raises Failed where there is nobody, or nothing is said."""
    answer = ""
    if sys.stdin.isatty():
        print(question, end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline().strip()
    if not answer:
        raise Failed(f"{flag} is missing: {who} needs it")
    return answer


def _number(text: str) -> int:
    if not text.isdigit():
        raise Failed(f"{text!r} is not the number of a pull request")
    return int(text)


async def follow(job: ProwJob, namespace: str, kube: Kube) -> ProwJobStatus:
    """Make the ProwJob, and wait for its end. What becomes of it meanwhile is said on stderr."""
    await kube.create(PROWJOB, namespace, job)
    name, state = job.metadata.name, ""
    _say(f"made {namespace}/{name}, waiting for its end")
    while True:
        try:
            found = await kube.read.prowjob(namespace, name)
        except Later as later:
            _say(f"{later}; asking again")
        else:
            if found is None:
                raise Failed(f"ProwJob {namespace}/{name} was deleted")
            if found.status.state != state:
                state = found.status.state
                _say(f"{state}{_because(found.status)}")
            if state in FINAL:
                return found.status
        await asyncio.sleep(POLL_SECONDS)


def _because(status: ProwJobStatus) -> str:
    words = ", ".join(filter(None, (status.description, status.url)))
    return f": {words}" if words else ""


def _say(text: str) -> None:
    print(f"cutwater mkpj: {text}", file=sys.stderr)
