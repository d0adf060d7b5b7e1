"""Pull requests, contexts, runs and what git puts together, in a few words."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from cutwater.config.contexts import Contexts
from cutwater.config.findings import Origin
from cutwater.config.jobs import Presubmit
from cutwater.prowjob.labels import BASE_REF, CONTEXT, CREATED_BY_TIDE, ORG, PULL, REPO, TYPE
from cutwater.prowjob.types import ObjectMeta, ProwJob, ProwJobSpec, ProwJobStatus, Pull, Refs
from functions.tide.pull_requests import Context, PullRequest
from functions.tide.results import Candidate

BASE = "b" * 40
POOL = "acme/rocket:main"
NOW = datetime(2026, 3, 2, tzinfo=UTC)
LONG_AGO = "2026-03-01T00:00:00Z"
STATES = {"S": "success", "P": "pending", "T": "triggered", "F": "failure", "A": "aborted"}


def pull(
    number: int = 1, *, head: str = "", contexts: Mapping[str, str] | Sequence[Context] | None = (), **more: Any
) -> PullRequest:
    """A pull request. `contexts`: the state of each, upper case; or they themselves; or None, not known."""
    if isinstance(contexts, Mapping):
        contexts = tuple(Context(name, state) for name, state in contexts.items())
    given: dict[str, Any] = {"org": "acme", "repo": "rocket", "base_ref": "main", "author": "bob", "contexts": contexts}
    return PullRequest(**(given | {"number": number, "head": head or f"head-{number}"} | more))


def policy(**said: Any) -> Contexts:
    """A context policy that says nothing but this."""
    nothing: dict[str, Any] = dict.fromkeys(("required", "required_if_present", "optional", "optional_patterns"), ())
    return Contexts(**(nothing | {"skip_unknown": None, "overwrite_pending": None} | said))


def presubmits(*names: str) -> tuple[Presubmit, ...]:
    return tuple(
        Presubmit(origin=Origin("jobs.yaml", 1), name=name, context=name, always_run=True, agent="kubernetes")
        for name in names
    )


def candidate(number: int, *jobs: str, **more: Any) -> Candidate:
    """A pull request of the pool that must have passed these jobs."""
    return Candidate(pull(number, **more), presubmits(*jobs))


async def all_together(candidates: Sequence[Candidate], limit: int) -> Sequence[Candidate]:
    """git where nothing conflicts."""
    return candidates[: limit or None]


def run(text: str, *, base: str = BASE, kind: str = "presubmit", is_ours: bool = False) -> ProwJob:
    """A run, of `PULLS/job:STATE`: `1/unit:S`, `1@head+2/unit:P`."""
    subject, _, rest = text.partition("/")
    job, _, state = rest.partition(":")
    pulls = []
    for one in subject.split("+"):
        number, _, head = one.partition("@")
        pulls.append(Pull(number=int(number), author="bob", sha=head or f"head-{number}"))
    refs = Refs(org="acme", repo="rocket", base_ref="main", base_sha=base, pulls=tuple(pulls))
    labels = {CREATED_BY_TIDE: "true", TYPE: kind, ORG: "acme", REPO: "rocket", BASE_REF: "main"}
    labels |= {PULL: str(pulls[0].number), CONTEXT: job}
    return ProwJob(
        metadata=ObjectMeta(name=f"{text} {base} {id(refs)}", labels=labels if is_ours else {}),
        spec=msgspec.convert({"type": kind, "job": job, "context": job, "refs": refs}, ProwJobSpec),
        status=msgspec.convert(
            {"state": STATES[state], **({"completionTime": LONG_AGO} if state in "SFA" else {})}, ProwJobStatus
        ),
    )
