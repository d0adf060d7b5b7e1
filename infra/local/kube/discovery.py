"""What the server says of itself: groups, versions, resources, and the OpenAPI documents that clients look into.

kubectl reads the OpenAPI paths to learn whether a server validates fields, and the schemas to explain and to merge.
Source: k8s.io/apiserver pkg/endpoints/discovery, k8s.io/kube-openapi.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from infra.local.kube.kinds import Kind
from infra.local.kube.statuses import JsonObject
from infra.local.kube.structs import definitions

VERSION: JsonObject = {
    "major": "1",
    "minor": "36",
    "gitVersion": "v1.36.3+cutwater",
    "gitCommit": "",
    "gitTreeState": "",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "",
}

Subresource: TypeAlias = tuple[str, str, tuple[str, ...]]  # its name, the kind it answers, its verbs

_SUBRESOURCES: Mapping[str, tuple[Subresource, ...]] = {
    "pods": (("binding", "Binding", ("create",)), ("log", "Pod", ("get",))),
}
_STATUS_VERBS = ("get", "patch", "update")
_WRITE_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation")
_METHODS = (("get", "get", ()), ("put", "put", _WRITE_PARAMETERS), ("patch", "patch", (*_WRITE_PARAMETERS, "force")))


def core_versions(address: str) -> JsonObject:
    """The answer to /api."""
    reach = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": reach}


def group_list(kinds: Iterable[Kind]) -> JsonObject:
    """The answer to /apis."""
    groups = dict.fromkeys(kind.group for kind in kinds if kind.group)
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(kinds, group) for group in groups]}


def group(kinds: Iterable[Kind], name: str) -> JsonObject:
    """The answer to /apis/<group>."""
    return {"kind": "APIGroup", "apiVersion": "v1"} | _group(kinds, name)


def _group(kinds: Iterable[Kind], name: str) -> JsonObject:
    versions = _versions(kinds, name)
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def _versions(kinds: Iterable[Kind], group: str) -> list[str]:
    return list(dict.fromkeys(kind.version for kind in kinds if kind.group == group))


def resource_list(kinds: Iterable[Kind], group: str, version: str) -> JsonObject:
    """The answer to /api/v1 and /apis/<group>/<version>."""
    resources = []
    for kind in kinds:
        if (kind.group, kind.version) == (group, version):
            resources += [_resource(kind), *_subresources(kind)]
    api_version = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version, "resources": resources}


def _resource(kind: Kind) -> JsonObject:
    shown: JsonObject = {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.name,
        "verbs": kind.verbs,
    }
    if kind.short_names:
        shown["shortNames"] = kind.short_names
    if kind.categories:
        shown["categories"] = kind.categories
    return shown


def _subresources(kind: Kind) -> list[JsonObject]:
    return [
        {
            "name": f"{kind.plural}/{name}",
            "singularName": "",
            "namespaced": kind.namespaced,
            "kind": answer,
            "verbs": verbs,
        }
        for name, answer, verbs in _subresources_of(kind)
    ]


def _subresources_of(kind: Kind) -> list[Subresource]:
    found = [] if kind.group else list(_SUBRESOURCES.get(kind.plural, ()))
    return [*found, ("status", kind.name, _STATUS_VERBS)] if kind.prepare_status else found


def aggregated(kinds: Iterable[Kind], *, core: bool) -> JsonObject:
    """All of the above in one document, which newer clients ask for. `core` picks /api's half, else /apis' one."""
    groups = [""] if core else list(dict.fromkeys(kind.group for kind in kinds if kind.group))
    items = [
        {
            "metadata": {"name": name} if name else {},
            "versions": [
                {
                    "version": version,
                    "resources": [_discovered(k) for k in kinds if (k.group, k.version) == (name, version)],
                    "freshness": "Current",
                }
                for version in _versions(kinds, name)
            ],
        }
        for name in groups
    ]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def _discovered(kind: Kind) -> JsonObject:
    shown: JsonObject = {
        "resource": kind.plural,
        "responseKind": _group_kind(kind, kind.name),
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": kind.verbs,
    }
    if kind.short_names:
        shown["shortNames"] = kind.short_names
    if kind.categories:
        shown["categories"] = kind.categories
    subresources = [
        {"subresource": name, "responseKind": _group_kind(kind, answer), "verbs": verbs}
        for name, answer, verbs in _subresources_of(kind)
    ]
    return shown | ({"subresources": subresources} if subresources else {})


def _group_kind(kind: Kind, name: str) -> JsonObject:
    return {"group": kind.group, "version": kind.version, "kind": name}


def openapi_index(kinds: Iterable[Kind]) -> JsonObject:
    """The answer to /openapi/v3: a document for each group and version, under an address that changes with it."""
    paths = {}
    for api_version in dict.fromkeys(kind.api_version for kind in kinds):
        path = f"apis/{api_version}" if "/" in api_version else f"api/{api_version}"
        digest = hashlib.sha256(msgspec.json.encode(openapi_v3(kinds, api_version))).hexdigest().upper()
        paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"}
    return {"paths": paths}


def openapi_v3(kinds: Iterable[Kind], api_version: str) -> JsonObject:
    """One group and version: the paths of its objects with their parameters, and the schemas."""
    paths: JsonObject = {}
    schemas: JsonObject = {}
    for kind in kinds:
        if kind.api_version == api_version:
            paths |= _paths(kind, _parameter_v3)
            schemas |= _schemas(kind, "#/components/schemas/")
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": VERSION["gitVersion"]},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def openapi_v2(kinds: Iterable[Kind]) -> JsonObject:
    """The older document, of all kinds at once."""
    paths: JsonObject = {}
    schemas: JsonObject = {}
    for kind in kinds:
        paths |= _paths(kind, _parameter_v2)
        schemas |= _schemas(kind, "#/definitions/")
    info = {"title": "Kubernetes", "version": VERSION["gitVersion"]}
    return {"swagger": "2.0", "info": info, "paths": paths, "definitions": schemas}


def _parameter_v3(name: str) -> JsonObject:
    return {"name": name, "in": "query", "schema": {"type": "boolean" if name == "force" else "string"}}


def _parameter_v2(name: str) -> JsonObject:
    return {"name": name, "in": "query", "type": "boolean" if name == "force" else "string"}


def _paths(kind: Kind, parameter: Callable[[str], JsonObject]) -> JsonObject:
    root = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.api_version}"
    collection = f"{root}/namespaces/{{namespace}}/{kind.plural}" if kind.namespaced else f"{root}/{kind.plural}"
    about = {"group": kind.group, "kind": kind.name, "version": kind.version}

    def operation(action: str, parameters: Iterable[str]) -> JsonObject:
        return {
            "parameters": [parameter(name) for name in parameters],
            "responses": {"200": {"description": "OK"}},
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": about,
        }

    return {
        collection: {"get": operation("list", ()), "post": operation("post", _WRITE_PARAMETERS)},
        f"{collection}/{{name}}": {method: operation(action, parameters) for method, action, parameters in _METHODS}
        | {"delete": operation("delete", ("dryRun",))},
    }


def _schemas(kind: Kind, where: str) -> JsonObject:
    if kind.structural:
        name = f"{'.'.join(reversed(kind.group.split('.')))}.{kind.version}.{kind.name}"
        about = {"group": kind.group, "kind": kind.name, "version": kind.version}
        return {name: kind.structural.schema | {"x-kubernetes-group-version-kind": [about]}}
    wanted: JsonObject = {}
    todo = [kind.definition]
    while todo:
        name = todo.pop()
        if name not in wanted:
            wanted[name] = _rewritten(definitions()[name], where, todo)
    return wanted


def _rewritten(schema: Any, where: str, found: list[str]) -> Any:
    """A definition in OpenAPI's dialect: no null types, references to where the document keeps its schemas."""
    if isinstance(schema, list):
        return [_rewritten(item, where, found) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result: JsonObject = {}
    for key, value in schema.items():
        if key == "$ref" and isinstance(value, str):
            found.append(value.rpartition("/")[2])
            result[key] = where + value.rpartition("/")[2]
        elif key == "type" and isinstance(value, list):
            result[key] = next(kind for kind in value if kind != "null")
        else:
            result[key] = _rewritten(value, where, found)
    return result
