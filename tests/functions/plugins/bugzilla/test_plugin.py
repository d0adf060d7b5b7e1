"""bugzilla in talks, with a Bugzilla in this process."""

from datetime import UTC, datetime
from typing import Any

import httpx2
import msgspec
import pytest

from cutwater.bugzilla.client import Bugzilla
from cutwater.bugzilla.effects import CloneBug
from infra.local.github import seed as shape
from tests.functions.plugins.talk import AUTHOR, MEMBER, NUMBER, ORG, REPO, STRANGER, Talk

pytestmark = pytest.mark.virtual

ADDRESS = "https://bugs.example.com"
BUG = f"[Bugzilla bug 123]({ADDRESS}/show_bug.cgi?id=123)"
OWN = f"{ORG}/{REPO}/pull/{NUMBER}"
VALID, INVALID = "bugzilla/valid-bug", "bugzilla/invalid-bug"


class LocalBugzilla(httpx2.AsyncClient):
    """A Bugzilla with some bugs. `refuses`: a method and path that it refuses. `down`: so many answers are 503."""

    def __init__(self, *bugs: dict[str, Any], links: tuple[str, ...] = (), refuses: str = "", down: int = 0) -> None:
        self.bugs = {bug["id"]: {"summary": "It explodes", "status": "NEW", "is_open": True} | bug for bug in bugs}
        self.links, self.refuses, self.down = list(links), refuses, down
        self.writes: list[tuple[str, Any]] = []
        super().__init__(transport=httpx2.MockTransport(self._answer))

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        assert request.headers["x-bugzilla-api-key"] == request.url.params["api_key"] == "key"
        if self.down:
            self.down -= 1
            return httpx2.Response(503)
        what = f"{request.method} {request.url.path}"
        if what == self.refuses:
            return httpx2.Response(400, json={"error": True, "code": 51, "message": "not for you"})
        if request.method == "GET":
            return self._read(request)
        body = msgspec.json.decode(request.content)
        self.writes.append((what, body))
        if request.url.path == "/jsonrpc.cgi":
            return self._link(body)
        if request.url.path == "/rest/bug":
            number = max(self.bugs) + 1
            self.bugs[number] = {"id": number} | body
            return httpx2.Response(200, json={"id": number})
        bug = self.bugs[int(request.url.path.split("/")[3])]
        bug |= {key: value for key, value in body.items() if isinstance(value, str | list)}
        return httpx2.Response(200, json={})

    def _read(self, request: httpx2.Request) -> httpx2.Response:
        number = int(request.url.path.split("/")[3])
        if number not in self.bugs:
            return httpx2.Response(404, json={"error": True, "code": 101})
        if request.url.path.endswith("/comment"):
            said = {"text": "Boom", "creator": "me", "time": "2020-01-01T00:00:00Z"}
            return httpx2.Response(200, json={"bugs": {str(number): {"comments": [said, said]}}})
        if request.url.params["include_fields"] == "external_bugs":
            names = [
                {"bug_id": number, "ext_bz_bug_id": name, "type": {"url": "https://github.com/"}} for name in self.links
            ]
            return httpx2.Response(200, json={"bugs": [{"external_bugs": names}]})
        return httpx2.Response(200, json={"bugs": [self.bugs[number]]})

    def _link(self, body: dict[str, Any]) -> httpx2.Response:
        (call,) = body["params"]
        if body["method"].endswith("add_external_bug"):
            self.links.append(call["external_bugs"][0]["ext_bz_bug_id"])
        elif call["ext_bz_bug_id"] not in self.links:
            message = "No external tracker bugs were found that matched your criteria"
            return httpx2.Response(200, json={"error": {"code": 1006, "message": message}})
        else:
            self.links.remove(call["ext_bz_bug_id"])
        return httpx2.Response(200, json={"error": None, "id": "identifier"})


def talk_with(bugzilla: LocalBugzilla, options: str = "", title: str = "Bug 123: fix it", **more: Any) -> Talk:
    talk = Talk("bugzilla", f"bugzilla: {{default: {{'*': {{{options}}}}}}}", title=title, **more)
    talk.scene.functions.edges.bugzilla = Bugzilla(lambda: bugzilla, ADDRESS + "/", lambda: "key")
    return talk


