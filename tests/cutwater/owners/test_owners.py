"""Who owns what."""

import pytest

from cutwater.config.patterns import matches
from cutwater.owners.files import EVERYTHING, Options, OwnersFile, People
from cutwater.owners.layers import Layers
from cutwater.owners.owners import Owners

MARKDOWN, TEXT = r".*\.md", r".*\.txt"


def people(approvers: str = "", reviewers: str = "", labels: str = "", required: str = "") -> People:
    """People in a few words."""
    return People(
        approvers=tuple(approvers.split()),
        reviewers=tuple(reviewers.split()),
        required_reviewers=tuple(required.split()),
        labels=tuple(labels.split()),
    )


def file(everything: People | None = None, *, options: str = "", **filters: People) -> OwnersFile:
    """A file of the simple form, or of filters by name."""
    named = {{"markdown": MARKDOWN, "text": TEXT, "go": r"\.go$"}[name]: people for name, people in filters.items()}
    return OwnersFile(
        options=Options(**dict.fromkeys(options.split(), True)),
        filters=({} if everything is None else {EVERYTHING: everything}) | named,
    )


def owners(files: dict[str, OwnersFile]) -> Owners:
    return Owners(files, matches)


TREE = owners(
    {
        "": file(people("alice bob")),
        "a/b/c": file(people("carl dave")),
        "a/b/e": file(markdown=people("carl dave"), text=people("elic")),
        "d": file(people("mml"), options="no_parent_owners"),
        "f": file(markdown=people("carl dave"), text=people("flex"), options="no_parent_owners"),
    }
)


@pytest.mark.parametrize(
    "path, place, nearest, everybody",
    [
        pytest.param("testFile.md", "", "alice bob", ["", "alice bob"], id="in the root"),
        pytest.param(
            "a/b/c/testFile.md", "a/b/c", "carl dave", ["", "carl dave", "", "", "alice bob"], id="in a folder"
        ),
        pytest.param(
            "a/b/e/testFile.md", "a/b/e", "carl dave", ["", "carl dave", "", "", "alice bob"], id="by a filter"
        ),
        pytest.param("a/b/e/testFile.dat", "", "alice bob", ["", "", "", "", "alice bob"], id="by no filter"),
        pytest.param("d/testFile.go", "d", "mml", ["", "mml"], id="without parents"),
        pytest.param("f/testFile.txt", "f", "flex", ["", "flex"], id="by a filter, without parents"),
        pytest.param(
            "f/testFile.go_to_parent", "", "alice bob", ["", "", "alice bob"], id="nobody found: parents all the same"
        ),
        pytest.param("DELETED_DIR/testFile.md", "", "alice bob", ["", "", "alice bob"], id="in no folder"),
        pytest.param(
            "a/b/c/d/e/x.go", "a/b/c", "carl dave", ["", "", "", "carl dave", "", "", "alice bob"], id="far below"
        ),
        pytest.param("a/b/c", "a/b/c", "carl dave", ["carl dave", "", "", "alice bob"], id="a folder itself"),
        pytest.param("/a/b/c/x", "", "", [], id="an absolute path leads nowhere"),
    ],
)
def test_approvers(path: str, place: str, nearest: str, everybody: list[str]) -> None:
    assert TREE.place_of_approvers(path) == place
    assert TREE.nearest_approvers(path) == set(nearest.split())
    assert TREE.approvers(path) == Layers.of(layer.split() for layer in everybody)


@pytest.mark.parametrize("path", ["foo.txt", "./foo.txt", "", "."])
def test_the_root_has_several_names(path: str) -> None:
    tree = owners({"": file(people(labels="sig/godzilla")), "a/b/c": file(people(labels="wg/save-tokyo"))})
    assert tree.labels(path) == {"sig/godzilla"}


@pytest.mark.parametrize(
    "path, labels",
    [
        pytest.param("re/a/go.go", {"all", "go", "go-in-a"}, id="all filters that are found count"),
        pytest.param("re/a/md.md", {"all", "md-in-a"}, id="of the folder and of its parent"),
        pytest.param("re/a/txt.txt", {"all"}, id="everything"),
        pytest.param("re/go.go", {"all", "go"}, id="of the parent alone"),
        pytest.param("re/b/md.md", {"all"}, id="of no folder"),
    ],
)
def test_labels(path: str, labels: set[str]) -> None:
    tree = owners(
        {
            "re": file(people(labels="all"), go=people(labels="go")),
            "re/a": file(markdown=people(labels="md-in-a"), go=people(labels="go-in-a")),
        }
    )
    assert tree.labels(path) == labels


def test_a_filter_sees_the_path_from_its_folder() -> None:
    tree = owners({"a": OwnersFile(filters={"^b/": people("bob"), "^a/": people("ann")})})
    assert list(tree.approvers("a/b/c.go")) == ["bob"]


def test_a_markdown_file_is_nearest_to_itself() -> None:
    tree = owners({"": file(people("cjwagner")), "docs/file.md": file(people("alice"))})
    assert tree.place_of_approvers("docs/file.md") == "docs/file.md"
    assert tree.approvers("docs/file.md") == Layers.of([["alice"], [], ["cjwagner"]])


