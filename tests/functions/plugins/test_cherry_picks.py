"""Plugins for pull requests to release branches, and for the time before a release, in talks."""

from collections.abc import Collection
from typing import Any

import pytest

from cutwater.events.look import look_at
from functions.plugins.cherry_pick_approved import APPROVED, HINDRANCES, UNAPPROVED
from functions.plugins.cherry_pick_unapproved import COMMENT
from functions.plugins.testfreeze import CONFIG, PROWJOBS, Freeze, Release, freeze_now
from infra.local.github import records as r
from infra.local.github import seed as shape
from tests.functions.plugins.talk import MEMBER, ORG, REPO, STRANGER, Talk
from tests.world import BOT

pytestmark = pytest.mark.virtual

ONE = f"{{org: {ORG}, repo: {REPO}, branchregexp: ^release-, approvers: [{MEMBER}]}}"
RULES = f"cherry_pick_approved: [{ONE.replace(MEMBER, 'nobody')}, {ONE}]"
REVIEWED = ["lgtm", "approved"]


def status(state: str) -> shape.Status:
    return shape.Status("unit", state)


@pytest.mark.parametrize(
    "given, by, event, is_approved",
    [
        pytest.param({}, MEMBER, "APPROVE", True, id="approved by one who is named"),
        pytest.param({"labels": [*REVIEWED, UNAPPROVED]}, MEMBER, "APPROVE", True, id="the other label goes"),
        pytest.param({}, STRANGER, "APPROVE", False, id="by another"),
        pytest.param({}, MEMBER, "REQUEST_CHANGES", False, id="changes are wanted"),
        pytest.param({}, MEMBER, "COMMENT", False, id="a comment"),
        pytest.param({"labels": ["lgtm"]}, MEMBER, "APPROVE", False, id="not approved for its own sake"),
        pytest.param({"labels": ["approved"]}, MEMBER, "APPROVE", False, id="without lgtm"),
        pytest.param({"base_ref": "main"}, MEMBER, "APPROVE", False, id="to another branch"),
        pytest.param({"statuses": (status("failure"),)}, MEMBER, "APPROVE", False, id="something has failed"),
        pytest.param({"statuses": (status("pending"),)}, MEMBER, "APPROVE", True, id="something still runs"),
        pytest.param({"labels": [*REVIEWED, "do-not-merge/hold"]}, MEMBER, "APPROVE", True, id="on hold"),
        pytest.param({"labels": [*REVIEWED, *HINDRANCES]}, MEMBER, "APPROVE", False, id="all that hinders a merge"),
    ],
)
async def test_cherry_pick_approved(given: dict[str, Any], by: str, event: str, is_approved: bool) -> None:
    async with Talk("cherry-pick-approved", RULES, **{"base_ref": "release-1", "labels": REVIEWED, **given}) as talk:
        before = talk.labels
        await talk.issue.review(by, event, "Well.")
        await talk.settle()
        assert talk.labels == ((before | {APPROVED}) - {UNAPPROVED} if is_approved else before)


async def test_labels_that_may_be_missing() -> None:
    rules = f"cherry_pick_approved: [{ONE[:-1]}, allow_missing_lgtm_label: true, allow_missing_approved_label: true}}]"
    async with Talk("cherry-pick-approved", rules, base_ref="release-1") as talk:
        await talk.issue.review(MEMBER, "APPROVE")
        await talk.settle()
        assert talk.labels == {APPROVED}


SAID = f"{COMMENT}\n\n<details>…"


@pytest.mark.parametrize(
    "base, labels, said, action, more, after, answers",
    [
        pytest.param("release-1", [], [], "opened", {}, {UNAPPROVED}, 1, id="opened to a release"),
        pytest.param("main", [], [], "opened", {}, set(), 0, id="opened to main"),
        pytest.param("release-1", [UNAPPROVED], [SAID], "reopened", {}, {UNAPPROVED}, 1, id="said already"),
        pytest.param(
            "release-1",
            [APPROVED, UNAPPROVED],
            [SAID, "Well."],
            "labeled",
            {"label": {"name": APPROVED}},
            {APPROVED},
            1,
            id="approved: what was said goes",
        ),
        pytest.param(
            "release-1", [], [], "unlabeled", {"label": {"name": APPROVED}}, {UNAPPROVED}, 1, id="not approved any more"
        ),
        pytest.param("release-1", [], [], "labeled", {"label": {"name": "lgtm"}}, set(), 0, id="another label"),
        pytest.param(
            "release-1",
            [],
            [],
            "edited",
            {"changes": {"base": {"ref": {"from": "main"}}}},
            {UNAPPROVED},
            1,
            id="moved to a release",
        ),
        pytest.param(
            "main",
            [APPROVED, UNAPPROVED],
            [SAID],
            "edited",
            {"changes": {"base": {"ref": {"from": "release-1"}}}},
            set(),
            0,
            id="moved to main",
        ),
        pytest.param(
            "release-1",
            [],
            [],
            "edited",
            {"changes": {"base": {"ref": {"from": "release-0"}}}},
            set(),
            0,
            id="moved from one release to another",
        ),
        pytest.param(
            "release-1", [], [], "edited", {"changes": {"base": "main"}}, set(), 0, id="changes of another shape"
        ),
    ],
)
async def test_cherry_pick_unapproved(
    base: str,
    labels: list[str],
    said: list[str],
    action: str,
    more: dict[str, object],
    after: set[str],
    answers: int,
) -> None:
    texts = [(BOT, text) for text in said]
    async with Talk("cherry-pick-unapproved", base_ref=base, labels=labels, said=texts) as talk:
        await talk.happens(action, **more)
        assert (talk.labels, len(talk.answers)) == (after, answers)
        if answers and not said:
            assert talk.answers == [COMMENT]


