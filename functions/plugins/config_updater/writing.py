"""The effect that writes a ConfigMap. It alone reads the files: a receipt names them, and does not hold them."""

import base64
import gzip
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Protocol

from msgspec import Struct

from cutwater.errors import Later, Refused
from cutwater.events.remembered import Known
from cutwater.github.client import GitHub
from cutwater.github.trees import Trees
from cutwater.kube.client import CONFIG_MAP, Conflict, Exists, Json, Kube
from functions.plugins.config_updater.sources import Repository
from functions.plugins.config_updater.updates import Place, Update

VERSION = "VERSION"
"""The key with the SHA of the commit that the others are of."""
LABELS = {"app.kubernetes.io/name": "prow", "app.kubernetes.io/component": "updateconfig-plugin"}
LARGEST = 1024 * 1024
"""Bytes of all values together: a ConfigMap holds no more."""
ATTEMPTS = 5
"""How often it is written again at once when somebody else has written it meanwhile."""
_SHA = re.compile(r"[0-9a-f]{40}")


class HasBoth(Protocol):
    """What the effect needs of the world."""

    @property
    def github(self) -> GitHub:
        """GitHub, where the files are."""

    @property
    def known(self) -> Known:
        """What this process knows."""

    def cluster(self, alias: str) -> Kube:
        """A cluster by its alias."""


class UpdateConfigMap(Struct, frozen=True, kw_only=True, tag=True):
    """Bring keys of a ConfigMap to what files are at a commit; make it where there is none. The result is its size.

    Other keys stay. Where the map is of a later commit already, the keys come to what the files are at that one: so it
    is right in whichever order two merges are carried out. Source: sigs.k8s.io/prow pkg/plugins/updateconfig (Update).
    """

    place: Place
    org: str
    repo: str
    sha: str
    updates: tuple[Update, ...]
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasBoth) -> int:
        for _ in range(ATTEMPTS):
            try:
                return await self._once(world)
            except (Conflict, Exists):
                continue  # somebody was faster: what they wrote is read first
        raise Later(f"{self.place} is written by somebody else all the time")

    async def stands(self, world: HasBoth, since: datetime) -> int | None:
        found = await world.cluster(self.place.cluster).get(CONFIG_MAP, self.place.namespace, self.place.name)
        return _size(found) if found and (found.get("data") or {}).get(VERSION) == self.sha else None

    async def _once(self, world: HasBoth) -> int:
        kube, name, namespace = world.cluster(self.place.cluster), self.place.name, self.place.namespace
        found = await kube.get(CONFIG_MAP, namespace, name)
        here = Repository(Trees(world.github), world.known, org=self.org, repo=self.repo)
        sha = await self._version(here, ((found or {}).get("data") or {}).get(VERSION, ""))
        changed = self._changed(found, sha, await self._contents(here, sha))
        size = _size(changed)
        if size > LARGEST:
            raise Refused(f"the {self.place} would hold {size} bytes, and Kubernetes takes {LARGEST} at most")
        if found is None:
            await kube.create(CONFIG_MAP, namespace, changed)
        else:
            await kube.replace(CONFIG_MAP, namespace, name, changed)
        return size

    async def _version(self, here: Repository, there: str) -> str:
        """The commit that counts: ours, or the map's where that has ours in it."""
        is_another = there != self.sha and _SHA.fullmatch(there) is not None
        return there if is_another and await here.is_ancestor(self.sha, of=there) else self.sha

    async def _contents(self, here: Repository, sha: str) -> dict[str, bytes]:
        """What the files are at a commit. At a later one than ours some may be gone, and others there again."""
        is_ours = sha == self.sha
        paths = {update.file for update in self.updates if not (is_ours and update.is_removed)}
        entries = await here.entries(sha, paths)
        missing = sorted(paths - entries.keys())
        if missing and is_ours:
            raise Refused(f"{', '.join(missing)}: no such file in {here} at {sha}")
        return {path: await here.content(path, entry) for path, entry in entries.items()}

    def _changed(self, found: Mapping[str, Any] | None, sha: str, contents: Mapping[str, bytes]) -> Json:
        """The ConfigMap as it is to be."""
        data = {**((found or {}).get("data") or {}), VERSION: sha}
        binary = {**((found or {}).get("binaryData") or {})}
        for update in self.updates:
            data.pop(update.key, None)
            binary.pop(update.key, None)
            if update.file in contents:
                content = contents[update.file]
                value = gzip.compress(content, mtime=0) if update.is_packed else content
                try:
                    data[update.key] = value.decode()
                except UnicodeDecodeError:
                    binary[update.key] = base64.b64encode(value).decode()
        metadata = dict((found or {}).get("metadata") or {"name": self.place.name, "namespace": self.place.namespace})
        metadata["labels"] = metadata.get("labels") or LABELS
        known = {"apiVersion": CONFIG_MAP.api_version, "kind": CONFIG_MAP.kind}
        return {**(found or known), "metadata": metadata, "data": data, "binaryData": binary}


def _size(found: Mapping[str, Any]) -> int:
    """Bytes of all values."""
    texts = sum(len(value.encode()) for value in (found.get("data") or {}).values())
    return texts + sum(len(base64.b64decode(value)) for value in (found.get("binaryData") or {}).values())
