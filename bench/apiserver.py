"""The embedded API server with many ProwJobs: how long a list as Table takes, how many changes a watch delivers.

usage: python -m bench.apiserver [--jobs N] [--kubeconfig FILE]   (FILE names a real API server, measured beside)
"""

import argparse
import contextlib
import json
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import yaml

ROOT = Path(__file__).parent.parent
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
LIST_LIMIT = 0.3  # seconds for 10,000 ProwJobs
WATCH_LIMIT = 500.0  # events a second
ROUNDS = 5
CHANGES = 3000
WRITERS = 4

JsonObject: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one server: seconds, or events a second."""

    create: float
    first_table: float
    table: float
    whole: float
    selected: float
    watch: float
    delay: float


class Client:
    """One kept connection. The standard library's, since a richer client costs more than the server it measures."""

    def __init__(self, address: str, token: str) -> None:
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = urlsplit(address)
        self._connection: HTTPConnection
        if url.scheme == "https":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self._connection = HTTPSConnection(url.netloc, timeout=120, context=context)
        else:
            self._connection = HTTPConnection(url.netloc, timeout=120)

    def open(self, method: str, path: str, body: object = None, **headers: str) -> HTTPResponse:
        """An answer whose body is still to be read."""
        content = None if body is None else json.dumps(body)
        named = {"content-type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()}
        self._connection.request(method, path, content, self._headers | named)
        answer = self._connection.getresponse()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.read()!r}")
        return answer

    def call(self, method: str, path: str, body: object = None, **headers: str) -> bytes:
        """The whole body of an answer."""
        return self.open(method, path, body, **headers).read()


class Server:
    """One API server with a namespace of the bench's own."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        config = yaml.safe_load(kubeconfig.read_text())
        self._address: str = config["clusters"][0]["cluster"]["server"]
        self._token: str = config["users"][0]["user"].get("token", "")
        self._threads = threading.local()
        self.namespace = f"bench-{time.time_ns():x}"
        self.jobs = f"/apis/prow.k8s.io/v1/namespaces/{self.namespace}/prowjobs"

    @property
    def client(self) -> Client:
        """The client of this thread."""
        if not hasattr(self._threads, "client"):
            self._threads.client = Client(self._address, self._token)
        client: Client = self._threads.client
        return client

    def measure(self, count: int) -> Figures:
        """Fill the namespace and measure; what was made is deleted."""
        self.client.call("POST", "/api/v1/namespaces", {"metadata": {"name": self.namespace}})
        try:
            started = time.perf_counter()
            with ThreadPoolExecutor(WRITERS) as pool:
                list(pool.map(lambda number: self.client.call("POST", self.jobs, prowjob(number)), range(count)))
            create = count / (time.perf_counter() - started)
            first = timed(lambda: self._list(TABLE))
            return Figures(
                create=create,
                first_table=first,
                table=best(lambda: self._list(TABLE)),
                whole=best(lambda: self._list("application/json")),
                selected=best(lambda: self._list(TABLE, "?fieldSelector=status.state%3Dpending")),
                **self._watch(),
            )
        finally:
            # A real server gives up on ten thousand at once.
            while json.loads(self.client.call("DELETE", f"{self.jobs}?limit=500"))["items"]:
                pass
            self.client.call("DELETE", f"/api/v1/namespaces/{self.namespace}")

    def _list(self, accept: str, query: str = "") -> None:
        self.client.call("GET", f"{self.jobs}{query}", accept=accept)

    def _watch(self) -> dict[str, float]:
        """Events a second through one watch while others write, and the median seconds from a write to its event."""
        newest = json.loads(self.client.call("GET", f"{self.jobs}?limit=1"))["metadata"]["resourceVersion"]
        sent: dict[str, float] = {}
        delays: list[float] = []
        ready, done = threading.Event(), threading.Event()

        def follow() -> None:
            lines = Client(self._address, self._token).open("GET", f"{self.jobs}?watch=true&resourceVersion={newest}")
            ready.set()
            for line in lines:
                change = json.loads(line)["object"]["status"]["description"]
                delays.append(time.perf_counter() - sent[change])
                if len(delays) == CHANGES:
                    done.set()
                    return

        def change(number: int) -> None:
            sent[f"change {number}"] = time.perf_counter()
            patch = {"status": {"description": f"change {number}"}}
            path = f"{self.jobs}/job-{number % 100:05}"
            self.client.call("PATCH", path, patch, content_type="application/merge-patch+json")

        threading.Thread(target=follow, daemon=True).start()
        ready.wait()
        started = time.perf_counter()
        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(change, range(CHANGES)))
        done.wait()
        return {"watch": CHANGES / (time.perf_counter() - started), "delay": statistics.median(delays)}


def prowjob(number: int) -> JsonObject:
    """A presubmit's ProwJob of the usual size, three kilobytes."""
    state = ("success", "failure", "pending", "triggered")[number % 4]
    env = [{"name": f"VARIABLE_{position}", "value": "x" * 40} for position in range(20)]
    container = {"name": "test", "image": "example.com/test:v1", "command": ["make", "test"], "env": env}
    pull = {"number": number, "author": "someone", "sha": "f" * 40, "title": "A change", "head_ref": "topic"}
    status: JsonObject = {"state": state, "startTime": "2026-01-02T03:04:05Z", "build_id": str(10**18 + number)}
    if state in ("success", "failure"):
        status["completionTime"] = "2026-01-02T03:14:05Z"
    return {
        "apiVersion": "prow.k8s.io/v1",
        "kind": "ProwJob",
        "metadata": {
            "name": f"job-{number:05}",
            "labels": {"created-by-prow": "true", "prow.k8s.io/type": "presubmit", "prow.k8s.io/job": "unit"},
            "annotations": {"prow.k8s.io/job": "unit", "prow.k8s.io/context": "unit"},
        },
        "spec": {
            "type": "presubmit",
            "agent": "kubernetes",
            "cluster": "default",
            "job": "unit",
            "refs": {"org": "acme", "repo": "rocket", "base_ref": "main", "base_sha": "0" * 40, "pulls": [pull]},
            "pod_spec": {"containers": [container]},
        },
        "status": status,
    }


def timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def best(action: Callable[[], object]) -> float:
    return min(timed(action) for _ in range(ROUNDS))


@contextlib.contextmanager
def embedded() -> Iterator[Server]:
    """The embedded server as a process of its own, on a file."""
    with tempfile.TemporaryDirectory() as folder:
        kubeconfig = Path(folder) / "kubeconfig"
        options = ["--database", f"{folder}/database", "--kubeconfig", str(kubeconfig), "--crds", str(ROOT / "crds")]
        command = [sys.executable, "-m", "infra.local.kube", *options]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                process.stdout.readline()
                yield Server(kubeconfig)
            finally:
                process.terminate()


ROWS = (
    ("creates a second, 4 clients", "create", "{:.0f}"),
    ("list as Table, the first time, ms", "first_table", "ms"),
    ("list as Table, ms", "table", "ms"),
    ("list of whole objects, ms", "whole", "ms"),
    ("Table of a quarter by field selector, ms", "selected", "ms"),
    ("events a second through one watch", "watch", "{:.0f}"),
    ("from write to event, median ms", "delay", "ms"),
)


def show(count: int, ours: Figures, real: Figures | None) -> None:
    """The figures side by side; a ratio above 1 says that ours is faster."""
    print(f"{count} ProwJobs{'embedded':>37}{'real':>12}{'ratio':>9}")
    for title, field, form in ROWS:
        mine = getattr(ours, field)
        peer = getattr(real, field) if real else None
        cells = [_shown(mine, form), _shown(peer, form) if peer else "-"]
        ratio = "-" if not peer else f"{(peer / mine if form == 'ms' else mine / peer):.2f}"
        print(f"{title:<42}{cells[0]:>10}{cells[1]:>12}{ratio:>9}")


def _shown(value: float, form: str) -> str:
    return f"{value * 1000:.1f}" if form == "ms" else form.format(value)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.apiserver", description="Measures the embedded API server.")
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--kubeconfig", type=Path, help="of a real API server, which is measured beside")
    options = parser.parse_args()
    with embedded() as server:
        ours = server.measure(options.jobs)
    real = Server(options.kubeconfig).measure(options.jobs) if options.kubeconfig else None
    show(options.jobs, ours, real)
    kept = ours.table <= LIST_LIMIT and ours.watch >= WATCH_LIMIT
    limits = f"a Table in {LIST_LIMIT * 1000:.0f} ms, {WATCH_LIMIT:.0f} events a second"
    print(f"limits: {limits}: {'kept' if kept else 'BROKEN'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
