"""Which keys of which ConfigMaps a change of files is about.

Source: sigs.k8s.io/prow pkg/plugins/updateconfig (FilterChanges) and pkg/plugins/config.go (ConfigUpdater).
"""

import hashlib
import posixpath
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from cutwater.config.configuration import Configuration
from cutwater.config.globs import matches
from cutwater.config.sections import ConfigMapTarget, ConfigUpdater
from cutwater.github.types import PullFile

USUAL = {
    "config/prow/config.yaml": ConfigMapTarget(name="config"),
    "config/prow/plugins.yaml": ConfigMapTarget(name="plugins"),
}
"""The maps where the section names none."""
OWN_CLUSTER = "default"


class Place(Struct, frozen=True, order=True):
    """A ConfigMap."""

    name: str
    namespace: str
    cluster: str

    def __str__(self) -> str:
        return f"`{self.name}` configmap in namespace `{self.namespace}` at cluster `{self.cluster}`"


class Update(Struct, frozen=True, kw_only=True):
    """What becomes of a key: it is what a file is, packed or not; it goes where the file has been removed."""

    key: str
    file: str
    is_removed: bool = False
    is_packed: bool = False


class Maps:
    """`config_updater` of plugins.yaml for one repository. `namespace` is meant where a map names none."""

    def __init__(self, settings: ConfigUpdater, *, org: str, repo: str, namespace: str) -> None:
        self._settings, self._namespace = settings, namespace
        self._names = {org, f"{org}/{repo}"}

    def updates(self, files: Iterable[PullFile]) -> dict[Place, tuple[Update, ...]]:
        """What the changed files are to change, by ConfigMap, in the order of the files."""
        found: dict[Place, list[Update]] = {}
        for file in files:
            for place, update in self._of(file):
                found.setdefault(place, []).append(update)
        return {place: tuple(updates) for place, updates in found.items()}

    def _of(self, file: PullFile) -> Iterator[tuple[Place, Update]]:
        if file.status == "removed":
            yield from self._updates(file.filename, is_removed=True)
            return
        new = [*self._updates(file.filename)]
        if file.status == "renamed" and file.previous_filename:
            kept = {(place, update.key) for place, update in new} if self._has_fixed_key(file.filename) else set()
            old = self._updates(file.previous_filename, is_removed=True)
            yield from ((place, update) for place, update in old if (place, update.key) not in kept)
        yield from new

    def _updates(self, path: str, *, is_removed: bool = False) -> Iterator[tuple[Place, Update]]:
        target = self._target(path)
        if target is None:
            return
        is_packed = self._settings.gzip if target.gzip is None else target.gzip
        update = Update(key=_key(target, path), file=path, is_removed=is_removed, is_packed=is_packed)
        for place in self._places(target, update.key):
            yield place, update

    def _has_fixed_key(self, path: str) -> bool:
        target = self._target(path)
        return target is not None and bool(target.key)

    def _target(self, path: str) -> ConfigMapTarget | None:
        """The first of the maps whose pattern covers a path, if the repository may write it."""
        maps = self._settings.maps or USUAL
        target = next((target for pattern, target in maps.items() if matches(pattern, path)), None)
        return target if target is not None and self._may_write(target) else None

    def _may_write(self, target: ConfigMapTarget) -> bool:
        is_denied = not self._names.isdisjoint(target.denied_repos)
        return not is_denied and (not target.allowed_repos or not self._names.isdisjoint(target.allowed_repos))

    def _places(self, target: ConfigMapTarget, key: str) -> Iterator[Place]:
        name = _partition(target.partitioned_names, key) if target.partitioned_names else target.name
        for cluster, namespaces in self._clusters(target).items():
            for namespace in namespaces:
                yield Place(name, namespace or self._namespace, cluster)

    def _clusters(self, target: ConfigMapTarget) -> Mapping[str, tuple[str, ...]]:
        """The namespaces by cluster."""
        if not target.clusters and not target.cluster_groups:
            return {OWN_CLUSTER: ("",)}
        found = dict(target.clusters)
        for name in target.cluster_groups:
            group = self._settings.cluster_groups[name]
            for cluster in group.clusters:
                found[cluster] = (*found.get(cluster, ()), *group.namespaces)
        return found


def maps_for(config: Configuration, org: str, repo: str) -> Maps:
    """The maps that a repository's files become."""
    settings = config.plugins.section("config_updater", ConfigUpdater)
    return Maps(settings, org=org, repo=repo, namespace=config.prow.prowjob_namespace)


def _key(target: ConfigMapTarget, path: str) -> str:
    if target.key:
        return target.key
    return path.replace("/", "-") if target.use_full_path_as_key else posixpath.basename(path)


def _partition(names: tuple[str, ...], key: str) -> str:
    return names[hashlib.sha256(key.encode()).digest()[0] % len(names)]
