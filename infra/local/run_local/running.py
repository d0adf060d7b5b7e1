"""A job's pod, run to its end with nobody but the person at the terminal to tell of it."""

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from cutwater.config.listing import Listed
from cutwater.podutils.clone import Record
from cutwater.podutils.containers import CLONE_LOG
from cutwater.podutils.decorate import pod_for
from cutwater.prowjob.builds import build_id
from cutwater.prowjob.new import new_prowjob
from cutwater.prowjob.types import ProwJob
from infra.local.pods.images import Images
from infra.local.pods.pod import Node, PodRun, remove_tree
from infra.local.pods.process import Keeper
from infra.local.pods.spec import Pod
from infra.local.run_local import code
from infra.local.run_local.following import follow
from infra.local.run_local.pod import OUTPUT, Given, Unfit, fit, keys
from infra.local.run_local.registry import Registry


class Setting(Struct, frozen=True, kw_only=True):
    """Where and how a job runs here. `output`: the folder for what it leaves. Without bubblewrap it is unconfined."""

    output: Path
    images: Images
    bubblewrap: Path | None
    given: Given


class Run:
    """One run of a job, whose code is cloned when it is made. To be closed.

    Raises NoCode, NotUsable and Unfit where the job cannot be run here, before anything of it was.
    """

    def __init__(self, wanted: Listed, sources: code.Sources, setting: Setting) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="cutwater-run-"))
        self._uid = str(uuid.uuid4())
        self._output = setting.output
        try:
            self._job = self._prowjob(wanted, sources)
            self._pod = self._made(setting.given)
            self._registry = Registry(self._pod, *keys(setting.given, self._pod))
            self._output.mkdir(parents=True, exist_ok=True)
        except BaseException:
            self.close()
            raise
        self._tests = [container.name for container in self._pod.spec.containers if container.name != "sidecar"]
        node = Node(
            name="local",
            api=self._registry,
            root=self._folder / "pods",
            pod_logs=self._folder / "logs",
            images=setting.images,
            keeper=Keeper(bubblewrap=setting.bubblewrap, shown=setting.images.shown, hidden=(self._folder,)),
            clock=lambda: datetime.now(UTC),
        )
        self._run = PodRun(self._pod, node)
        self._registry.give_up = lambda: self.stop(at_once=True)

    async def run(self, write: Callable[[bytes], object]) -> int:
        """Run the pod to its end; `write` gets what the tests say. The exit status of the first that failed, or 0."""
        ended = asyncio.Event()
        following = asyncio.create_task(follow(self._logs, write, ended))
        try:
            await self._run.run()
        finally:
            ended.set()
            await following
        if self._job.spec.decoration_config is None:
            self._keep_logs()
        return self._registry.exit_status(self._tests)

    def stop(self, *, at_once: bool = False) -> None:
        """End the run in good order, so that what the tests leave is kept; or `at_once`."""
        self._run.stop(grace=0 if at_once else self._pod.spec.termination_grace_period_seconds)

    def close(self) -> None:
        """Remove all that the run needed. What it left is in the output folder."""
        remove_tree(self._folder)

    @property
    def trouble(self) -> str:
        """What went wrong beside the tests themselves, or ""."""
        return self._registry.trouble(self._tests)

    @property
    def _logs(self) -> dict[str, Path]:
        return {name: self._folder / "logs" / self._uid / f"{name}.log" for name in self._tests}

    @property
    def _volumes(self) -> Path:
        """Where the pod's volumes are. One that is there before the pod begins is taken as it is."""
        return self._folder / "pods" / self._uid / "volumes"

    def _prowjob(self, wanted: Listed, sources: code.Sources) -> ProwJob:
        spec = code.spec_of(wanted, sources)
        if spec.agent != "kubernetes":
            raise Unfit(f"{wanted.title} is run by {spec.agent}, not in a pod")
        decoration = spec.decoration_config
        if decoration is not None and not decoration.skip_cloning:
            spec, records = code.cloned(spec, sources, self._volumes / "code")
            self._write_clone_log(records)
        return new_prowjob(
            spec,
            name=str(uuid.uuid4()),
            start=datetime.now(UTC).replace(microsecond=0),
            labelled=wanted.job.labels,
            annotated=wanted.job.annotations,
        )

    def _write_clone_log(self, records: Sequence[Record]) -> None:
        """What clonerefs would leave for initupload."""
        logs = self._volumes / "logs"
        logs.mkdir(parents=True)
        (logs / Path(CLONE_LOG).name).write_bytes(msgspec.json.encode(records))

    def _made(self, given: Given) -> Pod:
        try:
            number = build_id(self._job, datetime.now(UTC))
            made = pod_for(self._job, build_id=number, output_dir=str(self._output))
        except ValueError as error:
            raise Unfit(str(error)) from error
        folders = {OUTPUT: self._output, **given.volumes}
        self._volumes.mkdir(parents=True, exist_ok=True)
        for name, folder in folders.items():
            (self._volumes / name).symlink_to(folder.resolve())
        return fit(made, uid=self._uid, namespace=self._job.spec.namespace, folders=folders)

    def _keep_logs(self) -> None:
        """Without a sidecar: the logs, by the names that a sidecar gives them."""
        for name, log in self._logs.items():
            if log.exists():
                kept = "build-log.txt" if len(self._tests) == 1 else f"{name}-build-log.txt"
                shutil.copyfile(log, self._output / kept)
