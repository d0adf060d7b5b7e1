"""`python -m infra.local.s3`: serve buckets that lie on disk."""

import argparse
import os
from pathlib import Path

import uvicorn

from infra.local.s3.server import DEMO_KEY, S3
from infra.local.s3.signature import Key


def key(text: str) -> Key:
    """`ACCESS:SECRET` or `ACCESS:SECRET:BUCKET,BUCKET` from the command line."""
    access, _, rest = text.partition(":")
    secret, _, buckets = rest.partition(":")
    if not access or not secret:
        raise argparse.ArgumentTypeError("a key is ACCESS:SECRET or ACCESS:SECRET:BUCKET,BUCKET")
    return Key(access=access, secret=secret, buckets=frozenset(buckets.split(",")) if buckets else None)


def main() -> None:
    parser = argparse.ArgumentParser(prog="infra.local.s3", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--root", type=Path, required=True, metavar="DIR")
    parser.add_argument("--bucket", action="append", default=[], metavar="NAME", help="make it unless it is there")
    parser.add_argument("--key", action="append", default=[], type=key, metavar="ACCESS:SECRET[:BUCKETS]")
    chosen = parser.parse_args()
    from_environment = [key(text) for text in os.environ.get("S3_KEYS", "").split()]
    store = S3(chosen.root, chosen.key + from_environment or [DEMO_KEY])
    for name in chosen.bucket:
        store.make_bucket(name)
    uvicorn.run(store, host="127.0.0.1", port=chosen.port, log_level="warning", date_header=False, server_header=False)


if __name__ == "__main__":
    main()
