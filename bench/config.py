"""How long a configuration takes to load, and how much memory: from YAML, compiled, and one repository of it.

usage: python -m bench.config [--rounds N]

Each figure is a whole process. Its time is the best of the rounds, since whatever else the machine does only adds to
it, less the best of a bare `python -c pass`, run in turn with it. The peer is upstream's checkconfig, where
PROW_CHECKCONFIG names the binary. The limit is libyaml's parser over the same files, which no loader that uses it can
beat. CUTWATER_CORPUS names the corpora (default: ../shared/corpus).
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec import Struct

ROOT = Path(__file__).parent.parent
LIMIT_SECONDS, LIMIT_MEGABYTES = 0.030, 60.0
"""One repository from the compiled file."""

PARSE = """
import sys, yaml
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        loader = yaml.CSafeLoader(file)
        loader.get_single_node()
"""
LOAD = """
import sys
from pathlib import Path
from cutwater.events.configuration import Files
config, jobs, plugins = map(Path, sys.argv[1:])
Files(config, (jobs,), plugins).read()
"""
COMPILE = """
import hashlib, json, sys
from pathlib import Path
from cutwater.config import compiled
from cutwater.events.configuration import Files
from functions.plugins.sections import SECTIONS
config, jobs, plugins, output, about = map(Path, sys.argv[1:])
files = Files(config, (jobs,), plugins)
found = files.read(SECTIONS)
content = compiled.write(found, sections=SECTIONS)
output.write_bytes(content)
names = [source.name for source in files.sources().all]
counts = {name: len(jobs) for name, jobs in found.jobs.presubmits.items()}
about.write_text(json.dumps({"sha": hashlib.sha256(content).hexdigest(), "names": names, "presubmits": counts}))
"""
"""What is written beside the file is for the figures that follow."""
WHOLE = """
import sys
from cutwater.config.compiled import opened
with open(sys.argv[1], "rb") as file:
    found = opened(file.read(), sys.argv[2])
found.prow, found.plugins.general, dict(found.plugins.sections)
dict(found.jobs.presubmits), dict(found.jobs.postsubmits), tuple(found.jobs.periodics), tuple(found.jobs.presets)
"""
ONE = """
import sys
from cutwater.config.compiled import opened
with open(sys.argv[1], "rb") as file:
    found = opened(file.read(), sys.argv[2])
assert found.jobs.presubmits_of(sys.argv[3], sys.argv[4])
"""

RUNNING = """
import sys, time
from cutwater.config.compiled import opened
started = time.perf_counter()
with open(sys.argv[1], "rb") as file:
    found = opened(file.read(), sys.argv[2])
assert found.jobs.presubmits_of(sys.argv[3], sys.argv[4])
with open(sys.argv[5], "w") as file:
    file.write(str(time.perf_counter() - started))
"""


@dataclass(frozen=True, slots=True)
class Process:
    """One that has ended: seconds, and the most memory it had, in megabytes."""

    seconds: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One kind of process: how many seconds more than a bare one it takes, and the median of its memory."""

    name: str
    seconds: float
    megabytes: float


def run(words: list[str]) -> Process:
    """Run a program to its end. Raises RuntimeError where it fails.

    Linux counts the memory that this process has at that moment as the other's: nothing of cutwater is imported here.
    """
    started = time.perf_counter()
    nowhere = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0), (os.POSIX_SPAWN_DUP2, 1, 2)]
    pid = os.posix_spawn(words[0], words, {**os.environ, "PYTHONPATH": str(ROOT)}, file_actions=nowhere)
    _, status, usage = os.wait4(pid, 0)
    took = time.perf_counter() - started
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"{' '.join(words)[:200]}: {os.waitstatus_to_exitcode(status)}")
    return Process(took, usage.ru_maxrss / 1024)


def python(code: str, *words: object) -> Callable[[], Process]:
    """A process of Python's that runs the code."""
    return lambda: run([sys.executable, "-c", code, *map(str, words)])


