"""An object brought into its kind's shape: what a writer sent becomes what may be judged.

A core kind is read as Go reads a struct, a custom kind by its structural schema.
"""

from infra.local.kube import structs
from infra.local.kube.kinds import Kind
from infra.local.kube.options import WriteOptions
from infra.local.kube.patches import go_kind
from infra.local.kube.statuses import JsonObject, bad_request


def read(kind: Kind, content: JsonObject, options: WriteOptions) -> None:
    """Decode what a writer sent as the whole object. Raises ApiError 400."""
    try:
        decode(kind, content, options)
    except structs.DecodeError as error:
        why = f'{kind.name} in version "{kind.version}" cannot be handled as a {kind.name}: {error}'
        raise bad_request(why) from error


def decode(kind: Kind, content: JsonObject, options: WriteOptions) -> None:
    """Bring an object into the kind's shape, in place, and take kind and apiVersion off it. Raises DecodeError."""
    content.pop("apiVersion", None)
    content.pop("kind", None)
    if content.get("metadata") is None:
        content["metadata"] = {}
    unknown = _decoded_custom(kind, content) if kind.structural else structs.decode(content, kind.definition)
    if unknown and options.field_validation == "Strict":
        listed = ", ".join(f'unknown field "{path}"' for path in unknown)
        raise structs.DecodeError(f"strict decoding error: {listed}")
    if options.field_validation == "Warn":
        options.warnings.extend(f'unknown field "{path}"' for path in unknown)
    # An object's JSON begins with its metadata.
    rest = {key: content.pop(key) for key in list(content) if key != "metadata"}
    content.update(rest)
    content["metadata"].pop("managedFields", None)


def _decoded_custom(kind: Kind, content: JsonObject) -> list[str]:
    assert kind.structural is not None
    metadata = content["metadata"]
    if not isinstance(metadata, dict):
        raise structs.DecodeError(f"json: cannot unmarshal {go_kind(metadata)} into Go value of type v1.ObjectMeta")
    unknown = structs.decode_metadata(metadata)
    unknown += kind.structural.prune(content)
    kind.structural.fill(content)
    return unknown
