"""testfreeze: who opens a pull request to Kubernetes while it is frozen for a release is told what that means.

Source: sigs.k8s.io/prow pkg/plugins/testfreeze.
"""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from urllib.parse import quote

import msgspec
from msgspec import Struct

from cutwater.config import typed
from cutwater.config.configuration import Configuration
from cutwater.config.findings import Source
from cutwater.config.tide import TideQuery
from cutwater.errors import Refused
from cutwater.github.effects import AddComment, Subject
from cutwater.github.webhooks import PullRequestEvent, Webhook
from functions.plugins.kit import Effect, Look, Plugin

ORG, REPO, BRANCH = "kubernetes", "kubernetes", "master"
CONFIG = "https://raw.githubusercontent.com/kubernetes/test-infra/master/config/prow/config.yaml"
PROWJOBS = "https://prow.k8s.io/prowjobs.js?omit=annotations,labels,decoration_config,pod_spec"
MOST_PROWJOBS = 64 * 1024 * 1024
"""Bytes of the list of all jobs' runs."""
FAST_FORWARD = "ci-fast-forward"
BUG = "kind/bug"

_RELEASE = re.compile(r"release-(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")
_PHASES = "https://github.com/kubernetes/sig-release/blob/master/releases/release_phases.md"
_REVIEW = "Technical review: get the PR reviewed and approved as usual (`/lgtm` and `/approve`)"
_SLACK = "[#sig-release Slack channel](https://kubernetes.slack.com/archives/C2C40FMNF)"
_JOB = "https://testgrid.k8s.io/sig-release-releng-blocking#git-repo-kubernetes-fast-forward"
FROZEN = f"Please note that we're already in [Code Freeze]({_PHASES}#code-freeze) for the upcoming {{tag}} release.\n\n"
BUG_FIX = (
    f"This PR is labeled `{BUG}`, so it **may** be included in the {{tag}} release as a bug fix. Please make sure to:\n"
    f"1. {_REVIEW}\n"
    "2. Release team awareness: tag `@kubernetes/sig-release-leads` on this PR so the release team is aware of the fix "
    f"going in. You can also ping the {_SLACK} for time-sensitive cases.\n"
)
NO_BUG_FIX = (
    "**Adding the milestone to this PR is strictly prohibited without proper approval.** "
    "If this PR needs to be included in the {tag} release:\n"
    f"1. {_REVIEW}\n"
    "2. Inclusion in release: tag `@kubernetes/sig-release-leads` on this PR and ping the "
    f"{_SLACK} to request adding the `{{tag}}` milestone\n"
)
FORWARDED = (
    f"\n---\n\nWe're{{also}} in [Test Freeze]({_PHASES}#test-freeze) for the `{{branch}}` branch. "
    "This means every merged PR will be automatically fast-forwarded via the periodic "
    f"[{FAST_FORWARD}]({_JOB}) job to the release branch of the upcoming {{tag}} release.\n\n"
    "Fast forwards are scheduled to happen every 6 hours, whereas the most recent run was: {last}.\n"
)

plugin = Plugin(
    "testfreeze",
    about="Tells those who open pull requests to Kubernetes during Code Freeze and Test Freeze what these mean.",
    effects=[AddComment],
)


class Release(Struct, frozen=True, order=True):
    """The branch of a minor version."""

    major: int
    minor: int

    @property
    def branch(self) -> str:
        return f"release-{self.major}.{self.minor}"

    @property
    def tag(self) -> str:
        """Its first release."""
        return f"v{self.major}.{self.minor}.0"


class Freeze(Struct, frozen=True, kw_only=True):
    """What is frozen for a release. `last`: when master's commits last came to its branch, where they still do."""

    release: Release
    is_code_frozen: bool
    last: str | None = None

    def told(self, labels: Collection[str]) -> str:
        """What is said on a pull request with these labels; "" while nothing is frozen."""
        if not self.is_code_frozen and self.last is None:
            return ""
        told = (FROZEN + (BUG_FIX if BUG in labels else NO_BUG_FIX)) if self.is_code_frozen else ""
        told += "\n" if self.last is None else f"\n{FORWARDED}"
        also = " also" if self.is_code_frozen else ""
        return told.format(also=also, branch=self.release.branch, tag=self.release.tag, last=self.last)


