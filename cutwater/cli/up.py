"""`cutwater up`: the whole system on this machine, with one's own configuration or with the demonstration's."""

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from msgspec.structs import replace
from rich.console import Console

from cutwater.cli import places
from cutwater.cli.starting import platform_of
from cutwater.config.configuration import Configuration
from cutwater.config.findings import ConfigError
from cutwater.events.configuration import Files
from infra.local import own
from infra.local.demo import change, seed
from infra.local.demo.people import Person
from infra.local.platform import NotReady
from infra.local.settings import Settings

console = Console(highlight=False, soft_wrap=True)

Welcome = Callable[[], Awaitable[None]]
"""Says where to look, once the platform runs."""


def add(parser: argparse.ArgumentParser) -> None:
    places.add_state(parser)
    places.add_port(parser)
    places.add_mode(parser)
    places.add_cluster(parser)
    parser.add_argument("--config-path", type=Path, help="your config.yaml; without it, the demonstration's")
    parser.add_argument("--job-config-path", type=Path, help="your jobs: a file or a folder")
    parser.add_argument("--plugin-config", type=Path, help="your plugins.yaml")
    parser.add_argument("--github-api", default="", help="another GitHub's API than the local one's")
    parser.add_argument("--github-token-file", type=Path, help="the bot's token there")
    parser.add_argument("--jenkins", type=Path, help="the file that says which Jenkins there are (docs/jenkins.md)")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    if chosen.config_path is None and (chosen.job_config_path or chosen.plugin_config or chosen.github_api):
        return _fail("--config-path is missing: without it the demonstration runs, with its own configuration")
    settings = places.settings(chosen.state, chosen)
    if problem := places.problem(settings):
        return _fail(problem)
    if chosen.config_path is None:
        settings = seed.configured(settings)
        seed.seed(settings)
        return asyncio.run(_up(settings, lambda: _propose(settings)))
    settings = replace(
        settings,
        config=chosen.config_path.resolve(),
        jobs=chosen.job_config_path and chosen.job_config_path.resolve(),
        plugins=chosen.plugin_config and chosen.plugin_config.resolve(),
        github_api=chosen.github_api,
        github_token_file=chosen.github_token_file and chosen.github_token_file.resolve(),
        environment={"CUTWATER_JENKINS": str(chosen.jenkins.resolve())} if chosen.jenkins else {},
    )
    try:
        config = Files(settings.config, (settings.jobs,) if settings.jobs else (), settings.plugins).read()
    except ConfigError as error:
        return _fail(f"the configuration is wrong\n{error}")
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}")
    if not settings.github_api:
        own.seed(settings, config)
    return asyncio.run(_up(settings, lambda: _show(settings, config)))


async def _up(settings: Settings, welcome: Welcome) -> int:
    """Run until Ctrl-C or SIGTERM, which may come at any time."""
    running = asyncio.ensure_future(_run(settings, welcome))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await running
    except (NotReady, ConfigError, OSError) as error:
        return _fail(str(error))
    return 0


async def _run(settings: Settings, welcome: Welcome) -> None:
    console.print(f"[bold]cutwater[/] on this machine, in {settings.folder}\n")
    async with platform_of(settings, console):
        await welcome()
        _say("kubectl", f"kubectl --kubeconfig {settings.kubeconfig} get prowjobs")
        _say("logs", str(settings.logs), "of every part and function")
        console.print("\n  Ctrl-C stops it all; the same command goes on where it was.\n")
        try:
            await asyncio.Event().wait()
        finally:
            console.print("  [dim]stopping[/]")


async def _propose(settings: Settings) -> None:
    """Open the demonstration's pull request, unless it was opened before; say where to look."""
    author = Person(settings, seed.AUTHOR)
    opened = await author.ask(f"/repos/{seed.REPOSITORY}/pulls?state=all")
    if opened:
        number = min(one["number"] for one in opened)
    else:
        await author.push(seed.REPOSITORY, change.BRANCH, change.FILES, change.TITLE)
        number = await author.open_pull_request(seed.REPOSITORY, change.BRANCH, change.TITLE, change.BODY)
    _say("deck", settings.deck, "the jobs, their logs as they grow")
    page = f"{settings.github}/{seed.REPOSITORY}/pull/{number}"
    _say("pull request", page, "comment /retest, /test all or /lgtm there")


async def _show(settings: Settings, config: Configuration) -> None:
    """Say where a user's own configuration is at work."""
    repositories = [] if settings.github_api else own.repositories(config)
    _say("deck", settings.deck, "the jobs, their logs as they grow")
    _say("webhooks", f"{settings.deck}/hook", f"the secret is in {settings.secret_file('hmac-token')}")
    if repositories:
        count = f"{len(repositories)} repositories of your configuration" if len(repositories) > 1 else repositories[0]
        _say("github", settings.github, f"with {count}, whose webhooks are set; they were made empty")
        _say("push", f"git push {own.address(settings, repositories[0])} main")
    if buckets := own.foreign_buckets(config):
        more = "they need its secret in namespace test-pods; for the bucket here say s3://artifacts and s3-credentials"
        _say("uploads", f"go to {', '.join(buckets)}", more)


def _say(what: str, where: str, more: str = "") -> None:
    console.print(f"  {what:13}[bold]{where}[/]  {more}".rstrip())


def _fail(text: str) -> int:
    print(f"cutwater up: {text}", file=sys.stderr)
    return 1
