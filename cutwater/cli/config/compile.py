"""`cutwater config compile`: the configuration as one file that functions load in milliseconds."""

import argparse
import asyncio
import hashlib
from pathlib import Path

from cutwater.cli import configuration
from cutwater.cli.failing import Failed, explained
from cutwater.config import compiled
from cutwater.events import environment
from cutwater.events.pointer import key_of
from functions.plugins.sections import SECTIONS

EXAMPLES = """examples:
  cutwater config compile --config-path config.yaml --job-config-path jobs/ --output configuration.bin
  cutwater config compile --config-path config.yaml --job-config-path jobs/ --state acme-prow-state

It prints the SHA-256 of the file, by which `cutwater config use` puts it in force. The state bucket is reached as
functions reach it: by AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL_S3.
"""


def add(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    parser.add_argument("--output", type=Path, metavar="FILE", help="write it to this file")
    parser.add_argument("--state", default="", metavar="BUCKET", help="put it into this state bucket")
    configuration.add_flags(parser)
    parser.set_defaults(run=run)


@explained("config compile")
def run(chosen: argparse.Namespace) -> int:
    if chosen.output is None and not chosen.state:
        raise Failed("where to? say --output FILE or --state BUCKET")
    content = compiled.write(configuration.files_of(chosen).read(SECTIONS), sections=SECTIONS)
    sha = hashlib.sha256(content).hexdigest()
    if chosen.output is not None:
        chosen.output.write_bytes(content)
    if chosen.state:
        asyncio.run(environment.bucket(chosen.state).put(key_of(sha), content))
    print(sha)
    return 0
