"""What the tests say of themselves, in the metadata.json of each: the `metadata` of finished.json.

Source: sigs.k8s.io/prow pkg/sidecar.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from cutwater.podutils import opening
from cutwater.podutils.censor import Censor
from cutwater.podutils.gotext import refusal
from cutwater.podutils.options import Entry

ERRORS = "sidecar-errors"
"""Where it is said, in the metadata itself, what of it cannot be understood."""


def combined(entries: Sequence[Entry], forms: Sequence[bytes] = ()) -> dict[str, Any]:
    """The objects of all entries, later ones over earlier ones, and why some cannot be understood.

    `forms`: what is taken out of their texts. A secret can stand in a file so that it shows only when it is read:
    its quotes, its ends of lines, any of its letters may be escaped there.
    """
    metadata: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for index, entry in enumerate(entries):
        try:
            metadata |= _censored(_object(_content(entry)), forms)
        except FileNotFoundError:
            continue
        except (OSError, RecursionError, ValueError) as error:
            name = f"entry {index}: {' '.join(entry.args)}"
            errors[name] = refusal("read", error, entry.metadata_file) if isinstance(error, OSError) else str(error)
    return metadata | ({ERRORS: errors} if errors else {})


def _content(entry: Entry) -> bytes:
    """The file's content. It lies below the folder of the log, or in whatever other folder its path names."""
    path, logs = Path(entry.metadata_file), Path(entry.process_log).parent
    with opening.opened(path, logs if path.is_relative_to(logs) else path.parent) as file:
        return file.read()


def _object(raw: bytes) -> dict[str, Any]:
    """The JSON object, or an empty one for null. Raises ValueError, and RecursionError.

    As in Go, what is no UTF-8 and half of a surrogate pair are read as U+FFFD: a test may write what it likes, and the
    result must be written all the same.
    """
    read = json.loads(raw.decode(errors="replace"))
    whole = json.dumps(read, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return msgspec.json.decode(whole, type=dict[str, Any] | None) or {}


def _censored(value: Any, forms: Sequence[bytes]) -> Any:
    if not forms:
        return value
    if isinstance(value, str):
        censor = Censor(forms)
        return (censor.feed(value.encode()) + censor.end()).decode(errors="replace")
    if isinstance(value, list):
        return [_censored(item, forms) for item in value]
    if isinstance(value, dict):
        return {_censored(key, forms): _censored(item, forms) for key, item in value.items()}
    return value
