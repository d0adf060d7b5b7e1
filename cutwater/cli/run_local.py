"""`cutwater run-local`: run a job of the configuration on this machine, on a git working copy."""

import argparse
import asyncio
import re
import secrets
import shlex
import signal
import sys
import tempfile
from pathlib import Path

from cutwater.cli import configuration
from cutwater.cli.failing import Failed, explained
from cutwater.config.configuration import Configuration
from cutwater.config.listing import Listed, NotOne, any_of, only
from infra.local.brought import with_own_jobs
from infra.local.pods.images import Image, local_images
from infra.local.pods.pod import UNISOLATED
from infra.local.pods.sandbox import bubblewrap
from infra.local.run_local.code import NoCode, Sources
from infra.local.run_local.pod import Given, Unfit, absent_programs, remarks
from infra.local.run_local.registry import NEVER_RAN
from infra.local.run_local.running import Run, Setting
from infra.local.working_copy import NotUsable, WorkingCopy

INTERRUPTED = 130
CANNOT = NEVER_RAN
"""The exit status where the job could not be run at all."""

ABOUT = """Runs the pod of a job on this machine: its code is a clone of the working copy, what is not committed
included, at the place where the pod has it; its commands are this machine's own programs, in bubblewrap where that is
installed. A decorated job has its time-outs, its artifacts, build-log.txt and finished.json. Images are not run.
The exit status is that of the test, 130 after Ctrl-C, and 2 where the job cannot be run here."""


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = ABOUT
    parser.add_argument("job", metavar="JOB", help="the job's name")
    parser.add_argument("--of", default="", metavar="ORG/REPO", help="whose job, where several share the name")
    parser.add_argument("--repo", type=Path, default=Path(), metavar="DIR", help="the working copy (default: here)")
    about = "the working copy of another repository that the job clones, or of its own"
    parser.add_argument("--ref", action="append", default=[], type=_pair, metavar="ORG/REPO=DIR", help=about)
    about = "the branch that it is tested for (default: the one that the remote has checked out, else main or master)"
    parser.add_argument("--branch", default="", help=about)
    parser.add_argument("--pull-number", type=int, default=0, help="of a presubmit's pull request (%(default)s)")
    about = "where logs and artifacts go (default: a new folder)"
    parser.add_argument("--artifacts", type=Path, metavar="DIR", help=about)
    for flag, about in (
        ("--secret", "a Secret that the job names: a folder with a file for each key"),
        ("--config-map", "a ConfigMap that it names, likewise"),
        ("--volume", "a folder in place of a volume of its pod"),
    ):
        parser.add_argument(flag, action="append", default=[], type=_pair, metavar="NAME=DIR", help=about)
    parser.add_argument("--no-secrets", action="store_true", help="Secrets and ConfigMaps that are not given are empty")
    about = "a folder that jobs may see although it is in a home; its bin/ is on their PATH"
    parser.add_argument("--show", action="append", default=[], type=Path, metavar="DIR", help=about)
    about = "what an image starts where its container says no command"
    parser.add_argument("--image", action="append", default=[], type=_image, metavar="NAME=COMMAND", help=about)
    about = "plain processes, which see all of this machine, also where bubblewrap works"
    parser.add_argument("--plain", action="store_true", help=about)
    configuration.add_flags(parser)
    parser.set_defaults(run=run)


def _pair(text: str) -> tuple[str, Path]:
    name, equals, folder = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=DIR")
    if not Path(folder).is_dir():
        raise argparse.ArgumentTypeError(f"{folder!r} is no folder")
    return name, Path(folder)


def _image(text: str) -> Image:
    name, equals, command = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=COMMAND")
    return Image(name, tuple(shlex.split(command)))


@explained("run-local", status=CANNOT)
def run(chosen: argparse.Namespace) -> int:
    config = configuration.files_of(chosen).read()
    try:
        wanted, sources = _wanted(config, chosen)
        setting = _setting(wanted, chosen)
        _announce(wanted, sources, setting)
        running = Run(wanted, sources, setting)
    except (NotOne, NotUsable, NoCode, Unfit) as error:
        raise Failed(str(error)) from error
    try:
        return asyncio.run(_run(running, setting))
    finally:
        running.close()


