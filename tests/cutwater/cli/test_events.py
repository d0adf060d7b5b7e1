"""`cutwater events` over a ledger that a whole cutwater has written."""

import re
from argparse import Namespace
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from cutwater.cli.events import explain, reached, replay, show
from cutwater.cli.events import list as listing
from cutwater.cli.events.rehearsal import rehearse
from cutwater.cli.events.wanting import unwanted
from cutwater.cli.failing import Failed
from cutwater.config import compiled
from cutwater.config.configuration import Configuration
from cutwater.events import again
from cutwater.events.deadletters import DEAD, DeadLetter
from cutwater.events.history import Case, Wish, newest
from cutwater.events.pointer import key_of
from cutwater.events.publish import look_event
from cutwater.github.webhooks import Webhook, open_webhook
from cutwater.storage.memory import MemoryStore
from tests import ledger_story
from tests.cutwater.cli.conftest import Command
from tests.edges import edges
from tests.ledger_story import HOLD, Story, lay
from tests.virtual_time import BEGINNING
from tests.world import configuration

ABOUT = "acme/rocket#1"
PULL = Wish(org="acme", repo="rocket", number=1)


def plain(lines: Sequence[str]) -> str:
    """Without what is different each time."""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "GUID", "\n".join(lines))
    text = re.sub(r"\[[0-9a-f]{8}\]|configuration [0-9a-f]{12}", "…", text)
    return re.sub(r" +", " ", text)


async def case_of(story: Story, text: str) -> Case:
    page = await newest(story.world.state, PULL)
    return next(
        case
        for case in page.cases
        if case.webhook and case.webhook.payload.get("comment", {}).get("body", "").startswith(text)
    )


async def told_of(story: Story, text: str, plugin: str = "") -> str:
    case = await case_of(story, text)
    return plain(await explain.of_webhook(story.world.functions.edges, case.guid[:12], plugin, story.world.config))


@pytest.mark.virtual
async def test_the_whole_story() -> None:
    async with ledger_story.told() as story:
        world = story.world
        await _is_listed(story)
        await _is_shown(story)
        await _is_explained(story)
        await _is_replayed(story)
        assert plain(await listing.of_role(world.state, "plank", PULL, limit=9)).count("Transition") >= 2
        assert "would decide" in "".join(await rehearse(world.functions.edges, await case_of(story, "/hold"), ()))


async def _is_listed(story: Story) -> None:
    page = await newest(story.world.state, PULL)
    assert plain(listing.table(page.cases)).splitlines() == [
        "RECEIVED GUID EVENT ABOUT BY ANSWERS",
        "2026-03-02 12:04:16Z GUID issue_comment created acme/rocket#1 alice owed: lgtm",
        "2026-03-02 12:00:56Z GUID issue_comment created acme/rocket#1 alice done: lgtm",
        "2026-03-02 12:00:16Z GUID issue_comment created acme/rocket#1 alice refused: lgtm",
        "2026-03-02 12:00:11Z GUID issue_comment created acme/rocket#1 alice failed: hold",
        "2026-03-02 12:00:06Z GUID issue_comment created acme/rocket#1 alice done in part: label",
        "2026-03-02 12:00:01Z GUID pull_request opened acme/rocket#1 bob done: size, trigger",
        "2026-03-02 12:00:01Z GUID pull_request labeled acme/rocket#1 ci-robot nothing: label, trigger",
    ]
    later = story.world.clock() + timedelta(minutes=10)
    assert list(listing.remarks(page, later)) == ["1 of these wait for an answer for too long, the oldest for 10 min"]
    first = await newest(story.world.state, PULL, limit=2)
    assert list(listing.remarks(first, story.world.clock())) == [f"there may be more: --before {first.before}"]


async def _is_shown(story: Story) -> None:
    text = "\n".join(show.shown(await case_of(story, "/kind bug")))
    assert "x-hub-signature-256: (not shown)" in text
    assert "label  done, 1 effect refused" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert '"login": "alice"' in text


async def _is_explained(story: Story) -> None:
    assert await told_of(story, "/lgtm", "lgtm") == (
        """issue_comment created on acme/rocket#1 by alice: "/lgtm"
 GUID, received 2026-03-02 12:04:16Z, still owed

lgtm: is owed, 5 attempts so far
 begun 2026-03-02 12:04:16Z
 under the …
 read EXISTS /repos/acme/rocket/collaborators/alice (4 bytes)
 read ALL /repos/acme/rocket/issues/1/labels (165 bytes)
 Label acme/rocket#1 name=lgtm, present=true — planned, not begun
 because: /lgtm by alice"""
    )
    failed = await told_of(story, "/hold")
    assert "hold: failed" in failed
    assert "error: ValueError: a mistake in hold" in failed
    assert "lgtm did not want it: none of its commands is there (/lgtm, /lgtm cancel)" in failed
    assert "size did not want it: it does not answer to a text like this" in failed
    assert "refused: 403 Resource not accessible by personal access token" in await told_of(story, "/kind bug")
    timeline = plain(await explain.timeline(story.world.functions.edges, PULL))
    assert [timeline.index(part) for part in ORDER] == sorted(timeline.index(part) for part in ORDER), timeline
    with pytest.raises(Failed, match="nothing is kept about acme/rocket#99"):
        await explain.timeline(story.world.functions.edges, Wish(org="acme", repo="rocket", number=99))


