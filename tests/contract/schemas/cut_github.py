"""Cut what is used out of GitHub's published descriptions: structure without prose, as JSON Schema.

    npm pack @octokit/openapi @octokit/openapi-webhooks @octokit/graphql-schema     (and unpack each)
    python -m tests.contract.schemas.cut_github OPENAPI WEBHOOKS GRAPHQL

The arguments are the unpacked folders. Written are `github-rest.json` (the answers of the operations that the local
GitHub serves), `github-webhooks.json` (the payloads that it sends) and `github.graphql` (the types that it serves,
whole, with stand-ins for those beyond). All three packages are MIT licensed, © Octokit contributors; the notice goes
into each file.
"""

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLType,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    print_type,
)

from infra.local.github.graphql import SCHEMA
from infra.local.github.server import GitHub

HERE = Path(__file__).parent
NOTICE = "Cut from GitHub's published descriptions (Octokit). MIT License, Copyright (c) Octokit contributors."
PROSE = ("description", "summary", "title", "example", "examples", "externalDocs", "default", "deprecated", "readOnly")
NAMED = ("properties", "patternProperties", "$defs", "definitions")
"""Keys whose values are maps by name: there, `description` is a name and no prose."""
REFERENCE = "#/components/schemas/"
WEBHOOKS = (
    *("check-run-completed", "check-run-created", "create", "delete", "ping", "push", "status"),
    *("issue-comment-created", "issue-comment-deleted", "issue-comment-edited"),
    *(
        f"issues-{action}"
        for action in (
            *("assigned", "closed", "demilestoned", "edited", "labeled", "locked", "milestoned", "opened", "pinned"),
            *("reopened", "transferred", "unassigned", "unlabeled", "unlocked", "unpinned"),
        )
    ),
    *("label-created", "label-deleted", "label-edited"),
    *(
        f"pull-request-{action}"
        for action in (
            *("assigned", "closed", "converted-to-draft", "demilestoned", "edited", "labeled", "locked", "milestoned"),
            *("opened", "ready-for-review", "reopened", "review-request-removed", "review-requested", "synchronize"),
            *("unassigned", "unlabeled", "unlocked"),
        )
    ),
    *(f"pull-request-review-{action}" for action in ("dismissed", "edited", "submitted")),
    *(f"pull-request-review-comment-{action}" for action in ("created", "deleted", "edited")),
)
SCALARS = frozenset(("String", "Int", "Float", "Boolean", "ID"))
Json = dict[str, object]


def main() -> None:
    openapi, webhooks, graphql = (Path(folder) for folder in sys.argv[1:4])
    _write("github-rest.json", cut_rest(_read(openapi / "generated" / "api.github.com.json")))
    _write("github-webhooks.json", cut_webhooks(_read(webhooks / "generated" / "api.github.com.json")))
    theirs = build_schema((graphql / "schema.graphql").read_text(), assume_valid=True, assume_valid_sdl=True)
    (HERE / "github.graphql").write_text(f"# {NOTICE}\n\n{cut_graphql(theirs, build_schema(SCHEMA.read_text()))}\n")


def cut_rest(whole: Json) -> Json:
    """Answers by operation ("GET /repos/{}/{}"), then by status, with all the schemas they name."""
    paths = _map(whole, "paths")
    by_shape = {_shape(path): _object(item) for path, item in paths.items()}
    operations: Json = {}
    for route in GitHub().rest.routes.all:
        item = by_shape.get(_shape(route.path), {})
        if route.method.lower() in item:
            name = f"{route.method} {_shape(route.path)}"
            operations[name] = _answers(whole, _object(item[route.method.lower()]))
    return {"notice": NOTICE, "operations": operations, "schemas": _named(whole, operations)}


def cut_webhooks(whole: Json) -> Json:
    """Payloads by webhook ("pull-request-opened")."""
    webhooks = _map(whole, "webhooks")
    payloads: Json = {}
    for name in WEBHOOKS:
        body = _object(_object(_object(webhooks[name])["post"])["requestBody"])
        payloads[name] = plain(_json_schema(body))
    return {"notice": NOTICE, "payloads": payloads, "schemas": _named(whole, payloads)}


