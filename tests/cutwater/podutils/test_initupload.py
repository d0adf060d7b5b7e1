"""What storage is told before the tests start."""

import json
from pathlib import Path

import pytest

from cutwater.podutils import initupload
from cutwater.podutils.jobspec import JobSpec
from cutwater.prowjob.types import Pull, Refs

REFS = Refs(org="org", repo="repo", base_ref="master", pulls=(Pull(number=123, author="", sha="abcd1234"),))


def clone_log(folder: Path, *, failed: bool) -> str:
    refs = {
        "org": "org",
        "repo": "repo",
        "base_ref": "master",
        "pulls": [{"number": 123, "author": "", "sha": "abcd1234"}],
    }
    record = {"refs": refs, "failed": True} if failed else {"refs": refs, "final_sha": "aaaaaaaa"}
    path = folder / "clone.json"
    path.write_text(json.dumps([{"refs": {"org": "", "repo": ""}}, record]))
    return str(path)


@pytest.mark.parametrize(
    ("failed", "commit", "names"),
    [
        (False, "aaaaaaaa", {"started.json", "clone-log.txt", "clone-records.json"}),
        (True, "abcd1234", {"started.json", "clone-log.txt", "clone-records.json", "build-log.txt", "finished.json"}),
    ],
)
def test_files(tmp_path: Path, failed: bool, commit: str, names: set[str]) -> None:
    cloned = initupload.read_clone_log(clone_log(tmp_path, failed=failed))
    files = initupload.files(JobSpec(type="presubmit", job="j", refs=REFS), cloned, now=5)
    assert set(files) == names
    started = files["started.json"]
    assert isinstance(started, bytes)
    assert json.loads(started) == {
        "timestamp": 5,
        "pull": "123",
        "repos": {"org/repo": "master,123:abcd1234"},
        "repo-commit": commit,
        "repo-version": commit,
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "could not read clone log: open .*: no such file or directory"),
        ("{", "could not unmarshal clone records"),
    ],
)
def test_records_that_cannot_be_read(tmp_path: Path, text: str | None, why: str) -> None:
    path = tmp_path / "clone.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ValueError, match=why):
        initupload.read_clone_log(str(path))
