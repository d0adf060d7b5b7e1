"""dco and cla: commits are signed off, and their authors have signed."""

from typing import Any

import msgspec
import pytest

from cutwater.github.effects import Subject
from functions.plugins import dco
from infra.local.github import Answer
from infra.local.github import seed as shape
from tests.functions.plugins.scene import configuration
from tests.functions.plugins.talk import MEMBER, ORG, REPO, STRANGER, Talk
from tests.world import BOT

pytestmark = pytest.mark.virtual

HEAD = "abcdef0" * 5 + "abcde"
SIGNED = "Fly higher\n\nSigned-off-by: Carol <carol@example.com>"


def commit(
    message: str = SIGNED, author: str | None = "carol", sha: str = "1234567890", parents: int = 1
) -> shape.Commit:
    return shape.Commit(sha, message, author=author, parents=tuple(f"parent{number}" for number in range(parents)))


# dco


@pytest.mark.parametrize(
    "commits, missing",
    [
        pytest.param([commit()], [], id="signed off"),
        pytest.param([commit("x\n\nsigned-OFF-by: me")], [], id="in any case"),
        pytest.param([commit(), commit("Unsigned\n\nreally", sha="fedcba9876543210")], ["fedcba9"], id="one is not"),
        pytest.param([commit("No Signed-off-by: here")], ["1234567"], id="not at the beginning of a line"),
        pytest.param([commit("Merge main", parents=2)], [], id="a merge need not be"),
    ],
)
async def test_dco(commits: list[shape.Commit], missing: list[str]) -> None:
    async with Talk("dco", commits=tuple(commits)) as talk:
        await talk.happens("opened")
        failed = ("failure", "Commits in PR missing Signed-off-by")
        assert talk.labels == {dco.NO if missing else dco.YES}
        assert talk.issue.statuses == {"dco": failed if missing else ("success", "All commits have Signed-off-by")}
        said = [text for text in talk.answers if all(f"\n- [{sha}](" in text for sha in missing)]
        assert len(said) == bool(missing) == len(talk.answers)


@pytest.mark.parametrize(
    "action, is_checked, is_said",
    [("synchronize", True, True), ("reopened", True, False), ("edited", False, False)],
)
async def test_when_commits_are_checked(action: str, is_checked: bool, is_said: bool) -> None:
    async with Talk("dco", commits=(commit("unsigned"),)) as talk:
        await talk.happens(action)
        assert talk.labels == ({dco.NO} if is_checked else set())
        assert set(talk.issue.statuses) == ({"dco"} if is_checked else set())
        assert len(talk.answers) == is_said


async def test_dco_is_mended() -> None:
    asked = f"{dco.ASKS}\n\n…"
    async with Talk("dco", labels=[dco.NO], said=[(BOT, asked), (MEMBER, asked)], commits=(commit(),)) as talk:
        await talk.say(STRANGER, "/check-dco")
        assert talk.labels == {dco.YES}
        assert [who for who, text in talk.issue.comments if text == asked] == [MEMBER]


@pytest.mark.parametrize(
    "settings, author, needs_it",
    [
        pytest.param("", MEMBER, True, id="nobody is exempt"),
        pytest.param("skip_dco_check_for_members: true", MEMBER, False, id="members are"),
        pytest.param("skip_dco_check_for_members: true", "bob", True, id="members are, this one is a collaborator"),
        pytest.param("skip_dco_check_for_collaborators: true", "bob", False, id="collaborators are"),
        pytest.param("skip_dco_check_for_collaborators: true", STRANGER, True, id="collaborators are, this is none"),
        pytest.param("trusted_apps: [renovate]", "renovate[bot]", False, id="an App is"),
        pytest.param("trusted_apps: [renovate]", "bob", True, id="an App is, this is none"),
        pytest.param("skip_dco_check_for_members: true", None, True, id="nobody knows whose commit it is"),
    ],
)
async def test_who_need_not_sign_off(settings: str, author: str | None, needs_it: bool) -> None:
    commits = (commit("unsigned", author=author),)
    async with Talk("dco", f"dco: {{'*': {{{settings}}}}}", commits=commits, collaborators={"bob": "read"}) as talk:
        await talk.happens("opened")
        assert talk.labels == {dco.NO if needs_it else dco.YES}


