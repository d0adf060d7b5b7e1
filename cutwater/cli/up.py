"""`cutwater up`: the whole system on this machine, with one's own configuration or with the demonstration's."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from msgspec.structs import replace
from rich.console import Console

from cutwater.cli import places
from cutwater.config.findings import ConfigError
from cutwater.events.configuration import FileConfiguration
from infra.local.demo import change, seed
from infra.local.demo.people import Person
from infra.local.platform import NotReady, Platform
from infra.local.settings import Settings

console = Console(highlight=False)


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subcommands.add_parser("up", help="run the whole system on this machine")
    places.add_to(parser, folder=places.STATE)
    parser.add_argument("--config-path", type=Path, help="your config.yaml; without it, the demonstration's")
    parser.add_argument("--job-config-path", type=Path, help="your jobs: a file or a folder")
    parser.add_argument("--plugin-config", type=Path, help="your plugins.yaml")
    parser.add_argument("--github-api", default="", help="another GitHub's API than the local one's")
    parser.add_argument("--github-token-file", type=Path, help="the bot's token there")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    settings = places.settings(chosen)
    if taken := places.busy(settings.ports):
        return _fail(f"port {taken[0]} is taken; choose others with --port")
    if chosen.config_path is None:
        settings = seed.configured(settings)
        seed.seed(settings)
        return asyncio.run(_up(settings, with_change=True))
    settings = replace(
        settings,
        config=chosen.config_path.resolve(),
        jobs=chosen.job_config_path and chosen.job_config_path.resolve(),
        plugins=chosen.plugin_config and chosen.plugin_config.resolve(),
        github_api=chosen.github_api,
        github_token_file=chosen.github_token_file and chosen.github_token_file.resolve(),
    )
    try:
        FileConfiguration(settings.config, settings.jobs, settings.plugins).load()
    except ConfigError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}")
    return asyncio.run(_up(settings, with_change=False))


async def _up(settings: Settings, *, with_change: bool) -> int:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        async with Platform(settings, lambda text: console.print(f"  [dim]{text}[/]")):
            if with_change:
                await _propose(settings)
            else:
                console.print(f"\n  deck     [bold]{settings.deck}[/]\n  webhooks [bold]{settings.deck}/hook[/]")
                console.print(f"  secret   in {settings.secret_file('hmac-token')}")
            console.print(f"  kubectl  --kubeconfig {settings.kubeconfig} get prowjobs\n\n  Ctrl-C stops it all.")
            await stopped.wait()
            console.print("\n  [dim]stopping[/]")
    except NotReady as error:
        return _fail(str(error))
    return 0


async def _propose(settings: Settings) -> None:
    """Open the demonstration's pull request, unless it was opened before; say where to look."""
    author = Person(settings, seed.AUTHOR)
    opened = await author.ask(f"/repos/{seed.REPOSITORY}/pulls?state=all")
    if opened:
        number = opened[0]["number"]
    else:
        await author.push(seed.REPOSITORY, change.BRANCH, change.FILES, change.TITLE)
        number = await author.open_pull_request(seed.REPOSITORY, change.BRANCH, change.TITLE, change.BODY)
    page = f"{settings.github}/{seed.REPOSITORY}/pull/{number}"
    console.print(f"\n  deck         [bold]{settings.deck}[/]   the jobs, their logs as they grow")
    console.print(f"  pull request [bold]{page}[/]   comment /retest, /test all, /lgtm there")


def _fail(text: str) -> int:
    print(f"cutwater up: {text}", file=sys.stderr)
    return 1
