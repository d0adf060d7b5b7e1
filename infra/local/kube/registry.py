"""Create, read, update: names, versions, conflicts.

Nothing here knows of HTTP. A refusal is an ApiError. Everything runs between two awaits, so no two writes meet.
Source: k8s.io/apiserver pkg/registry/generic/registry/store.go and pkg/registry/rest.
"""

import random
import uuid
from collections.abc import Callable
from datetime import datetime

from infra.local.kube import core, crds, names, pods, structs
from infra.local.kube.catalog import Catalog
from infra.local.kube.deletion import Deletion, is_released, timestamp, unstored
from infra.local.kube.kinds import Kind
from infra.local.kube.options import WriteOptions
from infra.local.kube.shapes import decode, read
from infra.local.kube.statuses import (
    ApiError,
    FieldError,
    JsonObject,
    already_exists,
    bad_request,
    conflict,
    forbidden_object,
    internal_error,
    invalid,
    invalid_object,
    not_found,
    unusable_patch,
)
from infra.local.kube.store import Store, Version
from infra.local.kube.tables import make_row

_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


class Registry:
    """The verbs over one store. `clock` gives the time that objects are stamped with."""

    def __init__(self, store: Store, catalog: Catalog, deletion: Deletion, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._catalog = catalog
        self._deletion = deletion
        self._clock = clock

    def get(self, kind: Kind, namespace: str, name: str) -> Version:
        version = self._store.get(kind.resource, f"{namespace}/{name}")
        if version is None:
            raise not_found(kind.plural, kind.group, name)
        return version

    def create(self, kind: Kind, namespace: str, content: JsonObject, options: WriteOptions) -> Version:
        """A new object. Raises ApiError: 404 without its namespace, 409 where it exists, 422 where it is not valid."""
        read(kind, content, options)
        metadata = content["metadata"]
        self._place(metadata, namespace)
        if metadata.get("resourceVersion"):
            raise internal_error("resourceVersion should not be set on objects to be created")
        for key in ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"):
            metadata.pop(key, None)
        if kind.namespaced:
            self._check_namespace(kind, namespace, metadata.get("name", ""))
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = self._generated_name(kind, namespace, metadata["generateName"])
        metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": self._now()}
        if kind.counts_generations:
            metadata["generation"] = 1
        kind.prepare(content, None)
        self._validate(kind, content, None, options)
        key = f"{namespace}/{metadata['name']}"
        if self._store.get(kind.resource, key):
            raise already_exists(kind.plural, kind.group, metadata["name"])
        if options.dry_run:
            return unstored(key, content)
        version = self._put(kind, key, content)
        if kind is crds.CUSTOM_RESOURCE_DEFINITION:
            self._establish(key)
        return version

    def update(
        self, kind: Kind, namespace: str, name: str, content: JsonObject, options: WriteOptions, *, status: bool = False
    ) -> tuple[Version, bool]:
        """The object as it is to be; whether it was made is the second result.

        Raises ApiError: 404, 409 where it was written since, 422.
        """
        read(kind, content, options)
        metadata = content["metadata"]
        self._place(metadata, namespace)
        _check_name(metadata, name)
        old = self._store.get(kind.resource, f"{namespace}/{name}")
        if old is None:
            if not kind.may_create_on_update or status:
                raise not_found(kind.plural, kind.group, name)
            metadata.pop("resourceVersion", None)
            return self.create(kind, namespace, content, options), True
        current = old.parsed()["metadata"]
        if metadata.get("uid", current["uid"]) != current["uid"]:
            raise _uid_conflict(kind, old, metadata["uid"], current["uid"])
        if metadata.get("resourceVersion", "0") == "0" and not kind.may_update_blindly:
            error = invalid("metadata.resourceVersion", 0, "must be specified for an update")
            raise invalid_object(kind.plural, kind.group, name, [error])
        return self._replace(kind, old, content, options, status=status), False

    def patch(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        apply: Callable[[JsonObject], JsonObject],
        options: WriteOptions,
        *,
        status: bool = False,
    ) -> Version:
        """The object with a patch applied. One that names a resourceVersion is refused unless that is the newest."""
        old = self.get(kind, namespace, name)
        content = apply({"apiVersion": kind.api_version, "kind": kind.name} | old.parsed())
        try:
            decode(kind, content, options)
        except structs.DecodeError as error:
            raise unusable_patch(content, str(error)) from error
        metadata = content["metadata"]
        self._place(metadata, namespace)
        _check_name(metadata, name)
        return self._replace(kind, old, content, options, status=status)

    def bind(self, namespace: str, name: str, node: str, uid: str | None) -> None:
        """Give a pod to a node. Raises ApiError: 409 for one that has a node."""
        old = self.get(core.POD, namespace, name)
        pod = old.parsed()
        if uid and uid != pod["metadata"]["uid"]:
            raise _uid_conflict(core.POD, old, uid, pod["metadata"]["uid"])
        if taken := pod["spec"].get("nodeName"):
            raise conflict("pods/binding", "", name, f'pod {name} is already assigned to node "{taken}"')
        if pod["metadata"].get("deletionTimestamp"):
            raise conflict("pods/binding", "", name, f"pod {name} is being deleted, cannot be assigned to a host")
        pods.bind(pod, node, self._now())
        self._store.put(core.POD.resource, old.key, pod)

    # Steps of a write

    @staticmethod
    def _place(metadata: JsonObject, namespace: str) -> None:
        given = metadata.get("namespace")
        if given and given != namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        if namespace:
            metadata["namespace"] = namespace

    def _check_namespace(self, kind: Kind, namespace: str, name: str) -> None:
        found = self._store.get(core.NAMESPACE.resource, f"/{namespace}")
        if found is None:
            raise not_found("namespaces", "", namespace)
        if found.parsed()["status"]["phase"] == "Terminating":
            why = f"unable to create new content in namespace {namespace} because it is being terminated"
            message = f"namespace {namespace} is being terminated"
            cause = {"reason": "NamespaceTerminating", "message": message, "field": "metadata.namespace"}
            raise forbidden_object(kind.plural, kind.group, name, why, [cause])

    def _generated_name(self, kind: Kind, namespace: str, prefix: str) -> str:
        """A free name; a real server tries eight times, too."""
        for _ in range(8):
            name = prefix[:58] + "".join(random.choices(_SUFFIX_LETTERS, k=5))
            if self._store.get(kind.resource, f"{namespace}/{name}") is None:
                break
        return name

    @staticmethod
    def _validate(kind: Kind, content: JsonObject, old: JsonObject | None, options: WriteOptions) -> None:
        errors: list[FieldError] = []
        if old is not None:
            errors += names.metadata_update_errors(content["metadata"], old["metadata"])
        errors += names.metadata_errors(content["metadata"], kind.name_rule)
        finalizers = names.unqualified_finalizers(content["metadata"])
        if kind.is_custom:
            # Old habits of custom kinds' controllers are put up with.
            options.warnings.extend(
                f'metadata.finalizers: "{name}": {names.PREFER_QUALIFIED}' for _, name in finalizers
            )
        else:
            errors += [invalid(f"metadata.finalizers[{at}]", name, names.UNQUALIFIED) for at, name in finalizers]
        errors += kind.validate(content, old)
        if errors:
            raise invalid_object(kind.name, kind.group, content["metadata"].get("name", ""), errors)

    def _replace(
        self, kind: Kind, old: Version, content: JsonObject, options: WriteOptions, *, status: bool
    ) -> Version:
        current = old.parsed()
        metadata, before = content["metadata"], current["metadata"]
        asked = metadata.get("resourceVersion")
        if asked and not asked.isdecimal():
            raise internal_error(f'strconv.ParseUint: parsing "{asked}": invalid syntax')
        if asked and asked not in ("0", str(old.revision)):
            raise conflict(kind.plural, kind.group, old.name, _MODIFIED)
        metadata["resourceVersion"] = before["resourceVersion"]
        _carry_over(metadata, before)
        prepare = kind.prepare_status if status else kind.prepare
        assert prepare is not None
        prepare(content, current)
        self._validate(kind, content, current, options)
        if kind.counts_generations and not status and _generation_grows(kind, content, current):
            metadata["generation"] = before.get("generation", 0) + 1
        if is_released(kind, content):
            return unstored(old.key, content) if options.dry_run else self._deletion.remove(kind, old, content)
        if content == current:
            return old
        if options.dry_run:
            return unstored(old.key, content)
        version = self._put(kind, old.key, content)
        if kind is crds.CUSTOM_RESOURCE_DEFINITION:
            self._establish(old.key)
        return version

    def _put(self, kind: Kind, key: str, content: JsonObject) -> Version:
        version = self._store.put(kind.resource, key, content)
        # While it is parsed its row costs little, and the first list of many objects need not wait for all of theirs.
        make_row(kind.printer, version, content)
        return version

    def _establish(self, key: str) -> None:
        """What a real server's own controller does next: accept the names, and serve the kind."""
        stored = self._store.get(crds.CUSTOM_RESOURCE_DEFINITION.resource, key)
        assert stored is not None
        content = stored.parsed()
        if not crds.is_established(content):
            self._store.put(crds.CUSTOM_RESOURCE_DEFINITION.resource, key, crds.established(content, self._clock()))
        self._catalog.refresh()

    def _now(self) -> str:
        return timestamp(self._clock())


def _uid_conflict(kind: Kind, version: Version, asked: str, found: str) -> ApiError:
    """409 for a write that is meant for another object of the name."""
    where = f"Code: 4, Key: /registry/{kind.plural}/{version.key}, ResourceVersion: 0"
    mismatch = f"Precondition failed: UID in precondition: {asked}, UID in object meta: {found}"
    why = f"StorageError: invalid object, {where}, AdditionalErrorMsg: {mismatch}"
    return conflict(kind.plural, kind.group, version.name, why)


def _check_name(metadata: JsonObject, name: str) -> None:
    if not metadata.get("name"):
        raise bad_request(f"the name of the object ({name} based on URL) was undeterminable: name must be provided")
    if metadata["name"] != name:
        raise bad_request(f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})")


def _carry_over(metadata: JsonObject, before: JsonObject) -> None:
    """What a writer cannot set: it stays as it was."""
    for key in ("creationTimestamp", "generation"):
        metadata.pop(key, None)
        if key in before:
            metadata[key] = before[key]
    for key in ("uid", "deletionTimestamp", "deletionGracePeriodSeconds"):
        if key in before:
            metadata.setdefault(key, before[key])
    metadata.pop("selfLink", None)


def _generation_grows(kind: Kind, content: JsonObject, current: JsonObject) -> bool:
    """Whether what is asked for has changed: for custom kinds all but metadata, without a status of its own."""
    if not kind.is_custom:
        return bool(content.get("spec") != current.get("spec"))
    ignored = {"metadata", "status"} if kind.prepare_status else {"metadata"}
    return _without(content, ignored) != _without(current, ignored)


def _without(content: JsonObject, keys: set[str]) -> JsonObject:
    return {key: value for key, value in content.items() if key not in keys}
