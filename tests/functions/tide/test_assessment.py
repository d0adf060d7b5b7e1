"""One look at a pool. The tables are those of upstream's tests, whose names stand beside them."""

from typing import Any

import pytest

from functions.tide.results import of_base
from tests.functions.tide.making import BASE, run
from tests.functions.tide.scenes import CONFIG, JOBS, decided, history, looked_at, pull, scene
from tests.oracle.clusters import Json
from tests.oracle.tide_world import Given

pytestmark = pytest.mark.virtual


# TestSync


@pytest.mark.parametrize(
    ("pulls", "queries", "action", "members"),
    [
        pytest.param([pull(1)], 1, "MERGE", [1], id="one that can be merged"),
        pytest.param([pull(1, mergeable="CONFLICTING")], 1, "WAIT", [], id="one with a conflict is in no pool"),
        pytest.param([pull(1, mergeable="UNKNOWN")], 1, "MERGE", [1], id="one of which GitHub does not know yet"),
        pytest.param([pull(1)], 2, "MERGE", [1], id="one that two queries find is there once"),
        pytest.param([pull(1), pull(2, labels=[])], 1, "MERGE", [1], id="one that no query finds"),
    ],
)
async def test_who_is_in_the_pool(pulls: list[Json], queries: int, action: str, members: list[int]) -> None:
    second = "{repos: [acme/rocket], labels: [lgtm]}"
    config = CONFIG.replace("]}]}", f"]}}, {second}]}}") if queries > 1 else CONFIG
    state = await decided(scene(*pulls, config=config))
    assert state.action.kind == action
    assert [one.number for one in state.members.candidates] == members


async def test_the_union_of_changes_says_what_a_batch_must_pass() -> None:
    jobs = f"""{JOBS}
    - {{name: docs, run_if_changed: "^docs/", spec: {{containers: [{{image: x}}]}}}}
    - {{name: code, run_if_changed: "^src/", spec: {{containers: [{{image: x}}]}}}}
    - {{name: other, run_if_changed: "^other/", spec: {{containers: [{{image: x}}]}}}}
"""
    green = {"contexts": [{"context": "unit", "state": "SUCCESS", "description": ""}]}
    also = {
        name: {"contexts": [*green["contexts"], {"context": name, "state": "SUCCESS", "description": ""}]}
        for name in ("docs", "code")
    }
    world = scene(
        pull(1, changed_files=["docs/a"], **also["docs"]), pull(2, changed_files=["src/a"], **also["code"]), jobs=jobs
    )
    state = await decided(world)
    assert state.action.kind == "TRIGGER_BATCH"
    assert [job.name for job in state.action.tests] == ["unit", "docs", "code"]


BY_METHOD = """tide:
  queries: [{orgs: [acme], labels: [lgtm]}]
  squash_label: tide/squash
  rebase_label: tide/rebase
"""


async def test_each_is_put_into_a_batch_as_it_would_be_merged() -> None:
    old = {"contexts": [{"context": "unit", "state": "SUCCESS", "description": ""}]}
    world = scene(
        pull(1, **old),
        pull(2, **old | {"labels": ["lgtm", "tide/squash"]}),
        pull(3, **old | {"labels": ["lgtm", "tide/rebase"]}),
        config=BY_METHOD,
        git={"conflicts": [[1, 2]]},
    )
    state = await decided(world)
    assert [one.number for one in state.action.targets] == [1, 3]
    assert world.git.merges == [
        {"method": "merge", "pr": 1},
        {"method": "squash", "pr": 2},
        {"method": "rebase", "pr": 3},
    ]


@pytest.mark.parametrize(
    ("settings", "targets"),
    [
        pytest.param("", [1, 2, 3, 4], id="no limit"),
        pytest.param("batch_size_limit: {'*': 3, acme: 2}", [1, 2], id="of the organisation"),
        pytest.param("batch_size_limit: {acme: 2, acme/rocket: 3}", [1, 2, 3], id="of the repository"),
        pytest.param("batch_size_limit: {'*': 0}", [1, 2, 3, 4], id="0 is none"),
    ],
)
async def test_how_large_a_batch_is(settings: str, targets: list[int]) -> None:
    old = {"contexts": [{"context": "unit", "state": "SUCCESS", "description": ""}]}
    config = f"tide:\n  queries: [{{orgs: [acme], labels: [lgtm]}}]\n  {settings}\n"
    state = await decided(scene(*(pull(number, **old) for number in (4, 3, 2, 1)), config=config))
    assert [one.number for one in state.action.targets] == targets


