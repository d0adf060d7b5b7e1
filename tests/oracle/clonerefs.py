"""Clonerefs: which commands are run, and what is written down of them. git itself is played."""

import fnmatch
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from cutwater.podutils import clone, gojson, options
from cutwater.podutils.clone import Checkout
from cutwater.podutils.clonerefs import refspecs
from cutwater.podutils.clonerefs.access import needs_global_cookies
from cutwater.podutils.clonerefs.cloning import run
from cutwater.podutils.clonerefs.shell import Ended
from cutwater.podutils.log import Log
from tests.oracle_rows import OnPurpose, Row, difference

KINDS = ("engine/clonerefs",)
_LOG = Log("test")
_LOG.streams = []
_AGENT = (
    "SSH_AUTH_SOCK=/tmp/ssh-x/agent.1; export SSH_AUTH_SOCK;\n"
    "SSH_AGENT_PID=123; export SSH_AGENT_PID;\necho Agent pid 123;\n"
)
_SHA = "0123456789abcdef0123456789abcdef01234567"


def check(row: Row) -> str | None:
    """The difference between our answer and upstream's, or None."""
    family = row["id"].partition("-")[0]
    return _FAMILIES[family](row["input"], row["upstream"])


def _commands(given: Mapping[str, Any], upstream: Mapping[str, Any]) -> str | None:
    chosen = _options(given)
    ours: dict[str, object] = {
        "validate_error": _problem(chosen),
        "global_cookie": chosen.cookie_path if needs_global_cookies(chosen) else "",
        "refs": [],
    }
    shown = []
    for refs in chosen.refs:
        place = clone.directory(chosen.src_root, refs)
        uri = clone.uri(refs, user=given["user"], token=given["token"])
        checkout = Checkout(refs=refs, dir=place, uri=uri, env=tuple(given["env"] or ()))
        base = checkout.base(
            git_user_name=chosen.git_user_name,
            git_user_email=chosen.git_user_email,
            cookie_path=chosen.cookie_path,
        )
        commands = [*base, *checkout.pulls(given["base_timestamp"])]
        shown.append({"path": place, "commands": [msgspec.structs.asdict(command) for command in commands]})
    return difference({**ours, "refs": shown}, upstream)


def _problem(chosen: options.CloneOptions) -> str:
    try:
        refspecs.check(chosen, _LOG)
    except ValueError as error:
        return str(error)
    return ""


def _options(given: Mapping[str, Any]) -> options.CloneOptions:
    return gojson.decode(msgspec.json.encode(given["options"]), options.CloneOptions)


def _validate(given: Mapping[str, Any], upstream: Mapping[str, Any]) -> str | None:
    return difference({"error": _problem(_options(given))}, upstream)


def _parse(given: Mapping[str, Any], upstream: Mapping[str, Any]) -> str | None:
    try:
        ours: dict[str, object] = {"refs": msgspec.to_builtins(refspecs.parse(given["repo"]))}
    except ValueError as error:
        ours = {"error": str(error)}
    return difference(ours, {key: upstream.get(key) for key in ("error", *([] if upstream["error"] else ["refs"]))})


def _flags(given: Mapping[str, Any], upstream: Mapping[str, Any]) -> str | None:
    try:
        chosen = refspecs.from_flags(given["args"])
    except ValueError as error:
        return None if upstream["error"] else f"ours {error}"
    ours = {"options": msgspec.to_builtins(chosen), "validate_error": _problem(chosen)}
    return difference(ours, upstream)


class _Played:
    """A machine on which git, ssh-agent and ssh-add say what the rows expect, and only sleeping takes time."""

    def __init__(self, failing_git: str) -> None:
        self._failing = failing_git
        self._now = 0

    def run(self, argv: Sequence[str], *, directory: str | None, env: Sequence[str]) -> Ended:
        program, arguments = argv[0], list(argv[1:])
        if program == "ssh-agent":
            return Ended(_AGENT)
        if program == "ssh-add":
            name = Path(arguments[0]).name
            return Ended("bad key\n", "exit status 1") if "bad" in name else Ended(f"Identity added: {name}\n")
        if program != "git":
            return Ended("")
        if self._failing and fnmatch.fnmatchcase(" ".join(arguments), self._failing):
            return Ended(f"fatal: injected for {arguments[0]}\n", "exit status 128")
        return Ended({"show": "1700000000", "rev-parse": _SHA}.get(arguments[0], f"ok {arguments[0]}\n"))

    def which(self, program: str) -> str | None:
        return f"<{program}>"

    def clock(self) -> int:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += round(seconds * 1e9)


def _records(given: Mapping[str, Any], upstream: Mapping[str, Any]) -> str | None:
    with tempfile.TemporaryDirectory() as home:

        def here(text: str) -> str:
            return text.replace("/home/", f"{home}/")

        for path, text in (given["files"] or {}).items():
            Path(here(path)).parent.mkdir(parents=True, exist_ok=True)
            Path(here(path)).write_text(text)
        chosen = gojson.decode(here(msgspec.json.encode(given["options"]).decode()), options.CloneOptions)
        temporary = Path(home, "tmp")
        temporary.mkdir()
        ours: dict[str, object] = {"run_error": ""}
        try:
            run(chosen, _Played(given["failing_git"]), _LOG, temporary=temporary)
        except RuntimeError as error:
            ours["run_error"] = str(error).replace(f"{home}/", "/home/")
        written = Path(chosen.log)
        if written.is_file():
            text = written.read_text().replace(f"{home}/", "/home/")
            ours["records"] = text
            ours["log"] = [clone.record_text(r) for r in gojson.decode(text, list[clone.Record])]
        known_hosts = temporary / "known_hosts"
        if known_hosts.is_file():
            ours["known_hosts"] = known_hosts.read_text()
    found = difference(ours, upstream)
    return found and (_on_purpose(str(ours.get("records")), str(upstream.get("records"))) or found)


def _on_purpose(ours: str, upstream: str) -> OnPurpose | None:
    """Which of the differences that are meant a row shows, by what stands in the records."""
    if "github: token for " in ours and "github: token for " not in upstream:
        return OnPurpose("token-that-cannot-be-had")
    if "CENSORED" in ours and "CENSORED" not in upstream:
        return OnPurpose("token-in-an-address")
    return None


_FAMILIES = {"commands": _commands, "validate": _validate, "parse": _parse, "flags": _flags, "records": _records}