def test_who_is_near_is_not_named_farther_off() -> None:
    tree = owners({"": file(people("ann bob")), "a": file(people("bob"))})
    assert tree.approvers("a/x") == Layers.of([[], ["bob"], ["ann"]])


@pytest.mark.parametrize(
    "files, path, found",
    [
        pytest.param(
            {"": file(people("r")), "p": file(options="no_parent_owners"), "p/c": file(people("x"))},
            "p/c/f",
            ["x"],
            id="it stops at a folder without parents once somebody was found",
        ),
        pytest.param(
            {"": file(people("r")), "p": file(options="no_parent_owners")},
            "p/c/f",
            ["r"],
            id="but not before",
        ),
    ],
)
def test_without_parents(files: dict[str, OwnersFile], path: str, found: list[str]) -> None:
    assert list(owners(files).approvers(path)) == found


def test_each_kind_is_inherited_by_itself() -> None:
    root = people("root", "rita", "kind/root", "ray")
    tree = owners({"": file(root), "a": file(people("ann"), options="no_parent_owners")})
    assert tree.approvers("a/x") == Layers.of([[], ["ann"]])
    assert (list(tree.reviewers("a/x")), tree.place_of_reviewers("a/x")) == (["rita"], "")
    assert tree.required_reviewers("a/x") == {"ray"}
    assert tree.labels("a/x") == {"kind/root"}


def test_options_are_of_the_very_place() -> None:
    tree = owners({"a": file(options="no_parent_owners auto_approve_unowned_subfolders")})
    assert tree.options("a") == Options(no_parent_owners=True, auto_approve_unowned_subfolders=True)
    assert tree.options("a/b") == tree.options("") == Options()


def test_of_the_whole_repository() -> None:
    approvers = {"a": "cjwagner", "b": "", "c": "bob", "d": "mml", "e": "alice bob", "f": "alice"}
    reviewers = {"a": "alice bob", "b": "alice matthyx", "c": "alice bob", "d": "", "e": "", "f": ""}
    required = people(required="nobody")
    tree = owners(
        {place: file(people(approvers[place], reviewers[place])) for place in approvers} | {"g": file(required)}
    )
    assert tree.all_approvers == {"alice", "bob", "cjwagner", "mml"}
    assert tree.all_reviewers == {"alice", "bob", "matthyx"}
    assert tree.everybody == {"alice", "bob", "cjwagner", "matthyx", "mml"}
    assert tree.top_level_approvers == set()


@pytest.mark.parametrize(
    "root, found",
    [
        pytest.param(file(people("alice bob")), {"alice", "bob"}, id="all of the root's"),
        pytest.param(file(go=people("carl")), set(), id="a filter that does not find the root"),
        pytest.param(OwnersFile(filters={r"^\.$": people("dot")}), {"dot"}, id="one that does"),
    ],
)
def test_top_level_approvers(root: OwnersFile, found: set[str]) -> None:
    assert owners({"": root, "a/b/c": file(people("carl"))}).top_level_approvers == found


# Collaborators


def test_only_collaborators_approve_and_review() -> None:
    tree = owners({"": file(people("ann bob", "bob cid", "kind/x", "dan")), "a": file(people("cid"))}).among(["@BOB"])
    assert tree.all_approvers == tree.all_reviewers == {"bob"}
    assert tree.required_reviewers("x") == {"dan"}
    assert tree.labels("x") == {"kind/x"}
    assert tree.place_of_approvers("a/x") == "", "a place that has nobody left is none"
    assert tree.nearest_approvers("a/x") == {"bob"}


# What must be approved


def _approving(**options: str) -> dict[str, OwnersFile]:
    return {place: file(people("ann"), options=names) for place, names in options.items()}


@pytest.mark.parametrize(
    "tree, paths, places",
    [
        pytest.param(
            _approving(a="") | {"a/b/c": file(people("bob")), "d/e": file(people("x")), "d/e/f": file(people("y"))},
            ["a/x", "a/b/c/x", "d/e/x", "d/e/f/x"],
            {"a", "d/e"},
            id="not what is below",
        ),
        pytest.param(
            {"": file(people("ann")), "a": file(people("bob"), options="no_parent_owners")},
            ["x", "a/x"],
            {"", "a"},
            id="unless it has no parents",
        ),
        pytest.param(
            {"": file(people("ann")), "a": file(options="no_parent_owners"), "a/b": file(people("bob"))},
            ["x", "a/b/x"],
            {"", "a/b"},
            id="or lies below such a place",
        ),
        pytest.param(_approving(a="auto_approve_unowned_subfolders"), ["a/b/c.go"], set(), id="an unowned subfolder"),
        pytest.param(
            _approving(a="auto_approve_unowned_subfolders"), ["a/b/c.go", "a/x.go"], {"a"}, id="the folder itself"
        ),
        pytest.param(
            {"": file(people("ann"), options="auto_approve_unowned_subfolders")}, ["x.go"], set(), id="all of the root"
        ),
        pytest.param({}, ["x.go", "a/y.go"], {""}, id="nobody owns anything: the root"),
        pytest.param({}, [], set(), id="no changes"),
    ],
)
def test_places_to_approve(tree: dict[str, OwnersFile], paths: list[str], places: set[str]) -> None:
    assert owners(tree).places_to_approve(paths) == places
