"""The configuration in force, from the files where users keep it. Read again when one of them changes."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cutwater.config.configuration import Configuration
from cutwater.config.findings import ConfigError, Finding, Source
from cutwater.config.prowignore import NAME as PROWIGNORE
from cutwater.config.prowignore import Ignored
from cutwater.config.sources import Sources
from cutwater.errors import Later

YAML = (".yaml", ".yml")
PROW_SUFFIX = "_prowconfig.yaml"
PLUGINS_SUFFIX = "_pluginconfig.yaml"
VERSION = "VERSION"
Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Files:
    """Where the files of a configuration lie. `jobs`: files and folders; `supplemental…`: folders.

    In those, only files whose name ends with the suffix count. `strict`: unknown fields are errors.
    """

    config: Path
    jobs: tuple[Path, ...] = ()
    plugins: Path | None = None
    supplemental: tuple[Path, ...] = ()
    supplemental_suffix: str = PROW_SUFFIX
    supplemental_plugins: tuple[Path, ...] = ()
    supplemental_plugins_suffix: str = PLUGINS_SUFFIX
    strict: bool = False

    def read(self, sections: Mapping[str, Any] = MappingProxyType({})) -> Configuration:
        """The configuration in them. Raises ConfigError with every finding, and OSError.

        `sections`: the types of plugins' own sections by their keys in plugins.yaml.
        """
        from cutwater.config.load import load

        return load(self.sources(), strict=self.strict, sections=sections, now=datetime.now(UTC))

    def sources(self) -> Sources:
        """What they hold now. Raises OSError, and ConfigError for a .prowignore that cannot be used."""
        version = self.config.with_name(VERSION)
        return Sources(
            config=_source(self.config),
            jobs=tuple(_source(path) for path in self._job_files()),
            plugins=_source(self.plugins) if self.plugins else None,
            supplemental=tuple(map(_source, self._supplemental_files())),
            supplemental_plugins=tuple(map(_source, self._supplemental_plugin_files())),
            version=version.read_text() if version.is_file() else "",
        )

    def stamp(self) -> Stamp:
        """What changes when one of them does, when one comes, and when one goes."""
        paths = [self.config, self.config.with_name(VERSION), *([self.plugins] if self.plugins else [])]
        for folder in self.jobs:
            paths += files_below(folder, (*YAML, PROWIGNORE))
        paths += [*self._supplemental_files(), *self._supplemental_plugin_files()]
        return tuple((str(path), *identity(path)) for path in paths)

    def _job_files(self) -> Iterator[Path]:
        for root in self.jobs:
            yield from job_files(root)

    def _supplemental_files(self) -> Iterator[Path]:
        for folder in self.supplemental:
            yield from files_below(folder, (self.supplemental_suffix,))

    def _supplemental_plugin_files(self) -> Iterator[Path]:
        if self.supplemental_plugins_suffix:
            for folder in self.supplemental_plugins:
                yield from files_below(folder, (self.supplemental_plugins_suffix,))


class FileConfiguration:
    """The configuration in force. The last good one stays when a change is wrong."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._current: Configuration | None = None
        self._stamp: Stamp = ()
        self._reading = asyncio.Lock()

    async def current(self) -> Configuration:
        """The configuration in force. Raises Later, with all that is wrong, where there never was a good one."""
        async with self._reading:
            stamp = await asyncio.to_thread(self._files.stamp)
            if stamp != self._stamp or self._current is None:
                self._stamp = stamp
                await self._read()
        if self._current is None:
            raise Later("no configuration is in force")
        return self._current

    async def _read(self) -> None:
        try:
            self._current = await asyncio.to_thread(self._files.read)
        except (ConfigError, OSError) as error:
            if self._current is None:
                raise Later(f"the configuration is wrong: {error}") from error


def job_files(root: Path) -> Iterator[Path]:
    """The job files below a folder, in order, without those that a .prowignore leaves out; or the one file itself.

    Raises OSError where there is nothing, and ConfigError for a .prowignore that cannot be used.
    """
    if not root.is_dir():
        yield root
        return
    found = list(files_below(root, (*YAML, PROWIGNORE)))
    ignored = _ignored(root, [path for path in found if path.name == PROWIGNORE])
    for path in found:
        if path.suffix in YAML and path.relative_to(root).as_posix() not in ignored:
            yield path


def _ignored(root: Path, files: Sequence[Path]) -> Ignored:
    texts = {}
    for path in files:
        folder = path.parent.relative_to(root).as_posix()
        texts["" if folder == "." else folder] = path.read_text(errors="replace")
    try:
        return Ignored(texts)
    except ValueError as error:
        raise ConfigError([Finding(str(files[0]), 0, "", str(error))]) from error


def files_below(root: Path, endings: tuple[str, ...]) -> Iterator[Path]:
    """The files below a folder whose names end so, in the order of their paths' parts; or the file itself.

    What begins with `..` is passed over: so ConfigMap mounts keep their versions. Links to files are followed, links to
    folders are not. Raises OSError.
    """
    if not root.is_dir():
        yield root
        return
    with os.scandir(root) as listing:
        entries = sorted(listing, key=lambda entry: entry.name)
    for entry in entries:
        if entry.name.startswith(".."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from files_below(root / entry.name, endings)
        elif entry.name.endswith(endings):
            yield root / entry.name


def _source(path: Path) -> Source:
    return Source(str(path), path.read_bytes())


def identity(path: Path) -> tuple[int, int]:
    """What changes when a file does: its time and its size; zeros where there is none."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
