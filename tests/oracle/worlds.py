"""The world of a row: its configuration, its clusters and its moment, as a role sees them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cutwater.config.findings import Source
from cutwater.config.load import load
from cutwater.config.sources import Sources
from cutwater.errors import Refused
from cutwater.kube.client import Kube
from cutwater.storage.memory import MemoryStore
from tests.edges import Published, edges
from tests.oracle.clusters import Cluster, Json


def without_nulls(value: Any) -> Any:
    """What upstream's code writes as null is absent in an API server's answers."""
    if isinstance(value, dict):
        return {key: without_nulls(one) for key, one in value.items() if one is not None}
    return [without_nulls(one) for one in value] if isinstance(value, list) else value


class World:
    """`prowjobs` is the cluster of the ProwJobs, `clusters` are the build clusters by alias, `given` other edges."""

    def __init__(
        self, *, config: str, now: str, prowjobs: Cluster, clusters: Mapping[str, Cluster], **given: Any
    ) -> None:
        self.now = datetime.fromisoformat(now)
        self.prowjobs, self.clusters = prowjobs, clusters
        self.state = MemoryStore(lambda: self.now)
        self.published = Published()
        self.config = load(Sources(Source("config.yaml", config.encode())))
        self.edges = edges(
            config=self.config,
            state=self.state,
            kube=lambda: Kube(prowjobs),
            cluster=self._cluster,
            clusters=lambda: list(clusters),
            publish=self.published.publish,
            clock=lambda: self.now,
            **given,
        )

    def _cluster(self, alias: str) -> Kube:
        if alias not in self.clusters:
            raise Refused(f'no build cluster "{alias}" is configured')
        return Kube(self.clusters[alias])


def objects(given: Sequence[Json] | None) -> list[Json]:
    """Objects of a row, each its own copy."""
    copies: list[Json] = without_nulls(list(given or ()))
    return copies
