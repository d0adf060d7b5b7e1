"""What a request asks for: the object its path names, the object in its body, the options in its query.

Source of the texts: the answers of a kube-apiserver 1.36.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import yaml
from starlette.requests import Request

from infra.local.kube import protobuf, structs
from infra.local.kube.kinds import Kind
from infra.local.kube.lists import number
from infra.local.kube.options import DeleteOptions, FieldValidation, WriteOptions
from infra.local.kube.patches import go_kind
from infra.local.kube.statuses import (
    ApiError,
    FieldError,
    JsonObject,
    bad_request,
    invalid,
    invalid_object,
    invalid_options,
    unsupported,
    unsupported_media_type,
    unusable_patch,
)

MAX_BODY = 3 * 1024 * 1024  # bytes
_BODY_TYPES = ("application/json", "application/yaml", protobuf.MEDIA_TYPE)
_PROPAGATIONS = ("Foreground", "Background", "Orphan")
_DELETE_OPTIONS = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"
_OF_NAMESPACE_ITSELF = ("status", "finalize")


@dataclass(frozen=True, slots=True)
class Target:
    """What the path of an API request names; parts that it does not name are empty."""

    group: str
    version: str
    namespace: str = ""
    plural: str = ""
    name: str = ""
    subresource: str = ""


def parse_target(path: str) -> Target | None:
    """The target of a path below /api/<version> or /apis/<group>/<version>; None for any other path."""
    match path.strip("/").split("/"):
        case ["api", version, *rest]:
            target = Target("", version)
        case ["apis", group, version, *rest]:
            target = Target(group, version)
        case _:
            return None
    match rest:
        case ["namespaces", namespace, kind, *below] if kind not in _OF_NAMESPACE_ITSELF:
            target = replace(target, namespace=namespace)
            rest = [kind, *below]
    if len(rest) > 3:
        return None
    plural, name, subresource = (*rest, "", "", "")[:3]
    return replace(target, plural=plural, name=name, subresource=subresource)


async def read_body(request: Request) -> bytes:
    """The whole body. Raises ApiError 413 for one that is larger than an API server takes."""
    chunks = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            message = f"Request entity too large: limit is {MAX_BODY}"
            raise ApiError(413, "RequestEntityTooLarge", message, {})
        chunks.append(chunk)
    return b"".join(chunks)


def media_type(request: Request) -> str:
    """The body's media type without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def object_body(kind: Kind, body: bytes, content_type: str, *, name: str = "") -> JsonObject:
    """The object in a body, whose kind and apiVersion are the ones asked for.

    Raises ApiError: 400 for what is none, 415 for a media type that is not understood.
    """
    if content_type == protobuf.MEDIA_TYPE and not kind.is_custom:
        content = _from_protobuf(body)
    elif content_type in ("", "application/json", "application/yaml"):
        content = _parsed(kind, body, content_type)
    else:
        raise unsupported_media_type(_BODY_TYPES)
    given_kind, given_version = content.get("kind", ""), content.get("apiVersion", "")
    if kind.is_custom:
        _check_custom(kind, content, body, name)
    elif given_version not in ("", kind.api_version):
        raise _unreadable(kind, given_kind or kind.name, given_version, _not_registered(given_kind, given_version))
    elif given_kind not in ("", kind.name):
        why = f"converting (v1.{given_kind}) to (core.{kind.name}): unknown conversion"
        raise _unreadable(kind, given_kind, kind.version, why)
    return content


def _from_protobuf(body: bytes) -> JsonObject:
    try:
        return protobuf.decode(body)
    except ValueError as error:
        raise ApiError(415, "UnsupportedMediaType", f"this server reads little protobuf: {error}") from error