async def test_without_batches_one_is_tested_at_a_time() -> None:
    old = {"contexts": [{"context": "unit", "state": "SUCCESS", "description": ""}]}
    config = "tide:\n  queries: [{orgs: [acme], labels: [lgtm]}]\n  batch_size_limit: {'*': -1}\n"
    world = scene(pull(1, **old), pull(2, **old), config=config)
    assert (await decided(world)).action.kind == "TRIGGER"
    assert world.git.merges == []


@pytest.mark.parametrize(
    "git",
    [
        pytest.param({"clone_error": "the repository cannot be reached"}, id="no clone"),
        pytest.param({"conflicts_with_base": [1, 2]}, id="everything conflicts"),
    ],
)
async def test_what_keeps_tide_from_a_batch_is_shown(git: Given) -> None:
    old: dict[str, Any] = {"contexts": [{"context": "unit", "state": "SUCCESS", "description": ""}]}
    world = scene(pull(1, **old), pull(2, **old), git=git)
    look = await looked_at(world)
    found = await look.state.get("tide/pools/acme/rocket/main.json")
    assert found is not None
    assert b'"Action":"WAIT"' in found.body
    words = git.get("clone_error", "none of the pull requests fits onto the branch as it is")
    assert str(words).encode() in found.body
    assert world.created == []


async def test_a_batch_that_cannot_be_started_is_remembered_with_the_reason() -> None:
    old: dict[str, Any] = {"contexts": [{"context": "unit", "state": "SUCCESS", "description": ""}]}
    world = scene(pull(1, **old), pull(2, **old), prowjob_create_errors=["unit"])
    await looked_at(world)
    (entry,) = await history(world)
    assert entry["action"] == "TRIGGER_BATCH"
    assert entry["err"] == 'failed to create a ProwJob for job: "unit", PRs: [1 2]: injected: create failed'


# TestDividePool


@pytest.mark.parametrize(
    ("pool", "base", "kind", "counts"),
    [
        pytest.param("acme/rocket:main", BASE, "presubmit", True, id="a presubmit's run"),
        pytest.param("acme/rocket:main", BASE, "batch", True, id="a batch's run"),
        pytest.param("acme/rocket:main", BASE, "postsubmit", False, id="a postsubmit's run"),
        pytest.param("acme/rocket:main", "c" * 40, "presubmit", False, id="another base"),
        pytest.param("acme/rocket:release", BASE, "presubmit", False, id="another branch"),
        pytest.param("acme/other:main", BASE, "presubmit", False, id="another repository"),
        pytest.param("other/rocket:main", BASE, "presubmit", False, id="another organisation"),
    ],
)
def test_which_runs_count(pool: str, base: str, kind: str, counts: bool) -> None:
    assert bool(of_base([run("1/unit:S", kind=kind)], pool, base)) is counts


async def test_pools_are_apart() -> None:
    world = scene(pull(5), pull(6), pull(1000, base_ref="release-1.6"))
    assert [one.number for one in (await decided(world)).members.candidates] == [5, 6]
    assert [one.number for one in (await decided(world, "acme/rocket:release-1.6")).members.candidates] == [1000]


# TestPresubmitsByPull: a pull request whose own jobs cannot be read, a test that tells nothing of its changes

OWN = f"{CONFIG}\nin_repo_config: {{enabled: {{acme/rocket: true}}}}\n"


async def test_one_whose_own_jobs_cannot_be_read_holds_back_nobody_else() -> None:
    broken = {"base": "", "by_pr": {"1": {"yaml": "presubmits: nonsense"}}}
    state = await decided(scene(pull(1), pull(2), config=OWN, in_repo=broken))
    assert [one.number for one in state.members.candidates] == [2]


async def test_one_whose_files_cannot_be_read_holds_back_nobody_else() -> None:
    jobs = JOBS.replace("always_run: true", "run_if_changed: x")
    members = (await decided(scene(pull(1, changes_error=True), pull(2), jobs=jobs))).members
    assert [one.number for one in members.candidates] == [2]
    assert members.obstacles[1].startswith("The files that it changes cannot be read: ")
