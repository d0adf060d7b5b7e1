"""`cutwater demo`: the demonstration without a person. It ends non-zero when anything is missing."""

import argparse
import asyncio
import contextlib
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cutwater.cli import places
from cutwater.cli.starting import platform_of
from cutwater.errors import Later
from infra.local.demo import seed
from infra.local.demo.scenario import Scenario, decoded_log
from infra.local.demo.waiting import Missing
from infra.local.platform import NotReady
from infra.local.settings import Settings

console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)


def add(parser: argparse.ArgumentParser) -> None:
    places.add_port(parser)
    places.add_mode(parser)
    places.add_cluster(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    settings = places.settings(Path(tempfile.mkdtemp(prefix="cutwater-demo-")), chosen)
    if problem := places.problem(settings):
        settings.folder.rmdir()
        print(f"cutwater demo: {problem}", file=sys.stderr)
        return 1
    settings = seed.configured(settings)
    seed.seed(settings)
    status = asyncio.run(_play(settings))
    if status == 0:
        shutil.rmtree(settings.folder)
    return status


async def _play(settings: Settings) -> int:
    began = time.monotonic()

    def say(text: str) -> None:
        console.print(f"  [green]ok[/] {time.monotonic() - began:6.1f} s  {text}")

    status, jobs = 0, dict[str, str]()
    try:
        async with platform_of(settings, console):
            scenario = Scenario(settings, say)
            try:
                await scenario.play()
            finally:
                with contextlib.suppress(Later):
                    jobs = await scenario.jobs()
    except (Missing, NotReady) as error:
        console.print(f"  [red]missing[/] {error}")
        status = 1
    _timeline(settings, jobs)
    console.print("\n[green]All of it happened.[/]" if status == 0 else f"\n[red]It failed.[/] Logs: {settings.logs}")
    return status


def _timeline(settings: Settings, jobs: Mapping[str, str]) -> None:
    """What every function did, in the order in which it happened. `jobs` are those of the ProwJobs, by name."""
    lines = [
        line
        for log in settings.logs.glob("*.log")
        for text in log.read_text(errors="replace").splitlines()
        if (line := decoded_log(text)) and line.get("done") not in {"nothing", "concerns nobody", "nobody wants it"}
    ]
    table = Table(
        "time", "function", "event", "what was done", "ms", title="What happened", title_justify="left", box=None
    )
    for line in sorted(lines, key=lambda one: str(one["time"])):
        what = (
            line.get("hookevent")
            or line.get("tick")
            or line.get("reporter")
            or str(line.get("type", "")).rpartition(".")[2]
        )
        subject = str(line.get("subject", "")).rpartition("/")[2]
        function = line["role"] + (f" {line['plugin']}" if line.get("plugin") else "")
        about = f"{what} {jobs.get(subject, subject)}"
        table.add_row(str(line["time"])[11:23], function, about, str(line["done"])[:90], str(line.get("ms", "")))
    console.print(table)