def _parsed(kind: Kind, body: bytes, content_type: str) -> JsonObject:
    shown = _shortened(body)
    what = f"{_unrecognized(kind)}: couldn't get version/kind; json parse error"
    try:
        content = yaml.safe_load(body) if content_type == "application/yaml" else msgspec.json.decode(body)
    except (msgspec.DecodeError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise bad_request(f"{what}: {_go_error(error)} ({shown})") from error
    if not isinstance(content, dict):
        raise bad_request(f"{what}: json: cannot unmarshal {go_kind(content)} into Go value ({shown})")
    return content


def _check_custom(kind: Kind, content: JsonObject, body: bytes, name: str) -> None:
    given_kind, given_version = content.get("kind", ""), content.get("apiVersion", "")
    if not given_kind:
        text = body.decode(errors="replace").strip()
        why = f"Object 'Kind' is missing in '{text}' ({_shortened(body)})"
        raise bad_request(f"{_unrecognized(kind)}: {why}")
    if given_version != kind.api_version:
        why = f"does not match the expected API version ({kind.api_version})"
        raise bad_request(f"the API version in the data ({given_version}) {why}")
    check_kind(kind, content, name)


def check_kind(kind: Kind, content: JsonObject, name: str = "") -> None:
    """Raises ApiError 422 for an object that a patch has made one of another kind."""
    given, given_version = content.get("kind"), content.get("apiVersion")
    if not kind.is_custom and (given, given_version) != (kind.name, kind.api_version):
        raise unusable_patch(content, _not_registered(str(given), str(given_version)))
    if given != kind.name:
        metadata = content.get("metadata")
        named = metadata.get("name", name) if isinstance(metadata, dict) else name
        raise invalid_object(str(given), kind.group, named, [invalid("kind", given, f"must be {kind.name}")])
    if given_version != kind.api_version:
        error = invalid("apiVersion", given_version, f"must be {kind.api_version}")
        raise invalid_object(kind.name, "", name, [error])


def _not_registered(kind: str, api_version: str) -> str:
    return f'no kind "{kind}" is registered for version "{api_version}" in scheme "pkg/runtime/scheme.go:111"'


def _unrecognized(kind: Kind) -> str:
    return f"the object provided is unrecognized (must be of type {kind.name})"


def _unreadable(kind: Kind, given_kind: str, given_version: str, why: str) -> ApiError:
    return bad_request(f'{given_kind} in version "{given_version}" cannot be handled as a {kind.name}: {why}')


def _shortened(body: bytes) -> str:
    text = body.decode(errors="replace")
    if not text:
        return "<empty>"
    return text if len(text) <= 30 else f"{text[:30]} ..."


def _go_error(error: Exception) -> str:
    return "unexpected end of JSON input" if "truncated" in str(error) else str(error)


def write_options(query: Mapping[str, str], dry_run: Sequence[str], options_kind: str) -> WriteOptions:
    """The options of a create, update or patch. Raises ApiError 422."""
    errors = dry_run_errors(dry_run)
    validation = query.get("fieldValidation") or "Warn"
    strictness: FieldValidation = "Warn"
    match validation:
        case "Ignore" | "Warn" | "Strict":
            strictness = validation
        case _:
            errors.append(unsupported("fieldValidation", validation, ("", "Ignore", "Strict", "Warn")))
    if errors:
        raise invalid_options(options_kind, errors)
    return WriteOptions(dry_run=bool(dry_run), field_validation=strictness)


def dry_run_errors(dry_run: Sequence[str]) -> list[FieldError]:
    if all(value == "All" for value in dry_run):
        return []
    return [unsupported("dryRun", list(dry_run), ("All",))]


def delete_options(body: bytes, content_type: str, query: Mapping[str, str], dry_run: Sequence[str]) -> DeleteOptions:
    """The options of a deletion: the body's, or without one the query's. Raises ApiError 400 and 422."""
    content = _delete_body(body, content_type) if body.strip() else _delete_query(query, dry_run)
    errors = dry_run_errors(content.get("dryRun") or [])
    propagation = content.get("propagationPolicy") or ""
    if propagation and propagation not in _PROPAGATIONS:
        errors.append(unsupported("propagationPolicy", propagation, (*_PROPAGATIONS, "nil")))
    if errors:
        raise invalid_options("DeleteOptions", errors)
    if content.get("orphanDependents"):
        propagation = "Orphan"
    conditions = content.get("preconditions") or {}
    return DeleteOptions(
        grace=content.get("gracePeriodSeconds"),
        propagation=propagation,
        uid=conditions.get("uid"),
        resource_version=conditions.get("resourceVersion"),
        dry_run=bool(content.get("dryRun")),
    )


def _delete_query(query: Mapping[str, str], dry_run: Sequence[str]) -> JsonObject:
    content: JsonObject = {"dryRun": list(dry_run), "propagationPolicy": query.get("propagationPolicy")}
    content["gracePeriodSeconds"] = number(query, "gracePeriodSeconds")
    content["orphanDependents"] = query.get("orphanDependents") == "true"
    return content


def _delete_body(body: bytes, content_type: str) -> JsonObject:
    if content_type not in ("", "application/json", "application/yaml"):
        raise unsupported_media_type(_BODY_TYPES)
    try:
        content: Any = yaml.safe_load(body) if content_type == "application/yaml" else msgspec.json.decode(body)
    except (msgspec.DecodeError, yaml.YAMLError) as error:
        raise bad_request(f"couldn't get version/kind; json parse error: {_go_error(error)}") from error
    if not isinstance(content, dict):
        what = go_kind(content)
        raise bad_request(f"couldn't get version/kind; json parse error: json: cannot unmarshal {what} into Go value")
    kind = content.get("kind", "DeleteOptions")
    if kind != "DeleteOptions":
        raise bad_request(_not_registered(kind, content.get("apiVersion", "")))
    try:
        structs.decode(content, _DELETE_OPTIONS)
    except structs.DecodeError as error:
        raise bad_request(str(error)) from error
    return content
