"""golint in talks."""

from pathlib import Path
from typing import Any

import pytest

from functions.plugins import linting
from tests.functions.plugins.programs import changed, install, remarks, reviews, use_installed
from tests.functions.plugins.talk import STRANGER, Talk

pytestmark = pytest.mark.virtual

LINTER = """
case "$1" in -min_confidence=0.8) ;; *) echo "$2:1:1: only $1"; exit;; esac
case "$2" in *broken.go) echo "$2:2:6: expected 'IDENT', found '('" >&2; exit;; esac
grep -n _ "$2" | while IFS=: read -r line text; do
  echo "$2:$line:5: exported var X should have comment or be unexported"
  echo "$2:$line:5: don't use underscores in Go names; var a_b should be aB"
done
"""
"""A linter that does not like underscores."""
MORE = "[More info](http://golang.org/doc/effective_go.html#mixed-caps)"
WORDS = (
    "```suggestion\nvar aB = 1\n```\n"
    f"Golint naming: don't use underscores in Go names; var a_b should be aB. {MORE}. <!-- golint -->"
)
A = "package a\n\nvar a_b = 1\n\nvar c_d = 2\n"


@pytest.fixture
def linter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install(monkeypatch, tmp_path, "golint", LINTER)


def linted(*files: Any, settings: str = "", **more: Any) -> Talk:
    return Talk("golint", settings, files=files, **more)


@pytest.mark.usefixtures("linter")
async def test_problems_in_added_lines_are_reviewed() -> None:
    async with linted(changed("pkg/a.go", A, added=(2, 4))) as talk:
        await talk.say(STRANGER, "/lint")
        assert reviews(talk) == ["1 warning."]
        assert remarks(talk) == [("pkg/a.go", 2, WORDS)]


@pytest.mark.usefixtures("linter")
async def test_what_has_been_remarked_is_not_remarked_again() -> None:
    async with linted(changed("a.go", A, added=(2, 4))) as talk:
        await talk.say(STRANGER, "/lint")
        await talk.say(STRANGER, "/lint")
        assert reviews(talk) == ["1 warning.", "1 unresolved warning and 0 new warning."]
        assert len(remarks(talk)) == 1


@pytest.mark.usefixtures("linter")
async def test_there_are_twenty_remarks_at_most() -> None:
    text = "package a\n" + "".join(f"var a_{n} = {n}\n" for n in range(30))
    async with linted(changed("a.go", text)) as talk:
        await talk.say(STRANGER, "/lint")
        await talk.say(STRANGER, "/lint")
        assert reviews(talk) == ["30 warnings.", "20 unresolved warnings and 10 new warnings."]
        assert len(remarks(talk)) == 20


@pytest.mark.usefixtures("linter")
async def test_a_file_that_cannot_be_read() -> None:
    async with linted(changed("broken.go", "package a\nfunc (\n")) as talk:
        await talk.say(STRANGER, "/lint")
        assert reviews(talk) == ["0 warnings."]
        assert remarks(talk) == [("broken.go", 2, "expected 'IDENT', found '('")]


@pytest.mark.usefixtures("linter")
@pytest.mark.parametrize("sure, shown", [("0", "0"), ("0.35", "0.35")])
async def test_how_sure_it_must_be_is_configured(sure: str, shown: str) -> None:
    async with linted(changed("a.go", A), settings=f"golint: {{minimum_confidence: {sure}}}") as talk:
        await talk.say(STRANGER, "/lint")
        assert remarks(talk) == [("a.go", 1, f"Golint style: only -min_confidence={shown}. <!-- golint -->")]


@pytest.mark.usefixtures("linter")
async def test_nothing_is_found() -> None:
    async with linted(changed("a.go", "package a\n")) as talk:
        await talk.say(STRANGER, "/LINT \r")
        assert reviews(talk) == ["0 warnings."]


