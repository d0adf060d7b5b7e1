"""Saying something below what a search finds."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
import yaml

from cutwater.cli import commenter
from cutwater.cli.failing import Failed
from cutwater.errors import Later
from cutwater.github.client import GitHub
from cutwater.github.effects import Subject
from cutwater.github.types import Issue, User
from infra.local.github import handles
from infra.local.github.server import GitHub as LocalGitHub
from infra.local.github.world import World
from tests.cutwater.cli.conftest import Command, Printed
from tests.functions.plugins.talk import STRANGER, Talk

UNTIL = datetime(2026, 3, 2, 10, tzinfo=UTC)


def query(asked: str, *flags: str, until: datetime | None = None) -> str:
    given = {name: name in flags for name in ("include_archived", "include_closed", "include_locked")}
    return commenter.query_of(asked, until=until, **given)


@pytest.mark.parametrize(
    "asked, flags, until, made",
    [
        pytest.param("hello\nworld", (), None, "hello world archived:false is:open is:unlocked", id="usual"),
        pytest.param("x", (), UNTIL, "x archived:false is:open is:unlocked updated:<=2026-03-02T10:00:00Z", id="until"),
        pytest.param("x is:open", (), None, "x is:open archived:false is:open is:unlocked", id="said twice"),
        pytest.param("x", ("include_archived",), None, "x is:open is:unlocked", id="archived"),
        pytest.param("x is:closed", ("include_closed",), None, "x is:closed archived:false is:unlocked", id="closed"),
        pytest.param("x is:locked", ("include_locked",), None, "x is:locked archived:false is:open", id="locked"),
    ],
)
def test_the_query(asked: str, flags: tuple[str, ...], until: datetime | None, made: str) -> None:
    assert query(asked, *flags, until=until) == made


@pytest.mark.parametrize(
    "asked, flag, says",
    [
        pytest.param("archived:true", "", "archived:true requires --include-archived", id="archived:true"),
        pytest.param("is:closed", "", "is:closed requires --include-closed", id="is:closed"),
        pytest.param("is:locked", "", "is:locked requires --include-locked", id="is:locked"),
        pytest.param("archived:false", "include_archived", "archived:false conflicts with", id="archived:false"),
        pytest.param("is:open", "include_closed", "is:open conflicts with --include-closed", id="is:open"),
        pytest.param("is:unlocked", "include_locked", "is:unlocked conflicts with --include-locked", id="is:unlocked"),
    ],
)
def test_a_query_and_a_flag_that_differ(asked: str, flag: str, says: str) -> None:
    with pytest.raises(Failed, match=says):
        query(asked, flag)


@pytest.mark.parametrize(
    "address, subject",
    [
        pytest.param("https://h/org/repo/pull/5555", Subject("org", "repo", 5555), id="pull request"),
        pytest.param("ftp://x/org/repo/issues/6666", Subject("org", "repo", 6666), id="issue"),
        pytest.param("https://h/org/repo/issues/future", None, id="no number"),
        pytest.param("https://h/org/repo/commit/1", None, id="something else"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_the_place_of_an_address(address: str, subject: Subject | None) -> None:
    assert commenter.subject_of(address) == subject


# On a GitHub


class Place:
    """A GitHub with issues of acme/rocket, the oldest first; and what was asked of it, at which endpoint."""

    def __init__(self) -> None:
        self.local = LocalGitHub()
        self.world: World = self.local.world()
        self.rocket = self.world.repository("acme/rocket", labels=["old"])
        self.token = self.world.token("robot")
        self.asked: list[str] = []
        self.deaf: set[str] = set()

    def issues(self, *titles: str) -> list[handles.Issue]:
        return [asyncio.run(self.world.issue(self.rocket, author="bob", title=one, labels=["old"])) for one in titles]

    def do(self, happens: Callable[[], Awaitable[object]]) -> None:
        async def done() -> None:
            await happens()

        asyncio.run(done())

    @asynccontextmanager
    async def github_at(self, api: str, token: str, graphql_api: str = "") -> AsyncIterator[GitHub]:
        self.asked.append(api)

        async def identity(org: str) -> str:
            if api in self.deaf:
                raise Later(f"{api} is not there")
            return token

        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(self.local.app)) as client:
            yield GitHub(client, identity, api="http://github/api/v3", graphql_api="http://github/api/graphql")


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place()
    monkeypatch.setattr(commenter, "github_at", place.github_at)
    return place


@pytest.fixture
def say(cutwater: Command, place: Place, tmp_path: Path) -> Command:
    """`say("--comment=…", …)`: with a query that finds all that there are."""
    (tmp_path / "token").write_text(f"{place.token}\n")

    def run(*words: object) -> Printed:
        return cutwater("commenter", "--query=label:old", f"--token={tmp_path}/token", "--updated=0", *words)

    return run


def said(issues: list[handles.Issue]) -> list[list[str]]:
    return [[text for _, text in issue.comments] for issue in issues]


def test_nothing_is_done_unless_it_is_confirmed(place: Place, say: Command) -> None:
    issues = place.issues("one")
    for words in ((), ("--confirm=false",)):
        done = say("--comment=/close", *words)
        assert (done.status, done.err) == (0, "")
        assert "acme/rocket/issues/1: would be commented on; --confirm does it" in done.out
    assert said(issues) == [[]]


def test_it_is_said_once(place: Place, say: Command) -> None:
    issues = place.issues("one", "two")
    place.do(lambda: issues[0].comment("bob", "hello\r\nthere\r\n"))
    done = say("--comment=\nhello\nthere", "--confirm")
    assert "/issues/1: skipped, an identical comment already exists" in done.out
    assert "/issues/2: commented on" in done.out
    again = say("--comment=hello\nthere", "--confirm=true")
    assert again.out.count("skipped") == 2
    assert [len(texts) for texts in said(issues)] == [1, 1]


@pytest.mark.parametrize(
    "words, count",
    [
        pytest.param(["--ceiling=2"], 2, id="two"),
        pytest.param([], 3, id="three by default"),
        pytest.param(["--ceiling=0"], 5, id="all"),
        pytest.param(["--random", "--ceiling=1"], 1, id="any"),
    ],
)
def test_the_ceiling(place: Place, say: Command, words: list[str], count: int) -> None:
    issues = place.issues("one", "two", "three", "four", "five")
    assert say("--comment=hello", "--confirm", *words).status == 0
    assert said(issues).count(["hello"]) == count


def test_what_has_changed_lately_is_left_alone(place: Place, say: Command) -> None:
    issues = place.issues("one")
    assert say("--comment=hello", "--confirm", "--updated=5m").out.startswith("0 found by label:old archived:false")
    assert said(issues) == [[]]


def test_a_template(place: Place, say: Command) -> None:
    issues = place.issues("Broken {{nose}}")
    text = "N={{.Number}} R={{.Repo}} O={{.Org}} U={{.Issue.HTMLURL}} T={{.Issue.Title}} {{.Issue.User.Login}}"
    text += "{{range .Issue.Labels}} {{.Name}}{{end}}"
    assert say(f"--comment={text}", "--template", "--confirm").status == 0
    address = "http://github.local/acme/rocket/issues/1"
    assert said(issues) == [[f"N=1 R=rocket O=acme U={address} T=Broken {{{{nose}}}} bob old"]]


def test_one_that_goes_wrong(place: Place, say: Command) -> None:
    issues = place.issues("one", "two")
    text = "{{if eq .Number 1}}{{.Nose}}{{end}}hello"
    done = say(f"--comment={text}", "--template", "--confirm")
    assert done.status == 1
    assert done.err.startswith("cutwater commenter: encountered 1 failures: http")
    assert "/acme/rocket/issues/1: can't evaluate field Nose" in done.err
    assert said(issues) == [[], ["hello"]]


def test_an_endpoint_that_is_not_there(place: Place, say: Command) -> None:
    issues = place.issues("one")
    place.deaf = {"http://ghproxy"}
    assert say("--comment=hello", "--confirm", "--endpoint=http://ghproxy", "--endpoint=https://api").status == 0
    assert (place.asked, said(issues)) == (["http://ghproxy", "https://api"], [["hello"]])
    done = say("--comment=hello", "--endpoint=http://ghproxy")
    assert (done.status, done.err) == (1, "cutwater commenter: http://ghproxy is not there\n")


@pytest.mark.parametrize(
    "words, says",
    [
        pytest.param([], "empty --query", id="nothing"),
        pytest.param(["--query=x"], "empty --token", id="no token"),
        pytest.param(["--query=x", "--token=t"], "empty --comment", id="no comment"),
        pytest.param(["--query=x", "--token=t", "--comment=c", "--endpoint=api"], "'api' is not the address", id="api"),
        pytest.param(["--query=is:closed", "--token=t", "--comment=c"], "is:closed requires", id="query"),
        pytest.param(["--query=x", "--token=/no/t", "--comment=c"], "/no/t: No such file", id="no such file"),
        pytest.param(
            ["--query=x", "--token=t", "--comment={{.Org", "--template"], "--comment is not a template: ", id="template"
        ),
    ],
)
def test_what_cannot_begin(cutwater: Command, words: list[str], says: str) -> None:
    done = cutwater("commenter", *words)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith(f"cutwater commenter: {says}")


def test_the_jobs_of_kubernetes(corpus: Path) -> None:
    """Their flags are taken as they are, and their queries and templates."""
    folder = corpus / "kubernetes" / "config" / "jobs" / "kubernetes" / "sig-k8s-infra" / "trusted"
    jobs = [job for file in folder.glob("*robot*.yaml") for job in yaml.safe_load(file.read_text())["periodics"]]
    containers = [container for job in jobs for container in job["spec"]["containers"]]
    robots = [container["args"] for container in containers if container["command"] == ["commenter"]]
    assert len(robots) == 16
    match = commenter.Match("acme", "rocket", 7, Issue(number=7, user=User(login="bob"), pull_request={}))
    for args in robots:
        parser = argparse.ArgumentParser()
        commenter.add(parser)
        chosen = parser.parse_args(args)
        assert query(chosen.query).startswith(chosen.query.replace("\n", " "))
        assert not chosen.template or "{{" not in commenter.text_of(chosen.comment)(match)


@pytest.mark.parametrize("words", [["--updated=90d"], ["--confirm=perhaps"], ["--ceiling=few"]])
def test_flags_that_make_no_sense(cutwater: Command, words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cutwater("commenter", *words)
    assert ended.value.code == 2


# A robot


@pytest.mark.virtual
@pytest.mark.parametrize(
    "text, before, labels, state",
    [
        pytest.param("/lifecycle stale", [], {"lifecycle/stale"}, "open", id="stale"),
        pytest.param("/lifecycle rotten", ["lifecycle/stale"], {"lifecycle/rotten"}, "open", id="rotten"),
        pytest.param("/close not-planned", ["lifecycle/rotten"], {"lifecycle/rotten"}, "closed", id="closed"),
        pytest.param("/close", [], set(), "open", id="a stranger's robot does not close what is alive"),
    ],
)
async def test_lifecycle(text: str, before: list[str], labels: set[str], state: str) -> None:
    known = ["lifecycle/stale", "lifecycle/rotten"]
    async with Talk("lifecycle", on="issue", labels=before, known=known) as talk:
        local = talk.scene.github
        token = local.world().token(STRANGER)

        async def identity(org: str) -> str:
            return token

        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(local.app)) as client:
            github = GitHub(client, identity, api="http://github/api/v3", graphql_api="http://github/api/graphql")
            found = await commenter.search(github, "repo:acme/rocket is:issue", by_update=True)
            assert await commenter.say(github, found, lambda match: f"Hello.\n{text}", is_confirmed=True) == []
        await talk.settle()
        assert (talk.labels, talk.issue.state) == (labels, state)
