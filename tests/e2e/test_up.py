"""`cutwater up` as a new user meets it, with a configuration of one's own: started, stopped, started again."""

import asyncio
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from infra.local import own, settings
from infra.local.demo.people import Person, git
from tests.e2e.running import Running
from tests.e2e.story import soon

REPOSITORY, JOB = "mine/kite", "pull-kite-test"
CONFIG = "prowjob_namespace: default\npod_namespace: test-pods\n"
JOBS = f"""
presubmits:
  {REPOSITORY}:
    - name: {JOB}
      always_run: true
      spec: {{containers: [{{image: kite, command: ["true"]}}]}}
"""
PLUGINS = f"plugins: {{{REPOSITORY}: {{plugins: [trigger]}}}}\n"


@asynccontextmanager
async def up(folder: Path, port: int, *more: str) -> AsyncIterator[Running]:
    """The command at work, until Ctrl-C. It ends in good order, and leaves no process behind."""
    places = ("--config-path", "config.yaml", "--job-config-path", "jobs.yaml", "--plugin-config", "plugins.yaml")
    log = folder / "said.txt"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "cutwater.cli.main", "up", "--state", "state", "--port", str(port), *places, *more],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(settings.PRODUCT_ROOT)},
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        await soon("it says that it is there", lambda: says(log, "Ctrl-C stops it all"))
        running = Running(settings.read(folder / "state"))
        yield running
    finally:
        process.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(process.wait, 30) == 0, log.read_text()
    assert running.stop() == []


async def says(log: Path, words: str) -> bool:
    return words in log.read_text()


async def test_own_configuration(tmp_path: Path) -> None:
    for name, text in (("config.yaml", CONFIG), ("jobs.yaml", JOBS), ("plugins.yaml", PLUGINS)):
        (tmp_path / name).write_text(text)
    port = five_ports()

    async with up(tmp_path, port) as running:
        said = (tmp_path / "said.txt").read_text()
        assert f"git push {own.address(running.settings, REPOSITORY)} main" in said
        assert "\x1b" not in said, "no terminal, no colours"
        number = await propose(running, tmp_path / "kite")
        await soon("its test has passed", lambda: has_passed(running, number))

    async with up(tmp_path, port) as running:
        assert await has_passed(running, number), "it goes on where it was"


async def propose(running: Running, folder: Path) -> int:
    """The first push to an empty repository, and a pull request."""
    where = own.address(running.settings, REPOSITORY)
    me = ("-c", f"user.name={own.YOU}", "-c", "user.email=you@example.com")
    await git("init", "--quiet", "--initial-branch=main", str(folder))
    for branch, message in (("main", "Begin"), ("tail", "Add a tail")):
        await git("-C", str(folder), "checkout", "--quiet", "-B", branch)
        await git("-C", str(folder), *me, "commit", "--quiet", "--allow-empty", "--message", message)
        await git("-C", str(folder), "push", "--quiet", where, branch)
    return await Person(running.settings, own.YOU).open_pull_request(REPOSITORY, "tail", "Add a tail", "")


async def has_passed(running: Running, number: int, job: str = JOB) -> bool:
    you = Person(running.settings, own.YOU)
    sha = (await you.ask(f"/repos/{REPOSITORY}/pulls/{number}"))["head"]["sha"]
    found = (await you.ask(f"/repos/{REPOSITORY}/commits/{sha}/status"))["statuses"]
    return [(one["context"], one["state"]) for one in found] == [(job, "success")]


def five_ports() -> int:
    """The first of five ports that nobody has, none of those that the system gives to outgoing connections."""
    while True:
        first = random.randrange(20_000, 32_000)
        with contextlib.ExitStack() as open_sockets:
            try:
                for port in range(first, first + 5):
                    open_sockets.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
        return first
