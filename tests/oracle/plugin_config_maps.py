"""The ConfigMaps of a row about plugins: put into the cluster before, and what was written to them afterwards."""

import base64
import gzip
from collections.abc import Mapping, Sequence
from typing import Any

from cutwater.config.configuration import Configuration
from cutwater.config.sections import ConfigUpdater
from cutwater.kube.client import CONFIG_MAP, Json, Kube
from tests.functions.plugins.scene import NAMESPACE, PROWJOBS

Given = Mapping[str, Any]


async def load(kube: Kube, config: Configuration, given: Sequence[Given]) -> dict[tuple[str, str], Json]:
    """Make the ConfigMaps, and every namespace that there may be one in. Returns them by namespace and name."""
    section = config.plugins.section("config_updater", ConfigUpdater)
    namespaces = {one["metadata"]["namespace"] for one in given}
    namespaces |= {name for target in section.maps.values() for names in target.clusters.values() for name in names}
    namespaces |= {name for group in section.cluster_groups.values() for name in group.namespaces}
    for name in sorted(namespaces - {"", "default", PROWJOBS}):
        await kube.create(NAMESPACE, "", {"metadata": {"name": name}})
    for one in given:
        await kube.create(CONFIG_MAP, one["metadata"]["namespace"], one)
    return await _all(kube)


async def written(kube: Kube, before: Mapping[tuple[str, str], Json]) -> list[dict[str, Any]]:
    """What was written since, as a row tells it."""
    after = await _all(kube)
    return [
        _told("update" if place in before else "create", one)
        for place, one in after.items()
        if one != before.get(place)
    ]


async def _all(kube: Kube) -> dict[tuple[str, str], Json]:
    found = await kube.find(CONFIG_MAP, "")
    return {(one["metadata"]["namespace"], one["metadata"]["name"]): one for one in found}


def _told(verb: str, found: Json) -> dict[str, Any]:
    metadata = found["metadata"]
    return unpacked(
        {
            "verb": verb,
            "namespace": metadata["namespace"],
            "object": {
                "kind": "ConfigMap",
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "labels": metadata.get("labels"),
                "data": found.get("data"),
                "binaryData": found.get("binaryData"),
            },
        }
    )


def unpacked(write: Given) -> dict[str, Any]:
    """A write with what is packed in it unpacked: there are many ways to pack the same."""
    binary = write["object"].get("binaryData") or {}
    return {**write, "object": {**write["object"], "binaryData": {key: _open(value) for key, value in binary.items()}}}


def _open(value: str) -> str:
    content = base64.b64decode(value)
    return f"packed: {gzip.decompress(content)!r}" if content.startswith(b"\x1f\x8b") else value
