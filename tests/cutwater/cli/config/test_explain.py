"""Which jobs a change would start."""

import json
import subprocess
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from tests.cutwater.cli.conftest import Command
from tests.cutwater.cli.trees import CONFIG, JOBS, PLUGINS, flags, write_tree
from tests.world import World, configuration


def test_text(cutwater: Command, tree: Path) -> None:
    done = cutwater("config", "explain", "--repo=acme/rocket", "--branch=main", "--changed", "docs/a.md", *flags(tree))
    assert (done.status, done.err) == (0, "")
    assert done.out.replace(str(tree), "tree") == snapshot("""\
acme/rocket: a pull request to main, 1 changed file

runs (2)
  unit: always_run is true  [required]
      tree/jobs.yaml:5
  docs: run_if_changed (^docs/) matches docs/a.md  [if it runs]
      tree/jobs.yaml:13

is for other branches (1)
  unit: branches (release) does not have main
      tree/jobs.yaml:10
""")


@pytest.mark.parametrize(
    "words, runs",
    [
        pytest.param(["--changed", "docs/a"], ["unit", "docs"], id="a pull request"),
        pytest.param([], ["unit"], id="changed files are not said"),
        pytest.param(["--comment=/test docs"], ["docs"], id="a comment"),
        pytest.param(["--comment=/retest", "--failed=docs", "--reported=unit"], ["docs"], id="a retest"),
        pytest.param(["--comment=/ok-to-test", "--changed", "docs/a"], ["unit", "docs"], id="ok to test"),
        pytest.param(["--event=push"], ["publish"], id="a push"),
        pytest.param(["docs", "--changed", "docs/a"], ["docs"], id="one job"),
    ],
)
def test_what_runs(cutwater: Command, tree: Path, words: list[str], runs: list[str]) -> None:
    done = cutwater("config", "explain", *words, "--repo=acme/rocket", "--branch=main", "--output=json", *flags(tree))
    answer = json.loads(done.out)
    assert [job["job"] for job in answer["jobs"] if job["runs"]] == runs
    assert answer["obstacle"] == ""


@pytest.mark.parametrize(
    "words, plugins, says",
    [
        pytest.param([], "plugins: {}", "the plugin trigger is not on for acme/rocket", id="trigger is not on"),
        pytest.param(["--draft"], None, "a draft is tested only when somebody says so", id="a draft"),
        pytest.param(["--draft", "--comment=/test all"], None, "", id="a draft, and somebody says so"),
        pytest.param(["--stranger"], None, "its author is not trusted, and it", id="a stranger's"),
        pytest.param(["--stranger", "--label=ok-to-test"], None, "", id="a stranger's that is ok to test"),
    ],
)
def test_what_keeps_all_of_them_from_running(
    cutwater: Command, tree: Path, words: list[str], plugins: str | None, says: str
) -> None:
    if plugins is not None:
        (tree / "plugins.yaml").write_text(plugins)
    done = cutwater("config", "explain", "--repo=acme/rocket", "--branch=main", "--output=json", *words, *flags(tree))
    obstacle = json.loads(done.out)["obstacle"]
    assert (bool(obstacle), obstacle.startswith(says)) == (bool(says), True)


@pytest.mark.parametrize(
    "words, says",
    [
        pytest.param(["--repo=acme/rocket"], "--branch is missing", id="no branch"),
        pytest.param(["--branch=main"], "--repo is missing", id="no repository"),
        pytest.param(["--branch=main", "--repo=acme/pad"], "acme/pad has no presubmits and", id="another repository"),
        pytest.param(["publish", "--branch=main", "--repo=acme/rocket"], "has no presubmit publish", id="another job"),
        pytest.param(["--diff-base=main", "--working-copy=/nowhere"], "/nowhere is no folder", id="no working copy"),
    ],
)
def test_what_is_said_otherwise(cutwater: Command, tree: Path, words: list[str], says: str) -> None:
    done = cutwater("config", "explain", *words, *flags(tree))
    assert (done.status, says in done.err) == (1, True), done.err


def test_a_working_copy_and_the_jobs_that_it_brings(cutwater: Command, tmp_path: Path) -> None:
    config = CONFIG + "\nin_repo_config: {enabled: {acme/rocket: true}}\n"
    tree = write_tree(tmp_path / "tree", config=config)
    copy = tmp_path / "rocket"
    copy.mkdir()
    script = """
        git init --quiet --initial-branch main && git remote add origin https://github.com/acme/rocket.git
        git config user.name bob && git config user.email bob@acme
        touch README.md && git add . && git commit --quiet --message first && git checkout --quiet -b topic
        mkdir docs && touch docs/new.md
        printf 'presubmits:\\n- name: own\\n  run_if_changed: .md$\\n  spec: {containers: [{image: x}]}\\n' > .prow.yaml
    """
    subprocess.run(script, shell=True, check=True, cwd=copy)
    words = ["--diff-base=main", "--working-copy", copy, "--output=json"]
    answer = json.loads(cutwater("config", "explain", *words, *flags(tree)).out)
    assert answer["changes"] == [".prow.yaml", "docs/new.md"]
    assert (answer["repository"], answer["branch"]) == ("acme/rocket", "main")
    own = next(job for job in answer["jobs"] if job["job"] == "own")
    assert (own["runs"], own["file"], own["line"]) == (True, ".prow.yaml", 3)
    assert own["why"] == "run_if_changed (.md$) matches docs/new.md"


@pytest.mark.virtual
@pytest.mark.parametrize("file", ["docs/a.md", "main.py"])
async def test_it_is_what_the_functions_do(cutwater: Command, tree: Path, file: str) -> None:
    words = ["--repo=acme/rocket", "--branch=main", "--output=json", "--changed", file]
    answer = json.loads(cutwater("config", "explain", *words, *flags(tree)).out)
    config = CONFIG.replace("namespace: jobs", "namespace: default").replace("namespace: pods", "namespace: test-pods")
    async with World(configuration(config, JOBS, PLUGINS)) as world:
        await world.github.pull_request(world.rocket, author="bob", files={file: "x"})
        await world.settle()
        started = await world.kube.read.prowjobs("default")
    assert sorted(job.spec.job for job in started) == sorted(job["job"] for job in answer["jobs"] if job["runs"])
