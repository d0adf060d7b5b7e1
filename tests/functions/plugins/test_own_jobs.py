"""Jobs that a repository brings along, as people meet them: on their pull requests, and after a push."""

from collections.abc import Mapping

import pytest
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from cutwater.config.configuration import Configuration
from functions.plugins.trigger.own_jobs import COMPLAINT
from infra.local.github.world import Issue
from tests.world import BOT, CONFIG, JOBS, World, configuration

pytestmark = pytest.mark.virtual

STATIC = {"unit", "flight"}
ENABLED = CONFIG + "in_repo_config: {enabled: {acme/rocket: true}}\n"
SPEC = "spec: {containers: [{image: x}]}"


def presubmit(name: str, more: str = "always_run: true") -> str:
    return f"presubmits: [{{name: {name}, {more}, {SPEC}}}]\n"


def enabled(jobs: str = JOBS) -> Configuration:
    return configuration(ENABLED, jobs)


async def change(world: World, files: Mapping[str, str | bytes | None], author: str = "bob") -> Issue:
    """A pull request, and whatever its opening causes."""
    found = await world.github.pull_request(world.rocket, author=author, files=files)
    await world.settle()
    return found


async def push(world: World, files: Mapping[str, str | bytes | None]) -> str:
    sha = await world.github.push(world.rocket, "main", files, author="alice")
    await world.settle()
    return sha


async def started(world: World, pull: Issue | None = None) -> list[str]:
    """The names of the jobs that have run; for the head of a pull request, with one."""
    jobs = await world.kube.read.prowjobs("default")
    heads = [(job.spec.job, [one.sha for one in job.spec.refs.pulls] if job.spec.refs else []) for job in jobs]
    return sorted(name for name, shas in heads if pull is None or shas == [pull.head])


def complaints(pull: Issue) -> list[str]:
    return [text for who, text in pull.comments if who == BOT and text.startswith(COMPLAINT)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "on_branch, changed, jobs",
    [
        pytest.param({}, {".prow.yaml": presubmit("own")}, {"own"}, id="a pull request brings its first"),
        pytest.param({".prow.yaml": presubmit("own")}, {"a": "b"}, {"own"}, id="the branch has it"),
        pytest.param({".prow.yaml": presubmit("own")}, {".prow.yaml": presubmit("new")}, {"new"}, id="it is renamed"),
        pytest.param({".prow.yaml": presubmit("own")}, {".prow.yaml": None}, set(), id="it is taken out"),
        pytest.param(
            {".prow.yaml": presubmit("own")}, {".prow/a.yaml": presubmit("new")}, {"new"}, id="a folder beats the file"
        ),
        pytest.param({".prow.yaml": presubmit("own")}, {".prow/a.txt": "x"}, set(), id="an empty folder beats it, too"),
        pytest.param(
            {".prow/b.yml": presubmit("b"), ".prow/c/d.yaml": presubmit("d"), ".prow/e.txt": "no jobs"},
            {".prow/a.yaml": presubmit("a")},
            {"a", "b", "d"},
            id="a folder of several",
        ),
        pytest.param(
            {".prowignore": "*.yml\n", ".prow/a.yaml": presubmit("a"), ".prow/x/.prowignore": "/b.yaml\n"},
            {".prow/x/b.yaml": presubmit("b"), ".prow/c.yml": presubmit("c")},
            {"a"},
            id="some are left out",
        ),
        pytest.param(
            {},
            {".prow.yaml": presubmit("own", "run_if_changed: '^src/'"), "src/a": "a"},
            {"own"},
            id="its files decide",
        ),
        pytest.param({}, {".prow.yaml": presubmit("own", "run_if_changed: '^src/'")}, set(), id="other files"),
        pytest.param({}, {".prow.yaml": presubmit("own", "optional: true")}, set(), id="one that waits to be named"),
    ],
)
async def test_the_jobs_of_a_pull_request(
    on_branch: dict[str, str | bytes | None], changed: dict[str, str | bytes | None], jobs: set[str]
) -> None:
    async with World(enabled()) as world:
        await push(world, on_branch or {"x": "y"})
        pull = await change(world, changed)
        assert await started(world, pull) == sorted(STATIC | jobs)
        assert complaints(pull) == []


@pytest.mark.slow
async def test_where_it_is_not_enabled_nothing_is_read() -> None:
    async with World() as world:
        pull = await change(world, {".prow.yaml": presubmit("own")})
        assert await started(world, pull) == sorted(STATIC)


