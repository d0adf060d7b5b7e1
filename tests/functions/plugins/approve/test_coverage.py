"""Which places must be approved, and whom to ask."""

import pytest

from cutwater.config.patterns import matches
from cutwater.owners.files import EVERYTHING, Options, OwnersFile, People
from cutwater.owners.owners import Owners
from functions.plugins.approve.coverage import Coverage


def owners(places: dict[str, str]) -> Owners:
    """Approvers by place."""
    return Owners({place: file(*logins.split()) for place, logins in places.items()}, matches)


def file(*approvers: str, pattern: str = EVERYTHING, **options: bool) -> OwnersFile:
    return OwnersFile(options=Options(**options), filters={pattern: People(approvers=approvers)})


@pytest.mark.parametrize(
    "paths, by, places, unapproved",
    [
        pytest.param(["a/x"], "", ["a"], ["a"], id="nobody"),
        pytest.param(["a/x"], "ann", ["a"], [], id="its owner"),
        pytest.param(["a/x"], "root", ["a"], [], id="an owner above it"),
        pytest.param(["a/x"], "bill", ["a"], ["a"], id="an owner of something else"),
        pytest.param(["a/x", "b/y"], "bill", ["a", "b"], ["a"], id="one of two"),
        pytest.param(["a/x", "y"], "ann", [""], [""], id="what lies above includes what lies below"),
        pytest.param(["a/deep/x", "a/y"], "ann", ["a"], [], id="without an own file the one above speaks"),
        pytest.param(["a/n/x", "a/y"], "ann", ["a", "a/n"], ["a/n"], id="a place without parents stands for itself"),
    ],
)
def test_places(paths: list[str], by: str, places: list[str], unapproved: list[str]) -> None:
    given = {place: file(login) for place, login in (("", "root"), ("a", "ann"), ("b", "bill"))}
    given["a/n"] = file("nora", no_parent_owners=True)
    coverage = Coverage(Owners(given, matches), paths, seed=1)
    assert coverage.places == places
    assert sorted(coverage.unapproved(by.split())) == unapproved
    assert coverage.is_approved(by.split()) == (not unapproved)


@pytest.mark.parametrize(
    "path, needs",
    [
        pytest.param("a/t.go", True, id="in the place itself"),
        pytest.param("a/new/t.go", False, id="in a folder below"),
        pytest.param("a/new/x/y/t.go", False, id="in one that lies deep"),
        pytest.param("a/d/t.go", True, id="in one with owners of its own"),
    ],
)
def test_unowned_subfolders(path: str, needs: bool) -> None:
    given = {"a": file("ann", auto_approve_unowned_subfolders=True), "a/d": file("dora")}
    assert Coverage(Owners(given, matches), [path], seed=1).is_approved([]) != needs


def test_where_nothing_is_changed_nobody_can_approve() -> None:
    assert not Coverage(owners({"": "ann"}), [], seed=1).is_approved(["ann"])


def test_part_of_a_place() -> None:
    filters = {pattern: People(approvers=(login,)) for pattern, login in ((r"\.go$", "gina"), (r"\.md$", "mo"))}
    coverage = Coverage(Owners({"a": OwnersFile(filters=filters)}, matches), ["a/x.go", "a/y.md"], seed=1)
    assert [sorted(coverage.unapproved(by)) for by in (["gina"], ["gina", "mo"])] == [["a"], []]
    assert "mo" in coverage.proposed(frozenset({"gina"}), frozenset())


@pytest.mark.parametrize(
    "paths, approved, assigned, proposed",
    [
        pytest.param(["c/c"], "", "", ["cblecker"], id="one of several, by the number"),
        pytest.param(["c/c"], "cjwagner", "", [], id="nobody is needed"),
        pytest.param(["c/c"], "", "cjwagner", ["cjwagner"], id="somebody is assigned"),
        pytest.param(["c/c", "e/e"], "", "spxtr", ["cblecker", "spxtr"], id="one is assigned, one is missing"),
        pytest.param(["c/c", "e/e", "a/a"], "alice", "", ["cblecker", "spxtr"], id="two are missing"),
        pytest.param(["c/c", "e/e"], "", "root", ["root"], id="an assignee who owns everything"),
        pytest.param(["c/c"], "", "mallory", ["cblecker"], id="an assignee who owns nothing"),
    ],
)
def test_proposed(paths: list[str], approved: str, assigned: str, proposed: list[str]) -> None:
    given = owners({"": "root", "a": "alice", "c": "cblecker cjwagner", "e": "spxtr"})
    coverage = Coverage(given, paths, seed=1)
    assert coverage.proposed(frozenset(approved.split()), frozenset(assigned.split())) == proposed


def test_few_people_for_many_places() -> None:
    given = owners({"a": "ann both", "b": "bill both", "c": "cleo"})
    coverage = Coverage(given, ["a/x", "b/y", "c/z"], seed=1)
    assert [len(coverage.proposed(frozenset(), frozenset({name}))) for name in ("both", "mallory")] == [2, 2]
