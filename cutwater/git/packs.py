"""Commits and trees of a repository in the state bucket: the packs of a partial clone as they lie on disk.

A fresh function takes them as they are, index and all: nothing is unpacked, and git has little left to fetch. They are
cut into pieces, so that no more than one of these is in memory. What is kept under `kept.json` is always whole.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

GIT, KEPT = "git/", "kept.json"
PIECE = 8 * 1024 * 1024
"""Bytes."""
_NAME = re.compile(r"pack-[0-9a-f]{40}")
_KINDS = ("pack", "idx")


class Body(Protocol):
    """An object of a bucket."""

    @property
    def body(self) -> bytes: ...


class Bucket(Protocol):
    """What is needed of the state bucket. Each method may raise Later and Refused."""

    async def get(self, key: str) -> Body | None: ...

    async def put(self, key: str, body: bytes) -> object: ...

    async def delete(self, key: str) -> None: ...


class Pack(Struct, frozen=True):
    """A pack by its name, and the bytes of its files by their kind."""

    name: str
    sizes: Mapping[str, int]


class Kept(Struct, frozen=True):
    """What is kept of a repository: its packs, and which commits the branches were at."""

    packs: tuple[Pack, ...] = ()
    tips: Mapping[str, str] = {}


def key_of(org: str, repo: str) -> str:
    """Where it is said what is kept of a repository."""
    return f"{GIT}{org}/{repo}/{KEPT}"


async def read(bucket: Bucket, org: str, repo: str) -> Kept:
    """What is kept; nothing, where nothing is, or it cannot be read."""
    found = await bucket.get(key_of(org, repo))
    try:
        return msgspec.json.decode(found.body, type=Kept) if found else Kept()
    except msgspec.DecodeError:
        return Kept()


async def bring(bucket: Bucket, org: str, repo: str, kept: Kept, folder: Path) -> bool:
    """Write the packs into a folder; False where one is gone meanwhile, or is not what it should be."""
    for pack in kept.packs:
        for kind in _KINDS:
            if not _NAME.fullmatch(pack.name) or not await _bring(bucket, org, repo, pack, kind, folder):
                return False
        (folder / f"{pack.name}.promisor").touch()
    return True


async def keep(bucket: Bucket, org: str, repo: str, tips: Mapping[str, str], folder: Path) -> None:
    """Keep all packs that lie in a folder, and nothing else."""
    before = await read(bucket, org, repo)
    packs = tuple(_pack(file) for file in sorted(folder.glob("pack-*.pack")))
    for pack in packs:
        if pack not in before.packs:
            await _keep(bucket, org, repo, pack, folder)
    await bucket.put(key_of(org, repo), msgspec.json.encode(Kept(packs, tips)))
    for pack in before.packs:
        if pack not in packs:
            for kind in _KINDS:
                for key in _keys(org, repo, pack, kind):
                    await bucket.delete(key)


async def _bring(bucket: Bucket, org: str, repo: str, pack: Pack, kind: str, folder: Path) -> bool:
    with (folder / f"{pack.name}.{kind}").open("wb") as file:
        for key in _keys(org, repo, pack, kind):
            found = await bucket.get(key)
            if found is None:
                return False
            file.write(found.body)
        return file.tell() == pack.sizes[kind]


async def _keep(bucket: Bucket, org: str, repo: str, pack: Pack, folder: Path) -> None:
    for kind in _KINDS:
        with (folder / f"{pack.name}.{kind}").open("rb") as file:
            for key in _keys(org, repo, pack, kind):
                await bucket.put(key, file.read(PIECE))


def _keys(org: str, repo: str, pack: Pack, kind: str) -> list[str]:
    """Where the pieces of a file lie."""
    return [f"{GIT}{org}/{repo}/{pack.name}.{kind}/{at // PIECE:04}" for at in range(0, pack.sizes[kind], PIECE)]


def _pack(file: Path) -> Pack:
    return Pack(file.stem, {kind: file.with_suffix(f".{kind}").stat().st_size for kind in _KINDS})