@pytest.mark.usefixtures("linter")
@pytest.mark.parametrize(
    "path, status, tree, state, says",
    [
        pytest.param("vendor/a.go", "modified", {}, "open", "/lint", id="of somebody else"),
        pytest.param("a.go.txt", "modified", {}, "open", "/lint", id="not Go"),
        pytest.param("a.go", "renamed", {}, "open", "/lint", id="renamed"),
        pytest.param("a.go", "modified", {}, "closed", "/lint", id="closed"),
        pytest.param("a.go", "modified", {}, "open", "/lint all", id="another word"),
    ],
)
async def test_what_is_not_looked_at(path: str, status: str, tree: dict[str, str], state: Any, says: str) -> None:
    async with linted(changed(path, A, status=status), tree=tree, state=state) as talk:
        await talk.say(STRANGER, says)
        assert reviews(talk) == [] and talk.answers == []


async def test_a_program_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    async with linted(changed("a.go", A)) as talk:
        await talk.say(STRANGER, "/lint")
        assert talk.answers == ["The program `golint` is not installed where I run, so that nothing was checked."]
        assert reviews(talk) == []


@pytest.mark.parametrize("script, is_known", [("sleep 60 & wait", False), ("sleep 60 &", True)])
async def test_a_program_that_does_not_end(
    script: str, is_known: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(linting, "SECONDS", 0.05)
    install(monkeypatch, tmp_path, "golint", script)
    async with linted(changed("a.go", A), changed("b.go", A)) as talk:
        await talk.say(STRANGER, "/lint")
        assert reviews(talk) == ["0 warnings." if is_known else "0 warnings. 2 files could not be looked at."]


@pytest.mark.usefixtures("linter")
@pytest.mark.parametrize("limit, most", [("MOST_FILES", 1), ("LONGEST_FILE", 20), ("ALL_SECONDS", -1)])
async def test_more_than_it_can_look_at(limit: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linting, limit, most)
    async with linted(changed("a.go", "package a\n"), changed("b.go", A)) as talk:
        await talk.say(STRANGER, "/lint")
        left = 2 if most < 0 else 1
        assert reviews(talk) == [f"0 warnings. {left} file{'s' * (left > 1)} could not be looked at."]


@pytest.mark.usefixtures("linter")
async def test_what_it_says_is_in_the_receipt() -> None:
    async with linted(changed("a.go", "package a\n")) as talk:
        await talk.say(STRANGER, "/lint")
        (receipt,) = await talk.receipts()
    (read,) = [read for read in receipt.reads if read.question.startswith("golint -min_confidence=0.8 at ")]
    assert read.answer == [{"path": "a.go", "code": 0, "output": "", "errors": ""}]


async def test_a_program_that_says_too_much(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install(monkeypatch, tmp_path, "golint", "yes")
    async with linted(changed("a.go", A)) as talk:
        await talk.say(STRANGER, "/lint")
        assert reviews(talk) == ["0 warnings. 1 file could not be looked at."]


async def test_what_it_may_see(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CUTWATER_GITHUB_TOKEN_FILE", "secret")
    install(monkeypatch, tmp_path, "golint", 'echo "$2:1:1: $(find . -type f | tr "\\n" " ")$(env | grep -c CUTWATER)"')
    async with linted(changed("pkg/a.go", A), changed("README.md", "x")) as talk:
        await talk.say(STRANGER, "/lint")
        assert [words.partition(" <!")[0] for _, _, words in remarks(talk)] == ["Golint style: ./pkg/a.go 0."]


async def test_the_real_one(monkeypatch: pytest.MonkeyPatch) -> None:
    use_installed(monkeypatch, "golint")
    async with linted(changed("a.go", A), changed("broken.go", "package a\nfunc (\n")) as talk:
        await talk.say(STRANGER, "/lint")
        assert reviews(talk) == ["2 warnings."]
        broken, first, second = remarks(talk)
        assert broken == ("broken.go", 2, "expected ')', found 'EOF'")
        assert first == ("a.go", 3, WORDS)
        assert second[:2] == ("a.go", 5)
