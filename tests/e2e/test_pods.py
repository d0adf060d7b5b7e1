"""What a pod leaves behind, over real processes and storage: no secret of its own, and its log though it was killed."""

import base64
import contextlib
import gzip
import io
import itertools
import os
import re
import signal
import tarfile
import time
import uuid
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import msgspec

from cutwater.config.specs import periodic_spec
from cutwater.events.configuration import Files
from cutwater.kube.client import PROWJOB
from cutwater.podutils.sidecar import pieces
from cutwater.prowjob.new import new_prowjob
from cutwater.prowjob.types import ProwJob
from tests.e2e.running import Running
from tests.e2e.story import soon

SECRET = "correct-horse-battery-staple-4711"
ENCODED = base64.b64encode(SECRET.encode()).decode()
LOST_SECONDS = 5.0
"""How much of its log a pod may lose that is killed."""

LEAKY = """
import base64, gzip, io, os, sys, tarfile, time, zipfile
secret = open("/etc/secret/token").read()
artifacts = os.environ["ARTIFACTS"]
half = len(secret) // 2
print("begins", flush=True)
for end in (secret[:half], secret[half:], "\\n", base64.b64encode(secret.encode()).decode(), "\\n"):
    sys.stdout.write(end)
    sys.stdout.flush()
    time.sleep(0.7)
for name, mode in (("packed.tar.gz", "w:gz"), ("plain.tar", "w")):
    with tarfile.open(os.path.join(artifacts, name), mode) as archive:
        member = tarfile.TarInfo("inside.txt")
        member.size = len(secret)
        archive.addfile(member, io.BytesIO(secret.encode()))
with zipfile.ZipFile(os.path.join(artifacts, "packed.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("inside.txt", secret)
with gzip.open(os.path.join(artifacts, "packed.gz"), "wt") as file:
    file.write(secret)
with open(os.path.join(artifacts, "plain.txt"), "w") as file:
    file.write(f"before {secret} after")
with open(os.path.join(artifacts, "metadata.json"), "w") as file:
    file.write('{"token": "%s"}' % secret)
print("ends", flush=True)
"""
TALKATIVE = """
import time
while True:
    print("%.3f and so on" % time.time(), flush=True)
    time.sleep(0.02)
"""
JOBS = """
periodics:
  - name: leaky
    cron: 0 0 1 1 *
    decorate: true
    decoration_config: {{censor_secrets: true}}
    spec:
      containers:
        - image: test
          command: [python3, -c]
          args: [{leaky}]
          volumeMounts: [{{name: secret, mountPath: /etc/secret}}]
      volumes: [{{name: secret, secret: {{secretName: leaked}}}}]
  - name: talkative
    cron: 0 0 1 1 *
    decorate: true
    spec:
      containers:
        - image: test
          command: [python3, -c]
          args: [{talkative}]
"""
TIME = re.compile(rb"^(\d+\.\d{3}) and so on$", re.MULTILINE)


async def start(platform: Running, name: str, folder: Path) -> str:
    """Make a ProwJob of one of the jobs above. Its name."""
    file = folder / "jobs.yaml"
    file.write_text(
        JOBS.format(leaky=msgspec.json.encode(LEAKY).decode(), talkative=msgspec.json.encode(TALKATIVE).decode())
    )
    config = Files(config=platform.settings.config, jobs=(file,)).read()
    job = next(job for job in config.jobs.periodics if job.name == name)
    made = new_prowjob(periodic_spec(job), name=str(uuid.uuid4()), start=datetime.now(UTC).replace(microsecond=0))
    await platform.kube().create(PROWJOB, "default", msgspec.to_builtins(made))
    return made.metadata.name


async def read(platform: Running, name: str) -> ProwJob:
    job = await platform.kube().read.prowjob("default", name)
    assert job is not None
    return job


async def ended(platform: Running, name: str) -> ProwJob | None:
    job = await read(platform, name)
    return job if job.is_complete else None


