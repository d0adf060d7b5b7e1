"""Clusters as a row has them: objects with the uids and times that stand there, calls that fail as it says.

No API server keeps such objects (it gives uids and times itself), so rows are answered over this one.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import msgspec

from cutwater.errors import Later
from cutwater.kube.transport import JSON, JSON_PATCH, Answer

Json = dict[str, Any]
Calls = list[tuple[str, str, Any]]
"""What was done: verb and plural, name, and the body or what was deleted; only what was not refused."""

Key = tuple[str, str, str]
"""Plural, namespace and name."""

Inject = Callable[[str, str, str, Any], Mapping[str, Any] | None]
"""(verb, plural, name, body) -> the error that the row injects."""


class Cluster:
    """The transport of one cluster."""

    def __init__(self, objects: Mapping[str, Sequence[Json]], inject: Inject) -> None:
        self._inject = inject
        self.objects = {
            (plural, one["metadata"].get("namespace", ""), one["metadata"]["name"]): one
            for plural, many in objects.items()
            for one in many
        }
        self.calls: Calls = []

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> Answer:
        namespace, plural, name = _parts(path)
        verb = "list" if method == "GET" and not name else method.lower()
        sent: Any = msgspec.json.decode(body) if body else None
        name = name or ((sent or {}).get("metadata", {}).get("name", "") if verb == "post" else "")
        error = self._inject(verb, plural, name, sent)
        if error is not None:
            if not error["code"]:
                raise Later(error["message"])
            return _status(error["code"], error.get("reason", ""), error["message"])
        match verb:
            case "list":
                return _answer({"items": self._found(plural, namespace, query or {}), "metadata": {}})
            case "post":
                return self._create((plural, namespace, name), sent)
        key = plural, namespace, name
        if key not in self.objects:
            return _status(404, "NotFound", f'{plural} "{name}" not found')
        match verb:
            case "delete":
                return self._delete(key)
            case "patch" if content_type == JSON_PATCH:
                return self._amend(key, sent)
            case "patch":
                self.calls.append(("patch " + plural, name, sent))
                self.objects[key] = merged(self.objects[key], sent)
            case "put":
                self.objects[key] = sent
        return _answer(self.objects[key])

    def stream(self, path: str, *, query: Mapping[str, str] | None = None) -> AsyncIterator[bytes]:
        raise NotImplementedError("no row reads a log")

    def _found(self, plural: str, namespace: str, query: Mapping[str, str]) -> list[Json]:
        labels, fields = _pairs(query.get("labelSelector", "")), _pairs(query.get("fieldSelector", ""))
        return [
            one
            for (kind, place, _), one in sorted(self.objects.items())
            if (kind, place) == (plural, namespace)
            and all((one["metadata"].get("labels") or {}).get(key) == value for key, value in labels)
            and all(_field(one, key) == value for key, value in fields)
        ]

    def _create(self, key: Key, sent: Json) -> Answer:
        plural, namespace, name = key
        sent["metadata"].setdefault("namespace", namespace)
        if key in self.objects:
            return _status(409, "AlreadyExists", f'{plural} "{name}" already exists')
        self.objects[key] = sent
        self.calls.append(("post " + plural, name, sent))
        sent["metadata"].setdefault("uid", f"new {name}")
        return _answer(sent)

    def _delete(self, key: Key) -> Answer:
        plural, _, name = key
        gone = self.objects[key]
        self.calls.append(("delete " + plural, name, gone))
        if not gone["metadata"].get("finalizers"):
            del self.objects[key]
        return _answer({})

    def _amend(self, key: Key, operations: Sequence[Json]) -> Answer:
        plural, _, name = key
        changed = msgspec.json.decode(msgspec.json.encode(self.objects[key]))
        for operation in operations:
            *way, last = (part.replace("~1", "/").replace("~0", "~") for part in operation["path"][1:].split("/"))
            place = changed
            for part in way:
                place = place[part]
            if operation["op"] == "add":
                place[last] = operation["value"]
            elif place.get(last) != operation["value"]:
                return _status(422, "Invalid", f"test of {operation['path']} failed")
        self.calls.append(("patch " + plural, name, operations))
        self.objects[key] = changed
        return _answer(changed)


def _parts(path: str) -> tuple[str, str, str]:
    """Namespace, plural and name in `/apis/GROUP/VERSION/namespaces/NAMESPACE/PLURAL[/NAME]`."""
    namespace, plural, *name = path.split("/namespaces/")[1].split("/")
    return namespace, plural, unquote("/".join(name))


def _pairs(selector: str) -> list[tuple[str, str]]:
    return [(key, value) for key, _, value in (one.partition("=") for one in selector.split(",") if one)]


def _field(one: Json, path: str) -> str:
    value: Any = one
    for part in path.split("."):
        value = (value or {}).get(part)
    return "" if value is None else str(value)


def merged(one: Any, patch: Any) -> Any:
    """The value after a merge patch."""
    if not isinstance(patch, dict):
        return patch
    result = dict(one) if isinstance(one, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def _answer(body: Json) -> Answer:
    return Answer(200, msgspec.json.encode(body))


def _status(code: int, reason: str, message: str) -> Answer:
    return Answer(code, msgspec.json.encode({"kind": "Status", "code": code, "reason": reason, "message": message}))
