"""clonerefs with real git, and what of its secrets may be written down."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from cutwater.podutils import clone, gojson
from cutwater.podutils.clone import Record
from cutwater.podutils.clonerefs.access import Access
from cutwater.podutils.clonerefs.cloning import Cloning, records, run
from cutwater.podutils.clonerefs.shell import Ended, Machine
from cutwater.podutils.log import Log
from cutwater.podutils.options import CloneOptions
from cutwater.prowjob.types import Pull, Refs


class Impatient(Machine):
    """The real machine, but nobody waits between tries."""

    def sleep(self, seconds: float) -> None:
        pass


class Repository:
    """A repository to clone from: `main`, and branches that each start from its first commit."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self.uri = f"file://{folder}"
        self._git("init", "-q", "-b", "main")
        self._git("config", "uploadpack.allowAnySHA1InWant", "true")
        self._git("config", "uploadpack.allowFilter", "true")
        self.first = self._commit({"README": "rocket\n"})

    def _git(self, *arguments: str) -> str:
        who = ["-c", "user.name=alice", "-c", "user.email=alice@example.com"]
        ran = subprocess.run(["git", *who, *arguments], cwd=self._folder, capture_output=True, text=True, check=True)
        return ran.stdout.strip()

    def _commit(self, files: dict[str, str]) -> str:
        for name, text in files.items():
            (self._folder / name).write_text(text)
        self._git("add", ".")
        self._git("commit", "-q", "-m", "change")
        return self._git("rev-parse", "HEAD")

    def pull(self, number: int, **files: str) -> Pull:
        """A pull request that writes these files."""
        self._git("checkout", "-q", "--detach", self.first)
        sha = self._commit(files)
        self._git("update-ref", f"refs/pull/{number}/head", sha)
        self._git("checkout", "-q", "main")
        return Pull(number=number, author="bob", sha=sha)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "upstream")


def options(tmp_path: Path, *refs: Refs, fail: bool = False) -> CloneOptions:
    return CloneOptions(
        src_root=str(tmp_path / "go"),
        log=str(tmp_path / "clone.json"),
        git_user_name="ci-robot",
        git_user_email="ci-robot@k8s.io",
        refs=refs,
        fail=fail,
    )


def cloned(tmp_path: Path, *refs: Refs, log: Log) -> list[Record]:
    run(options(tmp_path, *refs), Impatient(), log)
    return gojson.decode((tmp_path / "clone.json").read_bytes(), list[Record])


def refs_of(repository: Repository, *pulls: Pull, **more: object) -> Refs:
    whole = {"org": "acme", "repo": "rocket", "base_ref": "main", "clone_uri": repository.uri, **more}
    return msgspec.convert({**whole, "pulls": msgspec.to_builtins(pulls)}, Refs)


def test_pull_requests_are_merged_onto_the_base_in_order(tmp_path: Path, repository: Repository, log: Log) -> None:
    pulls = repository.pull(1, engine="on\n"), repository.pull(2, wings="two\n")
    setup, record = cloned(tmp_path, refs_of(repository, *pulls), log=log)
    assert (setup.refs.repo, setup.failed, record.failed) == ("", False, False)
    here = tmp_path / "go/src/github.com/acme/rocket"
    assert {path.name for path in here.iterdir()} == {".git", "README", "engine", "wings"}
    subjects = subprocess.run(["git", "log", "--format=%s", "--first-parent"], cwd=here, capture_output=True, text=True)
    assert subjects.stdout.count("Merge commit") == 2


def test_the_same_code_gives_the_same_commit(tmp_path: Path, repository: Repository, log: Log) -> None:
    pull = repository.pull(1, engine="on\n")
    shas = set()
    for attempt in range(2):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        shas.add(cloned(folder, refs_of(repository, pull), log=log)[1].final_sha)
    assert len(shas) == 1


def test_a_conflict_is_a_failed_record(tmp_path: Path, repository: Repository, log: Log) -> None:
    pulls = repository.pull(1, README="a\n"), repository.pull(2, README="b\n")
    _, record = cloned(tmp_path, refs_of(repository, *pulls), log=log)
    assert (record.failed, record.final_sha) == (True, "")
    assert record.commands[-1].error == "exit status 1"
    assert "CONFLICT" in record.commands[-1].output
    assert "# FAILED\n# Cloning acme/rocket at main\n# Checking out pulls:\n#\t1(" in clone.record_text(record)


def test_another_tree_than_the_one_to_be_tested_is_a_failed_record(
    tmp_path: Path, repository: Repository, log: Log
) -> None:
    refs = refs_of(repository, repository.pull(1, engine="on\n"))
    asked = options(tmp_path, refs)
    as_it_is = records(asked, Impatient(), log)[1]
    here = tmp_path / "go/src/github.com/acme/rocket"
    command = ["git", "rev-parse", f"{as_it_is.final_sha}^{{tree}}"]
    tree = subprocess.run(command, cwd=here, capture_output=True, text=True).stdout.strip()
    for wanted, fails in ((tree, False), ("a" * 40, True)):
        shutil.rmtree(here)
        record = records(msgspec.structs.replace(asked, tree=wanted), Impatient(), log)[1]
        assert (record.failed, record.final_sha) == (fails, "" if fails else as_it_is.final_sha)
    assert record.commands[-1].output.strip() == tree
    assert record.commands[-1].error.endswith(f"where they were put together: {'a' * 40}")


def test_sparse_and_blobless(tmp_path: Path, repository: Repository, log: Log) -> None:
    _, record = cloned(tmp_path, refs_of(repository, sparse_checkout_files=["README"], clone_depth=1), log=log)
    assert not record.failed
    assert (tmp_path / "go/src/github.com/acme/rocket/README").read_text() == "rocket\n"


def test_a_failure_fails_the_program_only_where_that_is_asked(tmp_path: Path, log: Log) -> None:
    nowhere = Refs(org="acme", repo="nowhere", base_ref="main", clone_uri=f"file://{tmp_path}/nowhere")
    assert [record.failed for record in cloned(tmp_path, nowhere, log=log)] == [False, True]
    with pytest.raises(RuntimeError, match="1 clone records failed"):
        run(options(tmp_path, nowhere, fail=True), Impatient(), log)


class Talkative(Machine):
    """A machine on which every command repeats its own words, and then fails."""

    def run(self, argv: Sequence[str], *, directory: str | None, env: Sequence[str]) -> Ended:
        return Ended(f"fatal: {' '.join(argv)}", "exit status 128") if "fetch" in argv else Ended("")

    def sleep(self, seconds: float) -> None:
        pass


def test_a_token_is_not_written_down_nor_as_it_stands_in_an_address(tmp_path: Path, log: Log) -> None:
    refs = Refs(org="acme", repo="rocket", base_ref="main")
    access = Access(user="x-access-token", token=lambda _org: "to/ken&1")
    record = Cloning(refs, options(tmp_path, refs), access, Talkative(), log).run()
    text = clone.record_text(record)
    assert "to/ken&1" not in text
    assert "to%2Fken&1" not in text
    assert "https://x-access-token:CENSORED@github.com/acme/rocket.git" in text


def test_a_token_that_cannot_be_had_is_a_failed_record(tmp_path: Path, log: Log) -> None:
    def token(org: str) -> str:
        raise RuntimeError(f"the App is not installed in {org}")

    refs = Refs(org="acme", repo="rocket", base_ref="main")
    record = Cloning(refs, options(tmp_path, refs), Access(token=token), Talkative(), log).run()
    assert record.failed
    assert record.commands[0].error == "the App is not installed in acme"
