"""`python -m tests.e2e.supervisor FOLDER`: the platform that the folder's settings describe, until SIGTERM.

What `cutwater up` does, for settings that it has no options for.
"""

import asyncio
import signal
import sys
from pathlib import Path

from infra.local import settings
from infra.local.platform import Platform

READY = "the platform is ready"


async def main(folder: Path) -> None:
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with Platform(settings.read(folder), lambda text: print(text, flush=True)):
        print(READY, flush=True)
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