def measured(name: str, process: Callable[[], Process], rounds: int) -> Figure:
    """The process, in turn with a bare one; the first round only warms up."""
    bare = python("pass")
    pairs = [(bare(), process()) for _ in range(rounds + 1)][1:]
    seconds = min(one.seconds for _, one in pairs) - min(nothing.seconds for nothing, _ in pairs)
    return Figure(name, seconds, statistics.median(one.megabytes for _, one in pairs))


class About(Struct, frozen=True):
    """A compiled file: its SHA-256, the files it was made of, and the number of presubmits by repository."""

    sha: str
    names: list[str]
    presubmits: dict[str, int]


def of_a_function(artifact: Path, about: About, repository: str, rounds: int) -> Figure:
    """The repository in a process that has imported everything already, as a function has that answers."""
    took = artifact.with_name("took")
    process = python(RUNNING, artifact, about.sha, *repository.split("/"), took)
    times, memory = [], []
    for _ in range(rounds):
        memory.append(process().megabytes)
        times.append(float(took.read_text()))
    return Figure("the same in a function that runs already", min(times), statistics.median(memory))


def figures(corpus: Path, folder: Path, rounds: int) -> Iterator[Figure]:
    """All of them, in the order of the table; the first is what the others are measured by."""
    places = (corpus / "prow" / "config.yaml", corpus / "jobs", corpus / "prow" / "plugins.yaml")
    artifact = folder / "artifact"
    compiling = python(COMPILE, *places, artifact, folder / "about")
    compiling()
    about = msgspec.json.decode((folder / "about").read_bytes(), type=About)
    if peer := os.environ.get("PROW_CHECKCONFIG"):
        flags = [f"--config-path={places[0]}", f"--job-config-path={places[1]}", f"--plugin-config={places[2]}"]
        words = [str(Path(peer).resolve()), *flags, "--warnings=long-job-names"]
        yield measured("upstream's checkconfig, with its cheapest warning", lambda: run(words), rounds)
    yield measured("libyaml parses the files, and nothing else", python(PARSE, *about.names), rounds)
    yield measured("the whole configuration from YAML", python(LOAD, *places), rounds)
    yield measured("the same, and compiled", compiling, rounds)
    size = artifact.stat().st_size // 1000
    yield measured(f"the whole from the compiled file ({size} kB)", python(WHOLE, artifact, about.sha), rounds)
    by_size = sorted(about.presubmits, key=lambda name: (about.presubmits[name], name))
    for kind, name in (("median", by_size[len(by_size) // 2]), ("largest", by_size[-1])):
        label = f"one repository of it, the {kind} ({name}, {about.presubmits[name]} presubmits)"
        yield measured(label, python(ONE, artifact, about.sha, *name.split("/")), rounds)
        yield of_a_function(artifact, about, name, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.config", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15, help="processes of each kind (%(default)s)")
    rounds = parser.parse_args().rounds
    corpus = Path(os.environ.get("CUTWATER_CORPUS") or ROOT.parent / "shared" / "corpus") / "kubernetes" / "config"
    if not corpus.is_dir():
        sys.exit(f"{corpus} is not here (set CUTWATER_CORPUS)")
    print(f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f} before\n")
    print("| times the first | milliseconds | MB | Kubernetes' configuration, a process each |")
    print("| ---: | ---: | ---: | --- |")
    first = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for figure in figures(corpus, Path(folder), rounds):
            first = first or figure.seconds
            ratio, milliseconds = f"{figure.seconds / first:.3f}", figure.seconds * 1000
            took = f"{milliseconds:.0f}" if milliseconds >= 10 else f"{milliseconds:.1f}"
            print(f"| {ratio} | {took} | {figure.megabytes:.0f} | {figure.name} |", flush=True)
    print(f"\nLimits of one repository: {LIMIT_SECONDS * 1000:.0f} ms and {LIMIT_MEGABYTES:.0f} MB.")


if __name__ == "__main__":
    main()
