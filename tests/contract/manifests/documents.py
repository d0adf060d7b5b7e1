"""The YAML documents of triggers/, crds/, infra/ and functions/, as the checks read them."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from msgspec import Struct

Json: TypeAlias = dict[str, Any]  # YAML as parsed

FOLDERS = ("triggers", "crds", "infra")
KUSTOMIZATION = "kustomize.config.k8s.io/v1beta1"
SOURCES = frozenset({"infra/schemas/prowjob.yaml"})
"""What crds/ is made from: no manifest itself."""


class Document(Struct, frozen=True):
    """One object, and the file (or the Kustomize folder) that it comes from, relative to the project."""

    file: str
    content: Json

    @property
    def key(self) -> str:
        """apiVersion/kind."""
        return f"{self.content.get('apiVersion', '?')}/{self.content.get('kind', '?')}"

    @property
    def kind(self) -> str:
        kind: str = self.content["kind"]
        return kind

    @property
    def name(self) -> str:
        name: str = self.content.get("metadata", {}).get("name", "?")
        return name

    @property
    def spec(self) -> Json:
        spec: Json = self.content["spec"]
        return spec

    def says(self, message: str) -> str:
        """A finding about this object."""
        return f"{self.file}: {self.content.get('kind', '?')} {self.name}: {message}"


class _Loader(yaml.CSafeLoader):
    """YAML as Kubernetes reads it: a date is a string, and a key that stands twice is an error."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    pairs = [(loader.construct_object(key), loader.construct_object(value, deep=True)) for key, value in node.value]
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise yaml.constructor.ConstructorError(None, None, f'"{key}" stands twice', node.start_mark)
    return dict(pairs)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def parse(text: str) -> list[Json]:
    """The objects of a YAML text; a list (a patch of Kustomize's) is none. Raises yaml.YAMLError."""
    return [document for document in yaml.load_all(text, Loader=_Loader) if isinstance(document, dict)]


def manifests(root: Path) -> Iterator[Document]:
    """Every object in the files of triggers/, crds/ and infra/. Patches and kustomizations are Kustomize's to judge."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.yaml")):
            file = str(path.relative_to(root))
            for content in parse(path.read_text()) if file not in SOURCES else ():
                if content.get("apiVersion") != KUSTOMIZATION:
                    yield Document(file, content)


def functions(root: Path) -> dict[str, Json]:
    """Every func.yaml, by its path."""
    paths = [root / "func.yaml", *sorted((root / "functions").rglob("func.yaml"))]
    return {str(path.relative_to(root)): parse(path.read_text())[0] for path in paths}


def kustomizations(root: Path) -> list[Path]:
    """The folders that Kustomize can build."""
    return sorted(path.parent for folder in FOLDERS for path in (root / folder).rglob("kustomization.yaml"))


class NotBuilt(Exception):
    """Kustomize refuses the folder, in its words."""


def built(folder: Path, root: Path, kubectl: Path) -> list[Document]:
    """What Kustomize makes of a folder. Raises NotBuilt."""
    ran = subprocess.run([kubectl, "kustomize", folder], capture_output=True, text=True, check=False)
    if ran.returncode:
        raise NotBuilt(ran.stderr.strip())
    return [Document(f"kustomize {folder.relative_to(root)}", content) for content in parse(ran.stdout)]