def _wanted(config: Configuration, chosen: argparse.Namespace) -> tuple[Listed, Sources]:
    """The job, and the working copies that it is run on; the one at hand may bring jobs of its own."""
    own = _working_copy(chosen.repo)
    names = [chosen.of] if chosen.of else own.full_names if own else []
    jobs = with_own_jobs(config, own, names[0])[0] if own and names else config.jobs
    found = any_of(jobs, chosen.job, repository=chosen.of)
    of_this = [one for one in found if one.repository in names]
    wanted = only(of_this or found, branch=chosen.branch or (own.shared_branch if own else ""))
    others = {name: WorkingCopy(folder) for name, folder in chosen.ref}
    return wanted, Sources(own=own, others=others, branch=chosen.branch, pull_number=chosen.pull_number)


def _working_copy(folder: Path) -> WorkingCopy | None:
    """The one at hand. There need be none, unless somebody says where it is: not every job has code."""
    try:
        return WorkingCopy(folder)
    except NotUsable:
        if folder != Path():
            raise
        return None


def _setting(wanted: Listed, chosen: argparse.Namespace) -> Setting:
    images = local_images(more=tuple(chosen.image), shown=tuple(folder.resolve() for folder in chosen.show))
    if absent := list(absent_programs(wanted.job.spec or {}, images)):
        raise Unfit("\n".join(absent))
    name = re.sub(r"[^\w.-]", "_", f"{wanted.job.name}-{secrets.token_hex(4)}")
    return Setting(
        output=chosen.artifacts or Path(tempfile.gettempdir(), name),
        images=images,
        bubblewrap=None if chosen.plain else bubblewrap(),
        given=Given(
            secrets=dict(chosen.secret),
            config_maps=dict(chosen.config_map),
            volumes=dict(chosen.volume),
            lacks_secrets=chosen.no_secrets,
        ),
    )


def _announce(wanted: Listed, sources: Sources, setting: Setting) -> None:
    """Say what will be run on what, and what is not as on a cluster."""
    _say(f"{wanted.title}, {wanted.place}")
    if not wanted.job.decorate:
        _say("it is not decorated: nobody clones code for it, and only its log is kept")
    elif sources.own is not None:
        changed = sources.own.uncommitted
        more = f" and {changed} uncommitted change{'s' if changed > 1 else ''}" if changed else ""
        _say(f"code: {sources.own.root} at {sources.own.head[:10]}{more}")
    for remark in remarks(wanted.job.spec or {}):
        _say(remark)
    if setting.bubblewrap is None:
        _say(UNISOLATED.message)


async def _run(running: Run, setting: Setting) -> int:
    """Run it; the first Ctrl-C ends it in good order, the second at once."""
    interrupts = 0

    def interrupted() -> None:
        nonlocal interrupts
        interrupts += 1
        running.stop(at_once=interrupts > 1)
        _say("ending; what it leaves is kept (Ctrl-C again: at once)" if interrupts == 1 else "killed")

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupted)
    status = await running.run(_write)
    trouble = running.trouble
    _say(trouble)
    _say(f"{_result(status, is_interrupted=interrupts > 0, trouble=trouble)}; what it left is in {setting.output}")
    return INTERRUPTED if interrupts else status


def _write(output: bytes) -> None:
    sys.stdout.buffer.write(output)
    sys.stdout.buffer.flush()


def _result(status: int, *, is_interrupted: bool, trouble: str) -> str:
    if is_interrupted:
        return "interrupted"
    if trouble and status == CANNOT:
        return "its test did not run"
    return f"it failed with exit status {status}" if status else "it passed"


def _say(text: str) -> None:
    for line in text.splitlines():
        print(f"run-local: {line}", file=sys.stderr, flush=True)