async def test_the_branch_is_read_as_it_is_and_not_as_it_was() -> None:
    async with World(enabled()) as world:
        pull = await change(world, {"a": "b"})
        await push(world, {".prow.yaml": presubmit("own")})
        await pull.comment("bob", "/test all")
        await world.settle()
        assert await started(world, pull) == sorted([*STATIC, *STATIC, "own"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "text, runs",
    [
        pytest.param("/test own", {"own": 1}, id="by its name"),
        pytest.param("/launch", {"odd": 1}, id="by a pattern of its own"),
        pytest.param("/test all", {"flight": 1, "unit": 1}, id="not with all, as it waits to be named"),
        pytest.param("Looks good.", {}, id="talk"),
        pytest.param("```\n/launch\n```", {}, id="in a fence"),
    ],
)
async def test_commands_know_them(text: str, runs: dict[str, int]) -> None:
    odd = f"- {{name: odd, trigger: '(?m)^/launch$', rerun_command: /launch, {SPEC}}}"
    own = f"presubmits:\n- {{name: own, {SPEC}}}\n{odd}\n"
    async with World(enabled()) as world:
        pull = await change(world, {".prow.yaml": own})
        await pull.comment("alice", text)
        await world.settle()
        counts = {name: (await started(world)).count(name) - (name in STATIC) for name in (*STATIC, "own", "odd")}
        assert {name: count for name, count in counts.items() if count} == runs


async def test_they_are_among_the_commands_that_are_listed() -> None:
    async with World(enabled("")) as world:
        pull = await change(world, {".prow.yaml": presubmit("own", "optional: true")})
        await pull.comment("bob", "/test ?")
        await world.settle()
        (text,) = [text for who, text in pull.comments if who == BOT]
        assert "available to trigger optional jobs:\n```\n/test own\n```" in text


async def test_a_repository_that_brings_nothing_hears_nothing() -> None:
    async with World(enabled("")) as world:
        pull = await change(world, {"a": "b"}, author="mallory")
        assert (pull.comments, pull.labels, await started(world)) == ([], set(), [])


async def test_a_strangers_jobs_wait_for_a_word() -> None:
    async with World(enabled("")) as world:
        pull = await change(world, {".prow.yaml": presubmit("own")}, author="mallory")
        assert (pull.labels, await started(world)) == ({"needs-ok-to-test"}, [])
        await pull.comment("alice", "/ok-to-test")
        await world.settle()
        assert await started(world) == ["own"]


@pytest.mark.slow
@pytest.mark.parametrize("status", [404, 429, 502])
async def test_github_does_not_answer_at_once(status: int) -> None:
    answers = [status, status]

    def fail(app: ASGIApp) -> ASGIApp:
        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            is_failing = "/git/trees/" in scope.get("path", "") and answers
            await (JSONResponse({"message": "injected"}, answers.pop()) if is_failing else app)(scope, receive, send)

        return serve

    async with World(enabled(), before_github=fail) as world:
        pull = await change(world, {".prow.yaml": presubmit("own")})
        await world.settle(60)
        assert answers == []
        assert await started(world, pull) == sorted([*STATIC, "own"])


# What is wrong with them

FOREIGN = presubmit("own", "cluster: secret, always_run: true")


@pytest.mark.parametrize(
    "text, wrong",
    [
        pytest.param(
            FOREIGN,
            '.prow.yaml:1: presubmits[0].cluster: cluster "secret" is not allowed for repository "acme/rocket"',
            id="a build cluster that is not theirs",
        ),
        pytest.param(
            presubmit("unit"),
            ".prow.yaml:1: presubmits[0].name: duplicated presubmit jobs (consider both inrepo and central config)",
            id="a static job's name",
        ),
        pytest.param("presubmits: [", ".prow.yaml:2: not YAML:", id="no YAML"),
        pytest.param("presubmits: [{name: x, labels: {a: '```\n@alice'}}]", "````\n.prow.yaml:1:", id="a fence in it"),
    ],
)
async def test_what_is_wrong_is_said_and_static_jobs_run(text: str, wrong: str) -> None:
    async with World(enabled()) as world:
        pull = await change(world, {".prow.yaml": text})
        assert await started(world, pull) == sorted(STATIC)
        (said,) = complaints(pull)
        assert said.startswith(f"{COMPLAINT} as of commit {pull.head}. ")
        assert wrong in said


async def test_it_is_said_once_a_head_and_taken_back() -> None:
    async with World(enabled()) as world:
        pull = await change(world, {".prow.yaml": FOREIGN})
        (first,) = complaints(pull)
        await pull.comment("bob", "/test unit")
        await world.settle()
        assert complaints(pull) == [first]
        await pull.push({"a": "b"})
        await world.settle()
        (second,) = complaints(pull)
        assert (pull.head in second, second != first) == (True, True)
        await pull.push({".prow.yaml": presubmit("own")})
        await world.settle(20)
        await pull.comment("bob", "/test own")
        await world.settle()
        assert complaints(pull) == []
        assert await started(world, pull) == sorted([*STATIC, "own", "own"])


async def test_it_is_said_to_those_whose_tests_run() -> None:
    async with World(enabled()) as world:
        pull = await change(world, {".prow.yaml": FOREIGN}, author="mallory")
        assert complaints(pull) == []
        await pull.comment("alice", "/ok-to-test")
        await world.settle()
        assert len(complaints(pull)) == 1


async def test_the_same_webhooks_again_say_and_start_nothing_new() -> None:
    async with World(enabled()) as world:
        pull = await change(world, {".prow.yaml": FOREIGN})
        other = await change(world, {".prow.yaml": presubmit("own")})
        before = [await started(world, one) for one in (pull, other)]
        for _ in range(2):
            await world.redeliver()
            await world.settle(60)
        assert [await started(world, one) for one in (pull, other)] == before
        assert len(complaints(pull)) == 1


# Pushes


@pytest.mark.parametrize(
    "text, jobs",
    [
        pytest.param(f"postsubmits: [{{name: own, {SPEC}}}]", ["own", "publish"], id="one of its own"),
        pytest.param(f"postsubmits: [{{name: own, branches: [release], {SPEC}}}]", ["publish"], id="for elsewhere"),
        pytest.param(f"postsubmits: [{{name: own, cluster: secret, {SPEC}}}]", ["publish"], id="one that is wrong"),
    ],
)
async def test_a_push_runs_the_postsubmits_at_its_commit(text: str, jobs: list[str]) -> None:
    async with World(enabled()) as world:
        sha = await push(world, {".prow.yaml": text})
        assert await started(world) == jobs
        assert {job.spec.refs.base_sha for job in (await world.jobs()).values() if job.spec.refs} == {sha}


OTHERS = "plugins: {acme/rocket: {plugins: [override, skip]}}"
OPTIONAL = f"- {{name: may, optional: true, always_run: true, {SPEC}}}"
REQUIRED = f"- {{name: must, always_run: true, {SPEC}}}"


@pytest.mark.parametrize(
    "says, states, ended, answer",
    [
        pytest.param(
            "/override must", {"must": "success", "may": "failure"}, ["must"], "Overrode contexts", id="override"
        ),
        pytest.param("/skip", {"must": "failure", "may": "success"}, [], "", id="skip"),
    ],
)
async def test_jobs_of_its_own_are_overridden_and_skipped(
    says: str, states: Mapping[str, str], ended: list[str], answer: str
) -> None:
    async with World(configuration(ENABLED, "{}", OTHERS)) as world:
        world.github.collaborator("acme/rocket", "root", "admin")
        pull = await change(world, {".prow.yaml": f"presubmits:\n{OPTIONAL}\n{REQUIRED}\n"})
        for context in states:
            await pull.set_status(BOT, context, "failure")
        await pull.comment("root", says)
        await world.settle(2)
        assert {context: pull.statuses[context][0] for context in states} == states
        assert await started(world, pull) == ended
        assert [answer in text for who, text in pull.comments if who == BOT] == ([True] if answer else [])


@pytest.mark.parametrize(
    "says, answer", [("/override must", "Failed to get presubmits"), ("/skip", "Cannot get presubmits")]
)
async def test_nothing_is_overridden_or_skipped_by_jobs_that_cannot_be_read(says: str, answer: str) -> None:
    async with World(configuration(ENABLED, "{}", OTHERS)) as world:
        world.github.collaborator("acme/rocket", "root", "admin")
        pull = await change(world, {".prow.yaml": "presubmits: [what?"})
        await pull.set_status(BOT, "must", "failure")
        await pull.comment("root", says)
        await world.settle(2)
        assert pull.statuses["must"][0] == "failure"
        assert [answer in text for who, text in pull.comments if who == BOT] == [True]
