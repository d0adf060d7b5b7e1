"""One run of one container: what it sees, its process, and how it ended."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from infra.local.pods.environment import NoImage, Sources, command_line, environment, expand
from infra.local.pods.images import Images, is_reference
from infra.local.pods.process import Keeper, NotStarted, Process, tail
from infra.local.pods.sandbox import HOME, Box
from infra.local.pods.spec import Container, Pod
from infra.local.pods.volumes import Bound, bound

CANNOT_START = 128
MESSAGE_BYTES = 4096
"""How much of a termination message a status keeps."""


class Outcome(Struct, frozen=True, kw_only=True):
    """How a process ended."""

    exit_code: int
    reason: str
    message: str


class Attempt(Struct, frozen=True, kw_only=True):
    """A container that is about to run. `message` is the file for its last words, `output` its log."""

    container: Container
    box: Box
    message: Path
    output: Path

    async def run(self, keeper: Keeper, started: Callable[[Process], Awaitable[None]]) -> Outcome:
        """Run it to its end; `started` is told of the process."""
        self.output.parent.mkdir(parents=True, exist_ok=True)
        try:
            if not self.box.command:
                image = self.container.image
                raise NotStarted(f'no command specified, and there is no image "{image}" here to bring one')
            process = await keeper.start(self.box, self.output)
            await started(process)
            code = await process.wait()
        except NotStarted as error:
            return Outcome(exit_code=CANNOT_START, reason="StartError", message=str(error))
        return Outcome(exit_code=code, reason="Completed" if code == 0 else "Error", message=self._last_words(code))

    def _last_words(self, code: int) -> str:
        with self.message.open("rb") as file:
            words = file.read(MESSAGE_BYTES)
        if not words and code != 0 and self.container.termination_message_policy == "FallbackToLogsOnError":
            words = tail(self.output)
        return words.decode(errors="replace")


def attempt(
    container: Container, pod: Pod, sources: Sources, images: Images, keeper: Keeper, *, folder: Path, output: Path
) -> Attempt:
    """Everything that the container needs to run. `folder` is the pod's. Raises NotConfigured and NotMounted."""
    if not is_reference(container.image):
        raise NoImage(f'couldn\'t parse image name "{container.image}": invalid reference format')
    given = environment(container, pod, sources)
    scratch = folder / "containers" / container.name
    message = scratch / "termination-message"
    scratch.mkdir(parents=True, exist_ok=True)
    message.write_bytes(b"")
    mounts = [replace(m, sub_path=m.sub_path or expand(m.sub_path_expr, given)) for m in container.volume_mounts]
    told = Bound(source=message, target=container.termination_message_path, read_only=False)
    base = {
        "PATH": images.path(),
        "HOSTNAME": pod.spec.hostname or pod.metadata.name,
        "HOME": HOME if keeper.bubblewrap else str(scratch / "home"),
    }
    box = Box(
        command=command_line(container, images.entrypoint(container.image), given),
        variables=base | given,
        mounts=(*bound(mounts, folder / "volumes", pod.spec), told),
        folder=container.working_dir or "/",
        scratch=scratch,
    )
    return Attempt(container=container, box=box, message=message, output=output)
