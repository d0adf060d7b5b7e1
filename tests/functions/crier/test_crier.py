"""Reports, also where functions die, two come at once, states change meanwhile, and GitHub refuses."""

import asyncio
from typing import Any

import pytest

from cutwater.errors import Later, Refused
from cutwater.events.edges import Edges
from cutwater.events.effect import Effect, apply
from cutwater.github.effects import SetStatus
from cutwater.kube.client import PROWJOB
from cutwater.kube.effects import MarkReported
from cutwater.prowjob.labels import REPORTED
from cutwater.prowjob.reporting import GITHUB, STORAGE
from functions.crier import comment
from functions.crier.function import crier
from functions.crier.scope import Scope
from tests.functions.crier.alone import END, Alone, alone
from tests.functions.kubernetes import NAMESPACE, Dying, Killed
from tests.world import CONFIG

pytestmark = pytest.mark.virtual

FAILED_BEFORE = [
    comment.body_of([f"{test} | sha | [link](u) | true | `/test {test}`" for test in tests], author="bob", extra=None)
    for tests in (["unit", "docs"], ["lint"])
]


@pytest.mark.parametrize(
    ("state", "shown", "description"),
    [
        ("triggered", "pending", "Job triggered."),
        ("pending", "pending", "Job pending."),
        ("success", "success", "Job success."),
        ("failure", "failure", "Job failure."),
        ("error", "error", "Job error."),
        ("aborted", "failure", "Job aborted."),
    ],
)
async def test_a_status_for_each_state(state: str, shown: str, description: str) -> None:
    world = await alone()
    await world.run("unit", state)
    await world.report("unit")
    [(context, (shows, says))] = world.change.statuses.items()
    assert (context, shows) == ("unit", shown)
    assert says.startswith(description) and says.endswith(f" BaseSHA:{'b' * 40}")
    assert await world.told("unit") == state


async def test_what_is_lost_is_told_anew_when_somebody_asks() -> None:
    world = await alone()
    await world.run("unit", "failure")
    await world.report("unit")
    told = world.change.statuses
    hub = world.hub.hub
    with hub.store.transaction():
        for row in (*hub.statuses,):
            hub.statuses.remove(row)
    await world.report("unit")
    assert world.change.statuses == {}, "it has told of it"
    await world.report("unit", anew="true")
    assert world.change.statuses == told and world.reports == [["unit"]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("state", "reports"),
    [
        pytest.param("failure", [["docs", "lint", "unit"]], id="a failure makes a new one"),
        pytest.param("success", [["docs", "lint"]], id="a success takes its row away"),
        pytest.param("error", [["docs", "lint"]], id="an error is no row"),
        pytest.param("pending", [["unit", "docs"], ["lint"]], id="nothing before the end"),
    ],
)
async def test_the_comment_lists_what_failed(state: str, reports: list[list[str]]) -> None:
    world = await alone(comments=FAILED_BEFORE)
    await world.run("unit", state)
    await world.report("unit")
    assert world.reports == reports


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("state", ["failure", "success"])
async def test_killed_at_an_effect(state: str, number: int, *, after: bool) -> None:
    world = await alone(comments=FAILED_BEFORE)
    await world.run("unit", state)
    dying = Dying(number, after=after)
    try:
        await world.report("unit", apply=dying)
    except Killed:
        await asyncio.sleep(90)  # what it held is free again
        await world.report("unit")
    assert world.states == {"unit": state}
    assert world.reports == [["docs", "lint", "unit"] if state == "failure" else ["docs", "lint"]]
    assert await world.told("unit") == state


async def test_several_ends_at_once_lose_no_row() -> None:
    tests = [f"test-{number}" for number in range(5)]
    world = await alone()
    for test in tests:
        await world.run(test, "failure")

    async def until_told(test: str) -> None:
        while await world.told(test) != "failure":
            try:
                await world.report(test, owner=test)
            except Later:
                await asyncio.sleep(0.5)

    await asyncio.gather(*(until_told(test) for test in tests))
    [report] = world.reports
    assert sorted(report) == tests


class Meanwhile:
    """Carries effects out; once the first status is set, and before that is known, the run goes on."""

    def __init__(self, world: Alone, **status: Any) -> None:
        self._world, self._status = world, status
        self.statuses: list[str] = []
        self.told: list[str] = []

    async def __call__(self, effect: Effect[object], edges: Edges) -> object:
        result = await apply(effect, edges)
        if isinstance(effect, MarkReported):
            self.told.append(effect.state)
        if isinstance(effect, SetStatus):
            self.statuses.append(effect.state)
            if len(self.statuses) == 1:
                await self._world.set("unit", **self._status)
        return result


async def test_a_state_that_comes_meanwhile_is_told_after_it() -> None:
    world = await alone()
    await world.run("unit", "pending")
    meanwhile = Meanwhile(world, state="failure", completionTime=END)
    await world.report("unit", apply=meanwhile)
    assert meanwhile.statuses == ["pending", "failure"]
    assert meanwhile.told == ["failure"]
    assert world.reports == [["unit"]]


