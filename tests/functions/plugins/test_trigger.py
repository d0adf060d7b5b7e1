"""trigger, as people meet it: conversations on pull requests, and which jobs they start."""

from collections.abc import Sequence

import pytest

from functions.plugins.trigger import answers, comments, pull_requests
from infra.local.github.world import Issue
from tests.world import BOT, CONFIG, JOBS, World, configuration

pytestmark = pytest.mark.virtual

BOTH = {"unit", "flight"}
STRANGER, MEMBER, AUTHOR = "mallory", "alice", "bob"


async def pull_request(world: World, author: str, labels: Sequence[str] = (), *, is_draft: bool = False) -> Issue:
    """A pull request, and whatever its opening causes."""
    change = await world.github.pull_request(
        world.rocket, author=author, files={"fin.txt": "balsa\n"}, labels=labels, is_draft=is_draft
    )
    await world.settle()
    return change


async def started(world: World) -> set[str]:
    return set(await world.jobs())


async def count(world: World) -> dict[str, int]:
    """How many runs each job has."""
    names = [job.spec.job for job in await world.kube.read.prowjobs("default")]
    return {name: names.count(name) for name in sorted(set(names))}


def said(change: Issue) -> list[str]:
    """What the bot has said, without its footers."""
    return [text.split("\n\n<details>")[0] for who, text in change.comments if who == BOT]


@pytest.mark.slow
@pytest.mark.parametrize(
    "author, labels, is_draft, jobs, labelled, greeted",
    [
        pytest.param(MEMBER, [], False, BOTH, set(), "", id="a member's is tested"),
        pytest.param(MEMBER, [], True, set(), set(), pull_requests.DRAFT, id="a member's draft is not"),
        pytest.param(STRANGER, [], False, set(), {"needs-ok-to-test"}, "I'm waiting for", id="a stranger's waits"),
        pytest.param(STRANGER, [], True, set(), {"needs-ok-to-test"}, "I'm waiting for", id="a stranger's draft, too"),
        pytest.param(STRANGER, ["ok-to-test"], False, BOTH, {"ok-to-test"}, "I'm waiting for", id="somebody labels it"),
    ],
)
async def test_opened(
    author: str, labels: list[str], is_draft: bool, jobs: set[str], labelled: set[str], greeted: str
) -> None:
    async with World() as world:
        change = await pull_request(world, author, labels, is_draft=is_draft)
        assert await started(world) == jobs
        assert change.labels == labelled
        assert len(said(change)) == bool(greeted)
        assert greeted in "".join(said(change))


async def test_a_stranger_is_greeted_in_upstreams_words() -> None:
    async with World() as world:
        change = await pull_request(world, STRANGER)
        [(who, text)] = change.comments
    assert who == BOT
    assert text.startswith("Hi @mallory. Thanks for your PR.\n\nI'm waiting for a [acme]")
    assert "Regular contributors should [join the org](https://github.com/orgs/acme/people) to skip this step." in text
    assert "[here](https://go.k8s.io/bot-commands?repo=acme%2Frocket)" in text


