"""What the server knows of a kind: its names, its rules, how it is shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from infra.local.kube import names
from infra.local.kube.jsonpaths import JsonPath
from infra.local.kube.schemas import Structural
from infra.local.kube.statuses import ApiError, FieldError, JsonObject, bad_request
from infra.local.kube.store import Version
from infra.local.kube.tables import Printer

# Complete an object before it is judged: defaults, and what the writer may not set. `old` is None for a new one.
Prepare: TypeAlias = Callable[[JsonObject, JsonObject | None], None]
# What is wrong with an object, apart from its metadata.
Validate: TypeAlias = Callable[[JsonObject, JsonObject | None], list[FieldError]]


def leave(content: JsonObject, old: JsonObject | None) -> None:
    """Nothing to complete."""


def accept(content: JsonObject, old: JsonObject | None) -> list[FieldError]:
    """Nothing to refuse."""
    return []


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kind:
    """One resource in one version. `definition` names a core kind's shape, `structural` is a custom kind's."""

    group: str
    version: str
    name: str
    plural: str
    singular: str
    list_name: str
    printer: Printer
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    definition: str = ""
    structural: Structural | None = None
    name_rule: names.NameRule = names.subdomain
    fields: Mapping[str, JsonPath] = field(default_factory=dict)
    prepare: Prepare = leave
    prepare_status: Prepare | None = None  # None: there is no status subresource
    validate: Validate = accept
    counts_generations: bool = False
    # A PUT may leave the resourceVersion out; it may make what is not there.
    may_update_blindly: bool = True
    may_create_on_update: bool = False
    answers_deleted_object: bool = False
    has_collection_delete: bool = True

    @property
    def is_custom(self) -> bool:
        return self.structural is not None

    @property
    def resource(self) -> str:
        """What the store files it under: all versions of a resource are one."""
        return f"{self.group}/{self.plural}"

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def head(self) -> bytes:
        """How an object of this kind begins; its stored body follows without the opening brace."""
        return f'{{"kind":"{self.name}","apiVersion":"{self.api_version}",'.encode()

    @property
    def verbs(self) -> list[str]:
        verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
        return verbs if self.has_collection_delete else [verb for verb in verbs if verb != "deletecollection"]

    def refuses_field(self, name: str) -> ApiError | None:
        """What is said to a selector over a field that this kind does not offer."""
        if name in ("metadata.name", "metadata.namespace") or name in self.fields:
            return None
        if self.fields or self.is_custom:
            return bad_request(f"field label not supported: {name}")
        return bad_request(f'"{name}" is not a known field selector: only "metadata.name", "metadata.namespace"')

    def selectable(self, version: Version) -> Mapping[str, str]:
        """The values of a version's selectable fields."""
        if version.selectable is None:
            content = version.parsed() if self.fields else {}
            values = {"metadata.name": version.name, "metadata.namespace": version.namespace}
            for name, path in self.fields.items():
                found = path.find(content)
                values[name] = _text(found[0]) if found else ""
            version.selectable = values
        return version.selectable


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
