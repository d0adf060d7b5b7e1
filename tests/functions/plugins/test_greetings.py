"""Greetings and sweets, in talks."""

from typing import Any

import pytest

from cutwater.config.sections import Welcome
from cutwater.errors import Refused
from cutwater.github.effects import Subject
from cutwater.github.types import Branch, PullRequest, User
from functions.plugins import trick_or_treat
from functions.plugins.welcome import greeting_of
from infra.local.github import seed as shape
from tests.functions.plugins.talk import AUTHOR, MEMBER, NUMBER, ORG, REPO, STRANGER, Talk

pytestmark = pytest.mark.virtual

USUAL = f"Welcome @{AUTHOR}! It looks like this is your first PR to {ORG}/{REPO} 🎉"
EVERYBODY = f"welcome: [{{repos: [{ORG}], message_template: 'Hello {{{{.AuthorLogin}}}}', always_post: true}}]"
OWN = f"{EVERYBODY[:-1]}, {{repos: [{ORG}/{REPO}], message_template: 'Hi {{{{.Repo}}}}'}}]"


@pytest.mark.parametrize(
    "settings, author, action, answers",
    [
        pytest.param("", AUTHOR, "opened", [USUAL], id="a first pull request"),
        pytest.param("", AUTHOR, "reopened", [], id="opened again"),
        pytest.param("", MEMBER, "opened", [], id="by a member"),
        pytest.param(EVERYBODY, MEMBER, "opened", [f"Hello {MEMBER}"], id="everybody is greeted"),
        pytest.param(
            OWN, AUTHOR, "opened", [f"Hi {REPO}"], id="the repository's entry comes before its organisation's"
        ),
        pytest.param("", "helper[bot]", "opened", [], id="by a bot"),
        pytest.param(
            f"welcome: [{{repos: [{ORG}], message_template: '{{{{.Nam'}}]", AUTHOR, "opened", [], id="a bad template"
        ),
    ],
)
async def test_welcome(settings: str, author: str, action: str, answers: list[str]) -> None:
    async with Talk("welcome", settings, author=author) as talk:
        await talk.happens(action)
        assert talk.answers == answers


async def test_a_collaborator_is_no_newcomer() -> None:
    async with Talk("welcome", collaborators={AUTHOR: "read"}) as talk:
        await talk.happens("opened")
        assert talk.answers == []


async def test_who_has_been_here_before_is_no_newcomer() -> None:
    before = shape.Issue(5, title="Before", author=AUTHOR, pull_request=shape.Pull("main", "old", "old"))
    async with Talk("welcome", others=[before]) as talk:
        await talk.happens("opened")
        assert talk.answers == []


def pull(**user: Any) -> PullRequest:
    branch = Branch(ref="main", sha="base")
    return PullRequest(number=NUMBER, base=branch, head=branch, user=User(login=AUTHOR, **user))


@pytest.mark.parametrize(
    "template, name, greeting",
    [
        pytest.param(
            "{{.Org}} {{.Repo}} {{.AuthorLogin}} {{.AuthorName}}", "Ca Rol", "acme rocket carol Ca Rol", id="all"
        ),
        pytest.param("{{.AuthorName}}", "<b>&", "&lt;b&gt;&amp;", id="a name is no HTML"),
        pytest.param("<!-- x -->Hi", "", "<!-- x -->Hi", id="what the template has in it stays"),
        pytest.param("{{if .AuthorName}}x{{else}}y{{end}}", "", "y", id="a condition"),
    ],
)
def test_greetings(template: str, name: str, greeting: str) -> None:
    assert greeting_of(Welcome(message_template=template), Subject(ORG, REPO, NUMBER), pull(name=name)) == greeting


@pytest.mark.parametrize("template", ["{{", "{{.Nobody}}", '{{template "x"}}'])
def test_greetings_that_cannot_be_made(template: str) -> None:
    with pytest.raises(Refused, match="the greeting in `welcome` cannot be made"):
        greeting_of(Welcome(message_template=template), Subject(ORG, REPO, NUMBER), pull())


@pytest.mark.parametrize("says", ["/trick-or-treat clothes", "/trickortreat", "/TRICK-orTREAT"])
async def test_trick_or_treat(says: str) -> None:
    async with Talk("trick-or-treat", sites={"https://": "x"}) as talk:
        await talk.say(STRANGER, says)
        (answer,) = talk.answers
        assert answer.removeprefix("![candy image](").removesuffix(")") in trick_or_treat.PICTURES


async def test_no_sweets() -> None:
    async with Talk("trick-or-treat", sites={"https://": "!503"}) as talk:
        await talk.say(STRANGER, "/trick-or-treat")
        assert talk.answers == []
