"""Sidecar: what is censored, which secrets are known, and what is uploaded when the tests have ended."""

import io
import json
import os
import tarfile
import tempfile
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

import msgspec

from cutwater.podutils import gojson, jobspec, options, uploads
from cutwater.podutils.censor import Censor, forms_of
from cutwater.podutils.destinations import Content, Folder
from cutwater.podutils.log import Log
from cutwater.podutils.sidecar import artifacts, globs, secrets
from cutwater.podutils.sidecar.metadata import ERRORS
from cutwater.podutils.sidecar.run import Outcome, Sidecar, wait
from cutwater.podutils.status import FINISHED
from tests.oracle_rows import OnPurpose, Row, difference

KINDS = ("engine/sidecar",)
_ARCHIVE_ERROR = "could not censor archive "
_SECRET_ERROR = " as a docker secret: "
_LOG = Log("test")
_LOG.streams = []


def check(row: Row) -> str | None:
    """The difference between our answer and upstream's, or None."""
    family = row["id"].partition("-")[0]
    return _FAMILIES[family](row["input"], row["upstream"])


def _censor(given: Mapping[str, Any], upstream: Mapping[str, Any]) -> str | None:
    forms = forms_of([secret.encode() for secret in given["secrets"]], given["minimum_secret_length"])
    censor = Censor(forms)
    output = b"".join(censor.feed(chunk.encode()) for chunk in given["chunks"]) + censor.end()
    ours = {"output": output.decode(), "largest_secret": max(map(len, forms), default=0)}
    whole = upstream["whole_text_at_once"]
    if ours["output"] == whole and upstream["error"].startswith("frame size must be even"):
        return OnPurpose("odd-censoring-buffer")
    if ours["output"] == whole != upstream["output"]:
        return OnPurpose("secret-in-two-reads")
    return difference(ours, {key: upstream[key] for key in ("output", "largest_secret", "error")})


def _load(given: Mapping[str, Any], upstream: Mapping[str, Any]) -> str | None:
    with tempfile.TemporaryDirectory() as home:
        _write(given["files"], home)
        directories = [_here(directory, home) for directory in given["secret_directories"] or ()]
        loaded = secrets.load(directories, given.get("ini_filenames") or ())
    found = [secret.decode() for secret in loaded.secrets]
    error = _without_reason(loaded.errors[0].replace(f"{home}/", "/home/")) if loaded.errors else ""
    if error and error == _without_reason(upstream["error"]) and found and not upstream["secrets"]:
        return OnPurpose("unreadable-secret")
    ours = {"secrets": sorted(found) if upstream["sorted"] else found, "error": error}
    return difference(ours, {"secrets": upstream["secrets"], "error": _without_reason(upstream["error"])})


def _without_reason(error: str) -> str:
    """What was wrong with a secret's form is said in the words of the parser."""
    return error.partition(_SECRET_ERROR)[0]


def _glob(given: Mapping[str, Any], upstream: Mapping[str, Any]) -> str | None:
    include, exclude = given["include_directories"] or (), given["exclude_directories"] or ()
    return difference({"censor": globs.is_censored(given["path"], include=include, exclude=exclude)}, upstream)


def _tree(given: Mapping[str, Any], upstream: Mapping[str, Any]) -> str | None:
    with tempfile.TemporaryDirectory() as home:
        _write(given["files"], home)
        chosen = gojson.decode(_here(msgspec.json.encode(given["options"]).decode(), home), options.SidecarOptions)
        problems = _censor_all(chosen)
        files = _read(Path(home, "logs"), home)
        errors = sorted(_archive(problem.replace(f"{home}/", "/home/")) for problem in problems)
    if any(error.startswith("could not load secrets") for error in [*upstream["errors"], *errors]):
        return OnPurpose("unreadable-secret")
    if any("frame size must be even" in error for error in upstream["errors"]):
        return OnPurpose("odd-censoring-buffer")
    theirs = sorted(_archive(error) for error in upstream["errors"])
    spared = {error for error in theirs if error.startswith(_ARCHIVE_ERROR) and error not in errors}
    paths = {error.removeprefix(_ARCHIVE_ERROR) for error in spared}
    found = difference(
        {"files": _without(files, paths), "errors": errors},
        {"files": _without(upstream["files"], paths), "errors": [error for error in theirs if error not in spared]},
    )
    return found or (OnPurpose("archives-of-other-forms") if spared else None)


def _censor_all(chosen: options.SidecarOptions) -> list[str]:
    """Put what would be uploaded in the place of the files themselves. Gives back what is said of it."""
    censoring = chosen.censoring_options or options.Censoring()
    known, logs = artifacts.learn(censoring), [Path(entry.process_log) for entry in chosen.entries]
    problems = [*known.errors, *artifacts.unreadable(logs, chosen.gcs_options.items)]
    include, exclude = censoring.include_directories or (), censoring.exclude_directories or ()
    gate = artifacts.Gate(known=known, include=include, exclude=exclude, tell=problems.append)
    contents = [Content(source=log, through=known.plain) for log in logs if log.exists()]
    contents += [content for item in chosen.gcs_options.items for _, content in uploads.contents(item, _LOG, gate)]
    for content in contents:
        assert isinstance(content.source, Path)
        if not content.source.is_symlink():
            with content.opened() as opened:
                censored = opened.read()
            content.source.write_bytes(censored)
    return problems