async def test_a_report_is_one_functions_at_a_time() -> None:
    world = await alone()
    await world.run("unit", "pending")

    async def slowly(effect: Effect[object], edges: Edges) -> object:
        await asyncio.sleep(5)
        return await apply(effect, edges)

    first = asyncio.ensure_future(world.report("unit", apply=slowly, owner="first"))
    await asyncio.sleep(1)
    with pytest.raises(Later):
        await world.report("unit", owner="second")
    await first
    assert world.states == {"unit": "pending"}


async def test_an_older_run_does_not_overwrite_what_a_newer_one_has_said() -> None:
    world = await alone()
    await world.run("old", "success", job="unit")
    await asyncio.sleep(2)
    await world.run("new", "pending", job="unit")
    await world.report("new")
    await world.report("old")
    assert world.states == {"unit": "pending"}
    assert await world.told("old") == "success"


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"agent": "jenkins"}, id="another agent"),
        pytest.param({"enabled_orgs": frozenset({"umbrella"})}, id="another organisation"),
        pytest.param({"disabled_repos": frozenset({"acme/rocket"})}, id="a repository that is disabled"),
    ],
)
async def test_out_of_scope(spec: dict[str, Any]) -> None:
    world = await alone()
    await world.run("unit", "failure")
    await world.report("unit", scope=Scope(**spec))
    assert (world.states, await world.told("unit")) == ({}, "")


@pytest.mark.parametrize(
    "mode, ends, reports",
    [
        pytest.param("no_comment_repos: [acme]", {"unit": "failure"}, [], id="no comments"),
        pytest.param("summary_comment_repos: [acme/rocket]", {"unit": "failure"}, [["unit"]], id="a failure"),
        pytest.param("summary_comment_repos: [acme]", {"unit": "failure", "e2e": "pending"}, [], id="one still runs"),
        pytest.param("summary_comment_repos: [acme]", {"unit": "success", "e2e": "error"}, [[]], id="nothing failed"),
        pytest.param(
            "summary_comment_repos: [acme]", {"unit": "failure", "e2e": "failure"}, [["e2e", "unit"]], id="two failures"
        ),
    ],
)
async def test_what_a_repository_wants(mode: str, ends: dict[str, str], reports: list[list[str]]) -> None:
    world = await alone(CONFIG + f"github_reporter: {{{mode}}}\n")
    for name, state in ends.items():
        await world.run(name, state)
    for name in ends:
        await world.report(name)
    assert world.reports == reports


async def test_a_template_adds_to_the_comment() -> None:
    world = await alone(CONFIG.replace("plank:", "plank:\n  report_templates: {acme: 'Ask {{.Spec.Job}} people.'}"))
    await world.run("unit", "failure")
    await world.report("unit")
    [(_, body)] = world.change.comments
    assert "\n\nAsk unit people.\n\n<details>" in body


async def test_a_template_that_fails_deletes_nothing() -> None:
    config = CONFIG.replace("plank:", "plank:\n  report_templates: {'*': '{{index .Spec.Refs.Pulls 7}}'}")
    world = await alone(config, comments=FAILED_BEFORE)
    await world.run("unit", "failure")
    with pytest.raises(Refused, match="generating comment: "):
        await world.report("unit")
    assert world.reports == [["unit", "docs"], ["lint"]]
    assert await world.told("unit") == ""


async def test_a_commit_that_github_does_not_know_counts_as_told() -> None:
    world = await alone()
    await world.run("unit", "pending")
    refs = {"pulls": [{"number": 1, "author": "bob", "sha": "f" * 40}]}
    await world.kube.merge(PROWJOB, NAMESPACE, "unit", {"spec": {"refs": refs}})
    await world.report("unit")
    assert await world.told("unit") == "pending"


async def test_a_copied_label_goes() -> None:
    world = await alone()
    await world.run("unit", "pending", labels={REPORTED: "true"})
    await world.report("unit")
    assert REPORTED not in (await world.read("unit")).metadata.labels


@pytest.mark.parametrize("reporter", [GITHUB, STORAGE, "slackreporter", ""])
async def test_nothing_is_owed(reporter: str) -> None:
    world = await alone()
    await world.run("unit", "pending", prev_report_states={GITHUB: "pending", STORAGE: "pending"})
    await world.report("unit", reporter)
    await world.report("gone", reporter)
    assert (world.states, await world.files()) == ({}, {})


async def test_the_sweep_finds_what_events_have_missed() -> None:
    world = await alone()
    await world.run("unit", "failure")
    role = crier(Scope())
    await world.look(role, "", tick="sweep")
    for event in world.published:
        await world.report(event.subject.rpartition("/")[2], event["reporter"])
    assert (world.states, world.reports) == ({"unit": "failure"}, [["unit"]])
    assert REPORTED not in (await world.read("unit")).metadata.labels
    world.published.clear()
    await asyncio.sleep(90)
    await world.look(role, "", tick="sweep")
    assert (world.published, (await world.read("unit")).metadata.labels[REPORTED]) == ([], "true")
