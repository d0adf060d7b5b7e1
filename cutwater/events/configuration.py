"""The configuration in force, from the files where users keep it. Read again when one of them changes."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from cutwater.config.configuration import Configuration
from cutwater.config.findings import ConfigError, Source
from cutwater.errors import Later

YAML = (".yaml", ".yml")
Stamp = tuple[tuple[str, int, int], ...]


class FileConfiguration:
    """config.yaml, the job configuration (a file or a folder) and plugins.yaml.

    The last good one stays in force when a change is wrong.
    """

    def __init__(self, config: Path, jobs: Path | None, plugins: Path | None) -> None:
        self._config, self._jobs, self._plugins = config, jobs, plugins
        self._current: Configuration | None = None
        self._stamp: Stamp = ()
        self._reading = asyncio.Lock()

    async def current(self) -> Configuration:
        """The configuration in force. Raises Later, with all that is wrong, where there never was a good one."""
        async with self._reading:
            stamp = await asyncio.to_thread(self._look)
            if stamp != self._stamp or self._current is None:
                self._stamp = stamp
                await self._read()
        if self._current is None:
            raise Later("no configuration is in force")
        return self._current

    async def _read(self) -> None:
        try:
            self._current = await asyncio.to_thread(self.load)
        except (ConfigError, OSError) as error:
            if self._current is None:
                raise Later(f"the configuration is wrong: {error}") from error

    def load(self) -> Configuration:
        """Read the files now. Raises ConfigError with every finding, and OSError."""
        from cutwater.config.load import load

        jobs = [_source(path) for path in job_files(self._jobs)]
        return load(_source(self._config), jobs, _source(self._plugins) if self._plugins else None)

    def _look(self) -> Stamp:
        paths = [self._config, *job_files(self._jobs), *([self._plugins] if self._plugins else [])]
        return tuple((str(path), *identity(path)) for path in paths)


def job_files(root: Path | None) -> Iterator[Path]:
    """The job files below a folder, in order; ConfigMap mounts' own `..data` folders are passed over."""
    if root is None:
        return
    if root.is_file():
        yield root
        return
    for path in sorted(root.rglob("*")):
        hidden = any(part.startswith("..") for part in path.relative_to(root).parts)
        if path.suffix in YAML and not hidden and path.is_file():
            yield path


def _source(path: Path) -> Source:
    return Source(str(path), path.read_bytes())


def identity(path: Path) -> tuple[int, int]:
    """What changes when a file does: its time and its size; zeros where there is none."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
