"""Paths: where the files of a run go, and what storage is told of each."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from cutwater.config import template
from cutwater.podutils import files, gojson, jobspec, options, paths, uploads
from cutwater.podutils.destinations import Content
from cutwater.podutils.log import Log
from cutwater.prowjob.types import ProwJob
from tests.oracle_rows import Row, difference

KINDS = ("engine/paths",)
_SILENT = Log("test")
_SILENT.streams = []


def check(row: Row) -> str | None:
    """The difference between our answer and upstream's, or None."""
    family = row["id"].partition("-")[0]
    return difference(_FAMILIES[family](row["input"]), row["upstream"])


def _paths(given: Mapping[str, Any]) -> dict[str, object]:
    job = _job(given["prowjob"])
    upload = _upload(given)
    spec = jobspec.of(job, job.status.build_id)
    answer: dict[str, object] = {
        "job_path": paths.run_path(spec, upload),
        "run_path": paths.run_path(spec, upload, given["sub_dir"]),
        "alias": paths.alias(spec),
        "latest_build": paths.latest_builds(spec, upload),
        "root": paths.root(spec),
    }
    try:
        assembled = uploads.assemble(upload, spec, dict.fromkeys(given["extra"] or (), b""), _SILENT)
        answer["targets"] = {key: _shown(content) for key, content in assembled.first.items()}
        answer["extra_targets"] = sorted(assembled.second)
    except ValueError as error:
        answer["targets_error"] = str(error)
    try:
        answer["storage_path"] = paths.storage_path(upload.bucket, paths.run_path(spec, upload))
    except ValueError as error:
        answer["storage_path_error"] = str(error)
    try:
        answer["job_url"] = _job_url(job, yaml.safe_load(given["config"]).get("plank", {}))
    except ValueError as error:
        answer["job_url_error"] = str(error)
    return answer


def _job_url(job: ProwJob, plank: Mapping[str, Any]) -> str:
    names_provider = not plank.get("jobURLPrefixDisableAppendStorageProvider", False)
    prefixes = plank.get("job_url_prefix_config", {})
    url = paths.job_url(job, build_id=job.status.build_id, prefixes=prefixes, names_provider=names_provider)
    return _from_template(plank.get("job_url_template", ""), job) if url is None else url


def _from_template(text: str, job: ProwJob) -> str:
    try:
        return template.parse(text).render(job)
    except template.TemplateError:
        return ""


def _job(raw: Mapping[str, Any]) -> ProwJob:
    spec = dict(raw["spec"])
    for key in ("refs", "extra_refs"):
        if spec.get(key):
            found = spec[key]
            spec[key] = [gojson.refs(r) for r in found] if isinstance(found, list) else gojson.refs(found)
    status = {key: value for key, value in raw["status"].items() if value is not None}
    return msgspec.convert(msgspec.to_builtins({**raw, "spec": spec, "status": status}), ProwJob)


def _upload(given: Mapping[str, Any]) -> options.UploadOptions:
    upload = msgspec.convert(given["gcs_configuration"], options.UploadOptions)
    return msgspec.structs.replace(upload, sub_dir=given["sub_dir"])


def _shown(content: Content) -> dict[str, object]:
    body = content.source if isinstance(content.source, bytes) else content.source.read_bytes()
    return {
        "content": body.decode(),
        "content_type": content.content_type,
        "content_encoding": content.content_encoding,
        "metadata": content.metadata,
    }


def _file(given: Mapping[str, Any]) -> dict[str, object]:
    stored = files.MediaTypes(given["media_types"]).describe(given["file"])
    answer: dict[str, object] = msgspec.structs.asdict(stored)
    if "compress_file_types" in given:
        answer["compress"] = [files.may_compress(given["file"], kinds) for kinds in given["compress_file_types"]]
    return answer


def _items(given: Mapping[str, Any]) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in given["tree"].items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for name in given["empty_dirs"] or ():
            Path(folder, name).mkdir(parents=True, exist_ok=True)
        items = tuple(item if item.startswith("/") else f"{folder}/{item}" for item in given["items"])
        upload = msgspec.structs.replace(_upload(given), items=items)
        job = _job(given["prowjob"])
        assembled = uploads.assemble(upload, jobspec.of(job, job.status.build_id), {}, _SILENT)
        return {"targets": {key: _shown(content) for key, content in assembled.first.items()}}


def _options(given: Mapping[str, Any]) -> dict[str, object]:
    try:
        options.check_upload(msgspec.convert(given["options"], options.UploadOptions))
    except ValueError as error:
        return {"error": str(error)}
    return {}


_FAMILIES = {"paths": _paths, "file": _file, "media": _file, "items": _items, "options": _options}
