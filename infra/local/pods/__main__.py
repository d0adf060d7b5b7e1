"""`python -m infra.local.pods`: run the pods of an API server on this machine."""

import argparse
import asyncio
import logging
import os
import shlex
import signal
from pathlib import Path

from infra.local.pods.images import Image, local_images
from infra.local.pods.runner import Pods
from infra.local.transport import HttpTransport


def pair(text: str) -> tuple[str, str]:
    """`NAME=VALUE` from the command line."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="infra.local.pods", description=__doc__)
    parser.add_argument("--kube", required=True, metavar="URL", help="the API server; KUBE_TOKEN is its token")
    parser.add_argument("--root", required=True, type=Path, metavar="DIR", help="for what pods write")
    parser.add_argument("--pod-logs", required=True, type=Path, metavar="DIR", help="for <uid>/<container>.log")
    parser.add_argument("--namespace", default="", help="only this namespace's pods")
    parser.add_argument("--limit", type=int, help="how many pods run at once")
    parser.add_argument("--node", default="local", help="this machine's name")
    parser.add_argument("--label", action="append", default=[], type=pair, metavar="NAME=VALUE", help="of this node")
    parser.add_argument("--hide", action="append", default=[], type=Path, metavar="DIR", help="no pod sees it")
    parser.add_argument("--show", action="append", default=[], type=Path, metavar="DIR", help="in a home, yet seen")
    parser.add_argument("--image", action="append", default=[], type=pair, metavar="PATTERN=COMMAND")
    parser.add_argument("--plain", action="store_true", help="plain processes, also where bubblewrap works")
    return parser.parse_args()


async def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    chosen = arguments()
    more = tuple(Image(pattern, tuple(shlex.split(command))) for pattern, command in chosen.image)
    kube = HttpTransport(chosen.kube, os.environ.get("KUBE_TOKEN", ""))
    pods = Pods(
        kube,
        chosen.root,
        chosen.pod_logs,
        local_images(more=more, shown=tuple(chosen.show)),
        node=chosen.node,
        labels=dict(chosen.label),
        limit=chosen.limit,
        namespace=chosen.namespace,
        hidden=chosen.hide,
        isolated=not chosen.plain,
    )
    running = asyncio.ensure_future(pods.run())
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        await kube.close()


if __name__ == "__main__":
    asyncio.run(main())
