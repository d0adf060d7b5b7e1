"""The flags of the programs that upload, for those who run them by hand.

Source: sigs.k8s.io/prow pkg/gcsupload (options), pkg/flagutil.
"""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from cutwater.podutils import flags
from cutwater.podutils.options import UploadOptions

Options = TypeVar("Options", bound=UploadOptions)
_TEXTS = ("sub-dir", "path-strategy", "default-org", "default-repo", "local-output-dir")
_FILES = ("gcs-credentials-file", "s3-credentials-file")


def upload_options(kind: type[Options], arguments: Sequence[str], **own: str) -> Options:
    """The options that the flags name; `own` are the program's, key to flag. Raises ValueError."""
    names = (*_TEXTS, *_FILES, "gcs-path", "media-type", *own.values())
    given = flags.parse(arguments, values=names, switches=("dry-run",))
    bucket, prefix = _split(given.text("gcs-path"))
    told = {name.replace("-", "_"): given.text(name) for name in (*_TEXTS, *_FILES)}
    told["path_strategy"] = given.text("path-strategy", "explicit")
    return msgspec.convert(
        {
            **told,
            **{key: given.text(name) for key, name in own.items()},
            "bucket": bucket,
            "path_prefix": prefix,
            "mediaTypes": _media_types(given.texts("media-type")),
            "dry_run": given.switch("dry-run", default=True),
            "items": given.rest,
        },
        kind,
    )


def _split(address: str) -> tuple[str, str]:
    """`gs://bucket/prefix` in two. Raises ValueError for any other form."""
    if not address:
        return "", ""
    if not address.startswith("gs://"):
        raise ValueError(f"path {address} is not a valid gcs path: must begin with gs://")
    bucket, _, prefix = address.removeprefix("gs://").partition("/")
    return bucket, prefix


def _media_types(values: Sequence[str]) -> dict[str, str]:
    types = {}
    for value in ",".join(values).split(",") if values else ():
        extension, colon, media_type = value.partition(":")
        if not colon:
            raise ValueError(f'invalid extension media type "{value}": missing colon delimiter')
        types[extension] = media_type
    return types
