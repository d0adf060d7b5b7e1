"""Which kinds are served: the core ones, and those that the stored definitions make."""

from collections.abc import Iterable, Iterator

from infra.local.kube import core, crds
from infra.local.kube.kinds import Kind
from infra.local.kube.statuses import JsonObject
from infra.local.kube.store import Store

BUILT_IN = (*core.KINDS, crds.CUSTOM_RESOURCE_DEFINITION)


class Catalog:
    """The served kinds by group, version and plural."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kinds: dict[tuple[str, str, str], Kind] = {}
        # Discovery documents are made again when this has grown.
        self.generation = 0
        self.refresh()

    def find(self, group: str, version: str, plural: str) -> Kind | None:
        return self._kinds.get((group, version, plural))

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._kinds.values())

    def resources(self) -> Iterable[Kind]:
        """One kind for each resource, whatever its versions."""
        return {kind.resource: kind for kind in reversed(self._kinds.values())}.values()

    def refresh(self) -> None:
        """Look again at the stored definitions."""
        kinds = [*BUILT_IN, *(kind for crd in self.definitions() for kind in crds.served_kinds(crd))]
        self._kinds = {(kind.group, kind.version, kind.plural): kind for kind in kinds}
        self.generation += 1

    def definitions(self) -> list[JsonObject]:
        """The stored definitions that are in force."""
        stored = (version.parsed() for version in self._store.newest(crds.CUSTOM_RESOURCE_DEFINITION.resource))
        return [crd for crd in stored if crds.is_established(crd)]