def _without(files: Mapping[str, object], paths: Container[str]) -> dict[str, object]:
    return {path: content for path, content in files.items() if path not in paths}


def _archive(error: str) -> str:
    """What is wrong with an archive is said in the words of the library."""
    return error.partition(":")[0] if error.startswith(_ARCHIVE_ERROR) else error


def _finished(given: Mapping[str, Any], upstream: Mapping[str, Any]) -> str | None:
    with tempfile.TemporaryDirectory() as home:
        _write(given["files"], home)
        entries = [gojson.decode(_here(msgspec.json.encode(e).decode(), home), options.Entry) for e in given["entries"]]
        outcome = wait(entries, pause=lambda: False)
        ours: dict[str, object] = msgspec.structs.asdict(outcome)
        if "run_failures" in upstream:
            ours["run_failures"] = outcome.failures
        if "uploaded" in upstream:
            uploaded = _uploaded(entries, outcome, given["JOB_SPEC"], home)
            ours["uploaded"] = {name: text.replace(f"{home}/", "/home/") for name, text in uploaded.items()}
    found = difference(ours, upstream)
    if found and difference(_without_words(ours), _without_words(upstream)) is None:
        return OnPurpose("metadata-errors")
    return found


def _without_words(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer, where finished.json says which entries' metadata was wrong, but not how."""
    uploaded = dict(answer.get("uploaded") or {})
    if FINISHED in uploaded:
        finished = json.loads(uploaded[FINISHED])
        errors = finished.get("metadata", {}).get(ERRORS, {})
        finished.get("metadata", {})[ERRORS] = sorted(errors)
        uploaded[FINISHED] = json.dumps(finished)
    return {**answer, "uploaded": uploaded}


def _uploaded(entries: list[options.Entry], outcome: Outcome, job_spec: str, home: str) -> dict[str, str]:
    output, own_log = Path(home, "output"), Path(home, "own-log")
    own_log.write_text("<log>")
    storage = options.UploadOptions(local_output_dir=str(output))
    chosen = options.SidecarOptions(gcs_options=storage, entries=tuple(entries))
    spec = jobspec.read({jobspec.VARIABLE: job_spec})
    Sidecar(chosen, spec, Folder(output), _LOG, own_log=own_log, clock=lambda: 0).upload(outcome)
    return {file.name: file.read_text() for file in output.iterdir()}


def _options(given: Mapping[str, Any], upstream: Mapping[str, Any]) -> str | None:
    ours: dict[str, object] = {}
    try:
        chosen = options.load(given, options.SIDECAR, options.SidecarOptions, lambda _: options.SidecarOptions(), ())
        ours["censoring_options"] = msgspec.to_builtins(chosen.censoring_options)
        chosen = options.without_older_keys(chosen)
        ours["censoring_options"] = msgspec.to_builtins(chosen.censoring_options)
        options.check_sidecar(chosen)
    except ValueError as error:
        ours["load_error" if "could not load config" in str(error) else "validate_error"] = str(error)
    if ours.get("load_error") and upstream["load_error"]:
        return None
    return difference(ours, upstream)


def _here(text: str, home: str) -> str:
    return text.replace("/home/", f"{home}/")


def _write(files: Mapping[str, Any] | None, home: str) -> None:
    for name, content in (files or {}).items():
        path = Path(_here(name, home))
        path.parent.mkdir(parents=True, exist_ok=True)
        if "symlink" in content:
            path.symlink_to(_here(content["symlink"], home))
        elif "tar_gz" in content:
            _pack(path, content["tar_gz"])
        else:
            path.write_text(content.get("text", ""))


def _pack(path: Path, content: Mapping[str, str]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, text in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))


def _read(root: Path, home: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for folder, below, names in os.walk(root):
        links = [name for name in below if Path(folder, name).is_symlink()]
        for name in (*links, *names):
            path = Path(folder, name)
            found[f"/home/{path.relative_to(home)}"] = _shown(path, home)
    return found


def _shown(path: Path, home: str) -> dict[str, object]:
    if path.is_symlink():
        return {"symlink": str(path.readlink()).replace(f"{home}/", "/home/")}
    if tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            return {"tar_gz": {m.name: _text(archive, m) for m in archive if m.isfile()}}
    return {"text": path.read_text(errors="replace")}


def _text(archive: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    content = archive.extractfile(member)
    return content.read().decode() if content else ""


_FAMILIES = {
    "censor": _censor,
    "load": _load,
    "glob": _glob,
    "tree": _tree,
    "finished": _finished,
    "options": _options,
}
