"""The ProwJob of a job and a change."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
import yaml

from cutwater.cli import mkpj
from cutwater.cli.failing import Failed
from cutwater.github.client import GitHub
from cutwater.github.read import Reader
from cutwater.kube.client import PROWJOB, Kube
from cutwater.prowjob.new import new_prowjob
from cutwater.prowjob.types import ProwJobSpec
from infra.local.github.handles import Repository
from infra.local.github.server import GitHub as LocalGitHub
from infra.local.github.world import World
from infra.local.kube.server import ApiServer
from infra.local.settings import CRDS
from infra.local.transport import InProcessTransport
from tests import virtual_time
from tests.cutwater.cli.conftest import Command
from tests.cutwater.cli.trees import flags

GIVEN = ["--pull-number=5", "--pull-sha=head", "--pull-author=bob", "--base-ref=main", "--base-sha=base"]


def test_everything_is_said(cutwater: Command, tree: Path) -> None:
    done = cutwater("mkpj", "--job=unit", "--pull-head-ref=fix", *GIVEN, *flags(tree))
    assert (done.status, done.err) == (0, "")
    job = yaml.safe_load(done.out)
    assert job["kind"] == "ProwJob"
    assert job["metadata"]["labels"] | {"colour": "red", "prow.k8s.io/refs.pull": "5"} == job["metadata"]["labels"]
    assert job["spec"]["refs"] == {
        "org": "acme",
        "repo": "rocket",
        "base_ref": "main",
        "base_sha": "base",
        "pulls": [{"number": 5, "author": "bob", "sha": "head", "head_ref": "fix"}],
    }
    assert job["spec"]["decoration_config"]["timeout"] == "1h0m0s"
    assert job["status"]["state"] == "triggered"


@pytest.mark.parametrize(
    "words, says",
    [
        pytest.param(["--job=unti", *GIVEN], "there is no job unti; there is unit", id="no such job"),
        pytest.param(["--job=unit", *GIVEN, "--base-ref=next"], "no presubmit unit of acme/rocket is for", id="branch"),
        pytest.param(["--job=unit"], "--pull-number is missing: a presubmit of acme/rocket needs it", id="no number"),
        pytest.param(["--job=publish"], "--base-ref is missing: a postsubmit of acme/rocket needs it", id="no branch"),
        pytest.param(["--job=unit", "--repo=acme/pad"], "there is no job unit of acme/pad", id="no such repository"),
    ],
)
def test_what_is_said_of_what_is_missing(
    cutwater: Command, tree: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], says: str
) -> None:
    monkeypatch.setattr("sys.stdin", (tree / "config.yaml").open())
    done = cutwater("mkpj", *words, *flags(tree))
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith(f"cutwater mkpj: {says}")


def test_a_configuration_that_is_wrong(cutwater: Command, tree: Path) -> None:
    (tree / "jobs.yaml").write_text("periodics: [{name: x, interval: often}]")
    done = cutwater("mkpj", "--job=x", *flags(tree))
    assert done.status == 1
    assert "the configuration is wrong\n" in done.err
    assert f"{tree}/jobs.yaml:1: periodics[0].interval" in done.err


def test_a_periodic_has_no_change(cutwater: Command, tree: Path) -> None:
    job = yaml.safe_load(cutwater("mkpj", "--job=nightly", *flags(tree)).out)
    assert (job["spec"]["type"], job["spec"].get("refs")) == ("periodic", None)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """acme/rocket with the branch `release`, on a GitHub that is asked in this process."""
    local = LocalGitHub()
    world = local.world()
    world.repository("acme/rocket", files={"README.md": "rocket\n"}, branches=["release"])
    token = world.token("bob")

    @asynccontextmanager
    async def github(chosen: object) -> AsyncIterator[Reader]:
        async def identity(org: str) -> str:
            return token

        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(local.app)) as client:
            yield Reader(GitHub(client, identity, api="http://github/api/v3", graphql_api="http://github/api/graphql"))

    monkeypatch.setattr(mkpj, "_github", github)
    return world


def test_what_github_knows_is_asked_of_it(cutwater: Command, tree: Path, world: World) -> None:
    rocket = world.github.hub.repository("acme/rocket")
    assert rocket is not None
    change = asyncio.run(
        world.pull_request(Repository(world.github, rocket.id), author="bob", base="release", files={"x": "y"})
    )
    done = cutwater("mkpj", "--job=unit", "--pull-number", change.number, *flags(tree))
    assert done.err == ""
    spec = yaml.safe_load(done.out)["spec"]
    assert "decoration_config" not in spec, "of the two jobs, the one for the pull request's branch is meant"
    [pull] = spec["refs"]["pulls"]
    assert (spec["refs"]["base_ref"], pull["author"], len(pull["sha"])) == ("release", "bob", 40)


def test_the_head_of_a_branch(cutwater: Command, tree: Path, world: World) -> None:
    refs = yaml.safe_load(cutwater("mkpj", "--job=publish", "--base-ref=release", *flags(tree)).out)["spec"]["refs"]
    assert (refs["base_ref"], len(refs["base_sha"])) == ("release", 40)


@pytest.mark.parametrize(
    "words, says",
    [
        pytest.param(["--job=docs", "--pull-number=77"], "acme/rocket has no pull request 77", id="pull request"),
        pytest.param(["--job=publish", "--base-ref=nowhere"], "acme/rocket has no branch nowhere", id="branch"),
    ],
)
def test_what_github_does_not_know(cutwater: Command, tree: Path, world: World, words: list[str], says: str) -> None:
    assert cutwater("mkpj", *words, *flags(tree)) == (1, "", f"cutwater mkpj: {says}\n")


JOB = new_prowjob(
    ProwJobSpec(type="periodic", job="nightly", agent="kubernetes"), name="one", start=virtual_time.BEGINNING
)


@pytest.mark.parametrize(
    "words, says",
    [
        pytest.param(["--kubeconfig=/nowhere"], "/nowhere cannot be read", id="no kubeconfig"),
        pytest.param(["--kubeconfig={file}", "--context=x"], "{file} has no context x; it has here", id="no context"),
    ],
)
def test_no_cluster(cutwater: Command, tree: Path, words: list[str], says: str) -> None:
    file = tree / "kubeconfig"
    file.write_text(KUBECONFIG)
    given = [word.format(file=file) for word in words]
    done = cutwater("mkpj", "--job=nightly", "--trigger-job", *given, *flags(tree))
    assert (done.status, says.format(file=file) in done.err) == (1, True), done.err


KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: here
clusters: [{name: here, cluster: {server: "http://127.0.0.1:1"}}]
contexts: [{name: here, context: {cluster: here, user: me}}]
users: [{name: me, user: {}}]
"""