@pytest.mark.parametrize(
    "entries, name",
    [
        ({"acme/rocket": "one", "acme": "two", "*": "three"}, "one"),
        ({"acme/rocket": None, "acme": "two", "*": "three"}, "two"),
        ({"acme/moon": "one", "*": "three"}, "three"),
        ({"acme/moon": "one"}, ""),
    ],
)
def test_which_entry_of_dco_counts(entries: dict[str, str | None], name: str) -> None:
    section = {place: text and {"contributing_repo": text} for place, text in entries.items()}
    config = configuration(msgspec.json.encode({"dco": section}).decode())
    assert dco.settings_for(config, Subject(ORG, REPO, 7)).contributing_repo == name


async def test_where_dco_is_explained() -> None:
    guide = "{contributing_repo: acme/guides, contributing_branch: main, contributing_path: docs/DCO.md}"
    async with Talk("dco", f"dco: {{acme/rocket: {guide}}}", commits=(commit("unsigned"),)) as talk:
        await talk.say(MEMBER, "/check-dco")
        (asked,) = talk.answers
        assert "[contributing guide](https://github.com/acme/guides/blob/main/docs/DCO.md)" in asked


# cla

YES, NO = "cncf-cla: yes", "cncf-cla: no"
REPOSITORY = {"name": REPO, "full_name": f"{ORG}/{REPO}", "owner": {"login": ORG}}


def cla(**more: Any) -> Talk:
    return Talk("cla", head_sha=HEAD, commits=(commit(sha=HEAD),), **more)


@pytest.mark.parametrize(
    "before, context, state, after",
    [
        pytest.param([], "EasyCLA", "success", {YES}, id="signed"),
        pytest.param([NO], "EasyCLA", "success", {YES}, id="signed by now"),
        pytest.param([YES, NO], "EasyCLA", "success", {YES}, id="both labels"),
        pytest.param([YES], "EasyCLA", "failure", {NO}, id="not signed"),
        pytest.param([], "EasyCLA", "error", {NO}, id="an error"),
        pytest.param([YES], "EasyCLA", "pending", {YES}, id="not known yet"),
        pytest.param([], "other", "success", set(), id="another context"),
    ],
)
async def test_cla_status(before: list[str], context: str, state: str, after: set[str]) -> None:
    async with cla(labels=before) as talk:
        await talk.issue.set_status(BOT, context, state)
        await talk.settle()
        assert talk.labels == after


async def test_a_status_that_comes_before_githubs_search_knows_the_commit() -> None:
    async with cla() as talk:
        nothing = Answer(200, {"total_count": 0, "incomplete_results": False, "items": []})
        talk.scene.github.plan("GET", "/search/issues", nothing, nothing, is_lasting=False)
        await talk.issue.set_status(BOT, "EasyCLA", "success")
        await talk.settle()
        assert talk.labels == {YES}


async def test_a_status_of_an_older_commit_says_nothing() -> None:
    older = "0123456789" * 4
    async with Talk("cla", head_sha=older, commits=(commit(sha=HEAD), commit(sha=older))) as talk:
        payload = {"sha": HEAD, "state": "success", "context": "EasyCLA", "repository": REPOSITORY}
        await talk.scene.deliver("status", "guid", msgspec.json.encode(payload))
        assert talk.labels == set()


@pytest.mark.parametrize(
    "state, before, after",
    [
        pytest.param("success", [NO], {YES}, id="signed"),
        pytest.param("failure", [YES], {NO}, id="not signed"),
        pytest.param("error", [YES], {YES}, id="an error says nothing"),
        pytest.param(None, [NO], {NO}, id="no status"),
    ],
)
async def test_check_cla(state: str | None, before: list[str], after: set[str]) -> None:
    statuses = (shape.Status("EasyCLA", state),) if state else ()
    async with cla(labels=before, statuses=statuses) as talk:
        await talk.say(STRANGER, "/check-cla")
        assert talk.labels == after
