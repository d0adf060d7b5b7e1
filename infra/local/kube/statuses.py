"""Refusals, in a Kubernetes API server's own words: the Status bodies, and the field errors that stand inside them.

Source of the texts: the answers of a kube-apiserver 1.36.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

JsonObject: TypeAlias = dict[
    str, Any
]  # an API object as parsed from JSON: the one place where its fields have no types


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: `reason` for programs, `message` for people."""

    field: str
    reason: str
    message: str


def required(field: str, why: str = "") -> FieldError:
    return FieldError(field, "FieldValueRequired", f"Required value: {why}" if why else "Required value")


def invalid(field: str, value: object, why: str, reason: str = "FieldValueInvalid") -> FieldError:
    return FieldError(field, reason, f"Invalid value: {quoted(value)}: {why}")


def duplicate(field: str, value: object) -> FieldError:
    return FieldError(field, "FieldValueDuplicate", f"Duplicate value: {quoted(value)}")


def unknown_reference(field: str, value: object) -> FieldError:
    return FieldError(field, "FieldValueNotFound", f"Not found: {quoted(value)}")


def forbidden(field: str, why: str) -> FieldError:
    return FieldError(field, "FieldValueForbidden", f"Forbidden: {why}")


def unsupported(field: str, value: object, choices: Iterable[object]) -> FieldError:
    supported = ", ".join(quoted(choice) for choice in choices)
    message = f"Unsupported value: {quoted(value)}: supported values: {supported}"
    return FieldError(field, "FieldValueNotSupported", message)


def too_long(field: str, limit: int) -> FieldError:
    return FieldError(field, "FieldValueTooLong", f"Too long: may not be more than {limit} bytes")


def too_many(field: str, found: int, limit: int) -> FieldError:
    return FieldError(field, "FieldValueTooMany", f"Too many: {found}: must have at most {limit} items")


def quoted(value: object) -> str:
    """A value as it stands in a message."""
    return msgspec.json.encode(value).decode()


class ApiError(Exception):
    """A request that is refused: `code` is the HTTP status, `body()` the Status object that answers it."""

    def __init__(self, code: int, reason: str, message: str, details: JsonObject | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.continue_token = ""

    def status(self) -> JsonObject:
        """The metav1.Status that says so."""
        status: JsonObject = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        if self.continue_token:
            status["metadata"]["continue"] = self.continue_token
        status["message"] = self.message
        if self.reason:
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = self.details
        return status | {"code": self.code}

    def body(self) -> bytes:
        """The status as JSON."""
        return msgspec.json.encode(self.status())


def details_of(name: str, group: str, kind: str) -> JsonObject:
    """Which object a status is about; what is empty is left out."""
    return {key: value for key, value in (("name", name), ("group", group), ("kind", kind)) if value}


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def internal_error(message: str) -> ApiError:
    """What a real server answers where its storage layer trips over the request."""
    return ApiError(500, "", message)


def not_found(resource: str, group: str, name: str) -> ApiError:
    return ApiError(
        404, "NotFound", f'{qualified(resource, group)} "{name}" not found', details_of(name, group, resource)
    )


def already_exists(resource: str, group: str, name: str) -> ApiError:
    message = f'{qualified(resource, group)} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, details_of(name, group, resource))


def conflict(resource: str, group: str, name: str, why: str) -> ApiError:
    message = f'Operation cannot be fulfilled on {qualified(resource, group)} "{name}": {why}'
    return ApiError(409, "Conflict", message, details_of(name, group, resource))


def invalid_object(kind: str, group: str, name: str, errors: Sequence[FieldError]) -> ApiError:
    """422: every field that is wrong, in one answer."""
    texts = list(dict.fromkeys(f"{error.field}: {error.message}" for error in errors))
    summary = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    details = details_of(name, group, kind)
    details["causes"] = [{"reason": e.reason, "message": e.message, "field": e.field} for e in errors]
    return ApiError(422, "Invalid", f'{qualified(kind, group)} "{name}" is invalid: {summary}', details)


def invalid_options(kind: str, errors: Sequence[FieldError]) -> ApiError:
    """422 on what stands in the query or in DeleteOptions."""
    return invalid_object(kind, "meta.k8s.io", "", errors)


def unusable_patch(patched: JsonObject, why: str) -> ApiError:
    """422: what a patch makes of an object is none."""
    return invalid_object("", "", "", [invalid("patch", quoted(patched), why)])


def forbidden_object(resource: str, group: str, name: str, why: str, causes: Sequence[JsonObject] = ()) -> ApiError:
    details = details_of(name, group, resource)
    if causes:
        details["causes"] = list(causes)
    return ApiError(403, "Forbidden", f'{qualified(resource, group)} "{name}" is forbidden: {why}', details)


def unsupported_media_type(accepted: Sequence[str]) -> ApiError:
    message = "the body of the request was in an unknown format - accepted media types include: "
    return ApiError(415, "UnsupportedMediaType", message + ", ".join(accepted))


def unregistered_media_type() -> ApiError:
    return ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})


def not_acceptable(message: str) -> ApiError:
    return ApiError(406, "NotAcceptable", message)


def expired(message: str) -> ApiError:
    """410: the version asked for is no longer kept."""
    return ApiError(410, "Expired", message)


def method_not_allowed() -> ApiError:
    message = "the server does not allow this method on the requested resource"
    return ApiError(405, "MethodNotAllowed", message, {})


def unknown_resource() -> ApiError:
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def version_too_large(asked: int, newest: int) -> ApiError:
    """504: the version asked for is still to come."""
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    message = f"Timeout: Too large resource version: {asked}, current: {newest}"
    return ApiError(504, "Timeout", message, {"causes": [cause], "retryAfterSeconds": 1})


def qualified(resource: str, group: str) -> str:
    """`pods`, `prowjobs.prow.k8s.io`."""
    return f"{resource}.{group}" if group else resource
