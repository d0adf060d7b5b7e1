"""A log, wherever it lies: whole in storage, packed, in pieces as it grows, or with the pod or build that writes it."""

import asyncio
import tempfile
import zlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from typing import IO, Protocol

from cutwater.errors import Later, Refused
from cutwater.events.edges import Edges
from cutwater.podutils.sidecar import pieces
from cutwater.prowjob.wants import JENKINS, KUBERNETES
from cutwater.storage.store import Entry, Stored
from functions.deck.held import LARGEST_LIVE_LOG, MOST_HELD, HeldLog
from functions.deck.jenkins_logs import JenkinsLogs
from functions.deck.kept import Runs
from functions.deck.places import NotServed, Place, place
from functions.deck.runs import Run, container_of
from functions.deck.storage import BLOCK, Storage

BUILD_LOG = "build-log.txt"


class Log(Protocol):
    """The bytes of a log as it is now. `version` is "" while it grows, and else unlike that of any other content."""

    @property
    def size(self) -> int: ...

    @property
    def version(self) -> str: ...

    async def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` until before `end`, or as far as there are any."""


async def blocks(log: Log, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
    """A long stretch of a log, a block at a time."""
    end = log.size if end is None else min(end, log.size)
    while start < end:
        block = await log.read(start, min(start + BLOCK, end))
        if not block:
            return
        yield block
        start += len(block)


class StoredLog:
    """A log that is whole, and stored as it is: any part of it costs one request for that part."""

    def __init__(self, storage: Storage, file: Place, stored: Stored) -> None:
        self._storage, self._file = storage, file
        self.size, self.version = stored.size, f"{file.path} {stored.etag}"

    async def read(self, start: int, end: int) -> bytes:
        return b"".join([block async for block in self._storage.blocks(self._file, start, end)])


class PodLog:
    """A log that its pod is still writing, or has written and not stored: what there was of it when it was opened."""

    version = ""

    def __init__(self, held: HeldLog, follow: Callable[[], AsyncIterator[bytes]]) -> None:
        self._held, self._follow = held, follow
        self.size, self.read = held.size, held.read

    async def follow(self, start: int) -> AsyncIterator[bytes]:
        """What comes after the byte `start`, as it is written, until the container ends. Raises Later and Refused."""
        passed = 0
        async for chunk in self._follow():
            passed += len(chunk)
            if passed > start:
                yield chunk[max(start - passed, -len(chunk)) :]


class PiecesLog:
    """A log that grows in storage."""

    version = ""

    def __init__(self, storage: Storage, parts: Sequence[tuple[int, Place, int]]) -> None:
        self._storage, self._parts = storage, parts
        self.size = max((offset + size for offset, _, size in parts), default=0)

    async def read(self, start: int, end: int) -> bytes:
        body = b""
        for offset, part, size in self._parts:
            if offset < end and start < offset + size:
                inside = self._storage.blocks(part, max(start - offset, 0), min(end - offset, size))
                body += b"".join([block async for block in inside])
        return body


class Unpacked:
    """Logs that are stored packed, unpacked on disk. They are forgotten, the longest unused first."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._kept: OrderedDict[str, HeldLog] = OrderedDict()
        self._unpacking = asyncio.Lock()

    async def log(self, file: Place, stored: Stored, limit: int) -> HeldLog:
        """The log. Raises NotServed for one that is no gzip or, unpacked, longer than `limit` bytes."""
        version = f"{file.path} {stored.etag}"
        async with self._unpacking:
            if version not in self._kept:
                self._kept[version] = await self._unpack(file, stored, version, limit)
                while len(self._kept) > 1 and sum(log.size for log in self._kept.values()) > MOST_HELD:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(version)
            return self._kept[version]

    async def _unpack(self, file: Place, stored: Stored, version: str, limit: int) -> HeldLog:
        target = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed when the log is forgotten
        unpacker, size = zlib.decompressobj(zlib.MAX_WBITS | 16), 0
        async for packed in self._storage.blocks(file, 0, stored.size):
            while packed:
                try:
                    block = unpacker.decompress(packed, BLOCK)
                except zlib.error as error:
                    raise NotServed(f"{file.name} is said to be packed, and is not: {error}", status=422) from error
                size += len(block)
                if size > limit:
                    raise NotServed(f"{file.name} is longer than the {limit} bytes that are unpacked here", status=422)
                target.write(block)
                packed = unpacker.unconsumed_tail or unpacker.unused_data
                if unpacker.eof:  # a file may be several packed ones in a row
                    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        return HeldLog(target, size, version)


class Logs:
    """All logs, by the path of the file that a log is, or will be."""

    def __init__(self, edges: Edges, storage: Storage, runs: Runs) -> None:
        self._edges, self._storage, self._runs = edges, storage, runs
        self._unpacked = Unpacked(storage)
        self._jenkins = JenkinsLogs(edges)

    async def open(self, path: str) -> Log:
        """The log at `<provider>/<bucket>/<key>`, or of `prowjob/<job>/<build id or name>/<log>`. Raises NotServed."""
        if path.startswith("prowjob/"):
            run, name = await self._run(path)
            folder = run.folder and await self._storage.check(run.folder)
            found = await self._stored(folder.within(name)) if folder else None
            return found or await self._of_writer(run, name)
        file = await self._storage.check(place(path))
        return await self._stored(file) or await self._of_writer(await self._writer(file), file.name)

    async def is_growing(self, path: str) -> bool:
        """Whether the run has not ended yet, so that a log which is not in storage may still come."""
        try:
            named = path.startswith("prowjob/")
            run = (await self._run(path))[0] if named else await self._writer(await self._storage.check(place(path)))
        except NotServed:
            return False
        return not run.is_over

    async def check(self, path: str) -> None:
        """Raises NotServed where there is no such log, and none can be expected."""
        try:
            await self.open(path)
        except NotServed:
            if not await self.is_growing(path):
                raise

    async def _stored(self, file: Place) -> Log | None:
        if (stored := await self._storage.head(file)) is not None:
            if stored.content_encoding != "gzip":
                return StoredLog(self._storage, file, stored)
            config = await self._edges.configuration()
            return await self._unpacked.log(file, stored, config.prow.deck.spyglass.size_limit)
        return await self._growing(file) if file.name.endswith(BUILD_LOG) else None

    async def _growing(self, file: Place) -> PiecesLog | None:
        store = await self._storage.store(file)
        folder = pieces.folder(file.parent.key, file.name)
        parts = [part async for entry in store.list(folder) if (part := _part(file, entry))]
        return PiecesLog(self._storage, parts) if parts else None

    async def _run(self, path: str) -> tuple[Run, str]:
        """The run and the log that `prowjob/<job>/<build id or name>/<log>` names."""
        parts = path.split("/")
        if len(parts) < 4:
            raise NotServed("the path is prowjob/<job>/<build>/<log>")
        return await self._runs.one("/".join(parts[1:-2]), parts[-2]), parts[-1]

    async def _writer(self, file: Place) -> Run:
        """The run whose log this file will be."""
        folder = file.parent
        if file.name.endswith(BUILD_LOG):
            for run in await self._runs.of_build(folder.parent.name, folder.name):
                if folder.is_at(run.folder):
                    return run
        raise NotServed(f"there is no {file.key}")

    async def _of_writer(self, run: Run, name: str) -> Log:
        """The log as the run's pod, or its build in Jenkins, has it now."""
        if name not in run.logs:
            raise NotServed(f"the run has no log of the name {name}")
        if run.spec.agent == JENKINS:
            return await self._jenkins.log(run)
        if run.spec.agent not in {"", KUBERNETES} or not run.status.pod_name:
            raise NotServed("there is no log yet")
        return await self._of_pod(run, name)

    async def _of_pod(self, run: Run, name: str) -> PodLog:
        """The log that the pod has written so far. A kubelet may have thrown away its beginning."""
        config = (await self._edges.configuration()).prow
        kube = self._edges.cluster(run.spec.cluster or "default")
        namespace, pod = run.spec.namespace or config.pod_namespace, run.status.pod_name
        container = container_of(name)
        target = tempfile.SpooledTemporaryFile(max_size=BLOCK)  # noqa: SIM115 - it lives as long as the log
        try:
            size = await _copy(kube.log(namespace, pod, container), target)
        except (Refused, Later) as error:
            raise NotServed(f"there is no log yet: {error}") from error
        return PodLog(HeldLog(target, size, ""), lambda: kube.log(namespace, pod, container, follow=True))


async def _copy(chunks: AsyncIterator[bytes], target: IO[bytes]) -> int:
    size = 0
    async for chunk in chunks:
        size += target.write(chunk)
        if size > LARGEST_LIVE_LOG:
            break
    return size


def _part(log: Place, entry: Entry) -> tuple[int, Place, int] | None:
    """The byte at which a piece begins, its place, its size."""
    try:
        return pieces.offset(entry.key), Place(provider=log.provider, bucket=log.bucket, key=entry.key), entry.size
    except ValueError:
        return None
