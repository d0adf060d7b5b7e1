"""The list of plugins: each is there under its name, and other packages add theirs."""

import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from functions.plugins import every
from functions.plugins.every import GROUP, PLUGINS, Plugins
from functions.plugins.hold import plugin as hold
from functions.plugins.kit import Plugin
from tests.functions.plugins.scene import configuration

FOLDER = Path(every.__file__).parent
own = Plugin("own", about="Of another package.", effects=[])


@pytest.mark.parametrize("name", PLUGINS)
def test_it_is_there_under_its_name(name: str) -> None:
    assert PLUGINS[name].name == name
    assert PLUGINS[name].about.endswith((".", "¯"))


def test_no_module_is_forgotten() -> None:
    declaring = [file for file in FOLDER.rglob("*.py") if "\nplugin = Plugin(\n" in file.read_text(encoding="utf-8")]
    assert len(declaring) == len(PLUGINS)


def test_one_that_is_asked_for_does_not_bring_the_others_along() -> None:
    says = "import sys; from functions.plugins.every import PLUGINS; PLUGINS['hold'], 'wip' in PLUGINS;"
    says += "sys.exit('functions.plugins.wip' in sys.modules or 'functions.plugins.hold' not in sys.modules)"
    assert subprocess.run([sys.executable, "-c", says], check=False).returncode == 0


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> Plugins:
    found = [
        EntryPoint("own", f"{__name__}:own", GROUP),
        EntryPoint("hold", f"{__name__}:own", GROUP),
        EntryPoint("misnamed", f"{__name__}:own", GROUP),
    ]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: EntryPoints(found).select(group=group))
    return Plugins({"hold": "functions.plugins.hold"})


def test_another_package_adds_its_own(others: Plugins) -> None:
    assert "own" in others and "unheard-of" not in others
    assert others["own"] is own
    assert list(others) == ["hold", "misnamed", "own"] and len(others) == 3


def test_ours_come_first(others: Plugins) -> None:
    assert others["hold"] is hold


def test_one_by_another_name_is_none(others: Plugins) -> None:
    with pytest.raises(TypeError, match="no Plugin of that name"):
        others["misnamed"]
    assert others.get("unheard-of") is None


def test_those_that_kubernetes_has_on_are_there(corpus: Path) -> None:
    found = configuration((corpus / "kubernetes/config/prow/plugins.yaml").read_text()).plugins.general
    named = {name for entry in found.plugins.values() for name in entry.plugins}
    external = {entry.name for entries in found.external_plugins.values() for entry in entries}
    assert len(named) > 40 and external == {"needs-rebase", "cherrypicker"}
    assert {*named, *external} <= {*PLUGINS}
