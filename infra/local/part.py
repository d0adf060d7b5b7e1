"""`python -m infra.local.part NAME --folder DIR`: one part of the embedded platform, in this process."""

import argparse
import asyncio
import ctypes
import logging
import signal
import sys
from pathlib import Path

import uvloop

from infra.local import settings
from infra.local.parts import PARTS

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


async def main(name: str, folder: Path) -> None:
    """Run until SIGTERM."""
    running = asyncio.ensure_future(PARTS[name](settings.read(folder)))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        return


def end_with_parent() -> None:
    """In a part's process: SIGTERM comes when the platform dies, however it dies, so that no part is left behind."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="infra.local.part", description=__doc__)
    parser.add_argument("name", choices=PARTS)
    parser.add_argument("--folder", required=True, type=Path, help="the platform's folder")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    uvloop.run(main(chosen.name, chosen.folder))
