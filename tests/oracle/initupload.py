"""Initupload: what the run's folder holds when the tests start."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cutwater.podutils import initupload, jobspec, options
from cutwater.podutils.log import Log
from tests.oracle_rows import Row, difference

KINDS = ("engine/initupload",)


def check(row: Row) -> str | None:
    """The difference between our answer and upstream's, or None."""
    with tempfile.TemporaryDirectory() as home:
        ours, upstream = _answer(row["input"], home), row["upstream"]
    return difference({**ours, "error": _known(ours["error"])}, {**upstream, "error": _known(upstream["error"])})


def _known(error: str) -> str:
    """The error without what a parser says of JSON: each has its own words."""
    for known in ("could not unmarshal clone records", "malformed $JOB_SPEC"):
        before, found, _ = error.partition(known)
        if found:
            return before + found
    return error


def _answer(given: Mapping[str, Any], home: str) -> dict[str, Any]:
    path = given["log"].replace("/home/", f"{home}/")
    if given["clone_json"] is not None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(given["clone_json"])
    output = Path(home, "output")
    chosen = options.InitUploadOptions(log=path, local_output_dir=str(output))
    log = Log("test")
    log.streams = []
    try:
        initupload.run(chosen, {jobspec.VARIABLE: given["JOB_SPEC"]}, log, clock=lambda: 0)
        problem = ""
    except (RuntimeError, ValueError) as error:
        problem = str(error).replace(f"{home}/", "/home/")
    return {"error": problem, "uploaded": {file.name: _text(file) for file in output.glob("*")}}


def _text(file: Path) -> str:
    return file.read_text()
