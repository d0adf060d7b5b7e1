"""Patterns that meet what people write are RE2's: their time is linear in the text, whoever wrote it."""

import json
import time
from collections.abc import Callable, Iterator

import pytest

from cutwater.config import globs
from cutwater.config.patterns import compiled
from functions.plugins import generated
from functions.plugins.commands import Command
from functions.plugins.every import PLUGINS
from functions.plugins.golint.problems import Problem
from functions.plugins.trigger.comments import outside_fences
from tests.conftest import ROOT
from tests.hostile import payloads
from tests.hostile.stage import ORG, REPO, Stage

READ_BY_US = ("functions/plugins", "functions/hook", "functions/external", "cutwater/github", "cutwater/owners")
"""The folders whose modules read what people write, beside `cutwater/config/globs.py` and `patterns.py`."""
ELSEWHERE = ("cutwater/events", "cutwater/outgoing")
BACKTRACKING = {
    "cutwater/events/ledger.py": "a GUID: one class, and a bound",
    "cutwater/github/etags.py": "addresses of ours",
    "functions/hook/signature.py": "a header and a time: a character is of one class",
    "functions/plugins/approve/plugin.py": "escapes a name for RE2",
    "functions/plugins/bugzilla/picks.py": "plain text, white space, and digits",
    "functions/plugins/config_updater/writing.py": "a hash of 40 digits",
    "functions/plugins/generated.py": "cuts a pattern into parts that begin differently; what they say is RE2",
    "functions/plugins/golint/problems.py": "plain text, digits, and words of one class",
    "functions/plugins/issue_management/links.py": "a number of at most 18 digits",
    "functions/plugins/jira.py": "plain keys, and what may not stand beside them",
    "functions/plugins/lifecycle.py": "GitHub's error: plain text, and one class",
    "functions/plugins/override/named.py": "a word: a character is between quotes or not",
    "functions/plugins/patches.py": "digits after plain text",
    "functions/plugins/rifle.py": "digits after plain text",
    "functions/plugins/testfreeze.py": "a branch: digits after plain text",
    "functions/plugins/trigger/own_jobs.py": "runs of one character",
    "functions/plugins/trigger/pull_requests.py": "plain text",
    "functions/plugins/verify_owners/checking.py": "escapes a name for RE2",
    "functions/plugins/yuks.py": "one character",
}
"""The modules that use Python's own engine, and why that takes no longer than the text is."""
SHORT, LONG = 32_000, 512_000
MOST = 3 * LONG / SHORT
"""By how much the time may grow: it would be by 256 if it grew with the square."""
SETTLED = 0.5
"""Seconds of CPU that prove nothing."""
TEXTS = {
    "fences": "```x\n~~~\n\n~~~\n",
    "a fence": "`",
    "blanks": " ",
    "lines": "\r\n",
    "slashes": "/",
    "quotes": '"',
    "comments": "<!-- ",
    "links": "[a](https://github.com/x/y/issues/1 ",
    "keywords": "fixes #",
    "people": "/cc @x, @",
    "one long command": "/test a b ",
    "holds": "/hold \n",
    "labels": "/kind bug\n",
    "overrides": '/override "a\n',
    "notes": "```release-note\n",
    "signed": "Signed-off-by: a <",
    "folded": "<details>",
}
IMPORTS = {"import re", "import fnmatch"}
COMMANDS = [(name, command) for name, plugin in PLUGINS.items() for command in plugin.commands]


def backtracking() -> Iterator[str]:
    """The modules that use Python's regular expressions, or fnmatch, which is made of them."""
    for folder in (*READ_BY_US, *ELSEWHERE):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if IMPORTS & {*path.read_text().split("\n")}:
                yield path.relative_to(ROOT).as_posix()


def test_who_backtracks() -> None:
    """A module that reads what people write takes `cutwater.config.patterns`, or says here why it need not."""
    assert set(backtracking()) == set(BACKTRACKING)


@pytest.mark.parametrize("command", [pytest.param(one, id=f"{plugin} {one}") for plugin, one in COMMANDS])
def test_commands_are_re2(command: Command) -> None:
    patterns = [*command.forms.values(), *filter(None, [command.pattern])]
    assert all(type(compiled(pattern)).__module__ == "re2" for pattern in patterns)


LONG_NAME = "a" * 64_000
FENCES = "```x\n~~~\n\n~~~\n" * 20_000


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(lambda: outside_fences(FENCES), id="fences without an end"),
        pytest.param(lambda: generated.matches("*a" * 30 + "b", LONG_NAME[:4_000]), id=".gitattributes"),
        pytest.param(lambda: globs.matches("**/" * 20 + "x", "a/" * 2_000 + "y"), id="config-updater's maps"),
        pytest.param(
            lambda: Problem(line=1, text=f"don't use underscores in Go names; var {LONG_NAME} should be b").words,
            id="a long name in Go",
        ),
    ],
)
def test_what_backtracking_took_minutes_for(read: Callable[[], object]) -> None:
    """Each of these would outlive this test."""
    began = time.process_time()
    read()
    assert time.process_time() - began < 2


@pytest.mark.slow
@pytest.mark.virtual
@pytest.mark.parametrize("event", ["issue_comment", "pull_request", "pull_request_review"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
async def test_time_is_linear(event: str, text: str) -> None:
    """hook and all plugins, over a text of half a million characters: GitHub allows an eighth of that."""
    payload = payloads.published()[event][0]
    seconds = []
    for size in (SHORT, LONG):
        body = json.dumps(payloads.said_in(payload, text * (size // len(text)))).encode()
        async with Stage([f"{ORG}/{REPO}"], is_there=True) as stage:
            began = time.process_time()
            assert await stage.send(event, body) == 200
            seconds.append(time.process_time() - began)
            await stage.check()
    short, long = seconds
    assert long < max(MOST * short, SETTLED)