def said(talk: Talk) -> str:
    """The last answer, as the plugin said it."""
    (text,) = [text for who, text in talk.issue.comments if who not in {AUTHOR, MEMBER, STRANGER}][-1:]
    return text.partition(": ")[2].rpartition("\n\n<details>\n\nIn response")[0]


async def refreshed(bugzilla: LocalBugzilla, options: str = "", **more: Any) -> tuple[str, set[str]]:
    async with talk_with(bugzilla, options, **more) as talk:
        await talk.say(STRANGER, "/bugzilla refresh")
        return said(talk), talk.labels


async def test_a_bug_that_is_valid_without_checks() -> None:
    answer, labels = await refreshed(LocalBugzilla({"id": 123, "severity": "high"}), labels=[INVALID])
    ran = "<details><summary>No validations were run on this bug</summary></details>"
    assert answer == f"This pull request references {BUG}, which is valid.\n\n{ran}"
    assert labels == {VALID, "bugzilla/severity-high"}


async def test_a_valid_bug_moves_and_is_linked() -> None:
    bugzilla = LocalBugzilla({"id": 123})
    answer, _ = await refreshed(
        bugzilla, "is_open: true, state_after_validation: {status: POST}, add_external_link: true"
    )
    assert answer == (
        f"This pull request references {BUG}, which is valid. The bug has been moved to the POST state. The bug has "
        "been updated to refer to the pull request using the external bug tracker.\n\n<details><summary>1 "
        "validation(s) were run on this bug</summary>\n\n* bug is open, matching expected state (open)</details>"
    )
    assert (bugzilla.bugs[123]["status"], bugzilla.links) == ("POST", [OWN])


@pytest.mark.parametrize(
    "options, reason",
    [
        ("is_open: false", "expected the bug to not be open, but it is"),
        ("target_release: r1", 'expected the bug to target the "r1" release, but no target release was set'),
        (
            "statuses: [POST, ON_QA]",
            "expected the bug to be in one of the following states: ON_QA, POST, but it is NEW instead",
        ),
        (
            "dependent_bug_statuses: [X], dependent_bug_target_releases: [r]",
            f"expected {BUG} to depend on a bug targeting a release in r and in one of the following states: X, "
            "but no dependents were found",
        ),
    ],
)
async def test_an_invalid_bug(options: str, reason: str) -> None:
    answer, labels = await refreshed(LocalBugzilla({"id": 123}), options)
    assert answer.startswith(f"This pull request references {BUG}, which is invalid:\n - {reason}\n\nComment <code>")
    assert labels == {INVALID}


async def test_dependents() -> None:
    bugs = {"id": 123, "depends_on": [124]}, {"id": 124, "status": "DONE", "target_release": ["r0"]}
    answer, _ = await refreshed(
        LocalBugzilla(*bugs), "dependent_bug_statuses: [DONE], dependent_bug_target_releases: [r]"
    )
    other = f"[Bugzilla bug 124]({ADDRESS}/show_bug.cgi?id=124)"
    assert f' - expected dependent {other} to target a release in r, but it targets "r0" instead\n\n' in answer


async def test_no_bug() -> None:
    answer, labels = await refreshed(LocalBugzilla(), title="fix it", labels=[INVALID, "bugzilla/severity-low"])
    assert answer.startswith("No Bugzilla bug is referenced in the title of this pull request.\nTo reference")
    assert labels == set()


async def test_a_label_that_somebody_put_stays() -> None:
    async with talk_with(LocalBugzilla({"id": 123}), "is_open: false", known=[VALID]) as talk:
        await talk.issue.label(VALID, by=MEMBER)
        await talk.say(STRANGER, "/bugzilla refresh")
        assert said(talk).endswith(f"Retaining the {VALID} label as it was manually added.")
        assert talk.labels == {VALID}


