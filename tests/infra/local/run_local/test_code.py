"""Which working copy stands for which code, and what the job is told of it."""

from pathlib import Path

import pytest

from cutwater.config.listing import Listed, any_of, only
from infra.local.run_local.code import NoCode, Sources, cloned, spec_of
from infra.local.working_copy import WorkingCopy
from tests.cutwater.config.configured import configured
from tests.infra.local.run_local.copies import working_copy

POD = "spec: {containers: [{image: x, command: [z]}]}"
JOBS = f"""
presubmits:
  acme/rocket:
  - {{name: unit, path_alias: acme.org/rocket, {POD}}}
  - {{name: both, extra_refs: [{{org: acme, repo: pad, base_ref: next}}], {POD}}}
postsubmits:
  acme/rocket:
  - {{name: publish, {POD}}}
periodics:
- {{name: nightly, interval: 1h, extra_refs: [{{org: acme, repo: rocket, base_ref: main}}], {POD}}}
- {{name: other, interval: 1h, extra_refs: [{{org: acme, repo: pad, base_ref: main}}], {POD}}}
- {{name: main-code, interval: 1h, {POD},
    extra_refs: [{{org: acme, repo: tools, base_ref: main}}, {{org: acme, repo: ship, base_ref: x, workdir: true}}]}}
- {{name: codeless, interval: 1h, {POD}}}
"""


def job(name: str) -> Listed:
    return only(any_of(configured(jobs=JOBS).jobs, name))


@pytest.fixture
def rocket(tmp_path: Path) -> WorkingCopy:
    files, uncommitted = {"README.md": "rocket\n"}, {"new": "new\n"}
    return WorkingCopy(working_copy(tmp_path / "rocket", files=files, uncommitted=uncommitted, full_name="acme/rocket"))


@pytest.fixture
def pad(tmp_path: Path) -> WorkingCopy:
    return WorkingCopy(working_copy(tmp_path / "pad", files={"pad": "pad\n"}, uncommitted={}))


def files(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts
    )


def test_a_presubmit(rocket: WorkingCopy, tmp_path: Path) -> None:
    sources = Sources(own=rocket, others={}, pull_number=7)
    spec, [record] = cloned(spec_of(job("unit"), sources), sources, tmp_path / "code")
    assert files(tmp_path / "code") == ["src/acme.org/rocket/README.md", "src/acme.org/rocket/new"]
    assert spec.refs is not None
    [pull] = spec.refs.pulls
    assert (spec.type, spec.refs.full_name, spec.refs.base_ref) == ("presubmit", "acme/rocket", "main")
    assert (pull.number, pull.title, pull.head_ref) == (7, "first", "topic")
    assert spec.refs.base_sha == rocket.head
    assert len({spec.refs.base_sha, pull.sha, record.final_sha}) == 3


def test_a_postsubmit(rocket: WorkingCopy, tmp_path: Path) -> None:
    sources = Sources(own=rocket, others={})
    spec, [record] = cloned(spec_of(job("publish"), sources), sources, tmp_path / "code")
    assert spec.refs is not None
    assert (spec.refs.base_ref, spec.refs.pulls, spec.refs.base_sha) == ("topic", (), record.final_sha)
    assert files(tmp_path / "code") == ["src/github.com/acme/rocket/README.md", "src/github.com/acme/rocket/new"]


@pytest.mark.parametrize("kind, branch", [("unit", "release"), ("publish", "release")])
def test_the_branch_that_is_said(rocket: WorkingCopy, kind: str, branch: str) -> None:
    refs = spec_of(job(kind), Sources(own=rocket, others={}, branch=branch)).refs
    assert refs is not None
    assert refs.base_ref == branch


def test_further_code(rocket: WorkingCopy, pad: WorkingCopy, tmp_path: Path) -> None:
    sources = Sources(own=rocket, others={"acme/pad": pad})
    spec, records = cloned(spec_of(job("both"), sources), sources, tmp_path / "code")
    assert [record.refs.full_name for record in records] == ["acme/rocket", "acme/pad"]
    assert (spec.extra_refs[0].base_ref, spec.extra_refs[0].base_sha) == ("next", pad.head)
    assert "src/github.com/acme/pad/pad" in files(tmp_path / "code")


@pytest.mark.parametrize(
    "name, repository",
    [
        pytest.param("nightly", "acme/rocket", id="it is its code"),
        pytest.param("other", "acme/pad", id="the only code there is"),
    ],
)
def test_a_periodic(rocket: WorkingCopy, tmp_path: Path, name: str, repository: str) -> None:
    sources = Sources(own=rocket, others={})
    _, [record] = cloned(spec_of(job(name), sources), sources, tmp_path / "code")
    assert (record.refs.full_name, (tmp_path / "code" / "src/github.com" / repository / "new").exists()) == (
        repository,
        True,
    )


def test_a_periodic_without_code(tmp_path: Path) -> None:
    sources = Sources(own=None, others={})
    assert cloned(spec_of(job("codeless"), sources), sources, tmp_path / "code")[1] == []


@pytest.mark.parametrize(
    "name, says",
    [
        pytest.param("both", "both clones acme/pad, too: say --ref acme/pad=DIR", id="further code"),
        pytest.param("main-code", "main-code clones acme/tools, too: say --ref acme/tools=DIR", id="not its work dir"),
    ],
)
def test_code_that_is_not_here(rocket: WorkingCopy, tmp_path: Path, name: str, says: str) -> None:
    sources = Sources(own=rocket, others={})
    with pytest.raises(NoCode, match=says):
        cloned(spec_of(job(name), sources), sources, tmp_path / "code")
    assert not (tmp_path / "code").exists()


def test_no_working_copy_at_all() -> None:
    with pytest.raises(NoCode, match="presubmit unit of acme/rocket needs a working copy of acme/rocket: go there, or"):
        spec_of(job("unit"), Sources(own=None, others={}))
