"""What must hold between the manifests, and no schema says: whoever is named exists, and every event can come back."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from cutwater.events import names
from cutwater.prowjob.reporting import REPORTERS
from functions.plugins.every import PLUGINS
from infra.knative.services import TIMEOUT, stale
from tests.contract.manifests.documents import Document, Json, NotBuilt, built, functions, kustomizations, manifests
from tests.contract.manifests.schemas import check_document, check_function

WHOLE_DELIVERY = ("retry", "backoffPolicy", "backoffDelay", "timeout", "deadLetterSink")
DEFAULT_SECONDS = 300
"""How long a request may take on Knative where nothing else is said."""

NAMESPACES = frozenset({"cutwater", "default", "test-pods"})
UNNAMESPACED = frozenset({"Namespace", "CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding"})
VISIBILITY = {"key": "networking.knative.dev/visibility", "value": "cluster-local"}
PART_OF = {"key": "app.kubernetes.io/part-of", "value": "cutwater"}
PUBLIC = frozenset({"hook", "deck"})


class Function(Struct, frozen=True):
    """What a func.yaml deploys. `plugins`: of those that it alone serves, the ones that look of their own accord."""

    file: str
    name: str
    role: str
    account: str
    seconds: int
    labels: Sequence[Json]
    plugins: Sequence[str] = ()


def deployed(root: Path) -> dict[str, Function]:
    """The functions that are deployed, by name. A func.yaml that says too little is the schemas' to judge."""
    found = {}
    for file, content in functions(root).items():
        if "deploy" not in content:
            continue
        deploy, name = content["deploy"], content.get("name", "")
        envs = {env.get("name"): env["value"] for env in content.get("run", {}).get("envs", ())}
        served = [plugin for plugin in envs.get("CUTWATER_PLUGINS", "").split(",") if plugin in PLUGINS]
        found[name] = Function(
            file=file,
            name=name,
            role=envs.get("CUTWATER_ROLE", ""),
            account=deploy.get("serviceAccountName", ""),
            seconds=int(deploy.get("annotations", {}).get(TIMEOUT, DEFAULT_SECONDS)),
            labels=deploy.get("labels", ()),
            plugins=[plugin for plugin in served if PLUGINS[plugin].looks is not None],
        )
    return found


def findings(root: Path, kubectl: Path) -> Iterator[str]:
    """Everything that is wrong with the manifests below `root`, each with its file and object; what is quick, first."""
    objects = [document for document in manifests(root) if "kind" in document.content]
    misshapen = [
        *(message for document in objects for message in check_document(document)),
        *(message for file, content in functions(root).items() for message in check_function(file, content)),
    ]
    yield from misshapen
    if misshapen:
        return  # what is not shaped as expected cannot be looked into
    there = deployed(root)
    looking = {plugin for function in there.values() for plugin in function.plugins}
    roles = looking | {
        path.name.replace("_", "-") for path in (root / "functions").iterdir() if (path / "__init__.py").exists()
    }
    yield from _functions(there, objects, roles)
    for document in objects:
        yield from _events(document, objects, there, roles)
    yield from _accounts(objects)
    yield from (f"infra/knative/services/{name}: not what its func.yaml says" for name in stale(root))
    yield from _builds(root, kubectl)


def _functions(there: dict[str, Function], objects: list[Document], roles: set[str]) -> Iterator[str]:
    accounts = {document.name for document in objects if document.kind == "ServiceAccount"}
    for function in there.values():
        if function.role not in roles:
            yield f'{function.file}: CUTWATER_ROLE: there is no role "{function.role}"'
        if function.account not in accounts:
            yield f'{function.file}: deploy.serviceAccountName: there is no account "{function.account}"'
        if PART_OF not in function.labels:
            yield f"{function.file}: deploy.labels: without {PART_OF['key']} it is not told the Broker's address"
        if (VISIBILITY in function.labels) == (function.name in PUBLIC):
            yield f"{function.file}: deploy.labels: hook and deck are public, all others are cluster-local"


def _events(document: Document, objects: list[Document], there: dict[str, Function], roles: set[str]) -> Iterator[str]:
    """Of what sends events or has them sent: whether all that it names exists."""
    if document.kind not in {"Broker", "Trigger", "PingSource", "ApiServerSource", "SinkBinding", "DomainMapping"}:
        return
    for path, ref in _references(document.spec):
        if message := _missing(ref, objects, there):
            yield document.says(f"{path}: {message}")
    named = document.spec.get("ceOverrides", {}).get("extensions", {}).get("role")
    if named is not None and named not in roles:
        yield document.says(f'spec.ceOverrides.extensions.role: there is no role "{named}"')
    if document.kind in {"Broker", "Trigger"}:
        yield from (document.says(message) for message in _delivery(document.spec.get("delivery", {})))
    if document.kind == "Trigger":
        yield from (document.says(message) for message in _trigger(document.spec, objects, there, roles))