@pytest.mark.slow
@pytest.mark.parametrize(
    "author, labels, by, text, jobs, after, answer",
    [
        pytest.param(STRANGER, [], MEMBER, "/ok-to-test", BOTH, {"ok-to-test"}, "", id="a member says ok"),
        pytest.param(
            STRANGER, [], STRANGER, "/ok-to-test", set(), {"needs-ok-to-test"}, comments.NEEDS_OK, id="not he"
        ),
        pytest.param(
            STRANGER, [], STRANGER, "/test all", set(), {"needs-ok-to-test"}, comments.NEEDS_OK, id="no trust"
        ),
        pytest.param(STRANGER, [], MEMBER, "/test unit", {"unit"}, {"needs-ok-to-test"}, "", id="a member may"),
        pytest.param(STRANGER, ["ok-to-test"], STRANGER, "/test unit", BOTH, {"ok-to-test"}, "", id="trusted by now"),
        pytest.param(
            STRANGER, ["ok-to-test"], MEMBER, "/ok-to-test cancel", BOTH, {"needs-ok-to-test"}, "", id="cancel"
        ),
        pytest.param(
            MEMBER, [], STRANGER, "/ok-to-test cancel", BOTH, set(), comments.ONLY_TRUSTED, id="cancel by him"
        ),
        pytest.param(STRANGER, [], MEMBER, "not /ok-to-test", set(), {"needs-ok-to-test"}, "", id="inside a line"),
        pytest.param(STRANGER, [], MEMBER, "> /ok-to-test", set(), {"needs-ok-to-test"}, "", id="quoted"),
        pytest.param(STRANGER, [], MEMBER, "```\n/ok-to-test\n```", set(), {"needs-ok-to-test"}, "", id="in a fence"),
        pytest.param(STRANGER, [], MEMBER, "/ok-to-test  ", BOTH, {"ok-to-test"}, "", id="with blanks behind it"),
        pytest.param(STRANGER, [], BOT, "/ok-to-test", set(), {"needs-ok-to-test"}, "", id="by ourselves"),
    ],
)
async def test_trust(
    author: str, labels: list[str], by: str, text: str, jobs: set[str], after: set[str], answer: str
) -> None:
    async with World() as world:
        change = await pull_request(world, author, labels)
        before = len(said(change))
        await change.comment(by, text)
        await world.settle()
        assert await started(world) == jobs
        assert change.labels == after
        answers_now = [one for one in said(change)[before:] if one != text]
        assert [one.removeprefix(f"@{by}: ") for one in answers_now] == ([answer] if answer else [])


