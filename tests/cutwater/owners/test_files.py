"""What the names in an OWNERS file stand for."""

import pytest

from cutwater.owners.files import EVERYTHING, Options, OwnersFile, People, expanded, login, resolved

TEAMS = {"team/t1": frozenset({"u1", "u2"}), "team/t2": frozenset({"u1", "u3"}), "team/t3": frozenset[str]()}


@pytest.mark.parametrize(
    "written, compared",
    [
        pytest.param("Alice", "alice", id="lower case"),
        pytest.param("@Bob", "bob", id="without what marks a mention"),
        pytest.param("@@bob", "@bob", id="of which there is only one"),
        pytest.param(" bob", " bob", id="blanks stay"),
    ],
)
def test_login(written: str, compared: str) -> None:
    assert login(written) == compared


@pytest.mark.parametrize(
    "names, logins",
    [
        pytest.param({"abc", "def"}, {"abc", "def"}, id="no alias"),
        pytest.param({"abc", "team/t1"}, {"abc", "u1", "u2"}, id="an alias"),
        pytest.param({"u1", "team/t1"}, {"u1", "u2"}, id="with a member of it"),
        pytest.param({"u1", "team/t1", "team/t2"}, {"u1", "u2", "u3"}, id="two aliases"),
        pytest.param({"Team/T1"}, {"u1", "u2"}, id="in another case"),
        pytest.param({"@Team/T3"}, set(), id="without members"),
    ],
)
def test_aliases(names: set[str], logins: set[str]) -> None:
    assert expanded(names, TEAMS) == logins


@pytest.mark.parametrize(
    "names, logins",
    [
        pytest.param({"a"}, {"b", "x"}, id="a member that is an alias is a login"),
        pytest.param({"a", "b"}, {"x", "y"}, id="unless it was named itself"),
        pytest.param({"b", "c"}, {"b", "y"}, id="and stands behind in the alphabet"),
    ],
)
def test_aliases_of_aliases(names: set[str], logins: set[str]) -> None:
    aliases = {"a": frozenset({"b", "x"}), "b": frozenset({"y"}), "c": frozenset({"b"})}
    assert expanded(names, aliases) == logins


def test_labels_stay_as_they_were_written() -> None:
    file = OwnersFile(
        options=Options(no_parent_owners=True),
        filters={EVERYTHING: People(approvers=("@Zoe", "team/t1"), labels=("Kind/Bug", "@a", "Kind/Bug"))},
    )
    assert resolved(file, TEAMS) == OwnersFile(
        options=Options(no_parent_owners=True),
        filters={EVERYTHING: People(approvers=("u1", "u2", "zoe"), labels=("@a", "Kind/Bug"))},
    )
