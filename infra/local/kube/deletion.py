"""Deletion: what holds an object, how long a pod is given, and what goes with a namespace or a definition.

There is no garbage collector: an object's dependents stay, and the finalizers that only a collector would take off are
taken off at once. Source: k8s.io/apiserver pkg/registry/rest/delete.go and pkg/registry/generic/registry/store.go.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from infra.local.kube import core, crds, pods
from infra.local.kube.catalog import Catalog
from infra.local.kube.kinds import Kind
from infra.local.kube.options import DeleteOptions
from infra.local.kube.statuses import JsonObject, conflict, forbidden_object, not_found
from infra.local.kube.store import Store, Version

_COLLECTOR_FINALIZERS = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a deletion came to: `gone` says whether the object is no more."""

    version: Version
    gone: bool


class Deletion:
    """Deletes objects of one store. `clock` gives the time that they are stamped with."""

    def __init__(self, store: Store, catalog: Catalog, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._catalog = catalog
        self._clock = clock

    def delete(self, kind: Kind, namespace: str, name: str, options: DeleteOptions) -> Deleted:
        """Delete an object, or mark it where something holds it: a finalizer, or a pod's grace period.

        Raises ApiError: 404, 409 where a precondition fails, 403 for a namespace of the system.
        """
        old = self._store.get(kind.resource, f"{namespace}/{name}")
        if old is None:
            raise not_found(kind.plural, kind.group, name)
        content = old.parsed()
        self._check_preconditions(kind, name, content["metadata"], options)
        if kind is core.NAMESPACE:
            return self._delete_namespace(old, content, options)
        if kind is crds.CUSTOM_RESOURCE_DEFINITION:
            return self._delete_definition(old, content, options)
        grace = pods.grace_period(content, options.grace) if kind is core.POD else 0
        finalizers = content["metadata"].get("finalizers", [])
        if collector := _COLLECTOR_FINALIZERS.get(options.propagation):
            finalizers = list(dict.fromkeys([*finalizers, collector]))
        deleted = self._mark(kind, old, content, grace, finalizers, options)
        if collector and not options.dry_run and not deleted.gone:
            self._take_off(kind, deleted.version, collector)
        return deleted

    def delete_collection(self, kind: Kind, versions: Sequence[Version], options: DeleteOptions) -> None:
        """Delete each of the versions."""
        for version in versions:
            self.delete(kind, version.namespace, version.name, options)

    def _check_preconditions(self, kind: Kind, name: str, metadata: JsonObject, options: DeleteOptions) -> None:
        if options.uid is not None and options.uid != metadata["uid"]:
            why = (
                f"the UID in the precondition ({options.uid}) does not match the UID in record ({metadata['uid']}). "
                "The object might have been deleted and then recreated"
            )
            raise conflict(kind.name, kind.group, name, why)
        newest = metadata["resourceVersion"]
        if options.resource_version is not None and options.resource_version != newest:
            why = (
                f"the ResourceVersion in the precondition ({options.resource_version}) does not match the "
                f"ResourceVersion in record ({newest}). The object might have been modified"
            )
            raise conflict(kind.name, kind.group, name, why)

    def _mark(
        self, kind: Kind, old: Version, content: JsonObject, grace: int, finalizers: list[str], options: DeleteOptions
    ) -> Deleted:
        """Set the deletion's time, and remove the object where nothing is left to wait for."""
        metadata = content["metadata"]
        waits = bool(finalizers) or grace > 0
        if metadata.get("deletionTimestamp"):
            left = metadata.get("deletionGracePeriodSeconds", 0)
            if grace < left:
                asked_at = datetime.fromisoformat(metadata["deletionTimestamp"]) - timedelta(seconds=left)
                metadata["deletionTimestamp"] = timestamp(asked_at + timedelta(seconds=grace))
                metadata["deletionGracePeriodSeconds"] = grace
            elif waits:
                return Deleted(old, gone=False)
        elif waits or kind is core.POD:
            metadata["deletionTimestamp"] = timestamp(self._clock() + timedelta(seconds=grace))
            metadata["deletionGracePeriodSeconds"] = grace
            if "generation" in metadata:
                metadata["generation"] += 1
        if finalizers:
            metadata["finalizers"] = finalizers
        if options.dry_run:
            return Deleted(unstored(old.key, content), gone=not waits)
        if waits:
            return Deleted(self._store.put(kind.resource, old.key, content), gone=False)
        if kind is core.POD:
            # A pod's watchers see it marked before they see it gone.
            old = self._store.put(kind.resource, old.key, content)
        return Deleted(self.remove(kind, old, content), gone=True)

    def remove(self, kind: Kind, old: Version, content: JsonObject) -> Version:
        """Take an object out of the store, and with the last one the namespace that waited for it."""
        version = self._store.delete(kind.resource, old.key, content)
        if old.namespace:
            self._finish_namespace(old.namespace)
        return version

    def _take_off(self, kind: Kind, marked: Version, finalizer: str) -> None:
        """What the garbage collector does for an object without dependents: take its finalizer off."""
        content = marked.parsed()
        metadata = content["metadata"]
        if finalizer not in metadata.get("finalizers", []):
            return
        metadata["finalizers"].remove(finalizer)
        if not metadata["finalizers"]:
            del metadata["finalizers"]
        if is_released(kind, content):
            self.remove(kind, marked, content)
        else:
            self._store.put(kind.resource, marked.key, content)

    def _delete_namespace(self, old: Version, content: JsonObject, options: DeleteOptions) -> Deleted:
        if old.name in core.SYSTEM_NAMESPACES[:3]:
            raise forbidden_object("namespaces", "", old.name, "this namespace may not be deleted")
        if content["metadata"].get("deletionTimestamp"):
            return Deleted(old, gone=False)
        content["metadata"]["deletionTimestamp"] = timestamp(self._clock())
        content["status"]["phase"] = "Terminating"
        if options.dry_run:
            return Deleted(unstored(old.key, content), gone=False)
        marked = self._store.put(core.NAMESPACE.resource, old.key, content)
        for kind in self._catalog.resources():
            if kind.namespaced:
                self.delete_collection(kind, list(self._store.newest(kind.resource, f"{old.name}/")), DeleteOptions())
        self._finish_namespace(old.name)
        return Deleted(marked, gone=False)

    def _finish_namespace(self, name: str) -> None:
        """Remove a namespace that is ending and empty."""
        old = self._store.get(core.NAMESPACE.resource, f"/{name}")
        if old is None:
            return
        content = old.parsed()
        if content["status"]["phase"] != "Terminating" or content["metadata"].get("finalizers"):
            return
        if not any(next(self._store.newest(r, f"{name}/"), None) for r in self._store.resources()):
            content["spec"] = {}
            self._store.delete(core.NAMESPACE.resource, old.key, content)

    def _delete_definition(self, old: Version, content: JsonObject, options: DeleteOptions) -> Deleted:
        """A definition takes its objects with it."""
        finalizers = list(dict.fromkeys([*content["metadata"].get("finalizers", []), crds.CLEANUP_FINALIZER]))
        marked = self._mark(crds.CUSTOM_RESOURCE_DEFINITION, old, content, 0, finalizers, options)
        if options.dry_run:
            return marked
        for kind in crds.served_kinds(content)[:1]:
            self.delete_collection(kind, list(self._store.newest(kind.resource)), DeleteOptions())
        self._take_off(crds.CUSTOM_RESOURCE_DEFINITION, marked.version, crds.CLEANUP_FINALIZER)
        self._catalog.refresh()
        return marked


def is_released(kind: Kind, content: JsonObject) -> bool:
    """Whether an object that is being deleted has nothing more to wait for."""
    metadata = content["metadata"]
    return (
        "deletionTimestamp" in metadata
        and not metadata.get("finalizers")
        and not metadata.get("deletionGracePeriodSeconds")
        and kind is not core.NAMESPACE
    )


def unstored(key: str, content: JsonObject) -> Version:
    """What a dry run answers: the object as it would be."""
    return Version(key, 0, msgspec.json.encode(content))


def timestamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
