"""The configuration as one file: written once when it changes, opened by every function in milliseconds.

A header names the place of each part, so that only what is asked for is decoded: a repository's jobs, the periodics.
The same configuration gives the same bytes. Neither YAML nor patterns are read here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Generic, TypeVar, overload

import msgspec
from msgspec import Struct

from cutwater.config.configuration import Configuration, Jobs
from cutwater.config.jobs import Periodic, Postsubmit, Preset, Presubmit
from cutwater.config.plugins import General, Plugins
from cutwater.config.prow import ProwConfig

T = TypeVar("T")
Place = tuple[int, int]
"""Where a part begins in the body, and how long it is, in bytes."""

NOTHING: Mapping[str, Any] = MappingProxyType({})

_MAGIC = b"cutwater configuration 1\n"
_SIZE = 8


class _Header(Struct, frozen=True):
    digest: str
    prow: Place
    plugins: Place
    sections: Place
    presets: Place
    periodics: Place
    presubmits: dict[str, Place]
    postsubmits: dict[str, Place]


def write(configuration: Configuration, *, sections: Mapping[str, Any] = NOTHING) -> bytes:
    """The file. Warnings are not kept: they are for whoever wrote the YAML.

    `sections`: the plugins' own types by their keys in plugins.yaml, so that text stays text (`on` is the string "on"
    or true only once its field is known). What is not among them is kept as it reads without a type. Raises
    ConfigError for a section that does not fit its type.
    """
    body = bytearray()

    def put(part: object) -> Place:
        encoded = msgspec.json.encode(part)
        place = (len(body), len(encoded))
        body.extend(encoded)
        return place

    jobs, plugins = configuration.jobs, configuration.plugins
    typed = {name: plugins.section(name, wanted) for name, wanted in sections.items() if name in plugins.sections}
    header = _Header(
        digest=configuration.digest,
        prow=put(configuration.prow),
        plugins=put(plugins.general),
        sections=put(dict(plugins.sections) | typed),
        presets=put(tuple(jobs.presets)),
        periodics=put(tuple(jobs.periodics)),
        presubmits={repository: put(found) for repository, found in jobs.presubmits.items()},
        postsubmits={repository: put(found) for repository, found in jobs.postsubmits.items()},
    )
    encoded = msgspec.json.encode(header)
    return b"".join((_MAGIC, len(encoded).to_bytes(_SIZE), encoded, body))


def read(content: bytes) -> Configuration:
    """The configuration of a file that `write` made. Raises ValueError for any other content."""
    view = memoryview(content)
    begin = len(_MAGIC) + _SIZE
    if content[: len(_MAGIC)] != _MAGIC:
        raise ValueError("not a compiled configuration of this version")
    size = int.from_bytes(content[len(_MAGIC) : begin])
    header = msgspec.json.decode(view[begin : begin + size], type=_Header)
    body = view[begin + size :]

    def take(place: Place, kind: type[T]) -> T:
        return msgspec.json.decode(body[place[0] : place[0] + place[1]], type=kind)

    return Configuration(
        prow=take(header.prow, ProwConfig),
        jobs=Jobs(
            presubmits=_LazyMap(header.presubmits, lambda place: take(place, tuple[Presubmit, ...])),
            postsubmits=_LazyMap(header.postsubmits, lambda place: take(place, tuple[Postsubmit, ...])),
            periodics=_LazySequence(lambda: take(header.periodics, tuple[Periodic, ...])),
            presets=_LazySequence(lambda: take(header.presets, tuple[Preset, ...])),
        ),
        plugins=Plugins(take(header.plugins, General), take(header.sections, dict[str, Any])),
        digest=header.digest,
    )


class _LazyMap(Mapping[str, Sequence[T]], Generic[T]):
    """Values that are decoded when they are asked for, and kept."""

    def __init__(self, places: Mapping[str, Place], take: Callable[[Place], Sequence[T]]) -> None:
        self._places = places
        self._take = take
        self._taken: dict[str, Sequence[T]] = {}

    def __getitem__(self, key: str) -> Sequence[T]:
        if key not in self._taken:
            self._taken[key] = self._take(self._places[key])
        return self._taken[key]

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
