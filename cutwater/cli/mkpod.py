"""`cutwater mkpod`: the pod of a ProwJob, as plank would make it, for `kubectl apply` or to look at.

Source: sigs.k8s.io/prow cmd/mkpod.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cutwater.cli.failing import Failed, explained
from cutwater.config.findings import Source
from cutwater.config.typed import read
from cutwater.config.yaml_text import yaml_text
from cutwater.podutils.decorate import pod_for
from cutwater.prowjob.builds import build_id
from cutwater.prowjob.labels import CREATED_BY_PROW
from cutwater.prowjob.types import ProwJob

SNOWFLAKE = "snowflake"
CHOICES = """For each volume that is not of this machine say one of:
  empty      an empty folder
  a path     that folder of the node
  nothing    leave it as it is: the cluster has it"""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prow-job", required=True, metavar="FILE", help="the ProwJob (YAML or JSON), - for stdin")
    about = "the number of the run, or `snowflake` to have one made (default: the ProwJob's own)"
    parser.add_argument("--build-id", default="", help=about)
    about = "copy what the run leaves to a folder of the node, in place of the bucket; no credentials are needed"
    parser.add_argument("--local", action="store_true", help=about)
    parser.add_argument("--out-dir", type=Path, help="that folder (default: a new one); the build id is added to it")
    parser.set_defaults(run=run)


@explained("mkpod")
def run(chosen: argparse.Namespace) -> int:
    if chosen.out_dir and not chosen.local:
        raise Failed("--out-dir is of use only with --local")
    job = _prowjob(chosen.prow_job)
    number = chosen.build_id or job.status.build_id
    if number.lower() == SNOWFLAKE:
        number = build_id(job, datetime.now(UTC))
    if not number:
        _say("neither the ProwJob nor --build-id says a build id: paths in storage will lack it")
    output = _output(chosen.out_dir, job, number) if chosen.local else ""
    try:
        pod = pod_for(job, build_id=number, output_dir=output)
    except ValueError as error:
        raise Failed(str(error)) from error
    if chosen.local and chosen.prow_job != "-" and sys.stdin.isatty():
        _choose_volumes(pod["spec"].get("volumes", []))
    # With it, sinker would take the pod for one whose ProwJob is gone, and delete it.
    pod["metadata"]["labels"].pop(CREATED_BY_PROW, None)
    print(yaml_text(pod, sort_keys=True), end="")
    return 0


def _prowjob(name: str) -> ProwJob:
    content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    found = read(Source("stdin" if name == "-" else name, content), ProwJob)
    if found.refused:
        raise Failed("this is no ProwJob\n" + "\n".join(map(str, found.refused)))
    job: ProwJob = found.value
    return job


def _output(folder: Path | None, job: ProwJob, number: str) -> str:
    """The folder of the node that takes what the run leaves."""
    if folder is None:
        name = re.sub(r"[^\w.-]", "_", f"prowjob-out-{job.spec.job}-{number}-")
        chosen = tempfile.mkdtemp(prefix=name)
    else:
        chosen = str(folder / number)
    _say(f"what the run leaves is copied to {chosen} on the node, not to a bucket")
    return chosen


def _choose_volumes(volumes: list[dict[str, Any]]) -> None:
    """Ask the person at the terminal what stands in for the volumes that a cluster of one's own does not have."""
    foreign = list(_foreign(volumes))
    if foreign:
        _say(CHOICES)
    for volume in foreign:
        print(f"{volume['name']}: ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline().strip()
        if answer:
            name = volume["name"]
            volume.clear()
            is_empty = answer.lower() in {"empty", "emptydir"}
            volume.update({"name": name} | ({"emptyDir": {}} if is_empty else {"hostPath": {"path": answer}}))


def _foreign(volumes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (volume for volume in volumes if "hostPath" not in volume and "emptyDir" not in volume)


def _say(text: str) -> None:
    print(f"cutwater mkpod: {text}", file=sys.stderr)
