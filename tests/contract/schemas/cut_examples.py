"""Gather a payload of every webhook event: those that GitHub's users have published, and made-up ones of the others.

    npm pack @octokit/webhooks-examples @octokit/openapi-webhooks     (and unpack each)
    python -m tests.contract.schemas.cut_examples EXAMPLES WEBHOOKS

The arguments are the unpacked folders. Written is `github-webhook-examples.json.xz`: by event, its payloads. An event
of which there is no example gets a payload for each of its actions, with what GitHub's description requires. Both
packages are MIT licensed, © Octokit contributors; the notice goes into the file. E-mail addresses, and what signed
addresses are signed with, are left out.
"""

import json
import lzma
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parent / "github-webhook-examples.json.xz"
NOTICE = "Cut from GitHub's published webhook examples and descriptions (Octokit). MIT License, © Octokit contributors."
PRIVATE = (
    (re.compile(r"\b(?!git@)[\w.+-]+@[a-z][\w-]*\.[\w.]+"), "somebody@example.com"),
    (re.compile(r"\?X-Amz-[^\"\\]*"), ""),
)
DEEPEST = 12
"""Levels of a made-up payload: descriptions may name themselves."""
PLAIN = {"string": "x", "integer": 1, "number": 1, "boolean": True, "array": [], "null": None}


def main() -> None:
    examples, webhooks = (Path(folder) for folder in sys.argv[1:3])
    payloads = published(json.loads((examples / "api.github.com" / "index.json").read_text()))
    payloads |= made_up(json.loads((webhooks / "generated" / "api.github.com.json").read_text()), set(payloads))
    text = json.dumps({"notice": NOTICE, "payloads": dict(sorted(payloads.items()))}, separators=(",", ":"))
    for private, instead in PRIVATE:
        text = private.sub(instead, text)
    EXAMPLES.write_bytes(lzma.compress(text.encode(), preset=9))


def published(index: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {event["name"]: event["examples"] for event in index}


def made_up(description: dict[str, Any], known: set[str]) -> dict[str, list[Any]]:
    """Payloads of the events that are described and not `known`."""
    found: dict[str, list[Any]] = defaultdict(list)
    for webhook in description["webhooks"].values():
        name = webhook["post"]["operationId"].partition("/")[0].replace("-", "_")
        if name not in known:
            schema = webhook["post"]["requestBody"]["content"]["application/json"]["schema"]
            found[name].append(instance(schema, description))
    return found


def instance(schema: dict[str, Any], whole: dict[str, Any], depth: int = 0) -> Any:
    """A value that has what the schema requires, and no more."""
    if "$ref" in schema:
        return instance(whole["components"]["schemas"][schema["$ref"].rpartition("/")[2]], whole, depth)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    for several in ("oneOf", "anyOf"):
        if several in schema and "properties" not in schema:
            return instance(schema[several][0], whole, depth)
    value: dict[str, Any] = {}
    for one in schema.get("allOf", ()):
        value |= instance(one, whole, depth) or {}
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind != "object":
        return PLAIN[kind]
    if depth < DEEPEST:
        properties = schema.get("properties", {})
        for name in schema.get("required", ()):
            value[name] = instance(properties.get(name, {}), whole, depth + 1)
    return value


if __name__ == "__main__":
    main()