def cut_graphql(theirs: GraphQLSchema, ours: GraphQLSchema) -> str:
    """GitHub's own types of the names that are served here; types beyond are there with one field only."""
    kept = [name for name in ours.type_map if not name.startswith("__") and name in theirs.type_map]
    parts = []
    beyond: set[str] = set()
    for name in sorted(kept):
        kind = theirs.type_map[name]
        parts.append(_without_prose(print_type(kind)))
        beyond |= _mentioned(kind)
    done = set(kept)
    while beyond - done:
        name = min(beyond - done)
        done.add(name)
        kind = theirs.type_map[name]
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            word = "interface" if isinstance(kind, GraphQLInterfaceType) else "type"
            parts.append(f"{word} {name} {{\n  _beyond: Boolean\n}}")
        else:
            parts.append(_without_prose(print_type(kind)))
            beyond |= _mentioned(kind)
    return re.sub(r" implements ([\w &]+)(?= \{)", lambda found: _implements(found[1], kept), "\n\n".join(parts))


def plain(schema: object) -> object:
    """The schema without prose, and with OpenAPI 3.0's `nullable` in JSON Schema's words."""
    if isinstance(schema, list):
        return [plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept: Json = {}
    for key, value in schema.items():
        if key in PROSE or key.startswith("x-") or key == "nullable":
            continue
        if key in NAMED and isinstance(value, dict):
            kept[key] = {name: plain(one) for name, one in value.items()}
        elif key in ("enum", "const", "required"):
            kept[key] = value
        else:
            kept[key] = plain(value)
    return _nullable(kept) if schema.get("nullable") else kept


def _nullable(schema: Json) -> Json:
    if isinstance(schema.get("type"), str) and not any(key in schema for key in ("oneOf", "anyOf", "allOf")):
        schema["type"] = [schema["type"], "null"]
        if isinstance(schema.get("enum"), list) and None not in _list(schema["enum"]):
            schema["enum"] = [*_list(schema["enum"]), None]
        return schema
    return {"anyOf": [schema, {"type": "null"}]}


def _answers(whole: Json, operation: Json) -> Json:
    """Schemas by status; null where an answer has no JSON."""
    answers: Json = {}
    for status, found in _map(operation, "responses").items():
        answer = _object(found)
        if "$ref" in answer:
            answer = _object(_map(_map(whole, "components"), "responses")[str(answer["$ref"]).rpartition("/")[2]])
        answers[status] = plain(_json_schema(answer))
    return answers


def _json_schema(holder: Json) -> object:
    content = _object(holder.get("content") or {})
    for kind, found in content.items():
        if kind.endswith("json"):
            return _object(found).get("schema")
    return None


def _named(whole: Json, used: Mapping[str, object]) -> Json:
    """The schemas that are named by what is used, and by those in turn."""
    every = _map(_map(whole, "components"), "schemas")
    kept: Json = {}
    waiting = list(_references(used))
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept[name] = plain(every[name])
            waiting += _references(kept[name])
    return dict(sorted(kept.items()))


def _references(schema: object) -> Iterable[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref" and isinstance(value, str):
                yield value.removeprefix(REFERENCE)
            else:
                yield from _references(value)
    elif isinstance(schema, list):
        for one in schema:
            yield from _references(one)


def _implements(names: str, kept: Sequence[str]) -> str:
    """The clause with those interfaces that are there whole."""
    left = [name for name in names.split(" & ") if name in kept]
    return f" implements {' & '.join(left)}" if left else ""


def _mentioned(kind: object) -> set[str]:
    """The names of the types that a type's fields, arguments and members have."""
    types: list[GraphQLType] = []
    if isinstance(kind, GraphQLUnionType):
        types += kind.types
    elif isinstance(kind, GraphQLInputObjectType):
        types += [field.type for field in kind.fields.values()]
    elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        for field in kind.fields.values():
            types += [field.type, *(argument.type for argument in field.args.values())]
    return {get_named_type(one).name for one in types} - SCALARS


def _without_prose(text: str) -> str:
    text = re.sub(r'""".*?"""\n?', "", text, flags=re.DOTALL)
    text = re.sub(r" @deprecated\(.*?\"\)", "", text, flags=re.DOTALL)
    return "\n".join(line for line in text.split("\n") if line.strip())


def _shape(path: str) -> str:
    """The path without the names of its parameters, with the most that our routes write differently made alike."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def _read(file: Path) -> Json:
    return _object(json.loads(file.read_text()))


def _write(name: str, value: Json) -> None:
    (HERE / name).write_text(json.dumps(value, separators=(",", ":"), ensure_ascii=False) + "\n")


def _object(value: object) -> Json:
    assert isinstance(value, dict)
    return value


def _map(value: Json, key: str) -> Json:
    return _object(value[key])


def _list(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


if __name__ == "__main__":
    main()
