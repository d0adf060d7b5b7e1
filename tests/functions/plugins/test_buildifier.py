"""buildifier in talks."""

from pathlib import Path
from typing import Any

import pytest

from tests.functions.plugins.programs import changed, install, remarks, reviews, use_installed
from tests.functions.plugins.talk import STRANGER, Talk

pytestmark = pytest.mark.virtual

FORMATTER = """
for file do :; done
grep -q '(($' "$file" && { echo "$file:1:1: syntax error" >&2; exit 1; }
grep -q '  *,' "$file" && exit 4
case "$*" in *-buildifier_disable=*) exit 0;; esac
grep -q unsorted "$file" && exit 4
exit 0
"""
"""A formatter that wants no space before a comma, and things sorted where that is not disabled."""


@pytest.fixture
def formatter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install(monkeypatch, tmp_path, "buildifier", FORMATTER)


def words(path: str) -> str:
    return f'This Bazel file needs formatting, run:\n```shell\nbuildifier -mode=fix "{path}"\n```'


BAD = "a(b , c)\n"


def checked(*files: Any) -> Talk:
    return Talk("buildifier", files=files)


@pytest.mark.usefixtures("formatter")
@pytest.mark.parametrize("says", ["/buildify", "/BUILDIFIER \t"])
async def test_files_that_need_formatting_are_named(says: str) -> None:
    paths = ("pkg/BUILD", "WORKSPACE", "a/BUILD.bazel", 'x"y.bzl')
    async with checked(
        *(changed(path, BAD) for path in paths), changed("a.py", BAD), changed("c.bzl", "a()\n")
    ) as talk:
        await talk.say(STRANGER, says)
        assert reviews(talk) == ["4 warnings."]
        assert sorted(remarks(talk)) == sorted((path, 1, words(path.replace('"', '\\"'))) for path in paths)


@pytest.mark.usefixtures("formatter")
@pytest.mark.parametrize(
    "text, review, said",
    [
        pytest.param("a(b, c)\n", "0 warnings.", [], id="well formatted"),
        pytest.param("unsorted\n", "0 warnings.", [], id="in another order"),
        pytest.param(
            "a((\n", "1 warning.", ["This Bazel file cannot be read: ./BUILD:1:1: syntax error"], id="not readable"
        ),
    ],
)
async def test_one_file(text: str, review: str, said: list[str]) -> None:
    async with checked(changed("BUILD", text)) as talk:
        await talk.say(STRANGER, "/buildify")
        assert reviews(talk) == [review]
        assert [words for _, _, words in remarks(talk)] == said


@pytest.mark.usefixtures("formatter")
@pytest.mark.parametrize("status", ["renamed", "removed"])
async def test_what_is_not_looked_at(status: str) -> None:
    async with checked(changed("BUILD", BAD, status=status)) as talk:
        await talk.say(STRANGER, "/buildify")
        assert reviews(talk) == [] and talk.answers == []


async def test_a_program_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    async with checked(changed("BUILD", BAD)) as talk:
        await talk.say(STRANGER, "/buildify")
        assert talk.answers == ["The program `buildifier` is not installed where I run, so that nothing was checked."]


async def test_the_real_one(monkeypatch: pytest.MonkeyPatch) -> None:
    use_installed(monkeypatch, "buildifier")
    files = {
        "bad/BUILD": 'a(name = "x" , srcs=[ "b" ])\n',
        "unsorted/BUILD": 'a(\n    srcs = [\n        "c",\n        "b",\n    ],\n    name = "x",\n)\n',
        "broken.bzl": "x(\n",
        "good/BUILD": 'a(name = "x")\n',
    }
    async with checked(*(changed(path, text) for path, text in files.items())) as talk:
        await talk.say(STRANGER, "/buildify")
        assert reviews(talk) == ["2 warnings."]
        assert sorted(path for path, _, _ in remarks(talk)) == ["bad/BUILD", "broken.bzl"]
