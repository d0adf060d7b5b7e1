"""Plugins by which people and events decide about a pull request, in talks."""

from typing import Any

import pytest

from functions.plugins import hold, mergecommitblocker, release_note, wip
from infra.local.github import seed as shape
from tests.functions.plugins.talk import AUTHOR, MEMBER, STRANGER, Talk

pytestmark = pytest.mark.virtual


@pytest.mark.parametrize(
    "is_held, says, after",
    [
        pytest.param(False, "/hold for review", True, id="with a reason"),
        pytest.param(False, "> /hold", False, id="quoted"),
        pytest.param(False, "/holding", False, id="another word"),
        pytest.param(True, "/hold   cancel  x", False, id="cancel, and more behind it"),
        pytest.param(True, "/unhold x", False, id="unhold"),
        pytest.param(True, "/remove-hold", False, id="remove-hold"),
        pytest.param(True, "/hold\n/unhold", False, id="both: lifted"),
        pytest.param(True, "/hold", True, id="there already"),
    ],
)
async def test_hold(is_held: bool, says: str, after: bool) -> None:
    async with Talk("hold", labels=[hold.HOLD] if is_held else []) as talk:
        await talk.say(STRANGER, says)
        assert (hold.HOLD in talk.labels, talk.answers) == (after, [])


@pytest.mark.parametrize(
    "title, is_draft, after",
    [
        pytest.param("[WIP] x", False, True, id="in brackets"),
        pytest.param("WIP: x", False, True, id="with a colon"),
        pytest.param("wip x", False, True, id="in lower case"),
        pytest.param("Wipe x", False, False, id="another word"),
        pytest.param("Fix WIP", False, False, id="at the end"),
        pytest.param("WIP", False, False, id="alone"),
        pytest.param("x", True, True, id="a draft"),
    ],
)
@pytest.mark.parametrize("before", [False, True], ids=["without", "with"])
async def test_wip(title: str, is_draft: bool, after: bool, before: bool) -> None:
    async with Talk("wip", title=title, draft=is_draft, labels=[wip.WIP] if before else []) as talk:
        await talk.happens("edited")
        assert (wip.WIP in talk.labels) == after
        await talk.happens("synchronize")
        assert (wip.WIP in talk.labels) == after


@pytest.mark.parametrize(
    "given, by, says, assigned, answered",
    [
        pytest.param({}, MEMBER, "/assign", {MEMBER}, False, id="oneself"),
        pytest.param({}, STRANGER, f"/assign @{MEMBER} {AUTHOR}", {MEMBER, AUTHOR}, False, id="two"),
        pytest.param({}, MEMBER, f"/assign @{MEMBER}\n/unassign @{AUTHOR}", {MEMBER}, False, id="one each way"),
        pytest.param({}, MEMBER, f"/assign @{MEMBER}\n/unassign @{MEMBER}", set(), False, id="the last word counts"),
        pytest.param({}, MEMBER, "/assign @Invalid$User", set(), False, id="no login"),
        pytest.param({}, MEMBER, "/assign @acme/keepers", set(), False, id="no team"),
        pytest.param({}, MEMBER, f"/assign  @{MEMBER}", set(), False, id="two blanks"),
        pytest.param({}, MEMBER, f"/UNassign {AUTHOR}", {AUTHOR}, False, id="in capitals it assigns"),
        pytest.param({}, MEMBER, f"/assign nobody {MEMBER}", {MEMBER}, True, id="one whom GitHub leaves out"),
        pytest.param({"on": "issue"}, MEMBER, "/assign", {MEMBER}, False, id="an issue"),
        pytest.param({"state": "closed"}, MEMBER, "/assign", {MEMBER}, False, id="a closed one"),
    ],
)
async def test_assign(given: dict[str, Any], by: str, says: str, assigned: set[str], answered: bool) -> None:
    async with Talk("assign", **given) as talk:
        await talk.say(by, says)
        assert talk.issue.assignees == assigned
        assert [answer.partition(".")[0] for answer in talk.answers] == (
            ["GitHub didn't allow me to assign the following users: nobody"] if answered else []
        )