# Freezes


RELEASE = Release(1, 31)


@pytest.mark.parametrize(
    "freeze, labels, has, lacks",
    [
        pytest.param(Freeze(release=RELEASE, is_code_frozen=False), [], [], ["Freeze"], id="nothing is frozen"),
        pytest.param(
            Freeze(release=RELEASE, is_code_frozen=True),
            [],
            ["Code Freeze", "v1.31.0", "strictly prohibited", "`v1.31.0` milestone"],
            ["Test Freeze", "bug fix"],
            id="code freeze",
        ),
        pytest.param(
            Freeze(release=RELEASE, is_code_frozen=True),
            ["kind/bug"],
            ["may** be included in the v1.31.0 release as a bug fix"],
            ["strictly prohibited"],
            id="code freeze, a bug fix",
        ),
        pytest.param(
            Freeze(release=RELEASE, is_code_frozen=False, last="unknown"),
            [],
            ["\n\n---\n\nWe're in [Test Freeze]", "`release-1.31` branch", "most recent run was: unknown."],
            ["Code Freeze"],
            id="test freeze",
        ),
        pytest.param(
            Freeze(release=RELEASE, is_code_frozen=True, last="unknown"), [], ["We're also in"], [], id="both"
        ),
    ],
)
def test_what_a_freeze_is_told_as(freeze: Freeze, labels: Collection[str], has: list[str], lacks: list[str]) -> None:
    told = freeze.told(labels)
    assert [text for text in has if text not in told] + [text for text in lacks if text in told] == []


RUNS = """{"items": [
  {"spec": {"job": "ci-fast-forward"}, "status": {"state": "failure", "completionTime": "2026-01-04T00:00:00Z"}},
  {"spec": {"job": "ci-fast-forward"}, "status": {"state": "success", "completionTime": "2026-01-03T04:05:06Z"}}
]}"""
LAST = "Sat Jan  3 04:05:06 UTC 2026"


def excluding(*branches: str) -> str:
    return f"tide: {{queries: [{{repos: [kubernetes/kubernetes], excludedBranches: [{', '.join(branches)}]}}]}}"


@pytest.mark.parametrize(
    "refs, config, runs, freeze",
    [
        pytest.param("heads/main heads/release-x", "{}", RUNS, None, id="no release branch"),
        pytest.param(
            "heads/release-1.9 heads/release-1.10 heads/release-01.99",
            "{}",
            RUNS,
            Freeze(release=Release(1, 10), is_code_frozen=False, last=LAST),
            id="a branch without its release",
        ),
        pytest.param(
            "heads/release-1.31 tags/v1.31.0-rc.0",
            excluding("release-1.31"),
            "no JSON",
            Freeze(release=Release(1, 31), is_code_frozen=True, last="unknown"),
            id="and code freeze; when it was forwarded is unknown",
        ),
        pytest.param(
            "heads/release-1.31 tags/v1.31.0",
            excluding("release-1.30"),
            RUNS,
            Freeze(release=Release(1, 31), is_code_frozen=False),
            id="released",
        ),
        pytest.param(
            "heads/release-1.31 tags/v1.31.0",
            excluding("release-1.32"),
            RUNS,
            Freeze(release=Release(1, 32), is_code_frozen=True),
            id="code freeze for the one that has no branch yet",
        ),
        pytest.param(
            "heads/release-1.31 tags/v1.31.0",
            "!503",
            RUNS,
            Freeze(release=Release(1, 31), is_code_frozen=False),
            id="Kubernetes' configuration cannot be had",
        ),
        pytest.param(
            "heads/release-1.31 tags/v1.31.0",
            "tide: [",
            RUNS,
            Freeze(release=Release(1, 31), is_code_frozen=False),
            id="nor be read",
        ),
    ],
)
async def test_what_is_frozen(refs: str, config: str, runs: str, freeze: Freeze | None) -> None:
    async with Talk("testfreeze", sites={CONFIG: config, PROWJOBS: runs}) as talk:
        hub = talk.scene.github.hub
        here = talk.scene.github.world().repository("kubernetes/kubernetes", is_described=True).record
        with hub.store.transaction():
            for name in refs.split():
                hub.refs.put(r.Ref(id=hub.refs.next_id(), repository=here.id, name=f"refs/{name}", sha="sha"))
        assert await freeze_now(await look_at(talk.scene.functions.edges)) == freeze


async def test_nobody_is_asked_about_freezes_for_other_repositories() -> None:
    async with Talk("testfreeze", base_ref="main", sites={CONFIG: "tide: {}", PROWJOBS: "{}"}) as talk:
        await talk.happens("opened")
        assert talk.answers == []
