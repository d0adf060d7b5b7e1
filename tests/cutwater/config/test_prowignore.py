import time

import pytest

from cutwater.config.prowignore import Ignored


@pytest.mark.filterwarnings("ignore:Possible nested set")
@pytest.mark.parametrize(
    "texts, left_out, kept",
    [
        pytest.param({}, [], ["a.yaml"], id="none"),
        pytest.param({"": "*.yml\n# *.yaml\n"}, ["a.yml", "b/a.yml"], ["a.yaml"], id="anywhere"),
        pytest.param({"": "/a.yaml"}, ["a.yaml"], ["b/a.yaml"], id="here only"),
        pytest.param({"": "b/"}, ["b/a.yaml", "c/b/d/a.yaml"], ["b"], id="a folder"),
        pytest.param({"": "*.yaml\n!a.yaml"}, ["b.yaml"], ["a.yaml"], id="an exception"),
        pytest.param({"": "*.yaml", "b": "!a.yaml"}, ["a.yaml", "b/c.yaml"], ["b/a.yaml"], id="the nearest decides"),
        pytest.param({"": "b/", "b": "!a.yaml"}, ["b/a.yaml"], [], id="what lies in a folder left out is out"),
        pytest.param({"b": "/a.yaml"}, ["b/a.yaml"], ["a.yaml", "b/c/a.yaml"], id="of its own folder"),
        pytest.param({"": "!\n[z-a]\n[[:foo:]]\n\\\na.yaml"}, ["a.yaml"], ["b.yaml"], id="what is no pattern"),
    ],
)
def test_what_is_left_out(texts: dict[str, str], left_out: list[str], kept: list[str]) -> None:
    ignored = Ignored(texts)
    assert [path for path in left_out if path not in ignored] == []
    assert [path for path in kept if path in ignored] == []


def test_no_pattern_takes_for_ever() -> None:
    started = time.monotonic()
    assert "a" * 5000 not in Ignored({"": "*a" * 40 + "b"})
    assert time.monotonic() - started < 1
