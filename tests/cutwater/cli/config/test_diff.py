"""What is different between two configurations."""

import json
import subprocess
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from tests.cutwater.cli.conftest import Command
from tests.cutwater.cli.trees import CONFIG, JOBS, PLUGINS, write_tree

JOB = "{{name: job-{}, decorate: true, spec: {{containers: [{{image: x, command: [z]}}]}}}}"
MANY = f"presubmits: {{acme/rocket: [{', '.join(JOB.format(number) for number in range(5))}]}}"


def test_nothing(cutwater: Command, tree: Path, tmp_path: Path) -> None:
    assert cutwater("config", "diff", tree, write_tree(tmp_path / "other")) == (0, "", "")


def test_text(cutwater: Command, tree: Path, tmp_path: Path) -> None:
    jobs = JOBS.replace("[make, test]", '[sh, -c, "make\\nmake test\\n"]').replace("name: docs", "name: pages")
    jobs = jobs.replace("^docs/", "^pages/").replace("always_run: true", "optional: true")
    config = CONFIG.replace("timeout: 1h", "timeout: 2h") + "tide: {queries: [{orgs: [acme], labels: [lgtm]}]}\n"
    new = write_tree(tmp_path / "new", config=config, jobs=jobs, plugins=PLUGINS.replace("trigger", "trigger, lgtm"))
    done = cutwater("config", "diff", tree, new)
    assert (done.status, done.err) == (1, "")
    assert done.out == snapshot("""\
jobs: 1 added, 1 removed, 0 moved, 1 changed

acme/rocket
  - presubmit docs  jobs.yaml:12
  + presubmit pages  jobs.yaml:12
  ~ presubmit unit [main]  jobs.yaml:3
      decoration_config.timeout: 1h0m0s → 2h0m0s
      - always_run: true
      + optional: true
      pod: containers[test].env[ENTRYPOINT_OPTIONS].value.args: ["make","test"] → ["sh","-c","make\\nmake test\\n"]
      pod: containers[test].env[ENTRYPOINT_OPTIONS].value.timeout: 3600000000000 → 7200000000000

what a pull request waits for
  acme/rocket
    unit: if it runs, required → if it runs, optional
    - docs: if it runs
    + pages: if it runs

what tide wants before it merges
  acme
    queries: [] → [{"labels":["lgtm"]}]

config.yaml
  plank.default_decoration_config_entries[0].config.timeout: 1h0m0s → 2h0m0s

plugins.yaml
  plugins["acme/rocket"].plugins: ["trigger"] → ["trigger","lgtm"]
""")


def test_what_many_share_is_said_once(cutwater: Command, tmp_path: Path) -> None:
    old = write_tree(tmp_path / "old", jobs=MANY)
    new = write_tree(tmp_path / "new", jobs=MANY, config=CONFIG.replace("clonerefs: c", "clonerefs: new"))
    assert cutwater("config", "diff", old, new).out == snapshot("""\
jobs: 0 added, 0 removed, 0 moved, 5 changed

in 5 jobs (job-0, job-1, job-2, …)
  decoration_config.utility_images.clonerefs: c → new

in 5 pods (job-0, job-1, job-2, …)
  initContainers[clonerefs].image: c → new

config.yaml
  plank.default_decoration_config_entries[0].config.utility_images.clonerefs: c → new
""")


def test_json(cutwater: Command, tree: Path, tmp_path: Path) -> None:
    new = write_tree(tmp_path / "new", jobs=JOBS.replace("alpine:3", "alpine:4"))
    done = cutwater("config", "diff", tree, new, "--output=json")
    [job] = json.loads(done.out)["changed"]
    assert (done.status, job["job"]["name"], job["pod"]) == (
        1,
        "unit",
        [{"path": "containers[test].image", "old": "alpine:3", "new": "alpine:4"}],
    )


@pytest.fixture
def copy(tree: Path) -> Path:
    """The tree as a git working copy, with a change that is not committed."""
    script = """
        git init --quiet --initial-branch main && git config user.name bob && git config user.email bob@acme
        git add . && git commit --quiet --message first
        sed -i s/nightly/weekly/ jobs.yaml
    """
    subprocess.run(script, shell=True, check=True, cwd=tree)
    return tree


def test_since_a_revision(cutwater: Command, copy: Path) -> None:
    done = cutwater("config", "diff", "--git=main", "--working-copy", copy)
    assert (done.status, done.out.splitlines()) == (
        1,
        [
            "jobs: 1 added, 1 removed, 0 moved, 0 changed",
            "",
            "periodics",
            "  - periodic nightly  jobs.yaml:19",
            "  + periodic weekly  jobs.yaml:19",
        ],
    )


def test_between_revisions(cutwater: Command, copy: Path) -> None:
    assert cutwater("config", "diff", "--git=main..HEAD", "--working-copy", copy) == (0, "", "")


def test_files_by_other_names(cutwater: Command, tree: Path, tmp_path: Path) -> None:
    new = write_tree(tmp_path / "new", jobs="")
    for folder in (tree, new):
        (folder / "jobs.yaml").rename(folder / "ours.yaml")
    words = ["--config-path=config.yaml", "--job-config-path=ours.yaml"]
    assert cutwater("config", "diff", tree, new).status == 0
    assert "5 removed" in cutwater("config", "diff", tree, new, *words).out


@pytest.mark.parametrize(
    "words, says",
    [
        pytest.param([], "say two folders, OLD and NEW, or --git REVISION", id="nothing"),
        pytest.param(["{tree}"], "say two folders", id="one folder"),
        pytest.param(["{tree}", "{tree}", "--git=main"], "say two folders", id="both"),
        pytest.param(["{tree}", "/nowhere"], "/nowhere is no folder", id="no folder"),
        pytest.param(["{tree}", "/dev"], "/dev has none of config.yaml, ", id="no configuration"),
        pytest.param(["--git=nothing", "--working-copy={tree}"], "not a git repository", id="no working copy"),
    ],
)
def test_what_is_said_otherwise(cutwater: Command, tree: Path, words: list[str], says: str) -> None:
    done = cutwater("config", "diff", *(word.format(tree=tree) for word in words))
    assert (done.status, done.out, says in done.err) == (2, "", True), done.err


def test_no_such_revision(cutwater: Command, copy: Path) -> None:
    done = cutwater("config", "diff", "--git=nothing", "--working-copy", copy)
    assert (done.status, "nothing" in done.err) == (2, True)


def test_a_configuration_that_is_wrong(cutwater: Command, tree: Path, tmp_path: Path) -> None:
    new = write_tree(tmp_path / "new", jobs="periodics: [{name: x, interval: often}]")
    done = cutwater("config", "diff", tree, new)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(
        "cutwater config diff: the new configuration is wrong\njobs.yaml:1: periodics[0].interval"
    )
