"""Whether an object is what the published schemas of Kubernetes, Knative and func say; unknown fields are errors."""

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs

from tests.contract.manifests.documents import Document, Json
from tests.contract.schemas.cut_knative import FUNC

FOLDER = Path(__file__).parent.parent / "schemas"


@functools.cache
def _published() -> tuple[dict[str, str], dict[str, Any]]:
    """Definitions by kind, and all definitions, of both files."""
    kinds, definitions = dict[str, str](), dict[str, Any]()
    for name in ("kubernetes.json", "knative.json"):
        cut = json.loads((FOLDER / name).read_text())
        kinds |= cut["kinds"]
        definitions |= cut["$defs"]
    return kinds, definitions


@functools.cache
def _validator(key: str) -> jsonschema_rs.Draft202012Validator:
    kinds, definitions = _published()
    return jsonschema_rs.Draft202012Validator({"$ref": f"#/$defs/{kinds[key]}", "$defs": definitions})


def check_document(document: Document) -> Iterator[str]:
    """What is wrong with one object."""
    if document.key not in _published()[0]:
        yield document.says(f"no schema of {document.key} is among tests/contract/schemas")
        return
    for message in _errors(document.key, document.content):
        yield document.says(message)


def check_function(file: str, content: Json) -> Iterator[str]:
    """What is wrong with one func.yaml."""
    for message in _errors(FUNC, content):
        yield f"{file}: {message}"


def _errors(key: str, content: Json) -> Iterator[str]:
    for error in _validator(key).iter_errors(content):
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
        yield f"{path.lstrip('.') or 'the object'}: {error.message}"
