"""The pod of a job, made fit for one machine: its own utilities, and folders where a cluster would have more."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from infra.local.pods.environment import Keys
from infra.local.pods.images import UTILITIES, Images
from infra.local.pods.spec import Pod
from infra.local.pods.volumes import needed

Object = dict[str, Any]

KNOWN = frozenset({"name", "emptyDir", "secret", "configMap", "downwardAPI", "projected"})
"""What a volume may say that this machine can make."""
OUTPUT = "output"
"""The volume to which the run's files are copied."""


class Unfit(Exception):
    """The pod cannot be run here; the message says why and, where something helps, which flag does."""


class Given(Struct, frozen=True, kw_only=True):
    """What stands in for the cluster's: folders by the name of the Secret, the ConfigMap, the volume.

    `lacks_secrets`: Secrets and ConfigMaps that are not among them are empty.
    """

    secrets: Mapping[str, Path]
    config_maps: Mapping[str, Path]
    volumes: Mapping[str, Path]
    lacks_secrets: bool = False


def fit(made: Object, *, uid: str, namespace: str, folders: Mapping[str, Path]) -> Pod:
    """The pod as this machine runs it. `folders`: what is put in place of volumes, by name. Raises Unfit."""
    spec: Object = msgspec.json.decode(msgspec.json.encode(made["spec"]))
    spec["initContainers"] = [_utility(one) for one in spec.get("initContainers") or () if one["name"] != "clonerefs"]
    spec["containers"] = [_utility(one) for one in spec["containers"]]
    spec["volumes"] = [_volume(one, folders) for one in spec.get("volumes") or ()]
    spec.pop("affinity", None)
    spec.pop("nodeSelector", None)
    metadata = {**made["metadata"], "uid": uid, "namespace": namespace}
    try:
        return msgspec.convert({"metadata": metadata, "spec": spec}, Pod)
    except msgspec.ValidationError as error:
        raise Unfit(f"this machine cannot run its pod: {error}") from error


def _utility(container: Object) -> Object:
    """Our own program, whatever image the configuration names."""
    program = {"place-entrypoint": "entrypoint"}.get(container["name"], container["name"])
    return {**container, "image": program} if program in UTILITIES else container


def _volume(volume: Object, folders: Mapping[str, Path]) -> Object:
    name = volume["name"]
    if name in folders or "hostPath" in volume:
        return {"name": name, "emptyDir": {}}
    if foreign := sorted(volume.keys() - KNOWN):
        raise Unfit(f"volume {name} is a {foreign[0]}, which only a cluster has: say --volume {name}=DIR")
    return volume


def keys(given: Given, pod: Pod) -> tuple[dict[str, Keys | None], dict[str, Keys | None]]:
    """The Secrets and the ConfigMaps that the pod names. Raises Unfit where one is missing, naming all that are."""
    secrets, config_maps = needed(pod.spec)
    nothing: Keys | None = {} if given.lacks_secrets else None
    found = {name: _keys_of(given.secrets[name]) if name in given.secrets else nothing for name in secrets}
    maps = {name: _keys_of(given.config_maps[name]) if name in given.config_maps else nothing for name in config_maps}
    dispensable = set(_optional(msgspec.to_builtins(pod.spec)))
    missing = [f"--secret {name}=DIR" for name in sorted(found) if found[name] is None and name not in dispensable]
    missing += [f"--config-map {name}=DIR" for name in sorted(maps) if maps[name] is None and name not in dispensable]
    if missing:
        raise Unfit(
            "its pod needs what the cluster has. Say where that is here, in a folder with a file for each key: "
            f"{' '.join(missing)}. With --no-secrets they are all empty"
        )
    return found, maps


def _keys_of(folder: Path) -> Keys:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


def _optional(part: object) -> Iterator[str]:
    """The names of the Secrets and ConfigMaps that the pod can do without."""
    if isinstance(part, Mapping):
        if part.get("optional"):
            yield str(part.get("secretName") or part.get("name"))
        for inside in part.values():
            yield from _optional(inside)
    elif isinstance(part, list | tuple):
        for inside in part:
            yield from _optional(inside)


def absent_programs(pod_spec: Mapping[str, Any], images: Images) -> Iterator[str]:
    """What the tests' commands begin with and this machine does not have, in words that say what helps."""
    for container in pod_spec.get("containers") or ():
        image = container.get("image", "")
        words = [*(container.get("command") or ()), *(container.get("args") or ())] or list(images.entrypoint(image))
        if not words:
            yield f"the image {image} is not run, and its container has no command: say --image NAME=COMMAND"
        elif "/" not in words[0] and shutil.which(words[0], path=images.path()) is None:
            yield _absent(words[0], image)


def _absent(program: str, image: str) -> str:
    hidden = shutil.which(program)
    if hidden is not None:
        return f"{program} is {hidden}, in a home, of which jobs see nothing: say --show {Path(hidden).parent.parent}"
    return (
        f"{program} is not on this machine; it may come with the image {image}, which is not run. "
        f"Put a program of that name in a folder's bin/, and say --show FOLDER"
    )


def remarks(pod_spec: Mapping[str, Any]) -> Iterator[str]:
    """What the job asks for and does not get here."""
    images = sorted({container.get("image", "") for container in pod_spec.get("containers") or ()} - {""})
    if images:
        yield f"images are not run: the commands are this machine's own, not those of {', '.join(images)}"
    if any((one.get("securityContext") or {}).get("privileged") for one in pod_spec.get("containers") or ()):
        yield "it asks for privileges, and gets none"
    for volume in pod_spec.get("volumes") or ():
        if "hostPath" in volume:
            yield f"volume {volume['name']} ({volume['hostPath'].get('path')} of its node) is empty here"