ORDER = (
    'pull_request opened on acme/rocket#1 by bob: "A change"',
    "CreateProwJob unit as GUID — done (because: pull request opened by bob)",
    "CreatePod test-pods/GUID cluster=default — done (because: unit is to run)",
    "Label acme/rocket#1 name=do-not-merge/hold, present=true — planned, not begun (because: /hold by alice)",
    "ValueError: a mistake in hold",
    "lgtm: refused at attempt",
    "void: overtaken by an event of 2026-03-02 12:00:56Z (because: /lgtm by alice)",
    "Label acme/rocket#1 name=lgtm, present=false — done (because: /lgtm cancel by alice)",
    "lgtm: is owed",
)
"""What a timeline tells, in this order."""


async def _is_replayed(story: Story) -> None:
    """What is mended is done once; what was done is done no more."""
    world, mishaps = story.world, story.mishaps
    for text in ("/hold", "/kind bug", "/lgtm cancel"):
        assert await replayed(story, text, anew=False) == [], text
    mishaps.wrong.clear()
    before = list(mishaps.applied)
    assert await replayed(story, "/lgtm", anew=False) == ["lgtm goes on"]
    assert await replayed(story, "/hold", anew=True) == ["hold is decided anew"]
    assert await replayed(story, "/kind bug", anew=True) == ["label is decided anew"]
    assert await replayed(story, "/lgtm cancel", anew=True) == []
    await world.settle(150)
    assert sorted(mishaps.applied[len(before) :]) == [HOLD, "kind/bug", "lgtm"]
    assert story.change.labels >= {HOLD, "kind/bug", "lgtm"}
    assert (await newest(world.state, Wish(outcome="owed"))).cases == []
    for text in ("/hold", "/kind bug", "/lgtm"):
        assert await replayed(story, text, anew=True) == [], text
    await world.settle(150)
    assert len(mishaps.applied) == len(before) + 3
    assert "decision 1 ended 2026-03-02 12:00:11Z as failed, and was put aside by olga" in await told_of(story, "/hold")


async def replayed(story: Story, text: str, *, anew: bool) -> list[str]:
    """Who is asked again."""
    case = await case_of(story, text)
    plans = again.planned(case, anew=anew)
    await again.ask(story.world.state, case, plans, by="olga", now=story.world.clock())
    return [f"{plan.plugin} {plan.fate}" for plan in plans if plan.is_asked]


# Why a plugin did not want it

ENABLED = """plugins:
  acme: {plugins: [hold, size, lgtm], excluded_repos: [pad]}
  acme/rocket: {plugins: [trigger]}
"""


def webhook(event: str, payload: dict[str, object], repo: str = "rocket") -> Webhook:
    about = {"name": repo, "owner": {"login": "acme"}, "full_name": f"acme/{repo}"}
    return open_webhook(event, "g-1", msgspec.json.encode({"repository": about, **payload}))


def comment(body: str, *, on_pull: bool = True) -> dict[str, object]:
    issue: dict[str, object] = {"number": 7, "state": "open", "user": {"login": "bob"}}
    return {
        "action": "created",
        "issue": issue | ({"pull_request": {}} if on_pull else {}),
        "comment": {"id": 1, "body": body, "user": {"login": "alice"}},
    }


@pytest.fixture(scope="module")
def enabled() -> Configuration:
    return configuration(plugins=ENABLED)


@pytest.mark.parametrize(
    "given, plugin, why",
    [
        pytest.param(webhook("issue_comment", comment("/hold")), "hold", "", id="it wanted it"),
        pytest.param(webhook("issue_comment", comment("hi")), "hold", "none of its commands", id="no command"),
        pytest.param(
            webhook("issue_comment", comment("/hold", on_pull=False)),
            "hold",
            "it does not hear here: /hold (pull requests, created text)",
            id="a command on an issue",
        ),
        pytest.param(webhook("push", {"ref": "refs/heads/x", "after": "a"}), "size", "answers to", id="another event"),
        pytest.param(webhook("issue_comment", comment("hi")), "dog", "not on for acme/rocket", id="it is off"),
        pytest.param(webhook("issue_comment", comment("/hold"), "pad"), "hold", "acme/pad is left out", id="excluded"),
        pytest.param(webhook("issue_comment", comment("x")), "nope", "there is no plugin", id="no such plugin"),
    ],
)
def test_why_a_plugin_did_not_want_it(enabled: Configuration, given: Webhook, plugin: str, why: str) -> None:
    found = dict(unwanted(given, enabled, [plugin]))
    assert why in found[plugin] if why else plugin not in found, found


# What the commands reach