@pytest.mark.parametrize(
    "by, says, asked, missing",
    [
        pytest.param(MEMBER, "/cc", {MEMBER}, "", id="oneself"),
        pytest.param(STRANGER, f"/cc  @{MEMBER}", {MEMBER}, "", id="another, two blanks"),
        pytest.param(MEMBER, f"/cc \n/uncc @{MEMBER} ", set(), "", id="the last word counts"),
        pytest.param(MEMBER, "/cc nobody", set(), "nobody", id="one whom GitHub does not ask"),
        pytest.param(MEMBER, "/cc other/team", set(), "other/team", id="a team from elsewhere"),
    ],
)
async def test_cc(by: str, says: str, asked: set[str], missing: str) -> None:
    async with Talk("assign") as talk:
        await talk.say(by, says)
        assert talk.issue.requested_reviewers == asked
        assert [answer.partition(".")[0] for answer in talk.answers] == (
            [f"GitHub didn't allow me to request PR reviews from the following users: {missing}"] if missing else []
        )


async def test_a_team_is_asked() -> None:
    async with Talk("assign") as talk:
        await talk.say(MEMBER, "/cc @acme/keepers")
        assert talk.issue.pull.requested_teams == (44,)


ABSENT = "Those labels are not set on the issue: `{}`"
LACKING = "The label(s) `{}` cannot be applied, because the repository doesn't have them."
UNSUPPORTED = (
    "The label(s) `/label {}` cannot be applied. These labels are supported: `foo, secret`. Is this label configured "
    "under `labels -> additional_labels` or `labels -> restricted_labels` in `plugin.yaml`?"
)
RESTRICTED = (
    "The label(s) `secret` cannot be applied or removed, because you are not in one of the allowed teams and are not "
    "an allowed user. Must be a member of one of these teams: keepers"
)
MEMBERS_ONLY = "The label `triage/accepted` cannot be applied. Only GitHub organization members can add the label."
LABELS = "label: {additional_labels: [foo], restricted_labels: {acme: [{label: secret, allowed_teams: [keepers]}]}}"
KNOWN = ["area/api", "area/infra", "kind/bug", "foo", "secret", "triage/accepted", "sig/node", "sig/testing"]


@pytest.mark.parametrize(
    "before, known, by, says, after, answers",
    [
        pytest.param([], [], STRANGER, "/area api infra ", {"area/api", "area/infra"}, [], id="two at once"),
        pytest.param([], [], STRANGER, "  /area infra", set(), [], id="indented"),
        pytest.param([], [], STRANGER, "/kind BuG", {"kind/bug"}, [], id="in any case"),
        pytest.param(
            [], [], STRANGER, "/priority critical", set(), [LACKING.format("priority/critical")], id="lacking"
        ),
        pytest.param(
            ["area/infra"], [], STRANGER, "/remove-area  infra", set(), [ABSENT.format("area/")], id="two blanks"
        ),
        pytest.param([], [], STRANGER, "/triage accepted", set(), [MEMBERS_ONLY], id="accepted by a stranger"),
        pytest.param([], [], MEMBER, "/triage accepted", {"triage/accepted"}, [], id="accepted by a member"),
        pytest.param([], [], STRANGER, "/label foo", {"foo"}, [], id="one that is configured"),
        pytest.param([], [], STRANGER, "/label bar", set(), [UNSUPPORTED.format("bar")], id="one that is not"),
        pytest.param([], [], STRANGER, "/label a b", set(), [], id="two words"),
        pytest.param([], [], STRANGER, "<!-- \n/kind bug\n -->", set(), [], id="hidden"),
        pytest.param([], [], STRANGER, "/label secret", set(), [RESTRICTED], id="restricted"),
        pytest.param([], [], MEMBER, "/label secret", {"secret"}, [], id="restricted, by one of the team"),
        pytest.param(["secret"], [], STRANGER, "/remove-label secret", {"secret"}, [RESTRICTED], id="it stays"),
        pytest.param(
            ["sig/testing"],
            ["needs-sig"],
            STRANGER,
            "/remove-sig testing",
            {"needs-sig"},
            [],
            id="the last of its kind",
        ),
        pytest.param(
            ["sig/testing"],
            ["needs-sig"],
            STRANGER,
            "/remove-sig testing\n/sig node",
            {"sig/node"},
            [],
            id="in place of another",
        ),
        pytest.param(["sig/testing"], [], STRANGER, "/remove-sig testing", set(), [], id="nothing is needed"),
    ],
)
async def test_label(
    before: list[str], known: list[str], by: str, says: str, after: set[str], answers: list[str]
) -> None:
    async with Talk("label", LABELS, labels=before, known=[*KNOWN, *known]) as talk:
        await talk.say(by, says)
        assert (talk.labels, talk.answers) == (after, answers)