class Tide(Struct, frozen=True, kw_only=True):
    """Kubernetes' section of this name."""

    queries: tuple[TideQuery, ...] = ()


class ProwConfig(Struct, frozen=True, kw_only=True):
    """As much of Kubernetes' config.yaml as matters here."""

    tide: Tide = Tide()


class Spec(Struct, frozen=True, kw_only=True):
    """What a run is of."""

    job: str = ""


class Status(Struct, frozen=True, kw_only=True, rename="camel"):
    """How a run ended, and when."""

    state: str = ""
    completion_time: datetime | None = None


class Run(Struct, frozen=True, kw_only=True):
    """As much of a ProwJob as matters here."""

    spec: Spec = Spec()
    status: Status = Status()


class Runs(Struct, frozen=True, kw_only=True):
    """The runs of all jobs."""

    items: tuple[Run, ...] = ()


def _is_meant(hook: Webhook, config: Configuration) -> bool:
    return (hook.org, hook.repo) == (ORG, REPO) and hook.read(PullRequestEvent).pull_request.base.ref == BRANCH


@plugin.on("pull_request", "opened", "reopened", wants=_is_meant)
async def decide(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """A comment, while anything is frozen."""
    pull = event.pull_request
    freeze = await freeze_now(look)
    text = freeze.told([label.name for label in pull.labels]) if freeze else ""
    subject = Subject(ORG, REPO, pull.number)
    return [AddComment(subject=subject, body=text, why="Kubernetes is frozen for a release")] if text else []


async def freeze_now(look: Look) -> Freeze | None:
    """What is frozen now. None where there is no release branch."""
    release = await _latest(look)
    if release is None:
        return None
    excluded = await _excluded(look)
    tag = f"/repos/{{org}}/{{repo}}/git/ref/tags/{quote(release.tag)}"
    if await look.github.get(tag, org=ORG, repo=REPO) is None:
        return Freeze(release=release, is_code_frozen=release.branch in excluded, last=await _last_forwarded(look))
    following = Release(release.major, release.minor + 1)
    if release.branch not in excluded and following.branch in excluded:  # before its branch is made
        release = following
    return Freeze(release=release, is_code_frozen=release.branch in excluded)


async def _latest(look: Look) -> Release | None:
    path = "/repos/{org}/{repo}/git/matching-refs/heads/release-"
    refs = await look.github.pages(path, org=ORG, repo=REPO)
    named = (_RELEASE.fullmatch(str(ref["ref"]).removeprefix("refs/heads/")) for ref in refs)
    return max((Release(int(one[1]), int(one[2])) for one in named if one), default=None)


async def _excluded(look: Look) -> frozenset[str]:
    """The branches to which tide merges nothing; none where Kubernetes' configuration cannot be read."""
    try:
        page = await look.web.get(CONFIG)
        found = typed.read(Source("config.yaml", page.body), ProwConfig).value if page.status == 200 else None
    except Refused:
        return frozenset()
    queries = found.tide.queries if found else ()
    return frozenset(
        branch for query in queries if f"{ORG}/{REPO}" in query.repos for branch in query.excluded_branches
    )


async def _last_forwarded(look: Look) -> str:
    """When the last run succeeded that brought the commits over, as `date` writes it."""
    try:
        page = await look.web.get(PROWJOBS, most=MOST_PROWJOBS)
        runs = msgspec.json.decode(page.body, type=Runs).items
    except (Refused, msgspec.MsgspecError):
        return "unknown"
    succeeded = (run.status for run in runs if run.spec.job == FAST_FORWARD and run.status.state == "success")
    last = next(succeeded, Status()).completion_time
    return last.astimezone(UTC).strftime("%a %b %e %H:%M:%S UTC %Y") if last else "unknown"