JOBS_OF_ALL_SORTS = """
presubmits:
  acme/rocket:
    - {name: unit, always_run: true, spec: {containers: [{image: x}]}}
    - {name: slow, optional: true, spec: {containers: [{image: x}]}}
    - {name: manual, spec: {containers: [{image: x}]}}
    - {name: docs, run_if_changed: 'md$', spec: {containers: [{image: x}]}}
    - {name: fins, run_if_changed: '^fin', spec: {containers: [{image: x}]}}
    - {name: legacy, always_run: true, branches: [release], spec: {containers: [{image: x}]}}
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "text, runs, answer",
    [
        pytest.param("/test slow", {"slow": 1}, None, id="one by its name"),
        pytest.param("/test slow\n/test manual", {"manual": 1, "slow": 1}, None, id="two in one comment"),
        pytest.param("/test docs", {"docs": 1}, None, id="named, its files do not matter"),
        pytest.param("/test all", {"fins": 2, "unit": 2}, None, id="all that run by themselves"),
        pytest.param("/test-manual-required", {"manual": 1}, None, id="the required ones that wait"),
        pytest.param("/test unknown", {}, answers.NOT_FOUND, id="a name that is none"),
        pytest.param("/test slow unknown", {"slow": 1}, None, id="one that is none beside one that is"),
        pytest.param("/test legacy", {}, answers.NOT_FOUND, id="a job of another branch"),
        pytest.param("/test", {}, answers.NEEDS_TARGETS, id="no name"),
        pytest.param("/retest unit", {}, answers.NO_TARGETS, id="retest takes no name"),
        pytest.param("/test ?", {}, "The following commands", id="a question"),
        pytest.param("/TEST slow", {}, None, id="upper case is not it"),
        pytest.param("Please /test slow", {}, None, id="inside a sentence"),
    ],
)
async def test_test(text: str, runs: dict[str, int], answer: str | None) -> None:
    async with World(configuration(CONFIG, JOBS_OF_ALL_SORTS)) as world:
        change = await pull_request(world, MEMBER)
        await world.settle(30)
        await change.comment(MEMBER, text)
        await world.settle()
        assert await count(world) == {"fins": 1, "unit": 1} | runs
        replies = [one.removeprefix(f"@{MEMBER}: ") for one in said(change)]
        assert len(replies) == (answer is not None)
        assert all(reply.startswith(answer or "") for reply in replies)


async def test_the_list_of_commands() -> None:
    async with World(configuration(CONFIG, JOBS_OF_ALL_SORTS)) as world:
        change = await pull_request(world, MEMBER)
        await change.comment(MEMBER, "/test ?")
        await world.settle()
    required = "".join(f"\n```\n/test {name}\n```" for name in ("docs", "fins", "manual", "unit"))
    assert said(change) == [
        "@alice: The following commands are available to trigger required jobs:"
        f"{required}\n\n"
        "The following commands are available to trigger optional jobs:\n```\n/test slow\n```\n\n"
        "Use `/test all` to run the following jobs that were automatically triggered:"
        "\n```\nfins\n```\n```\nunit\n```\n\n"
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "statuses, text, runs",
    [
        pytest.param(
            {"unit": "failure", "flight": "success"}, "/retest", {"flight": 1, "unit": 2}, id="the failed one"
        ),
        pytest.param({"unit": "error", "flight": "pending"}, "/retest", {"flight": 1, "unit": 2}, id="an error counts"),
        pytest.param({"unit": "success", "flight": "success"}, "/retest", {"flight": 1, "unit": 1}, id="none failed"),
        pytest.param({"unit": "failure"}, "/retest-required", {"flight": 2, "unit": 2}, id="not reported counts"),
        pytest.param({"unit": "failure", "flight": "failure"}, "> /retest", {"flight": 1, "unit": 1}, id="quoted"),
    ],
)
async def test_retest(statuses: dict[str, str], text: str, runs: dict[str, int]) -> None:
    async with World(configuration(CONFIG, JOBS.replace("decorate", "skip_report: true, decorate"))) as world:
        change = await pull_request(world, MEMBER)
        for context, state in statuses.items():
            await change.set_status(BOT, context, state)
        await change.comment(AUTHOR, text)
        await world.settle()
        assert await count(world) == runs
        again = [
            job for job in await world.kube.read.prowjobs("default") if "prow.k8s.io/retest" in job.metadata.labels
        ]
        assert len(again) == sum(runs.values()) - 2


async def test_a_push_stops_what_runs_and_tests_the_new_head() -> None:
    async with World() as world:
        change = await pull_request(world, MEMBER)
        old = {job.metadata.name for job in (await world.jobs()).values()}
        await change.push({"fin.txt": "birch\n"})
        await world.settle(20)
        by_name = {job.metadata.name: job for job in await world.kube.read.prowjobs("default")}
        assert {by_name[name].status.state for name in old} == {"aborted"}
        new = [job for name, job in by_name.items() if name not in old]
        assert {job.spec.refs.pulls[0].sha for job in new if job.spec.refs} == {change.head}
        assert {job.spec.job for job in new} == BOTH


@pytest.mark.parametrize("how", ["closed", "draft"])
async def test_what_is_closed_or_made_a_draft_is_not_tested_on(how: str) -> None:
    async with World() as world:
        change = await pull_request(world, MEMBER)
        if how == "closed":
            await change.close(MEMBER)
        else:
            await change.set_draft(MEMBER, is_draft=True)
        await world.settle(20)
        assert set((await world.states()).values()) == {"aborted"}


async def test_a_push_to_the_branch_runs_postsubmits() -> None:
    async with World() as world:
        await world.github.push(world.rocket, "main", {"a": "b"}, author=MEMBER)
        await world.settle()
        jobs = await world.jobs()
        assert set(jobs) == {"publish"}
        refs = jobs["publish"].spec.refs
        assert refs and (refs.base_ref, refs.base_sha, refs.pulls) == ("main", world.rocket.head(), ())


async def test_the_same_webhook_three_times_makes_each_prowjob_once() -> None:
    async with World() as world:
        await pull_request(world, MEMBER)
        once = {job.metadata.name for job in await world.kube.read.prowjobs("default")}
        for _ in range(2):
            await world.redeliver()
            await world.settle(60)
        assert {job.metadata.name for job in await world.kube.read.prowjobs("default")} == once
        assert len(once) == 2
