"""A decorated pod with the real pod utilities: a repository is cloned, tested, and what came of it lies in a bucket."""

import functools
import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cutwater.podutils.decorate import pod_for
from cutwater.prowjob.types import ProwJob
from infra.local.s3.server import DEMO_KEY
from tests.infra.local.pods.world import World, phase, state
from tests.infra.local.s3.conftest import client, serve

IMAGES = {name: f"prow/{name}:v1" for name in ("clonerefs", "initupload", "entrypoint", "sidecar")}
RUN = "logs/job/1"


class Quiet(SimpleHTTPRequestHandler):
    """Files over HTTP, without a log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[str]:
    """The address of a repository with one commit."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "test.sh").write_text('echo "testing $JOB_NAME"; echo report >$ARTIFACTS/report.txt; exit $1\n')
    git = functools.partial(subprocess.run, check=True, cwd=work, capture_output=True)
    git(["git", "init", "-b", "main"])
    git(["git", "add", "."])
    git(["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-m", "first"])
    git(["git", "clone", "--bare", ".", "../served/repo.git"])
    git(["git", "-C", "../served/repo.git", "update-server-info"])
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path / "served")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/repo.git"
    server.shutdown()
    server.server_close()


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[str]:
    """The address of an S3 store with the bucket `artifacts`."""
    with serve(tmp_path / "s3") as address:
        client(address).create_bucket(Bucket="artifacts")
        yield address


def job(repository: str, *script: str) -> ProwJob:
    """A decorated postsubmit."""
    decoration = {
        "utility_images": IMAGES,
        "gcs_configuration": {"bucket": "s3://artifacts", "path_strategy": "explicit"},
        "s3_credentials_secret": "s3",
        "timeout": "1m0s",
        "grace_period": "5s",
    }
    refs = {"org": "org", "repo": "repo", "base_ref": "main", "clone_uri": repository}
    spec = {
        "type": "postsubmit",
        "agent": "kubernetes",
        "job": "job",
        "refs": refs,
        "decoration_config": decoration,
        "pod_spec": {"containers": [{"image": "debian:12", "command": list(script)}]},
    }
    return msgspec.convert({"metadata": {"name": "run-1"}, "spec": spec, "status": {}}, ProwJob)


async def run(world: World, storage: str, made: ProwJob) -> dict[str, Any]:
    credentials = {
        "region": "us-east-1",
        "endpoint": storage,
        "s3_force_path_style": True,
        "access_key": DEMO_KEY.access,
        "secret_key": DEMO_KEY.secret,
    }
    await world.secret("s3", {"service-account.json": json.dumps(credentials)})
    pod = json.loads(msgspec.json.encode(pod_for(made, build_id="1")))
    await world.send("POST", "pods", pod)
    return await world.over("run-1")


@pytest.mark.slow
async def test_it_runs(tmp_path: Path, isolated: bool, repository: str, storage: str) -> None:
    code, result = ("3", "FAILURE") if isolated else ("0", "SUCCESS")
    async with World(tmp_path, isolated=isolated) as world:
        pod = await run(world, storage, job(repository, "sh", "test.sh", code))
        assert phase(pod) == ("Succeeded" if code == "0" else "Failed"), pod["status"]
        assert (state(pod)["exitCode"], state(pod, "sidecar")["exitCode"]) == (int(code), 0)
        assert world.log(pod).startswith("testing job\n")
        s3 = client(storage)

        def read(name: str) -> str:
            return str(s3.get_object(Bucket="artifacts", Key=f"{RUN}/{name}")["Body"].read().decode())

        assert json.loads(read("finished.json"))["result"] == result
        assert (read("build-log.txt"), read("artifacts/report.txt")) == ("testing job\n", "report\n")
        assert json.loads(read("clone-records.json"))[-1]["final_sha"]
        assert json.loads(read("started.json"))["timestamp"]
