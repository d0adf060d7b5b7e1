"""The secrets of a pod, and the values inside those whose form is known."""

import json
from pathlib import Path

import pytest

from cutwater.podutils.sidecar import ini
from cutwater.podutils.sidecar.secrets import load


def test_files_as_kubernetes_mounts_them(tmp_path: Path) -> None:
    version = tmp_path / "..2026_01_01"
    version.mkdir()
    (version / "password").write_text("hunter2")
    (tmp_path / "..data").symlink_to(version.name)
    (tmp_path / "password").symlink_to("..data/password")
    assert load([str(tmp_path)]).secrets == (b"hunter2",)


@pytest.mark.parametrize(("name", "wraps"), [(".dockercfg", False), (".dockerconfigjson", True)])
def test_logins_of_registries(tmp_path: Path, name: str, wraps: bool) -> None:
    logins = {"registry": {"username": "u", "password": "p", "auth": "dTpw"}, "other": {}}
    (tmp_path / name).write_text(json.dumps({"auths": logins} if wraps else logins))
    assert load([str(tmp_path)]).secrets[1:] == (b"dTpw", b"p")


def test_keys_in_another_case_are_the_same(tmp_path: Path) -> None:
    (tmp_path / ".dockercfg").write_text('{"registry": {"Auth": "a", "PASSWORD": "b", "password": null}}')
    assert load([str(tmp_path)]).secrets[1:] == (b"a", b"b")


def test_one_that_cannot_be_read_does_not_spare_the_others(tmp_path: Path) -> None:
    (tmp_path / ".dockercfg").write_text("{")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    (tmp_path / "z").write_text("hunter2")
    loaded = load([str(tmp_path), str(tmp_path / "nowhere")])
    assert loaded.secrets == (b"{", b"hunter2")
    assert loaded.errors[0].startswith(f"could not read {tmp_path}/.dockercfg as a docker secret: ")
    assert loaded.errors[1:] == (
        f"read {tmp_path}/link: is a directory",
        f"lstat {tmp_path}/nowhere: no such file or directory",
    )


@pytest.mark.parametrize(
    ("text", "values"),
    [
        pytest.param("a=b\nc : d\n", ["b", "d"], id="either delimiter"),
        pytest.param("[s]\na = 'q'\nb = \"r\"\nc = `s`\n", ["q", "r", "s"], id="quotes go"),
        pytest.param('a="b" c\nd="e\\"f"\n', ['"b" c', '"e\\"f"'], id="quotes stay that are not all around"),
        pytest.param("a = b # comment\n# c\n; d\n\n", ["b"], id="comments"),
        pytest.param("a = b \\\n c\n", ["b c"], id="a value that goes on"),
        pytest.param('a = """x\ny"""\n', ["x\ny"], id="several lines"),
        pytest.param("a = `x\ny` \\\nz`\n", ["x\ny` \\\nz"], id="several lines that go on behind the quote"),
        pytest.param("[p]\na=1\n[p.c]\nb=2\n", ["2", "1", "2"], id="subsections first"),
        pytest.param("[ s ]\na=1\n[s]\na=2\n", ["1", "2"], id="blanks belong to a section's name"),
        pytest.param("a=1\na=2\n", ["2"], id="the last counts"),
        pytest.param("-=1\n-=2\n", ["1", "2"], id="keys without a name"),
        pytest.param('"k=y" = v\n', ["v"], id="a key in quotes"),
        pytest.param("a=\n", [""], id="empty"),
        pytest.param("a = '\n", ["'"], id="one quote"),
        pytest.param("\ufeffa=b\r\n", ["b"], id="a mark of the byte order, and Windows' lines"),
        pytest.param("a=b\x0bc\x1c\n", ["b\x0bc\x1c"], id="what ends no line"),
    ],
)
def test_ini(text: str, values: list[str]) -> None:
    assert ini.values(text.encode()) == [value.encode() for value in values]


def test_values_that_are_no_text() -> None:
    assert ini.values(b"a=\xff\xfeb\n") == [b"\xff\xfeb"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[unclosed\n", "unclosed section: [unclosed\n"),
        ("[]\n", "empty section name"),
        ("nokey\n", "key-value delimiter not found: nokey\n"),
        ("=x\n", "empty key name: =x\n"),
        ('""=x\n', "error creating new key: empty key name"),
        ('"k = v\n', 'missing closing key quote: "k = v\n'),
        ("a = `x\n", 'missing closing key quote from "`x\\n" to ""'),
    ],
)
def test_what_is_no_ini(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=r"^") as refused:
        ini.values(text.encode())
    assert str(refused.value) == why
