"""Sources in ConfigMaps, as people and config-updater make them: text or gzip, one key or many, several maps."""

import asyncio
import base64
import hashlib
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

from msgspec.structs import replace

from cutwater.config.sources import Sources
from cutwater.events.origin import ConfigMaps
from cutwater.kube.client import CONFIG_MAP, Kube
from functions.configuration.files import sources_in

CONFIG, PLUGINS = "config.yaml", "plugins.yaml"


class InConfigMaps:
    """The sources in these ConfigMaps of one cluster."""

    def __init__(self, maps: ConfigMaps, kube: Kube) -> None:
        self._maps, self._kube = maps, kube

    async def version(self) -> str:
        """A digest of what the API server says of the maps without what is in them."""
        versions = await self._kube.versions(CONFIG_MAP, self._maps.namespace)
        named = self._named(sorted(versions))
        text = "\n".join(f"{name} {versions[name]}" for name in named)
        return hashlib.sha256(text.encode()).hexdigest()

    async def read(self, version: str) -> Sources:
        """What is in them now, which is read again if it is another version by then."""
        names = self._named(sorted(await self._kube.versions(CONFIG_MAP, self._maps.namespace)))
        found = await asyncio.gather(*(self._kube.get(CONFIG_MAP, self._maps.namespace, name) for name in names))
        files = {f"{one['metadata']['name']}/{key}": content for one in found if one for key, content in _keys(one)}
        maps, there = self._maps, [name for name, one in zip(names, found, strict=True) if one]
        places = replace(
            maps,
            config=f"{maps.config}/{CONFIG}",
            plugins=f"{maps.plugins}/{PLUGINS}" if maps.plugins else "",
            jobs=_every(maps.jobs, there),
            supplemental=_every(maps.supplemental, there),
            supplemental_plugins=_every(maps.supplemental_plugins, there),
        )
        return await asyncio.to_thread(sources_in, files, places, there)

    def _named(self, names: Sequence[str]) -> list[str]:
        """Those of the names that count."""
        maps = self._maps
        patterns = (maps.config, maps.plugins, *maps.jobs, *maps.supplemental, *maps.supplemental_plugins)
        return [name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)]


def _every(patterns: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """The names that the patterns mean, in their order. One that is named outright must be there."""
    found = [[name for name in names if fnmatchcase(name, one)] if "*" in one else [one] for one in patterns]
    return tuple(dict.fromkeys(name for some in found for name in some))


def _keys(found: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """The files in a ConfigMap. What is packed is unpacked where it is read."""
    for key, text in (found.get("data") or {}).items():
        yield key, text.encode()
    for key, coded in (found.get("binaryData") or {}).items():
        yield key, base64.b64decode(coded)
