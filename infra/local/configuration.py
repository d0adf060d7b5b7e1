"""The configuration in force: the last good one that the user's files held, in a place of its own.

Functions read it there, and not the files themselves: one that starts while a file holds a mistake goes on with what
was in force before, as it does on a cluster.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

from cutwater.config.configuration import Configuration
from cutwater.config.findings import Source
from cutwater.config.load import load
from cutwater.config.sources import Sources
from cutwater.events.configuration import identity, job_files
from infra.local.settings import CONFIG, JOBS, PLUGINS, Settings

SECONDS = 1.0
"""How often the user's files are looked at."""
Stamp = tuple[tuple[str, int, int], ...]


class InForce:
    """Puts what the user's files hold in force. Not to be asked by two at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._seen: Stamp | None = None

    def follow(self) -> Configuration | None:
        """The configuration that was put in force; None where the files are as they were at the last call.

        Raises ConfigError and OSError; then the one before stays in force.
        """
        stamp = self._stamp()
        if stamp == self._seen:
            return None
        self._seen = stamp
        files = {name: Source(str(path), path.read_bytes()) for name, path in self._files()}
        jobs = [source for name, source in files.items() if name.startswith(f"{JOBS}/")]
        found = load(Sources(files[CONFIG], tuple(jobs), files.get(PLUGINS)))
        self._put(found.digest[:16], {name: source.content for name, source in files.items()})
        return found

    def _files(self) -> Iterator[tuple[str, Path]]:
        """The user's files by their place in the configuration in force."""
        settings = self._settings
        yield CONFIG, settings.config
        if settings.jobs is not None:
            folder = settings.jobs if settings.jobs.is_dir() else settings.jobs.parent
            for path in job_files(settings.jobs):
                yield f"{JOBS}/{path.relative_to(folder)}", path
        if settings.plugins is not None:
            yield PLUGINS, settings.plugins

    def _stamp(self) -> Stamp:
        return tuple((str(path), *identity(path)) for _, path in self._files())

    def _put(self, version: str, contents: dict[str, bytes]) -> None:
        """Write a version, then have `now` lead to it: whoever reads meanwhile reads whole files."""
        now = self._settings.in_force
        before = now.readlink().name if now.is_symlink() else ""
        target = now.parent / version
        (target / JOBS).mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        link = now.with_name("next")
        link.unlink(missing_ok=True)
        link.symlink_to(version)
        link.replace(now)
        for old in now.parent.iterdir():
            if old.name not in {now.name, version, before}:
                shutil.rmtree(old)
