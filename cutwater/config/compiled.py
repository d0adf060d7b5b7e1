"""The configuration as one file: written once when it changes, opened by every function in milliseconds.

A header names the place of each part, so that only what is asked for is unpacked and decoded: a repository's jobs, the
periodics, a plugin's section. The same configuration gives the same bytes. Neither YAML nor patterns are read here, and
the types of config.yaml and plugins.yaml are imported only by who asks for them.
docs/decisions/compiled-configuration.md has the measurements.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Generic, TypeVar, overload

import msgspec
from msgspec import Struct

from cutwater.config.configuration import Configuration, Jobs
from cutwater.config.jobs import Periodic, Postsubmit, Preset, Presubmit

T = TypeVar("T")
Place = tuple[int, int]
"""Where a part begins in the body, and how long it is, in bytes."""

FORMAT = 2
"""Counted up whenever the same YAML is to become another file: what was compiled before is compiled anew then."""
NOTHING: Mapping[str, Any] = MappingProxyType({})

_MAGIC = b"cutwater configuration %d\n" % FORMAT
_SIZE = 8


class _Header(Struct, frozen=True):
    digest: str
    prow: Place
    plugins: Place
    sections: dict[str, Place]
    presets: Place
    periodics: Place
    presubmits: dict[str, Place]
    postsubmits: dict[str, Place]


def write(configuration: Configuration, *, sections: Mapping[str, Any] = NOTHING) -> bytes:
    """The file. Warnings are not kept: they are for whoever wrote the YAML.

    `sections`: the types of plugins' own sections by their keys in plugins.yaml, so that text stays text (`on` is the
    string "on" or true only once its field is known); the others are known here. What nobody types is kept as it reads
    without a type. Raises ConfigError for a section that does not fit its type.
    """
    from cutwater.config.sections import SECTIONS

    body = bytearray()

    def put(part: object) -> Place:
        packed = zlib.compress(msgspec.json.encode(part))
        place = (len(body), len(packed))
        body.extend(packed)
        return place

    jobs, plugins = configuration.jobs, configuration.plugins
    types = {**SECTIONS, **sections}
    typed = {name: plugins.section(name, wanted) for name, wanted in types.items() if name in plugins.sections}
    header = _Header(
        digest=configuration.digest,
        prow=put(configuration.prow),
        plugins=put(plugins.general),
        sections={name: put(section) for name, section in (dict(plugins.sections) | typed).items()},
        presets=put(tuple(jobs.presets)),
        periodics=put(tuple(jobs.periodics)),
        presubmits={repository: put(found) for repository, found in jobs.presubmits.items()},
        postsubmits={repository: put(found) for repository, found in jobs.postsubmits.items()},
    )
    packed = zlib.compress(msgspec.json.encode(header))
    return b"".join((_MAGIC, len(packed).to_bytes(_SIZE), packed, body))


def opened(content: bytes, sha: str) -> Configuration:
    """The configuration of a file, which must have this SHA-256 (in hex). Raises ValueError."""
    found = sha256(content).hexdigest()
    if found != sha:
        raise ValueError(f"the compiled configuration {sha} has SHA-256 {found}")
    return read(content)


def read(content: bytes) -> Configuration:
    """The configuration of a file that `write` made. Raises ValueError for any other content."""
    begin = len(_MAGIC) + _SIZE
    if content[: len(_MAGIC)] != _MAGIC:
        raise ValueError("not a compiled configuration of this version")
    end = begin + int.from_bytes(content[len(_MAGIC) : begin])
    body = memoryview(content)[end:]
    header = _unpacked(memoryview(content)[begin:end], _Header)

    def take(place: Place, kind: type[T]) -> T:
        return _unpacked(body[place[0] : place[0] + place[1]], kind)

    def prow() -> Any:
        from cutwater.config.prow import ProwConfig

        return take(header.prow, ProwConfig)

    def plugins() -> Any:
        from cutwater.config.plugins import General, Plugins

        return Plugins(take(header.plugins, General), _LazyMap(header.sections, lambda place: take(place, Any)))

    return Configuration(
        prow=prow,
        jobs=Jobs(
            presubmits=_LazyMap(header.presubmits, lambda place: take(place, tuple[Presubmit, ...])),
            postsubmits=_LazyMap(header.postsubmits, lambda place: take(place, tuple[Postsubmit, ...])),
            periodics=_LazySequence(lambda: take(header.periodics, tuple[Periodic, ...])),
            presets=_LazySequence(lambda: take(header.presets, tuple[Preset, ...])),
        ),
        plugins=plugins,
        digest=header.digest,
    )


def _unpacked(packed: memoryview, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(zlib.decompress(packed), type=kind)
    except zlib.error as error:
        raise ValueError(f"a damaged compiled configuration: {error}") from error


class _LazyMap(Mapping[str, T], Generic[T]):
    """Values that are decoded when they are asked for, and kept."""

    def __init__(self, places: Mapping[str, Place], take: Callable[[Place], T]) -> None:
        self._places = places
        self._take = take
        self._taken: dict[str, T] = {}

    def __getitem__(self, key: str) -> T:
        if key not in self._taken:
            self._taken[key] = self._take(self._places[key])
        return self._taken[key]

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class _LazySequence(Sequence[T], Generic[T]):
    """Items that are decoded, all at once, when the first is asked for."""

    def __init__(self, take: Callable[[], Sequence[T]]) -> None:
        self._take = take
        self._taken: Sequence[T] | None = None

    def _all(self) -> Sequence[T]:
        if self._taken is None:
            self._taken = self._take()
        return self._taken

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self._all()[index]

    def __len__(self) -> int:
        return len(self._all())