async def test_a_secret_never_reaches_the_bucket(platform: Running, tmp_path: Path) -> None:
    body = {"metadata": {"name": "leaked"}, "stringData": {"token": SECRET}}
    async with httpx2.AsyncClient() as client:
        signed = {"Authorization": f"Bearer {platform.settings.secret('kube-token')}"}
        secrets = f"{platform.settings.kube}/api/v1/namespaces/test-pods/secrets"
        assert (await client.post(secrets, json=body, headers=signed)).status_code == 201
    name, seen = await start(platform, "leaky", tmp_path), dict[str, bytes]()
    bucket = platform.bucket()

    async def is_over() -> bool:
        """Whether all is there; what lies there meanwhile is kept, too: pieces of a log go when it is whole."""
        async for entry in bucket.list("logs/leaky/"):
            if (found := await bucket.get(entry.key)) is not None:
                seen[f"{entry.key} {found.etag}"] = found.body
        return await ended(platform, name) is not None and any(key.split()[0].endswith("finished.json") for key in seen)

    await soon("the run is over", is_over)
    assert (await read(platform, name)).status.state == "success"
    names = {key.split()[0].rpartition("/")[2] for key in seen}
    packed = {"packed.tar", "plain.tar", "packed.zip", "packed"}  # what ends in .gz lies there without, as encoded so
    assert {"build-log.txt", "plain.txt", *packed} <= names
    assert any(f"/{pieces.FOLDER}/" in key for key in seen), "the log was not seen as it grew"
    for key, content in seen.items():
        for text in unpacked(content):
            assert SECRET.encode() not in text, key
            assert ENCODED.encode() not in text, key
    log = next(body for key, body in seen.items() if key.split()[0].endswith("/build-log.txt"))
    assert log.startswith(b"begins\n") and log.endswith(b"ends\n")


def unpacked(content: bytes) -> Iterator[bytes]:
    """The content, and all that is in it where it is an archive."""
    yield content
    if content.startswith(b"\x1f\x8b"):
        yield from unpacked(zlib.decompress(content, wbits=31))
    elif content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield from unpacked(archive.read(name))
    elif content[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(content)) as packed:
            for member in packed:
                if (file := packed.extractfile(member)) is not None:
                    yield from unpacked(file.read())


def test_unpacked() -> None:
    """The search finds what it is to find."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.gz", gzip.compress(SECRET.encode()))
    assert SECRET.encode() in set(unpacked(packed.getvalue()))


async def test_the_log_of_a_pod_that_was_killed(platform: Running, tmp_path: Path) -> None:
    """kill -9 of all that the pod runs, in the middle of its log: deck shows all but the last seconds of it."""
    name = await start(platform, "talkative", tmp_path)

    async def log() -> bytes:
        build = (await read(platform, name)).status.build_id
        if not build:
            return b""
        async with httpx2.AsyncClient(timeout=20) as client:
            where = f"{platform.settings.deck}/log?job=talkative&id={build}"
            return (await client.get(where)).content

    async def has_begun() -> bool:
        times = TIME.findall(await log())
        return len(times) > 1 and float(times[-1]) - float(times[0]) > 3

    await soon("its log grows", has_begun)
    killed = kill(name)
    at = time.time()
    assert killed > 2, "entrypoint, sidecar and the test itself"
    job = await soon("it has ended", lambda: ended(platform, name))
    assert job.status.state != "success"

    async def is_shown() -> bool:
        times = TIME.findall(await log())
        return bool(times) and at - float(times[-1]) < LOST_SECONDS

    await soon("deck shows its log", is_shown)
    lines = [float(one) for one in TIME.findall(await log())]
    assert lines == sorted(lines)
    assert max(later - before for before, later in itertools.pairwise(lines)) < 1, "a gap"


def kill(pod: str) -> int:
    """Kill every process of the pod at once; how many there were. What runs in its sandbox knows its name."""
    found = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal() and is_of(entry, pod)]
    for process in found:
        with contextlib.suppress(ProcessLookupError):  # the death of another one may have ended it
            os.kill(process, signal.SIGKILL)
    return len(found)


def is_of(process: Path, pod: str) -> bool:
    try:
        return pod.encode() in (process / "environ").read_bytes()
    except OSError:
        return False