def _references(spec: Any, path: str = "spec") -> Iterator[tuple[str, Json]]:
    """The objects that a sink, a subscriber or a mapping names."""
    if isinstance(spec, dict):
        for key, value in spec.items():
            if key == "ref":
                yield path, value
            else:
                yield from _references(value, f"{path}.{key}")


def _missing(ref: Json, objects: list[Document], there: dict[str, Function]) -> str:
    if ref["kind"] == "Service":
        return "" if ref["name"] in there else f'no func.yaml deploys a service "{ref["name"]}"'
    known = any(document.kind == ref["kind"] and document.name == ref["name"] for document in objects)
    return "" if known else f'there is no {ref["kind"]} "{ref["name"]}"'


def _delivery(delivery: Json) -> Iterator[str]:
    """A Trigger's delivery stands for the Broker's as a whole: what it leaves out is not done at all."""
    for field in WHOLE_DELIVERY:
        if field not in delivery:
            yield f"spec.delivery.{field} is not said"


def _trigger(spec: Json, objects: list[Document], there: dict[str, Function], roles: set[str]) -> Iterator[str]:
    if not any(document.kind == "Broker" and document.name == spec.get("broker") for document in objects):
        yield f'spec.broker: there is no Broker "{spec.get("broker")}"'
    subscriber = spec.get("subscriber", {})
    if "ref" not in subscriber and not subscriber.get("uri", "").startswith("http://"):
        yield "spec.subscriber names nobody"
        return
    if not spec.get("filters"):
        yield "spec.filters: without one it gets every event"
    function = there.get(subscriber.get("ref", {}).get("name"))
    seconds = _seconds(spec.get("delivery", {}).get("timeout", ""))
    if function and seconds <= function.seconds:
        yield f"spec.delivery.timeout: {seconds} s is no longer than the function's own {function.seconds} s"
    for attribute, value in _compared(spec.get("filters", [])):
        if attribute == "role" and value not in roles:
            yield f'spec.filters: there is no role "{value}"'
        elif attribute == "role" and function and value not in {function.role, *function.plugins}:
            yield f'spec.filters: events of role "{value}" go to {function.name}, which is {function.role}'
        elif attribute == "type" and value not in {names.WEBHOOK, names.LOOK, names.PING}:
            yield f'spec.filters: nobody sends events of type "{value}"'
        elif attribute == "reporter" and value not in REPORTERS:
            yield f'spec.filters: there is no reporter "{value}"'


def _compared(filters: Any) -> Iterator[tuple[str, str]]:
    """Attributes and the values that `exact` wants of them, at any depth."""
    if isinstance(filters, list):
        for item in filters:
            yield from _compared(item)
    elif isinstance(filters, dict):
        for dialect, value in filters.items():
            if dialect == "exact":
                yield from value.items()
            else:
                yield from _compared(value)


def _seconds(duration: str) -> float:
    """An ISO 8601 duration of minutes and seconds, in seconds."""
    found = re.fullmatch(r"PT(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?", duration)
    return float(found[1] or 0) * 60 + float(found[2] or 0) if found else 0.0


def _accounts(objects: list[Document]) -> Iterator[str]:
    """Of each RoleBinding: its Role and its accounts exist."""
    known = {(document.kind, document.content["metadata"].get("namespace"), document.name) for document in objects}
    for document in objects:
        if document.kind != "RoleBinding":
            continue
        namespace, role = document.content["metadata"]["namespace"], document.content["roleRef"]
        if (role["kind"], namespace, role["name"]) not in known:
            yield document.says(f'roleRef: there is no {role["kind"]} "{role["name"]}" in {namespace}')
        for subject in document.content["subjects"]:
            if (subject["kind"], subject.get("namespace"), subject["name"]) not in known:
                yield document.says(f'subjects: there is no {subject["kind"]} "{subject["name"]}"')


def _builds(root: Path, kubectl: Path) -> Iterator[str]:
    """Of each folder that Kustomize builds: it builds, and the result is valid, too."""
    for folder in kustomizations(root):
        try:
            documents = built(folder, root, kubectl)
        except NotBuilt as error:
            yield f"kustomize {folder.relative_to(root)}: {error}"
            continue
        for document in documents:
            yield from check_document(document)
            namespace = document.content["metadata"].get("namespace")
            if document.kind not in UNNAMESPACED and namespace not in NAMESPACES:
                yield document.says(f'metadata.namespace: "{namespace}" is none of {", ".join(sorted(NAMESPACES))}')
