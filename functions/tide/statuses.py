"""What the `tide` status says of a pull request: whether it is in the pool, and what it waits for. Pure texts.

Source: sigs.k8s.io/prow pkg/tide (status.go, expectedStatus).
"""

from collections.abc import Collection, Iterable, Sequence
from urllib.parse import quote_plus, urlencode

from msgspec import Struct

from cutwater.config.contexts import Contexts
from cutwater.config.tide import Tide, setting
from cutwater.events.pools import Blocker
from cutwater.github.effects import SetStatus, StatusState
from cutwater.prowjob.types import ProwJob
from functions.tide.mergeability import blocks_policy
from functions.tide.pull_requests import TIDE, PullRequest
from functions.tide.requirements import BRANCH, Difference, difference

LONGEST = 140
"""Bytes of a description that GitHub takes."""
IN_POOL, IN_POOL_BLOCKED = "In merge pool.", "In merge pool (despite BLOCKED)."
NOT = "Not mergeable."


class Expected(Struct, frozen=True):
    """What the status is to say. The description may be longer than GitHub takes it."""

    state: StatusState
    description: str


class Standing(Struct, frozen=True, kw_only=True):
    """Where a pull request stands.

    `obstacle`: what of itself stands in the way of a merge, or GitHub's words when it refused one. `retesting`: the
    required contexts that have not been tested on the branch as it is. `policy`: the contexts that must be green.
    """

    pull: PullRequest
    is_in_pool: bool
    policy: Contexts
    obstacle: str = ""
    blockers: Sequence[Blocker] = ()
    retesting: Collection[str] = ()


def expected(standing: Standing, tide: Tide) -> Expected:
    """What the status is to say, and how serious it is."""
    pull = standing.pull
    if standing.obstacle:
        return Expected("error", f"{NOT} {standing.obstacle}")
    is_fulfilled = standing.is_in_pool
    if not standing.is_in_pool:
        if standing.blockers:
            return Expected("error", f"{NOT} {_blocked_by(standing.blockers)}")
        differences = differences_of(pull, standing.policy, tide)
        is_fulfilled = any(one.weight == 0 for one in differences)
        if not is_fulfilled:
            return Expected("pending", NOT + _what_lacks(differences, pull, tide))
    if is_fulfilled and standing.retesting:
        return Expected("pending", _retesting(standing.retesting))
    is_permitted = pull.is_blocked and blocks_policy(pull.org, pull.repo, tide) == "permit"
    return Expected("success", IN_POOL_BLOCKED if is_permitted else IN_POOL)


def differences_of(pull: PullRequest, policy: Contexts, tide: Tide) -> list[Difference]:
    """How far it is from each query for its repository, in configuration order."""
    respects = blocks_policy(pull.org, pull.repo, tide) == "block"
    queries = tide.queries_of(pull.org, pull.repo)
    return [difference(pull, query, policy, is_block_respected=respects) for query in queries]


def _what_lacks(differences: Sequence[Difference], pull: PullRequest, tide: Tide) -> str:
    if not tide.display_all_tide_queries_in_status:
        return min(differences, key=lambda one: one.weight).text if differences else ""
    texts = [one.text for one in differences if one.weight < BRANCH]
    if not texts:
        return f" No Tide query for branch {pull.base_ref} found."
    return "".join([*(f"{text.removesuffix('.')} OR" for text in texts[:-1]), texts[-1]])


def _blocked_by(blockers: Sequence[Blocker]) -> str:
    numbers = ", ".join(str(blocker.number) for blocker in blockers)
    return f"Merging is blocked by issue{'s' if len(blockers) > 1 else ''} {numbers}."


def _retesting(contexts: Collection[str]) -> str:
    text = f"{NOT} Retesting: {' '.join(sorted(contexts))}"
    if len(text.encode()) <= LONGEST:
        return text
    return f"{NOT} Retesting {len(contexts)} job{'s' if len(contexts) > 1 else ''}."


def untested(pull: PullRequest, base: str, contexts: Iterable[str], jobs: Iterable[ProwJob]) -> set[str]:
    """Which of the contexts no run has passed for this head, alone or in a batch, on the branch at `base`."""
    passed = {job.spec.context for job in jobs if job.status.state == "success" and _tests(job, pull, base)}
    return set(contexts) - passed


def _tests(job: ProwJob, pull: PullRequest, base: str) -> bool:
    refs = job.spec.refs
    if job.spec.type not in {"presubmit", "batch"} or refs is None:
        return False
    if (refs.full_name, refs.base_sha) != (pull.full_name, base):
        return False
    return any(one.sha == pull.head for one in refs.pulls)


def shortened(description: str) -> str:
    """As much of a description as GitHub takes. What is left of a letter that was cut is U+FFFD."""
    whole = description.encode()
    if len(whole) <= LONGEST:
        return description
    return whole[: LONGEST - 3].decode(errors="replace") + "..."


def target_url(pull: PullRequest, tide: Tide) -> str:
    """Where the status leads: a page of its own, or the one that lists pull requests by a search; else ""."""
    address = setting(tide.target_urls, pull.org, pull.repo, "")
    if address:
        return address
    base = setting(tide.pr_status_base_urls, pull.org, pull.repo, "")
    if not base:
        return ""
    author = pull.author
    if pull.is_by_bot and not author.startswith("app/"):
        author = f"app/{author}"
    search = f"is:pr repo:{pull.full_name} author:{author} head:{pull.head_ref}"
    return f"{base}?{urlencode({'query': search}, quote_via=quote_plus)}"


def set_status(pull: PullRequest, wanted: Expected, tide: Tide, *, why: str) -> SetStatus:
    """Have the status say it."""
    return SetStatus(
        org=pull.org,
        repo=pull.repo,
        sha=pull.head,
        context=TIDE,
        state=wanted.state,
        description=shortened(wanted.description),
        target_url=target_url(pull, tide),
        why=why,
    )


def says(pull: PullRequest, wanted: Expected) -> bool:
    """Whether the status says it already."""
    said = next((context for context in pull.contexts or () if context.name == TIDE), None)
    if said is None:
        return False
    return (said.state.lower(), said.description) == (wanted.state, shortened(wanted.description))