def lines(count: int, name: str = "main.py") -> shape.File:
    return shape.File(name, additions=count)


@pytest.mark.parametrize(
    "files, after",
    [
        pytest.param([lines(9)], "size/XS", id="9"),
        pytest.param([lines(10)], "size/S", id="10"),
        pytest.param([lines(5), lines(24, "b")], "size/S", id="29 in two files"),
        pytest.param([lines(500)], "size/XL", id="500"),
        pytest.param([lines(1000)], "size/XXL", id="1000"),
    ],
)
async def test_size(files: list[shape.File], after: str) -> None:
    async with Talk("size", labels=["size/M", "size/unknown", "kind/bug"], files=tuple(files)) as talk:
        await talk.happens("synchronize")
        assert talk.labels == {after, "kind/bug"}


@pytest.mark.parametrize(
    "files, is_labelled, after",
    [
        pytest.param(["docs/a.md", "secret/key"], False, True, id="a protected file"),
        pytest.param(["secret/README.md"], False, False, id="an exception"),
        pytest.param(["docs/a.md"], True, False, id="not any more"),
        pytest.param(["secret/key"], True, True, id="still"),
    ],
)
async def test_blockade(files: list[str], is_labelled: bool, after: bool) -> None:
    blocked = "do-not-merge/blocked-paths"
    settings = "blockades: [{repos: [acme], blockregexps: ['^secret/'], exceptionregexps: ['README'], explanation: no}]"
    changed = tuple(shape.File(name) for name in files)
    async with Talk("blockade", settings, labels=[blocked] if is_labelled else [], files=changed) as talk:
        await talk.happens("opened")
        assert (blocked in talk.labels) == after
        assert len(talk.answers) == (1 if after and not is_labelled else 0)


def commit(message: str, sha: str = "abcdef0123", parents: int = 1) -> shape.Commit:
    return shape.Commit(sha, message=message, parents=tuple(f"parent {number}" for number in range(parents)))


async def test_invalidcommitmsg_says_all_that_is_wrong_at_once_and_takes_it_back() -> None:
    commits = (commit("Fixes #9"), commit("fixup! x", "bcdef01234"))
    async with Talk("invalidcommitmsg", title="fixes #9999", commits=commits) as talk:
        await talk.happens("opened")
        await talk.happens("synchronize")
        (text,) = (text for _, text in talk.issue.comments)
        assert text.count("\n### ") == 3
        assert "- [abcdef0](https://github.com/acme/rocket/commits/abcdef0123) Fixes #9\n" in text
        await talk.issue.edit(AUTHOR, title="Better")
        await talk.settle()
        assert talk.labels == {"do-not-merge/invalid-commit-message"}


@pytest.mark.parametrize("parents, after", [(1, False), (2, True)])
async def test_mergecommitblocker(parents: int, after: bool) -> None:
    async with Talk("mergecommitblocker", commits=(commit("x", parents=parents),)) as talk:
        await talk.happens("opened")
        await talk.happens("synchronize")
        assert (mergecommitblocker.MERGES in talk.labels) == after
        assert talk.answers == ([mergecommitblocker.EXPLAINED] if after else [])


def block(note: str) -> str:
    return f"What it does.\n```release-note\n{note}\n```\n"


@pytest.mark.parametrize(
    "body, labels, after",
    [
        pytest.param(block("NONE"), [], release_note.NONE, id="none"),
        pytest.param(block('"NONE"'), [], release_note.NONE, id="none, quoted"),
        pytest.param(block("NONE"), ["kind/deprecation"], release_note.NEEDED, id="none, for a deprecation"),
        pytest.param(block("x action required"), [], release_note.ACTION, id="action required"),
        pytest.param(block("It flies."), [], release_note.NOTE, id="a note"),
        pytest.param("Nothing to see.", [], release_note.NEEDED, id="no block"),
        pytest.param("Nothing to see.", [release_note.NONE], release_note.NONE, id="no block, and none is needed"),
    ],
)
async def test_release_note(body: str, labels: list[str], after: str) -> None:
    async with Talk("release-note", labels=labels, body=body) as talk:
        await talk.happens("edited")
        assert talk.labels - {"kind/deprecation"} == {after}
        assert len(talk.answers) == (1 if after == release_note.NEEDED else 0)