@pytest.mark.parametrize(
    "bugs, refuses, answer",
    [
        ([], "", f"No Bugzilla bug with ID 123 exists in the tracker at {ADDRESS}.\nOnce"),
        (
            [{"id": 123}],
            "GET /rest/bug/123",
            f"An error was encountered searching for bug 123 on the Bugzilla server at {ADDRESS}.",
        ),
        ([{"id": 123}], "PUT /rest/bug/123", "An error was encountered updating to the POST state for bug 123"),
        ([{"id": 123}], "POST /jsonrpc.cgi", "An error was encountered adding this pull request to the external"),
    ],
)
async def test_refusals(bugs: list[dict[str, Any]], refuses: str, answer: str) -> None:
    options = "state_after_validation: {status: POST}, add_external_link: true"
    found, labels = await refreshed(LocalBugzilla(*bugs, refuses=refuses), options)
    assert found.startswith(answer) and labels == set()
    assert ("<code>\ncode 51: not for you\n</code>" in found) == bool(refuses)


async def test_groups() -> None:
    bugzilla = LocalBugzilla({"id": 123, "groups": ["secret"]})
    answer, _ = await refreshed(bugzilla, "allowed_groups: [b, a]")
    assert answer.endswith("not in the allowed groups for this repo.\nAllowed groups for this repo are:\n- a\n- b")


async def test_a_bugzilla_that_does_not_answer_is_asked_later() -> None:
    answer, _ = await refreshed(LocalBugzilla({"id": 123}, down=3))
    assert "which is valid" in answer


@pytest.mark.parametrize(
    "title, before, by_default, is_answered",
    [
        ("Bug 123: x", None, False, True),
        ("x", None, False, False),
        ("x", None, True, True),
        ("x", "Bug 1: x", False, True),
        ("Bug 123: y", "bug  123: x", False, False),
        ("Bug 123: y", "Bug 1: x", False, True),
    ],
)
async def test_titles(title: str, before: str | None, by_default: bool, is_answered: bool) -> None:
    options = "validate_by_default: true" if by_default else ""
    async with talk_with(LocalBugzilla({"id": 123}), options, title=title) as talk:
        await talk.happens("edited", changes={} if before is None else {"title": {"from": before}})
        assert bool(talk.answers) is is_answered


@pytest.mark.parametrize("command, is_said", [("cc-qa", True), ("assign-qa", True), ("refresh", False)])
@pytest.mark.parametrize(
    "contact, text",
    [
        ({}, f"</details>{BUG} does not have a QA contact, skipping assignment"),
        (
            {"qa_contact_detail": {}},
            f"</details>QA contact for {BUG} does not have a listed email, skipping assignment",
        ),
    ],
)
async def test_nobody_to_ask(contact: dict[str, Any], text: str, command: str, is_said: bool) -> None:
    async with talk_with(LocalBugzilla({"id": 123} | contact)) as talk:
        await talk.say(STRANGER, f"/bugzilla {command}")
        assert said(talk).endswith(text if is_said else "</summary></details>")


async def test_a_clone_is_made_once() -> None:
    """A worker that died after the request finds the bug that it made."""
    since = datetime(2026, 1, 1, tzinfo=UTC)

    def handle(request: httpx2.Request) -> httpx2.Response:
        assert request.url.params["creation_time"] == "2026-01-01T00:00:00Z"
        return httpx2.Response(200, json={"bugs": [{"id": 123, "summary": "a"}, {"id": 124, "summary": "a"}]})

    client = httpx2.AsyncClient(transport=httpx2.MockTransport(handle))
    async with talk_with(LocalBugzilla()) as talk:
        edges = talk.scene.functions.edges
        edges.bugzilla = Bugzilla(lambda: client, ADDRESS, lambda: "")
        assert await CloneBug(bug=123, summary="a", why="").stands(edges, since) == 124


async def test_issues_have_no_bugs() -> None:
    async with talk_with(LocalBugzilla(), on="issue") as talk:
        await talk.say(STRANGER, "/bugzilla refresh")
        assert said(talk) == "Bugzilla bug referencing is only supported for Pull Requests, not issues."


