"""A pod's volumes as folders on disk: empty ones, and those filled from Secrets, ConfigMaps and the pod itself."""

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from msgspec import Struct

from infra.local.pods.environment import Keys, NotConfigured, Sources, pod_field, resource_field
from infra.local.pods.spec import (
    ConfigMapSource,
    Container,
    DownwardSource,
    KeyPath,
    Mount,
    Pod,
    Projection,
    SecretSource,
    Spec,
    Volume,
)

DEFAULT_MODE = 0o644


class NotMounted(Exception):
    """A volume cannot be made yet. The message is the kubelet's."""


class File(Struct, frozen=True):
    """One file of a volume; `path` is relative to it."""

    path: str
    content: bytes
    mode: int


class Bound(Struct, frozen=True, kw_only=True):
    """A folder or file of the machine, and where a container sees it."""

    source: Path
    target: str
    read_only: bool


def needed(spec: Spec) -> tuple[set[str], set[str]]:
    """The names of the Secrets and of the ConfigMaps that the pod mentions anywhere."""
    secrets, config_maps = set(), set()
    for volume in spec.volumes:
        for part in _projections(volume):
            if part.secret:
                secrets.add(part.secret.secret_name or part.secret.name)
            if part.config_map:
                config_maps.add(part.config_map.name)
    for container in spec.init_containers + spec.containers:
        for source in container.env_from:
            secrets |= {source.secret_ref.name} if source.secret_ref else set()
            config_maps |= {source.config_map_ref.name} if source.config_map_ref else set()
        for value in (variable.value_from for variable in container.env):
            if value is not None:
                secrets |= {value.secret_key_ref.name} if value.secret_key_ref else set()
                config_maps |= {value.config_map_key_ref.name} if value.config_map_key_ref else set()
    return secrets, config_maps


def make_volumes(folder: Path, pod: Pod, sources: Sources) -> None:
    """Make each volume of the pod as `folder`/name. Raises NotMounted.

    What an earlier call made is left as it is: containers may have written there.
    """
    for volume in pod.spec.volumes:
        place = folder / volume.name
        if place.exists():
            continue
        files = list(_files(volume, pod, sources))
        place.mkdir(parents=True)
        place.chmod(0o777 if not _projections(volume) else 0o755)
        for file in files:
            _write(place, file)


def bound(mounts: Iterable[Mount], folder: Path, spec: Spec) -> list[Bound]:
    """Where the container sees its volumes, outermost first. Raises NotMounted for a path that leaves its volume."""
    read_only = {volume.name for volume in spec.volumes if _projections(volume)}
    places = []
    for mount in sorted(mounts, key=lambda m: len(PurePosixPath(m.mount_path).parts)):
        source = _inside(folder / mount.name, mount.sub_path)
        target = "/" + mount.mount_path.strip("/")
        places.append(Bound(source=source, target=target, read_only=mount.read_only or mount.name in read_only))
    return places


def _inside(volume: Path, sub_path: str) -> Path:
    """The part of a volume that is mounted. A container may have put a link there that points out of the volume."""
    if not volume.is_dir():
        raise NotMounted(f'volume "{volume.name}" is not a volume of the pod')
    place = (volume / sub_path).resolve()
    if not place.is_relative_to(volume.resolve()):
        raise NotMounted(f'subPath "{sub_path}" leaves the volume "{volume.name}"')
    if not place.exists():
        place.mkdir(parents=True)
    return place


def _projections(volume: Volume) -> tuple[Projection, ...]:
    """What the volume is filled from; nothing for an empty one."""
    if volume.projected:
        return volume.projected.sources
    part = Projection(secret=volume.secret, config_map=volume.config_map, downward=volume.downward)
    return () if part == Projection() else (part,)


def _files(volume: Volume, pod: Pod, sources: Sources) -> Iterator[File]:
    own = volume.secret or volume.config_map or volume.downward or volume.projected
    mode = DEFAULT_MODE if own is None or own.default_mode is None else own.default_mode
    try:
        for part in _projections(volume):
            if part.secret:
                yield from _of_secret(part.secret, sources, mode)
            if part.config_map:
                yield from _of_config_map(part.config_map, sources, mode)
            if part.downward:
                yield from _of_pod(part.downward, pod, mode)
    except NotConfigured as missing:
        raise NotMounted(f'MountVolume.SetUp failed for volume "{volume.name}" : {missing}') from missing


def _of_secret(source: SecretSource, sources: Sources, mode: int) -> Iterator[File]:
    name = source.secret_name or source.name
    keys = sources.secret(name, optional=source.optional)
    yield from _of_keys(keys, source.items, mode, f"secret key: {name}", optional=source.optional)


def _of_config_map(source: ConfigMapSource, sources: Sources, mode: int) -> Iterator[File]:
    keys = sources.config_map(source.name, optional=source.optional)
    yield from _of_keys(keys, source.items, mode, f"config key: {source.name}", optional=source.optional)


def _of_keys(keys: Keys, items: tuple[KeyPath, ...], mode: int, what: str, *, optional: bool) -> Iterator[File]:
    if not items:
        yield from (File(key, content, mode) for key, content in keys.items())
    for item in items:
        if item.key in keys:
            yield File(item.path, keys[item.key], mode if item.mode is None else item.mode)
        elif not optional:
            raise NotConfigured(f"references non-existent {what}.{item.key}")


def _of_pod(source: DownwardSource, pod: Pod, mode: int) -> Iterator[File]:
    for item in source.items:
        if item.field_ref:
            text = pod_field(item.field_ref, pod)
        elif item.resource_field_ref:
            text = resource_field(item.resource_field_ref, Container(name=""), pod)
        else:
            raise NotConfigured(f"{item.path} has neither fieldRef nor resourceFieldRef")
        yield File(item.path, text.encode(), mode if item.mode is None else item.mode)


def _write(volume: Path, file: File) -> None:
    place = volume / PurePosixPath(file.path)
    if ".." in place.relative_to(volume).parts or PurePosixPath(file.path).is_absolute():
        raise NotMounted(f'"{file.path}" leaves the volume "{volume.name}"')
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(file.content)
    place.chmod(file.mode)