@pytest.mark.virtual
async def test_a_triggered_job_is_followed_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    kube = Kube(InProcessTransport(ApiServer(None, crds=[CRDS / "prowjob.yaml"], clock=virtual_time.clock).app))
    following = asyncio.ensure_future(mkpj.follow(JOB, "default", kube))
    await asyncio.sleep(10)
    for status in (
        {"state": "pending", "description": "it runs", "url": "http://deck/1"},
        {"state": "failure", "description": "it failed", "completionTime": "2026-03-02T12:00:30Z"},
    ):
        await kube.merge(PROWJOB, "default", "one", {"status": status})
        await asyncio.sleep(10)
    assert (await following).state == "failure"
    assert capsys.readouterr().err.splitlines() == [
        "cutwater mkpj: made default/one, waiting for its end",
        "cutwater mkpj: triggered",
        "cutwater mkpj: pending: it runs, http://deck/1",
        "cutwater mkpj: failure: it failed, http://deck/1",
    ]


@pytest.mark.virtual
async def test_a_triggered_job_that_is_deleted() -> None:
    kube = Kube(InProcessTransport(ApiServer(None, crds=[CRDS / "prowjob.yaml"], clock=virtual_time.clock).app))
    following = asyncio.ensure_future(mkpj.follow(JOB, "default", kube))
    await asyncio.sleep(3)
    await kube.delete(PROWJOB, "default", "one")
    with pytest.raises(Failed, match="ProwJob default/one was deleted"):
        await following
