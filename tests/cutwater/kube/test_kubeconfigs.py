"""Build clusters in several kubeconfigs: as Prow reads a file, a folder, or both."""

from pathlib import Path

import msgspec
import pytest

from cutwater.errors import Later
from cutwater.kube.kubeconfigs import files, places


def write(path: Path, *contexts: str) -> str:
    described = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "there", "cluster": {"server": "https://there"}}],
        "users": [{"name": "me", "user": {"token": "x"}}],
        "contexts": [{"name": name, "context": {"cluster": "there", "user": "me"}} for name in contexts],
        "current-context": contexts[0],
    }
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(msgspec.json.encode(described))
    return str(path)


def test_a_file_and_a_folder(tmp_path: Path) -> None:
    first = write(tmp_path / "config", "default")
    trusted, far = write(tmp_path / "more" / "a", "trusted"), write(tmp_path / "more" / "b", "far", "farther")
    write(tmp_path / "more" / "..data", "never")
    (tmp_path / "more" / "folder").mkdir()
    setting = f"{first}:{tmp_path / 'more'}"
    assert files(setting) == [first, trusted, far]
    assert places(setting) == {"default": first, "trusted": trusted, "far": far, "farther": far}


def test_no_setting_names_no_cluster() -> None:
    assert places("") == {}


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        pytest.param(lambda folder: write(folder / "c", "far"), "stands in .*/b and in .*/c", id="a name twice"),
        pytest.param(lambda folder: (folder / "c").write_text(""), "/c cannot be read", id="half written"),
        pytest.param(lambda folder: (folder / "b").rename(folder.parent / "b"), None, id="one that is gone"),
    ],
)
def test_what_is_wrong_may_be_right_later(tmp_path: Path, spoil: object, why: str | None) -> None:
    folder = tmp_path / "more"
    write(folder / "b", "far")
    assert callable(spoil)
    spoil(folder)
    if why is None:
        assert places(str(folder)) == {}
    else:
        with pytest.raises(Later, match=why):
            places(str(folder))


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Later, match="cannot be read"):
        places(str(tmp_path / "none"))
