"""Lists: what is selected, in pages that together show one moment.

Source: k8s.io/apiserver pkg/storage/continue.go and pkg/apis/meta/v1/validation.
"""

import base64
import binascii
import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from infra.local.kube.kinds import Kind
from infra.local.kube.selectors import Selector, parse_fields, parse_labels
from infra.local.kube.statuses import (
    ApiError,
    FieldError,
    JsonObject,
    bad_request,
    expired,
    forbidden,
    internal_error,
    invalid_options,
    unsupported,
    version_too_large,
)
from infra.local.kube.store import Store, Version

_INCONSISTENT = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects of a kind are meant: those of a namespace ("" for all) that the selectors take."""

    kind: Kind
    namespace: str
    labels: Selector | None = None
    fields: Selector | None = None

    @classmethod
    def of_query(cls, kind: Kind, namespace: str, query: Mapping[str, str]) -> "Selection":
        """The selection that a request names. Raises ApiError 400."""
        fields = parse_fields(query.get("fieldSelector", ""), kind.refuses_field)
        return cls(kind, namespace, parse_labels(query.get("labelSelector", "")), fields)

    @property
    def prefix(self) -> str:
        return f"{self.namespace}/" if self.namespace else ""

    @property
    def takes_all(self) -> bool:
        return self.labels is None and self.fields is None

    def takes(self, version: Version) -> bool:
        """Whether a version is selected, its namespace included."""
        if self.namespace and not version.key.startswith(self.prefix):
            return False
        if self.labels is not None and not self.labels(version.labels):
            return False
        return self.fields is None or self.fields(self.kind.selectable(version))


class _Token(msgspec.Struct):
    """Where a list goes on; the field names are a real server's."""

    v: str
    rv: int
    start: str


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list and its ListMeta."""

    versions: list[Version]
    metadata: JsonObject


def page(store: Store, selection: Selection, query: Mapping[str, str]) -> Page:
    """The part of a list that a request asks for. Raises ApiError: 400, 410 for a moment that is past, 422, 504."""
    limit = number(query, "limit") or 0
    asked = query.get("resourceVersion", "")
    match = query.get("resourceVersionMatch", "")
    token = query.get("continue", "")
    if errors := _option_errors(asked, match, token):
        raise invalid_options("ListOptions", errors)
    if token:
        if asked not in ("", "0"):
            raise bad_request("specifying resource version is not allowed when using continue")
        revision, after = _position(store, token)
    else:
        revision, after = _revision(store, asked, match, limit), ""
    if asked == "0" and not token:
        limit = 0  # so does a real server's cache
    resource = selection.kind.resource
    at_once = revision == store.revision
    candidates = (
        store.newest(resource, selection.prefix, after)
        if at_once
        else store.at(resource, revision, selection.prefix, after)
    )
    metadata: JsonObject = {"resourceVersion": str(revision)}
    selected = candidates if selection.takes_all else (v for v in candidates if selection.takes(v))
    if limit <= 0:
        return Page(list(selected), metadata)
    versions = list(itertools.islice(selected, limit))
    # As a real server, it does not look ahead whether any of the rest is selected.
    rest = sum(1 for _ in candidates) if len(versions) == limit else 0
    if rest:
        metadata["continue"] = _encoded(revision, versions[-1].key)
        if selection.takes_all:
            metadata["remainingItemCount"] = rest
    return Page(versions, metadata)


def _option_errors(asked: str, match: str, token: str) -> list[FieldError]:
    field = "resourceVersionMatch"
    if not match:
        return []
    errors = []
    if not asked:
        errors.append(forbidden(field, "resourceVersionMatch is forbidden unless resourceVersion is provided"))
    if token:
        errors.append(forbidden(field, "resourceVersionMatch is forbidden when continue is provided"))
    if match not in ("Exact", "NotOlderThan"):
        errors.append(unsupported(field, match, ("Exact", "NotOlderThan", "")))
    elif match == "Exact" and asked == "0":
        errors.append(forbidden(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    return errors


def _revision(store: Store, asked: str, match: str, limit: int) -> int:
    """The moment that a list shows."""
    if not asked:
        return store.revision
    if not asked.isdecimal():
        why = f'resourceVersion: Invalid value: "{asked}": strconv.ParseUint: parsing "{asked}": invalid syntax'
        raise bad_request(f"invalid resource version: {why}")
    wanted = int(asked)
    if wanted > store.revision:
        raise version_too_large(wanted, store.revision)
    if match != "Exact" and not (limit and wanted and not match):
        return store.revision
    if wanted < store.compacted:
        raise expired("The resourceVersion for the provided list is too old.")
    return wanted


def _encoded(revision: int, last: str) -> str:
    token = msgspec.json.encode(_Token("meta.k8s.io/v1", revision, f"{last}\0"))
    return base64.urlsafe_b64encode(token).decode().rstrip("=")


def _position(store: Store, token: str) -> tuple[int, str]:
    """The moment and the last key that a continue token stands for; a negative moment is now."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        parsed = msgspec.json.decode(raw, type=_Token)
    except (binascii.Error, msgspec.DecodeError, msgspec.ValidationError) as error:
        raise bad_request(f"invalid continue token: continue key is not valid: {error}") from error
    last = parsed.start.rstrip("\0")
    if parsed.rv < 0:
        return store.revision, last
    if parsed.rv < store.compacted:
        refusal: ApiError = expired(_INCONSISTENT)
        refusal.continue_token = _encoded(-1, last)
        raise refusal
    return min(parsed.rv, store.revision), last


def number(query: Mapping[str, str], name: str) -> int | None:
    """A whole number of the query. Raises ApiError 400."""
    text = query.get(name)
    if text is None or text == "":
        return None
    try:
        return int(text)
    except ValueError as error:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error


def watch_start(asked: str) -> int | None:
    """The version after which a watch begins; None for one that begins with what is there."""
    if asked in ("", "0"):
        return None
    if not asked.isdecimal():
        why = f'resourceVersion: Invalid value: "{asked}": strconv.ParseUint: parsing "{asked}": invalid syntax'
        raise internal_error(why)
    return int(asked)
