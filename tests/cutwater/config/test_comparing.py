"""What is different between two configurations."""

from typing import Any

import pytest
from msgspec import UNSET

from cutwater.config.comparing import Difference, Place, compared
from cutwater.config.configuration import Configuration
from cutwater.config.findings import Source
from cutwater.config.listing import Listed
from cutwater.config.load import load
from cutwater.config.sources import Sources
from cutwater.config.values_compared import Change
from tests.cutwater.config.configured import POD, configured

UNIT = f"- {{name: unit, always_run: true, {POD}}}"
SMOKE = f"- {{name: smoke, optional: true, {POD}}}"


def pod(one: Listed) -> dict[str, Any] | None:
    """In place of the decorated one: the pod that the job says."""
    return None if one.job.spec is None else dict(one.job.spec)


def jobs(**files: str) -> Configuration:
    """The configuration of these files of presubmits of acme/rocket."""
    sources = [
        Source(f"{name}.yaml", f"presubmits:\n  acme/rocket:\n  {text}".encode()) for name, text in files.items()
    ]
    return load(Sources(Source("config.yaml", b""), tuple(sources)))


def difference(old: Configuration, new: Configuration) -> Difference:
    return compared(old, new, pod)


def names(places: tuple[Place, ...]) -> list[str]:
    return [place.name for place in places]


def test_nothing() -> None:
    assert difference(jobs(a=UNIT), jobs(a=UNIT)).is_empty


def test_a_line_that_is_elsewhere_is_no_difference() -> None:
    assert difference(jobs(a=UNIT), jobs(a=f"# about it\n  {UNIT}")).is_empty


def test_added_and_removed() -> None:
    found = difference(jobs(a=UNIT), jobs(a=SMOKE))
    assert (names(found.added), names(found.removed), found.moved, found.changed) == (["smoke"], ["unit"], (), ())
    assert found.added[0] == Place(
        kind="presubmit", repository="acme/rocket", name="smoke", branches=(), file="a.yaml", line=3
    )


def test_moved_to_another_file() -> None:
    found = difference(jobs(a=UNIT), jobs(b=UNIT))
    assert [(move.old.file, move.new.file) for move in found.moved] == [("a.yaml", "b.yaml")]
    assert (found.added, found.removed, found.changed) == ((), (), ())


def test_moved_to_another_repository() -> None:
    old, new = jobs(a=UNIT), configured(jobs=f"presubmits: {{acme/pad: [{UNIT[2:]}]}}")
    found = difference(old, new)
    assert [(move.old.repository, move.new.repository) for move in found.moved] == [("acme/rocket", "acme/pad")]
    assert (found.added, found.removed) == ((), ())


def test_branches_tell_jobs_of_one_name_apart() -> None:
    main, release = (f"- {{name: unit, branches: [{branch}], {POD}}}" for branch in ("main", "release"))
    found = difference(jobs(a=f"{main}\n  {release}"), jobs(a=f"{release.replace('make', 'go')}\n  {main}"))
    assert [(one.job.branches, one.fields) for one in found.changed] == [(("release",), ())]


def test_fields_and_pod() -> None:
    found = difference(jobs(a=UNIT), jobs(a=UNIT.replace("true", "false").replace("make", "go")))
    [one] = found.changed
    assert one.fields == (Change(path="always_run", old=True),)
    assert one.pod == (Change(path="containers[0].command[0]", old="make", new="go"),)


def test_a_default_changes_all_jobs() -> None:
    text = f"presubmits: {{acme/rocket: [{UNIT[2:]}, {SMOKE[2:]}]}}"
    old, new = (configured(f"pod_namespace: {name}", jobs=text) for name in ("old", "new"))
    found = difference(old, new)
    change = Change(path="namespace", old="old", new="new")
    assert [(one.job.name, one.fields) for one in found.changed] == [("smoke", (change,)), ("unit", (change,))]
    assert found.settings == {"pod_namespace": (Change(path="pod_namespace", old="old", new="new"),)}


def test_what_a_pull_request_waits_for() -> None:
    found = difference(jobs(a=f"{UNIT}\n  {SMOKE}"), jobs(a=UNIT.replace("{name", "{optional: true, name")))
    assert found.contexts == {
        "acme/rocket": (
            Change(path="unit", old="required", new="optional"),
            Change(path="smoke", old="optional"),
        )
    }


LGTM: dict[str, Any] = {"labels": ["lgtm"]}


@pytest.mark.parametrize(
    "old, new, expected",
    [
        pytest.param("{orgs: [acme], labels: [lgtm]}", "{labels: [lgtm], orgs: [acme]}", {}, id="the same"),
        pytest.param(
            "{orgs: [acme], labels: [lgtm]}",
            "{orgs: [acme], labels: [approved]}",
            {"acme": (Change(path="queries[0].labels[0]", old="lgtm", new="approved"),)},
            id="another label",
        ),
        pytest.param(
            "{orgs: [acme], labels: [lgtm]}",
            "{orgs: [acme], labels: [lgtm], excludedRepos: [acme/rocket]}",
            {"acme/rocket": (Change(path="queries", old=[LGTM], new=[]),)},
            id="a repository is left out",
        ),
        pytest.param(
            "{repos: [acme/rocket], labels: [lgtm]}",
            "{repos: [acme/rocket, acme/pad], labels: [lgtm]}",
            {"acme/pad": (Change(path="queries", old=[], new=[LGTM]),)},
            id="a repository comes",
        ),
    ],
)
def test_tide(old: str, new: str, expected: dict[str, tuple[Change, ...]]) -> None:
    found = difference(configured(f"tide: {{queries: [{old}]}}"), configured(f"tide: {{queries: [{new}]}}"))
    assert found.tide == expected


def test_sections() -> None:
    old = configured("branch-protection: {orgs: {acme: {protect: true}}}", plugins="plugins: {acme: {plugins: [lgtm]}}")
    new = configured("sinker: {max_pod_age: 1h}", plugins="{plugins: {acme: {plugins: [hold]}}, lgtm: [{repos: [a]}]}")
    found = difference(old, new)
    assert found.settings["branch-protection"] == (
        Change(path="branch-protection.orgs", old={"acme": {"protect": True}}),
    )
    assert found.settings["sinker"] == (Change(path="sinker.max_pod_age", old="24h0m0s", new="1h0m0s"),)
    assert found.plugins == {
        "lgtm": (Change(path="lgtm", old={}, new=[{"repos": ["a"]}]),),
        "plugins": (Change(path="plugins.acme.plugins[0]", old="lgtm", new="hold"),),
    }
    assert UNSET is found.settings["branch-protection"][0].new
