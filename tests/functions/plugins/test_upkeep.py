"""What nobody asks for by a command: branches that go, milestones, labels that are wanted, mentions and gladness."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from functions.plugins.heart import REACTIONS
from infra.local.github import seed as shape
from tests.functions.plugins.talk import AUTHOR, MEMBER, ORG, REPO, STRANGER, Talk
from tests.world import BOT

pytestmark = pytest.mark.virtual

MERGED: dict[str, Any] = {"state": "closed", "merged": True, "head_ref": "release-1", "head_owner": ORG}
KEEPS = "branch_cleaner: {{preserved_branches: {{{}: ['{}']}}}}"


@pytest.mark.parametrize(
    "settings, pull, is_deleted",
    [
        pytest.param("", MERGED, True, id="merged"),
        pytest.param("", MERGED | {"merged": False}, False, id="closed unmerged"),
        pytest.param("", MERGED | {"head_owner": STRANGER}, False, id="of a fork"),
        pytest.param(KEEPS.format(ORG, "release-1"), MERGED, False, id="kept by its organisation"),
        pytest.param(KEEPS.format(f"{ORG}/{REPO}", "release-.*"), MERGED, False, id="kept by a pattern"),
        pytest.param(KEEPS.format(f"{ORG}/pad", "release-1"), MERGED, True, id="kept elsewhere"),
        pytest.param(KEEPS.format(ORG, "main"), MERGED, True, id="another is kept"),
    ],
)
async def test_branchcleaner(settings: str, pull: dict[str, Any], is_deleted: bool) -> None:
    async with Talk("branchcleaner", settings, **pull) as talk:
        await talk.happens("closed")
        assert ("release-1" not in branches(talk)) == is_deleted
        assert "main" in branches(talk)


def branches(talk: Talk) -> set[str]:
    hub = talk.scene.github.hub
    here = hub.repository(f"{ORG}/{REPO}")
    assert here is not None
    return {ref.name.removeprefix("refs/heads/") for ref in hub.refs_of.all(here.id)}


SEVERAL = "This PR has multiple commits, and the default merge method is: {}.\n"
SQUASHED = f"tide: {{merge_method: {{{ORG}/{REPO}: squash}}, merge_label: by-merge}}"
LABELLED = "You can request commits to be {} using the label: {}"


@pytest.mark.parametrize(
    "commits, config, action, answers",
    [
        pytest.param(1, "{}", "opened", [], id="one commit"),
        pytest.param(2, "{}", "labeled", [], id="another event"),
        pytest.param(
            2,
            "{}",
            "opened",
            [SEVERAL.format("merge") + "Commits will be merged, as no squash labels are defined"],
            id="two",
        ),
        pytest.param(
            2,
            "tide: {squash_label: squash}",
            "synchronize",
            [SEVERAL.format("merge") + LABELLED.format("squashed", "squash")],
            id="merged unless labelled",
        ),
        pytest.param(
            2,
            SQUASHED,
            "reopened",
            [SEVERAL.format("squash") + LABELLED.format("merged", "by-merge")],
            id="squashed unless labelled",
        ),
    ],
)
async def test_merge_method_comment(commits: int, config: str, action: str, answers: list[str]) -> None:
    made = tuple(shape.Commit(f"sha-{number}", "Go") for number in range(commits))
    async with Talk("merge-method-comment", config=config, commits=made) as talk:
        await talk.happens(action)
        assert talk.answers == answers
        await talk.happens(action)
        assert talk.answers == answers, "it is said once"


APPLIES = f"milestone_applier: {{{ORG}/{REPO}: {{main: v1.0, release-1: v1.1}}}}"
OF_RELEASE = {"base_ref": "release-1"}


@pytest.mark.parametrize(
    "given, action, before, after",
    [
        pytest.param({}, "opened", None, None, id="opened on the default branch"),
        pytest.param(OF_RELEASE, "opened", None, 2, id="opened on a release branch"),
        pytest.param(OF_RELEASE, "synchronize", None, None, id="pushed to"),
        pytest.param({"state": "closed"}, "closed", None, None, id="closed unmerged"),
        pytest.param(MERGED, "closed", None, 1, id="merged"),
        pytest.param(MERGED, "closed", 2, 1, id="merged, in another one"),
        pytest.param({"base_ref": "elsewhere"}, "opened", None, None, id="of a branch that has none"),
    ],
)
async def test_milestoneapplier(given: dict[str, Any], action: str, before: int | None, after: int | None) -> None:
    async with Talk("milestoneapplier", APPLIES, **given) as talk:
        put_into(talk, before)
        await talk.happens(action)
        assert talk.issue.record.milestone == after


async def test_what_is_in_its_milestone_is_left_alone() -> None:
    async with Talk("milestoneapplier", APPLIES, **MERGED) as talk:
        put_into(talk, 1)
        await talk.happens("closed")
        (receipt,) = await talk.receipts()
        assert receipt.outcome == "nothing"


def put_into(talk: Talk, milestone: int | None) -> None:
    hub = talk.scene.github.hub
    with hub.store.transaction():
        hub.issues.put(replace(talk.issue.record, milestone=milestone))


KIND = f"""
require_matching_label:
- {{org: {ORG}, repo: {REPO}, prs: true, missing_label: needs-kind, regexp: '^kind/', missing_comment: Which kind?}}
- {{org: {ORG}, issues: true, prs: true, branch: main, missing_label: needs-group, regexp: '^(sig|wg)/'}}
- {{org: {ORG}, repo: pad, prs: true, missing_label: needs-pad, regexp: '^pad/'}}
"""
BOTH = {"needs-kind", "needs-group"}


@pytest.mark.parametrize(
    "given, action, label, after",
    [
        pytest.param({}, "opened", "", BOTH, id="nothing is there"),
        pytest.param({"labels": ["kind/bug"]}, "opened", "", {"kind/bug", "needs-group"}, id="one is there"),
        pytest.param({"labels": ["needs-kind"]}, "reopened", "", BOTH, id="said already"),
        pytest.param({"base_ref": "release-1"}, "opened", "", {"needs-kind"}, id="on another branch"),
        pytest.param({"on": "issue"}, "opened", "", {"needs-group"}, id="an issue"),
        pytest.param({}, "edited", "", set(), id="another event"),
        pytest.param({"labels": ["sig/x"]}, "labeled", "sig/x", {"sig/x"}, id="a rule that the label does not concern"),
        pytest.param(
            {"labels": ["kind/a", "needs-kind"]}, "labeled", "kind/a", {"kind/a"}, id="what was missing comes"
        ),
        pytest.param({"labels": ["wg/b"]}, "unlabeled", "sig/a", {"wg/b"}, id="one goes, another is there"),
        pytest.param({}, "unlabeled", "sig/a", {"needs-group"}, id="the last one goes"),
    ],
)
async def test_require_matching_label(given: dict[str, Any], action: str, label: str, after: set[str]) -> None:
    async with Talk("require-matching-label", KIND, **given) as talk:
        await talk.happens(action, **({"label": {"name": label}} if label else {}))
        assert talk.labels == after


async def test_what_is_missing_is_said_until_it_comes() -> None:
    async with Talk("require-matching-label", KIND) as talk:
        await talk.happens("opened")
        assert [answer.partition("\n")[0] for answer in talk.answers] == ["Which kind?"]
        await talk.issue.label("kind/bug", by=MEMBER)
        await talk.settle()
        assert talk.answers == [] and "needs-kind" not in talk.labels


async def test_the_grace_period_is_waited_for() -> None:
    async with Talk(
        "require-matching-label", KIND.replace("missing_comment", "grace_period: 20s, missing_comment")
    ) as talk:
        hub = talk.scene.github.hub
        began = hub.now()
        await talk.happens("opened")
        assert talk.labels == BOTH and hub.now() - began >= timedelta(seconds=20)


@pytest.mark.parametrize("on", ["issue", "pull request"])
async def test_labels_are_checked_for_whoever_asks(on: Any) -> None:
    async with Talk("require-matching-label", KIND, on=on) as talk:
        await talk.say(STRANGER, "/check-required-labels")
        assert "needs-group" in talk.labels


SIGS = ["sig/node", "sig/wide-web"]
AGAIN = "Reiterating the mentions to trigger a notification: \n{}"
OPENSHIFT = "sigmention: {regexp: '(?m)@openshift/sig-([\\w-]*)'}"


@pytest.mark.parametrize(
    "settings, by, says, after, answers",
    [
        pytest.param("", MEMBER, "@kubernetes/sig-node-misc", {"sig/node"}, [], id="a team"),
        pytest.param("", MEMBER, "so @kubernetes/sig-node-bugs, look", {"sig/node", "kind/bug"}, [], id="and a kind"),
        pytest.param(
            "",
            STRANGER,
            "@kubernetes/sig-node-bugs",
            {"sig/node", "kind/bug"},
            [AGAIN.format("@kubernetes/sig-node-bugs")],
            id="by a stranger",
        ),
        pytest.param(
            "",
            AUTHOR,
            "@kubernetes/sig-node-misc @kubernetes/sig-wide-web-proposals",
            {"sig/node", "sig/wide-web", "kind/design"},
            [AGAIN.format("@kubernetes/sig-node-misc, @kubernetes/sig-wide-web-proposals")],
            id="two",
        ),
        pytest.param("", STRANGER, "@kubernetes/sig-moon-bugs", set(), [], id="a label that does not exist"),
        pytest.param("", STRANGER, "@kubernetes/sig-node", set(), [], id="no team"),
        pytest.param(OPENSHIFT, MEMBER, "@openshift/sig-node", {"sig/node"}, [], id="an expression without a kind"),
        pytest.param(OPENSHIFT, MEMBER, "@kubernetes/sig-node-misc", set(), [], id="which stands in the place of ours"),
    ],
)
async def test_sigmention(settings: str, by: str, says: str, after: set[str], answers: list[str]) -> None:
    async with Talk("sigmention", settings, known=SIGS) as talk:
        await talk.say(by, says)
        assert talk.labels == after
        assert [answer.strip() for answer in talk.answers] == answers


async def test_our_own_mentions_are_none() -> None:
    async with Talk("sigmention", known=SIGS) as talk:
        await talk.say(BOT, "@kubernetes/sig-node-misc")
        assert talk.labels == set()


async def test_a_label_that_is_there_does_not_keep_a_mention_from_being_repeated() -> None:
    async with Talk("sigmention", labels=["sig/node"]) as talk:
        await talk.say(STRANGER, "@kubernetes/sig-node-misc")
        assert len(talk.answers) == 1


ADORES = f"heart: {{adorees: [{STRANGER}], commentregexp: 'well done'}}"


@pytest.mark.parametrize(
    "file, is_glad",
    [
        pytest.param(shape.File("foo/bar/OWNERS", additions=1), True, id="an owner more"),
        pytest.param(shape.File("x/OWNERS_ALIASES", additions=1), True, id="an alias more"),
        pytest.param(shape.File("OWNERS", additions=0, deletions=1), False, id="one fewer"),
        pytest.param(shape.File("x/OWNERS.md", additions=1), False, id="another file"),
    ],
)
async def test_heart_is_glad_of_owners(file: shape.File, is_glad: bool) -> None:
    async with Talk("heart", files=(file,)) as talk:
        await talk.happens("opened")
        found = reactions(talk)
        assert len(found) == is_glad and found <= {("issue", one) for one in REACTIONS}


@pytest.mark.parametrize(
    "settings, on, by, says, is_glad",
    [
        pytest.param(ADORES, "pull request", STRANGER, "That is well done.", True, id="one who is adored"),
        pytest.param(ADORES, "pull request", MEMBER, "That is well done.", False, id="another"),
        pytest.param(ADORES, "pull request", STRANGER, "That is done.", False, id="other words"),
        pytest.param(ADORES, "issue", STRANGER, "That is well done.", False, id="an issue"),
        pytest.param("", "pull request", STRANGER, "That is well done.", False, id="nobody is adored"),
    ],
)
async def test_heart_is_glad_of_words(settings: str, on: Any, by: str, says: str, is_glad: bool) -> None:
    async with Talk("heart", settings, on=on) as talk:
        await talk.say(by, says)
        found = reactions(talk)
        assert len(found) == is_glad and found <= {("comment", one) for one in REACTIONS}


def reactions(talk: Talk) -> set[tuple[str, str]]:
    return {(one.subject, one.content) for one in talk.scene.github.hub.reactions}
