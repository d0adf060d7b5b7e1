"""jira in talks, with a Jira in this process."""

from collections.abc import Callable
from typing import Any

import httpx2
import msgspec
import pytest

from cutwater.github.webhooks import open_webhook
from cutwater.jira.client import Jira
from functions.plugins.jira import linked, plugin
from infra.local.github import seed as shape
from tests.functions.plugins.scene import configuration
from tests.functions.plugins.talk import AUTHOR, MEMBER, NUMBER, ORG, REPO, STRANGER, Talk

pytestmark = pytest.mark.virtual

ADDRESS = "https://jira.example.com"
PAGE = f"https://github.com/{ORG}/{REPO}/issues/{NUMBER}"
TITLE = f"{ORG}/{REPO}#{NUMBER}: Improve the rocket"


class LocalJira(httpx2.AsyncClient):
    """A Jira with some issues. `down`: so many answers are 503."""

    def __init__(self, *issues: str) -> None:
        self.links: dict[str, list[dict[str, Any]]] = {issue: [] for issue in issues}
        self.asked: list[str] = []
        self.down = 0
        super().__init__(transport=httpx2.MockTransport(self._answer))

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        assert request.headers["authorization"] == "Bearer token"
        self.asked.append(f"{request.method} {request.url.path.removeprefix('/rest/api/2/')}")
        if self.down:
            self.down -= 1
            return httpx2.Response(503)
        return self._answers(request, *request.url.path.removeprefix("/rest/api/2/").split("/"))

    def _answers(self, request: httpx2.Request, kind: str, key: str = "", *rest: str) -> httpx2.Response:
        if kind == "project":
            return httpx2.Response(200, json=[{"key": name} for name in {one.partition("-")[0] for one in self.links}])
        if key not in self.links:
            return httpx2.Response(404, json={"errorMessages": ["Issue Does Not Exist"]})
        if key.startswith("SECRET-"):
            return httpx2.Response(403)
        links = self.links[key]
        if request.method == "POST":
            links.append({"id": len(links) + 1, **msgspec.json.decode(request.content)})
            return httpx2.Response(201, json={"id": len(links)})
        if request.method == "PUT":
            links[int(rest[-1]) - 1] |= msgspec.json.decode(request.content)
            return httpx2.Response(204)
        return httpx2.Response(200, json=links if rest else {"key": key})

    def linked(self, key: str) -> list[tuple[str, str]]:
        return [(link["object"]["url"], link["object"]["title"]) for link in self.links[key]]


def talk_with(jira: LocalJira, settings: str = "", **more: Any) -> Talk:
    talk = Talk("jira", settings, on="issue", **more)
    talk.scene.functions.edges.jira = Jira(lambda: jira, ADDRESS + "/", lambda: "Bearer token")
    return talk


def said_by(talk: Talk, who: str) -> list[str]:
    return [text for author, text in talk.issue.comments if author == who]


async def test_an_issue_and_a_comment_are_linked() -> None:
    jira = LocalJira("ABC-1", "ABC-2")
    async with talk_with(jira) as talk:
        await talk.say(STRANGER, "See ABC-1, ABC-2: and UTF-8 and ABC-3")
        assert said_by(talk, STRANGER) == [f"See ABC-1, [ABC-2]({ADDRESS}/browse/ABC-2): and UTF-8 and ABC-3"]
        assert jira.linked("ABC-2") == [(PAGE, TITLE)]
        assert jira.linked("ABC-1") == []  # a comma ends no key
    assert "GET issue/UTF-8" not in jira.asked and "GET issue/ABC-3" in jira.asked


@pytest.mark.parametrize(
    "former, after",
    [
        pytest.param([], [(PAGE, TITLE)], id="none"),
        pytest.param([(PAGE, TITLE)], [(PAGE, TITLE)], id="the same"),
        pytest.param([(PAGE, "Old")], [(PAGE, TITLE)], id="of another title"),
        pytest.param([("https://else", TITLE)], [("https://else", TITLE), (PAGE, TITLE)], id="to elsewhere"),
    ],
)
async def test_there_is_one_link_to_a_page(former: list[tuple[str, str]], after: list[tuple[str, str]]) -> None:
    jira = LocalJira("ABC-1")
    jira.links["ABC-1"] = [
        {"id": number + 1, "object": {"url": url, "title": title}} for number, (url, title) in enumerate(former)
    ]
    async with talk_with(jira) as talk:
        await talk.say(STRANGER, "ABC-1 and ABC-1")
        await talk.say(MEMBER, "ABC-1")
        assert jira.linked("ABC-1") == after
    writes = [asked for asked in jira.asked if not asked.startswith("GET")]
    assert len(writes) == (0 if former == after else 1)


async def test_a_title_names_an_issue() -> None:
    jira = LocalJira("ABC-1")
    async with talk_with(jira, title="ABC-1: fly") as talk:
        await talk.say(STRANGER, "yes")
        assert jira.linked("ABC-1") == [(PAGE, f"{ORG}/{REPO}#{NUMBER}: ABC-1: fly")]
        assert said_by(talk, STRANGER) == ["yes"]


@pytest.mark.parametrize("on", ["opened", "edited"])
async def test_the_text_of_an_issue_gets_links(on: str) -> None:
    jira = LocalJira("ABC-1")
    async with talk_with(jira, body="ABC-1") as talk:
        await talk.happens(on)
        assert talk.issue.record.body == f"[ABC-1]({ADDRESS}/browse/ABC-1)"
    assert jira.linked("ABC-1") == [(PAGE, TITLE)]