async def test_the_configuration_at_hand_is_what_was_compiled_last(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in reached.CONFIGURATIONS:
        monkeypatch.delenv(name, raising=False)
    times = iter(datetime(2026, 3, day, tzinfo=UTC) for day in range(1, 9))
    state = MemoryStore(lambda: next(times))
    chosen = Namespace(config_path=None)
    assert await reached.configuration_of(chosen, edges(state=state)) is None
    for content in (compiled.write(configuration(plugins=ENABLED)), compiled.write(configuration())):
        await state.put(key_of(sha256(content).hexdigest()), content)
    found = await reached.configuration_of(chosen, edges(state=state))
    assert found is not None
    assert found.digest == configuration().digest
    await state.put(key_of("0" * 64), b"damaged")
    assert await reached.configuration_of(chosen, edges(state=state)) is None


async def test_a_guid_may_be_given_by_its_beginning() -> None:
    state = MemoryStore(lambda: BEGINNING)
    await lay(state, "72d3162e-1")
    await lay(state, "72d3ffff-2")
    assert [case.guid for case in await reached.cases_of(state, "72d31")] == ["72d3162e-1"]
    with pytest.raises(Failed, match="2 webhooks are kept whose GUIDs begin with 72d3: 72d3162e-1, 72d3ffff-2"):
        await reached.cases_of(state, "72d3")
    with pytest.raises(Failed, match="no webhook is kept whose GUID begins with 1234"):
        await reached.cases_of(state, "1234")


async def test_what_the_list_says_where_there_is_nothing() -> None:
    state = MemoryStore(lambda: BEGINNING)
    assert listing.table((await newest(state, Wish())).cases) == ["no webhook is like this"]
    assert await listing.of_role(state, "any", Wish(), limit=5) == ["nothing is recorded of level roles"]
    for number in range(5):
        await lay(state, f"0000-{number}")
    page = await newest(state, Wish(plugin="absent"), most=3)
    assert list(listing.remarks(page, BEGINNING)) == [
        f"none of the 3 newest is like this; go on with --before {page.before}"
    ]


async def test_what_a_role_was_told_in_vain_is_listed() -> None:
    state = MemoryStore(lambda: BEGINNING)
    event = look_event("plank", "default/abc")
    letter = DeadLetter(event=event, code="500", reason=b64encode(b"ValueError in plank").decode())
    await state.put(f"{DEAD}2026-03-02/{event.id}", msgspec.json.encode(letter))
    said = "given up: plank default/abc: the last answer was 500: ValueError in plank"
    assert await listing.of_role(state, "plank", Wish(), limit=5) == [said]
    assert await listing.of_role(state, "crier", Wish(), limit=5) == ["nothing is recorded of crier"]


@pytest.mark.parametrize(
    "text, found",
    [
        pytest.param("2026-03-02", datetime(2026, 3, 2, tzinfo=UTC), id="a day"),
        pytest.param("2026-03-02T11:00Z", datetime(2026, 3, 2, 11, tzinfo=UTC), id="a moment"),
        pytest.param("2026-03-02T11:00+02:00", datetime(2026, 3, 2, 9, tzinfo=UTC), id="elsewhere"),
    ],
)
def test_moments(text: str, found: datetime) -> None:
    assert listing.when_of(text) == found


def test_so_long_ago() -> None:
    assert abs(datetime.now(UTC) - listing.when_of("2d") - timedelta(hours=48)) < timedelta(minutes=1)


# What cannot be done is said


@pytest.mark.parametrize(
    "words, says",
    [
        pytest.param(["list"], "which ledger? Say --state BUCKET", id="no ledger"),
        pytest.param(["list", "--up", "/nowhere"], "/nowhere is no folder of a `cutwater up`", id="no platform"),
        pytest.param(
            ["list", "--state", "x", "--pr", "7"], "--pr needs --repo ORG/REPO", id="a number of no repository"
        ),
        pytest.param(["show", "abc", "--state", "x"], "at least 4 characters of the GUID", id="too short"),
        pytest.param(["explain", "acme#x", "--state", "x"], "acme#x is no ORG/REPO#NUMBER", id="no pull request"),
    ],
)
def test_what_cannot_be_done(
    cutwater: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(reached.BUCKET, "")
    done = cutwater("events", *words)
    assert (done.status, says in done.err) == (1, True), done


def test_a_moment_that_is_none(cutwater: Command) -> None:
    with pytest.raises(SystemExit):
        cutwater("events", "list", "--since", "yesterday")


@pytest.mark.slow
@pytest.mark.virtual
async def test_waiting_for_answers_ends() -> None:
    async with ledger_story.told() as story:
        case = await case_of(story, "/lgtm")
        there = story.world.functions.edges
        assert await replay.answered(there, case, ["lgtm"], wait=timedelta(seconds=10)) == 1
        assert await replay.answered(there, case, ["lgtm"], wait=timedelta(0)) == 0
        story.mishaps.wrong.clear()
        assert await replay.answered(there, case, ["lgtm"], wait=timedelta(minutes=5)) == 0
