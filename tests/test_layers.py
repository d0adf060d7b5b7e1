"""The layers are checked, and the check can fail."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = ("cutwater", "functions", "infra")


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """What `make lint` says of the layers of a tree."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "module, line",
    [
        pytest.param("cutwater/prowjob/planted.py", "import cutwater.kube.client", id="upwards"),
        pytest.param("cutwater/kube/planted.py", "import cutwater.github.client", id="sideways"),
        pytest.param("functions/plank/planted.py", "import functions.crier.function", id="a role another role"),
        pytest.param("cutwater/events/planted.py", "import infra.local.settings", id="the platform from below"),
    ],
)
def test_a_forbidden_import_is_seen(tmp_path: Path, module: str, line: str) -> None:
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__", "*.json", "*.yaml", "static", "templates")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / module).write_text(f"{line}\n")
    found = lint_imports(tmp_path)
    assert found.returncode == 1, found.stdout + found.stderr
    assert module.removesuffix(".py").replace("/", ".") in found.stdout


def test_every_folder_of_modules_is_a_package() -> None:
    """Without its `__init__.py` import-linter overlooks a folder and says that all is well."""
    folders = {path.parent for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    users = ROOT / "infra" / "local" / "demo" / "repository"  # what a user's repository holds
    assert [str(f) for f in sorted(folders) if not f.is_relative_to(users) and not (f / "__init__.py").exists()] == []


def test_the_front_door_is_short() -> None:
    """import-linter cannot take a single module as a root, so that this one goes unchecked."""
    lines = [line for line in (ROOT / "function.py").read_text().splitlines() if line.strip()]
    assert len(lines) < 20
