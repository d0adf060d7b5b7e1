"""In which form objects are answered: whole, as a Table, or their metadata alone; chosen by the Accept header.

Source: k8s.io/apiserver pkg/endpoints/handlers/negotiation and response.go.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from infra.local.kube.kinds import Kind
from infra.local.kube.statuses import JsonObject, not_acceptable
from infra.local.kube.store import Version
from infra.local.kube.tables import PARTIAL_HEAD, IncludeObject, partial, table

Form = Literal["object", "table", "partial"]

_SERVED_TYPES = ("application/json", "application/*", "*/*")
_ACCEPTED = "only the following media types are accepted: application/json"
_LIST_FORMS: Mapping[str, Form] = {"Table": "table", "PartialObjectMetadataList": "partial"}
_FORMS: Mapping[str, Form] = {"Table": "table", "PartialObjectMetadata": "partial"}


def media_types(accept: str) -> list[tuple[str, dict[str, str]]]:
    """The media types of an Accept header with their parameters, in the header's order."""
    result = []
    for entry in accept.split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        result.append((name.lower(), dict(p.partition("=")[::2] for p in parameters)))
    return result


def negotiated(accept: str, *, is_list: bool) -> Form:
    """The first form of the header that this server has. Raises ApiError 406."""
    if not accept:
        return "object"
    for name, parameters in media_types(accept):
        if name not in _SERVED_TYPES:
            continue
        wanted = parameters.get("as", "")
        if not wanted:
            return "object"
        if parameters.get("g") != "meta.k8s.io" or parameters.get("v") != "v1":
            continue
        if form := (_LIST_FORMS if is_list else _FORMS).get(wanted):
            return form
        if is_list and wanted in _FORMS:
            raise not_acceptable(f"you requested {wanted}, but the requested object is a list")
    raise not_acceptable(_ACCEPTED)


@dataclass(frozen=True, slots=True)
class View:
    """One kind in one form. `include` is how much of each object a Table's row carries."""

    kind: Kind
    form: Form
    include: IncludeObject
    clock: Callable[[], datetime]

    def one(self, version: Version, *, with_columns: bool = True) -> bytes:
        """One object."""
        if self.form == "partial":
            return partial(version)
        if self.form == "table":
            metadata: JsonObject = {"resourceVersion": str(version.revision)}
            return self._table([version], metadata, with_columns=with_columns)
        return self.kind.head + version.body[1:]

    def many(self, versions: Iterable[Version], metadata: JsonObject) -> bytes:
        """Many objects. Items of a core kind do not repeat the kind, as Go's typed lists do not."""
        if self.form == "table":
            return self._table(versions, metadata, with_columns=True)
        if self.form == "partial":
            start = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
            items = b",".join([partial(version) for version in versions])
        else:
            start = {"kind": self.kind.list_name, "apiVersion": self.kind.api_version, "metadata": metadata}
            head = self.kind.head
            if self.kind.is_custom:
                items = b",".join([head + version.body[1:] for version in versions])
            else:
                items = b",".join([version.body for version in versions])
        return b"".join((msgspec.json.encode(start)[:-1], b',"items":[', items, b"]}"))

    def bookmark(self, revision: int, annotations: dict[str, str], *, with_columns: bool = True) -> bytes:
        """An object that carries nothing but a version."""
        metadata: JsonObject = {"resourceVersion": str(revision)}
        if annotations:
            metadata["annotations"] = annotations
        if self.form == "table":
            return self._table([], metadata, with_columns=with_columns)
        body = msgspec.json.encode(metadata)
        return (PARTIAL_HEAD if self.form == "partial" else self.kind.head + b'"metadata":') + body + b"}"

    def _table(self, versions: Iterable[Version], metadata: JsonObject, *, with_columns: bool) -> bytes:
        return table(
            self.kind.printer,
            versions,
            self.kind.head,
            now=self.clock(),
            metadata=metadata,
            include=self.include,
            with_columns=with_columns,
        )