@pytest.mark.parametrize(
    "links, status", [((OWN,), "DONE"), ((OWN, f"{ORG}/{REPO}/pull/8"), "NEW"), (("a/b/pull/1",), "DONE")]
)
async def test_merge(links: tuple[str, ...], status: str) -> None:
    bugzilla = LocalBugzilla({"id": 123}, links=links)
    other = shape.Issue(
        number=8, title="t", author=AUTHOR, pull_request=shape.Pull(base_ref="main", head_ref="b", head_sha="h")
    )
    jobs = f"presubmits: {{{ORG}/{REPO}: [{{name: a, spec: {{containers: [{{image: a}}]}}}}]}}"
    async with talk_with(
        bugzilla, "status_after_merge: DONE", state="closed", merged=True, others=[other], jobs=jobs
    ) as talk:
        await talk.happens("closed")
        done = "has been" if status == "DONE" else "has not been"
        assert said(talk).endswith(f"{BUG} {done} moved to the DONE state.")
        assert ("#8](https://github.com/acme/rocket/pull/8) is open\n" in said(talk)) == (status == "NEW")
    assert bugzilla.bugs[123]["status"] == status


async def test_a_bug_in_another_state_is_not_moved() -> None:
    options = "valid_states: [{status: POST}], status_after_merge: DONE"
    async with talk_with(LocalBugzilla({"id": 123}), options, state="closed", merged=True) as talk:
        await talk.happens("closed")
        assert said(talk) == f"{BUG} is in an unrecognized state (NEW) and will not be moved to the DONE state."


@pytest.mark.parametrize("links, status", [((OWN,), "NEW"), ((OWN, f"{ORG}/{REPO}/pull/8"), "POST"), ((), "NEW")])
async def test_close(links: tuple[str, ...], status: str) -> None:
    bugzilla = LocalBugzilla({"id": 123, "status": "POST"}, links=links)
    options = "add_external_link: true, state_after_close: {status: NEW}"
    async with talk_with(bugzilla, options, state="closed") as talk:
        await talk.happens("closed")
        assert bool(talk.answers) == bool(links)
        if links:
            assert said(talk).startswith(
                f"This pull request references {BUG}. The bug has been updated to no longer refer"
            )
            assert ("has been moved to the NEW state." in said(talk)) == (status == "NEW")
    assert bugzilla.bugs[123]["status"] == status and OWN not in bugzilla.links


PARENT = shape.Issue(
    number=8,
    title="Bug 123: fix it",
    author=AUTHOR,
    pull_request=shape.Pull(base_ref="main", head_ref="b", head_sha="h"),
)


@pytest.mark.parametrize(
    "bugs, answer",
    [
        ([{"id": 123}], f"{BUG} has been cloned as [Bugzilla bug 124]({ADDRESS}/show_bug.cgi?id=124). Retitling PR"),
        (
            [{"id": 123, "blocks": [130]}, {"id": 130, "target_release": ["r1"]}],
            f"Detected clone of {BUG} with correct",
        ),
    ],
)
async def test_cherry_picks(bugs: list[dict[str, Any]], answer: str) -> None:
    bugzilla = LocalBugzilla(*bugs)
    body = "This is an automated cherry-pick of #8"
    async with talk_with(bugzilla, "enable_backporting: true, target_release: r1", body=body, others=[PARENT]) as talk:
        await talk.happens("opened")
        number = max(bugzilla.bugs)
        assert said(talk).startswith(answer)
        assert said(talk).endswith(f"\n/retitle Bug {number}: fix it")
    assert bugzilla.bugs[number]["target_release"] == ["r1"]
    if number == 124:
        assert str(bugzilla.bugs[124]["description"]).endswith(
            "--- Additional comment from me on 2020-01-01 00:00:00 UTC ---\n\nBoom"
        )
        assert bugzilla.writes[-1][1]["depends_on"] == {"add": [123]}


@pytest.mark.parametrize("options", ["target_release: r1", "enable_backporting: false"])
async def test_no_cherry_picks(options: str) -> None:
    bugzilla = LocalBugzilla({"id": 123})
    async with talk_with(bugzilla, options, body="This is an automated cherry-pick of #8", others=[PARENT]) as talk:
        await talk.happens("opened")
        assert talk.answers == [] and bugzilla.writes == []
