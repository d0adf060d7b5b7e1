"""Working copies for tests, made in a few words."""

import subprocess
from pathlib import Path


def working_copy(folder: Path, *, files: dict[str, str], uncommitted: dict[str, str], full_name: str = "") -> Path:
    """A repository on its branch `topic`; `full_name` is what its remote says."""
    write(folder, files)
    remote = f"&& git remote add origin https://github.com/{full_name}.git" if full_name else ""
    script = f"""
        git init --quiet --initial-branch main && git config user.name bob && git config user.email bob@acme {remote}
        git add . && git commit --quiet --message first && git checkout --quiet -b topic
    """
    subprocess.run(script, shell=True, check=True, cwd=folder)
    write(folder, uncommitted)
    return folder


def write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
