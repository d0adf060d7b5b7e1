"""How the platform's start looks to whoever waits for it: on a terminal something moves, elsewhere lines appear."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.console import Console
from rich.text import Text

from infra.local.platform import Platform
from infra.local.settings import Settings


@asynccontextmanager
async def platform_of(settings: Settings, console: Console) -> AsyncIterator[Platform]:
    """The running platform. What it says is printed, now and later. Raises NotReady, ConfigError and OSError."""

    def say(text: str) -> None:
        console.print(Text("  " + text.replace("\n", "\n  "), style="dim"))

    platform = Platform(settings, say)
    with console.status("starting"):
        await platform.start()
    console.print()
    try:
        yield platform
    finally:
        await platform.stop()