@pytest.mark.parametrize("disabled, count", [("abc", 0), ("ABC", 0), ("ab", 0), ("abcd", 1), ("", 1)])
async def test_projects_that_are_switched_off(disabled: str, count: int) -> None:
    jira = LocalJira("ABC-1")
    settings = f"jira: {{disabled_jira_projects: [{disabled}]}}" if disabled else ""
    async with talk_with(jira, settings) as talk:
        await talk.say(STRANGER, "ABC-1")
    assert len(jira.linked("ABC-1")) == count
    assert bool(jira.asked) == bool(count)


async def test_what_jira_does_not_show_is_not_there() -> None:
    jira = LocalJira("SECRET-1", "ABC-1")
    async with talk_with(jira) as talk:
        await talk.say(STRANGER, "SECRET-1 ABC-1")
        assert said_by(talk, STRANGER) == [f"SECRET-1 [ABC-1]({ADDRESS}/browse/ABC-1)"]


async def test_a_jira_that_does_not_answer_is_asked_later() -> None:
    jira = LocalJira("ABC-1")
    jira.down = 3
    async with talk_with(jira) as talk:
        await talk.say(STRANGER, "ABC-1")
        assert jira.linked("ABC-1") == [(PAGE, TITLE)]


async def test_without_a_jira_the_receipt_says_so() -> None:
    async with Talk("jira", on="issue") as talk:
        await talk.say(STRANGER, "ABC-1")
        (receipt,) = await talk.receipts()
        assert (receipt.outcome, receipt.error) == ("refused", "no Jira is set up")


async def test_comments_on_code_stay_as_they_are() -> None:
    jira = LocalJira("ABC-1")
    remark = shape.ReviewComment(AUTHOR, "ABC-1", "a.go", id=77)
    talk = Talk("jira", review_comments=(remark,))
    talk.scene.functions.edges.jira = Jira(lambda: jira, ADDRESS, lambda: "Bearer token")
    async with talk:
        user = {"login": AUTHOR}
        page = f"https://github.com/{ORG}/{REPO}/pull/{NUMBER}"
        branch = {"ref": "main", "sha": "a"}
        pull = {"number": NUMBER, "user": user, "title": "t", "html_url": page, "base": branch, "head": branch}
        comment = {"id": 77, "body": "ABC-1", "user": user, "html_url": f"{page}#discussion_r77"}
        place = {"name": REPO, "full_name": f"{ORG}/{REPO}", "owner": {"login": ORG}}
        body = {"action": "created", "comment": comment, "pull_request": pull, "repository": place}
        await talk.scene.deliver("pull_request_review_comment", "a-remark", msgspec.json.encode(body))
        (receipt,) = await talk.receipts()
    assert [step.effect["type"] for step in receipt.plan] == ["LinkIssue"]
    assert jira.linked("ABC-1") == [(page, f"{ORG}/{REPO}#{NUMBER}: t")]


LINK = f"[ABC-1]({ADDRESS}/browse/ABC-1)"


@pytest.mark.parametrize(
    "before, after",
    [
        pytest.param("ABC-1", LINK, id="alone"),
        pytest.param("ABC-1 and\nABC-1.", f"{LINK} and\n{LINK}.", id="twice"),
        pytest.param(LINK, LINK, id="a link"),
        pytest.param(f"{ADDRESS}/browse/ABC-1", f"{ADDRESS}/browse/ABC-1", id="an address"),
        pytest.param("`ABC-1` ABC-1", f"`ABC-1` {LINK}", id="code in a line"),
        pytest.param("    ABC-1\nABC-1", f"    ABC-1\n{LINK}", id="an indented line"),
        pytest.param("```\nABC-1\n```ABC-1\nABC-1", f"```\nABC-1\n```ABC-1\n{LINK}", id="a fence"),
        pytest.param("x-ABC-1 XABC-1 1ABC-1", "x-ABC-1 XABC-1 1ABC-1", id="the end of a word"),
        pytest.param("ABC-12 ABC-1x", "ABC-12 ABC-1x", id="the beginning of a word"),
        pytest.param("(ABC-1)", f"({LINK})", id="in brackets"),
    ],
)
def test_links_in_a_text(before: str, after: str) -> None:
    assert linked(before, ["ABC-1"], ADDRESS) == after
    assert linked(after, ["ABC-1"], ADDRESS) == after


@pytest.mark.parametrize(
    "body, is_wanted",
    [
        ("ABC-1", True),
        ("ABC-1:", True),
        ("[ABC-1]", True),
        ("(ABC-1)", True),
        (f"{ADDRESS}/browse/ABC-1", True),
        ("ABC-1,", False),
        ("ABC-1_", False),
        ("nothing", False),
    ],
)
def test_what_may_be_a_key(body: str, is_wanted: bool) -> None:
    user = {"login": STRANGER}
    issue = {"number": NUMBER, "user": user, "title": "t", "html_url": PAGE, "body": "", "state": "open"}
    comment = {"id": 1, "user": user, "html_url": f"{PAGE}#issuecomment-1", "body": body}
    place = {"name": REPO, "full_name": f"{ORG}/{REPO}", "owner": {"login": ORG}}
    payload: dict[str, Any] = {"action": "created", "issue": issue, "comment": comment, "repository": place}
    hook = open_webhook("issue_comment", "1", msgspec.json.encode(payload))
    wants: Callable[..., bool] = plugin.wants
    assert wants(hook, configuration("{}")) is is_wanted
    deleted = open_webhook("issue_comment", "1", msgspec.json.encode(payload | {"action": "deleted"}))
    assert not wants(deleted, configuration("{}"))
