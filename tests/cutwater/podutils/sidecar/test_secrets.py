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
        ("a=b\nc : d\n", ["b", "d"]),
        ("[s]\na = 'q'\nb = \"r\"\nc = `s`\n", ["q", "r", "s"]),
        ("a = b # comment\n# c\n; d\n\n", ["b"]),
        ("a = b \\\n c\n", ["b c"]),
        ('a = """x\ny"""\n', ["x\ny"]),
        ("[p]\na=1\n[p.c]\nb=2\n", ["2", "1", "2"]),
        ("a=1\na=2\n", ["2"]),
        ('"k=y" = v\n', ["v"]),
        ("a=\n", [""]),
        ("\ufeffa=b\r\n", ["b"]),
    ],
)
def test_ini(text: str, values: list[str]) -> None:
    assert ini.values(text.encode()) == values


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[unclosed\n", "unclosed section: [unclosed\n"),
        ("nokey\n", "key-value delimiter not found: nokey\n"),
        ("=x\n", "empty key name: =x\n"),
        ('"k = v\n', 'missing closing key quote: "k = v\n'),
        ("a = `x\n", "missing closing key quote of `"),
    ],
)
def test_what_is_no_ini(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=r"^") as refused:
        ini.values(text.encode())
    assert str(refused.value) == why
