"""config-updater in talks: what is written, what is said, and what keeps a ConfigMap from being written."""

import base64
import gzip
import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from cutwater.config.configuration import Configuration
from cutwater.events import receipt
from cutwater.events.receipt import Receipt
from cutwater.kube.client import CONFIG_MAP, Json, Kind, Kube
from functions.plugins.config_updater.updates import Place, Update
from functions.plugins.config_updater.writing import LABELS, LARGEST, UpdateConfigMap
from infra.local.github import seed as shape
from infra.local.github.rest.calls import Answer
from tests.functions.plugins.scene import configuration
from tests.functions.plugins.talk import ORG, REPO, Talk

pytestmark = pytest.mark.virtual

SHA, LATER = "a" * 40, "b" * 40
HERE = "prow"
BUSY = [Answer(502, {"message": "Bad Gateway"})] * 4
"""More often than the client asks again by itself."""
BOTH = "config_updater: {maps: {c/*: {name: jobs}, d/*: {name: more, clusters: {default: [elsewhere]}}}}"


class Merged(Talk):
    """A pull request that has been merged."""

    def __init__(self, settings: str, *files: shape.File, tree: Mapping[str, str] | None = None, **more: Any) -> None:
        described: dict[str, Any] = {
            "merged": True,
            "merge_commit_sha": SHA,
            "head_sha": SHA,
            "files": files,
            "state": "closed",
        } | more
        super().__init__("config-updater", settings, config=f"prowjob_namespace: {HERE}", tree=tree, **described)

    @property
    def kube(self) -> Kube:
        return self.scene.kube

    async def held(self, name: str, namespace: str = HERE) -> tuple[dict[str, str], dict[str, bytes]]:
        """What is in a ConfigMap, without its VERSION."""
        found = await self.kube.get(CONFIG_MAP, namespace, name) or {}
        binary = {key: base64.b64decode(value) for key, value in (found.get("binaryData") or {}).items()}
        return {key: value for key, value in (found.get("data") or {}).items() if key != "VERSION"}, binary

    async def receipt(self) -> Receipt:
        (entry,) = [entry async for entry in self.scene.state.list(receipt.RECEIPTS)]
        kept = await self.scene.state.get(entry.key)
        assert kept is not None
        return msgspec.json.decode(kept.body, type=Receipt)


def plugins(settings: str) -> Configuration:
    return configuration(f"plugins: {{{ORG}/{REPO}: {{plugins: [config-updater]}}}}\n{settings}")


def file(name: str, content: str = "new", status: str = "modified", before: str | None = None) -> shape.File:
    return shape.File(name, status=status, head_content=content, previous_filename=before)


async def config_map(talk: Merged, name: str, data: Mapping[str, str], **more: object) -> None:
    await talk.kube.create(CONFIG_MAP, HERE, {"metadata": {"name": name}, "data": data, **more})


async def test_a_new_map() -> None:
    async with Merged("config_updater: {maps: {c/*: {name: jobs}}}", file("c/a", "A"), file("c/b", "B")) as talk:
        await talk.happens("closed")
        found = await talk.kube.get(CONFIG_MAP, HERE, "jobs")
        assert found is not None
        assert (found["data"], found["metadata"]["labels"]) == ({"a": "A", "b": "B", "VERSION": SHA}, LABELS)
        assert talk.answers == [
            "Updated the `jobs` configmap in namespace `prow` at cluster `default` using the following files:\n"
            " - key `a` using file `c/a`\n"
            " - key `b` using file `c/b`"
        ]


@pytest.mark.parametrize(
    "before, changed, after",
    [
        pytest.param({"x": "X"}, file("c/a", "A"), {"x": "X", "a": "A"}, id="other keys stay"),
        pytest.param({"a": "old"}, file("c/a", "A"), {"a": "A"}, id="a changed file"),
        pytest.param({"a": "A", "b": "B"}, file("c/a", status="removed"), {"b": "B"}, id="a removed file"),
        pytest.param({"a": "A"}, file("c/b", "A", "renamed", "c/a"), {"b": "A"}, id="a renamed file"),
    ],
)
async def test_keys(before: dict[str, str], changed: shape.File, after: dict[str, str]) -> None:
    async with Merged("config_updater: {maps: {c/*: {name: jobs}}}", changed, tree={"c/a": "old"}) as talk:
        await config_map(talk, "jobs", before)
        await talk.happens("closed")
        assert await talk.held("jobs") == (after, {})


async def test_what_is_packed_goes_to_binary_data_and_back() -> None:
    maps = "config_updater: {maps: {c/*: {name: jobs, gzip: true}, d/b: {name: jobs}}}"
    packed = base64.b64encode(gzip.compress(b"old")).decode()
    async with Merged(maps, file("c/a", "A"), file("d/b", "B")) as talk:
        await config_map(talk, "jobs", {"a": "old"}, binaryData={"b": packed})
        await talk.happens("closed")
        data, binary = await talk.held("jobs")
        assert (data, {key: gzip.decompress(value) for key, value in binary.items()}) == ({"b": "B"}, {"a": b"A"})


async def test_a_map_keeps_labels_of_its_own() -> None:
    async with Merged("config_updater: {maps: {c/*: {name: jobs}}}", file("c/a")) as talk:
        metadata = {"name": "jobs", "labels": {"x": "y"}}
        await talk.kube.create(CONFIG_MAP, HERE, {"metadata": metadata})
        await talk.happens("closed")
        found = await talk.kube.get(CONFIG_MAP, HERE, "jobs")
        assert found is not None and found["metadata"]["labels"] == {"x": "y"}


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"merged": False}, id="closed, not merged"),
        pytest.param({"merge_commit_sha": None}, id="merged, as nothing"),
        pytest.param({"base_ref": "release-1"}, id="to another branch"),
        pytest.param({"files": (file("foo.txt"),)}, id="of no map"),
    ],
)
async def test_nothing_is_written(more: dict[str, Any]) -> None:
    async with Merged("config_updater: {maps: {c/*: {name: jobs}}}", file("c/a"), **more) as talk:
        await talk.happens("closed")
        assert (await talk.kube.get(CONFIG_MAP, HERE, "jobs"), talk.answers) == (None, [])


@pytest.mark.parametrize(
    "settings, changed, said",
    [
        pytest.param(BOTH, file("d/x"), 'namespaces "elsewhere" not found', id="no such namespace"),
        pytest.param(
            BOTH.replace("default", "far"), file("d/x"), "no such build cluster is configured", id="no such cluster"
        ),
        pytest.param(
            BOTH.replace("[elsewhere]", "[default]"),
            file("d/x", "x" * LARGEST),
            f"would hold {LARGEST + len(SHA)} bytes, and Kubernetes takes {LARGEST} at most",
            id="too large",
        ),
        pytest.param(
            BOTH.replace("[elsewhere]", "[default]"), file("d/a b"), "a valid config key must consist of", id="no key"
        ),
    ],
)
async def test_one_that_cannot_be_written_does_not_keep_others_from_it(
    settings: str, changed: shape.File, said: str
) -> None:
    async with Merged(settings, file("c/a", "A"), changed) as talk:
        await talk.happens("closed")
        assert await talk.held("jobs") == ({"a": "A"}, {})
        assert talk.answers == [
            "Updated the `jobs` configmap in namespace `prow` at cluster `default` using the following files:\n"
            "   - key `a` using file `c/a`"
        ]
        kept = await talk.receipt()
        assert kept.outcome == "refused"
        assert kept.error.startswith("1 of 2 ConfigMaps could not be updated: the `more` configmap in namespace `")
        assert said in kept.error


@pytest.mark.slow
async def test_what_is_only_opened_is_not_written() -> None:
    async with Merged("config_updater: {maps: {c/*: {name: jobs}}}", file("c/a"), merged=False, state="open") as talk:
        await talk.happens("opened")
        assert await talk.kube.get(CONFIG_MAP, HERE, "jobs") is None


async def test_one_that_has_to_wait_does_not_keep_others_from_it() -> None:
    maps = "config_updater: {maps: {c/*: {name: a-first}, d/*: {name: b-second}}}"
    async with Merged(maps, file("c/a", "A"), file("d/b", "B")) as talk:
        for sha in (hashlib.sha1(b"blob 1\0A").hexdigest(), hashlib.sha1(b"blob 1\0B").hexdigest()):
            talk.scene.github.plan("GET", f"/repos/{ORG}/{REPO}/git/blobs/{sha}", *BUSY, is_lasting=False)
        await talk.happens("closed")
        assert [await talk.held(name) for name in ("a-first", "b-second")] == [({"a": "A"}, {}), ({"b": "B"}, {})]
        (answer,) = talk.answers
        assert answer.startswith("Updated the following 2 configmaps:\n * `a-first` configmap in namespace `prow`")


async def test_what_is_to_be_written_is_decided_once() -> None:
    """The merge of another configuration for config-updater itself, which is in force before all is written."""
    maps = "config_updater: {maps: {c/*: {name: a-first}, d/*: {name: b-second}}}"
    async with Merged(maps, file("c/a", "A"), file("d/b", "B")) as talk:
        blob = hashlib.sha1(b"blob 1\0A").hexdigest()
        talk.scene.github.plan("GET", f"/repos/{ORG}/{REPO}/git/blobs/{blob}", *BUSY, is_lasting=False)
        first, then = talk.scene.config, plugins("config_updater: {maps: {d/*: {name: c-third}}}")

        async def in_force() -> Configuration:
            return first if await talk.kube.get(CONFIG_MAP, HERE, "b-second") is None else then

        talk.scene.functions.edges.configuration = in_force
        await talk.happens("closed")
        held = [await talk.held(name) for name in ("a-first", "b-second", "c-third")]
        assert held == [({"a": "A"}, {}), ({"b": "B"}, {}), ({}, {})]


async def test_a_receipt_holds_no_files() -> None:
    async with Merged("config_updater: {maps: {c/*: {name: jobs}}}", file("c/a", "what is in it")) as talk:
        await talk.happens("closed")
        assert b"what is in it" not in msgspec.json.encode(await talk.receipt())


# Writing


class Interrupted(Kube):
    """An API server at which somebody else is faster once."""

    def __init__(self, kube: Kube) -> None:
        self._kube, self._is_interrupted = kube, False

    async def get(self, kind: Kind, namespace: str, name: str) -> Json | None:
        return await self._kube.get(kind, namespace, name)

    async def replace(self, kind: Kind, namespace: str, name: str, body: Mapping[str, Any]) -> Json:
        if not self._is_interrupted:
            self._is_interrupted = True
            await self._kube.merge(kind, namespace, name, {"data": {"b": "theirs"}})
        return await self._kube.replace(kind, namespace, name, body)


class Both:
    """GitHub and a cluster, as an effect sees them."""

    def __init__(self, talk: Talk, kube: Kube) -> None:
        edges = talk.scene.functions.edges
        self.github, self.known, self._kube = edges.github, edges.known, kube

    def cluster(self, alias: str) -> Kube:
        return self._kube


def update(*updates: Update) -> UpdateConfigMap:
    return UpdateConfigMap(
        place=Place("jobs", HERE, "default"), org=ORG, repo=REPO, sha=SHA, updates=updates, why="it was merged"
    )


async def test_what_others_write_meanwhile_stays() -> None:
    async with Merged("", file("c/a", "A")) as talk:
        await config_map(talk, "jobs", {"a": "old", "b": "old"})
        world = Both(talk, Interrupted(talk.kube))
        await update(Update(key="a", file="c/a")).apply(world)
        assert await talk.held("jobs") == ({"a": "A", "b": "theirs"}, {})


@pytest.mark.parametrize(
    "version, after",
    [
        pytest.param(LATER, ({"a": "later", "new": "again"}, LATER), id="of a later commit: as the files are there"),
        pytest.param("c" * 40, ({"a": "A"}, SHA), id="of an earlier one, or of another repository"),
        pytest.param("abc", ({"a": "A"}, SHA), id="of no commit"),
    ],
)
async def test_a_map_that_has_a_version(version: str, after: tuple[dict[str, str], str]) -> None:
    async with Merged("", file("c/a", "A"), file("c/gone", "G")) as talk:
        files = {"c/a": "later", "c/new": "again"}
        hub = talk.scene.github.hub
        with hub.store.transaction():
            trees = hub.described_trees
            here = talk.issue.record.repository
            (known,) = [tree for tree in trees if tree.repository == here and tree.sha == SHA]
            trees.put(msgspec.structs.replace(known, id=trees.next_id(), sha=LATER, files=files))
        compared = f"/repos/{ORG}/{REPO}/compare/{SHA}..."
        plan = talk.scene.github.plan
        plan("GET", compared + LATER, Answer(200, {"merge_base_commit": {"sha": SHA}}))
        plan("GET", compared + "c" * 40, Answer(404, {"message": "Not Found"}))
        await config_map(talk, "jobs", {"VERSION": version, "a": "x", "gone": "x", "new": "x"})
        gone = (
            Update(key="gone", file="c/gone")
            if version == LATER
            else Update(key="gone", file="c/gone", is_removed=True)
        )
        wanted = update(Update(key="a", file="c/a"), gone, Update(key="new", file="c/new", is_removed=True))
        world = Both(talk, talk.kube)
        size = await wanted.apply(world)
        found = await talk.kube.get(CONFIG_MAP, HERE, "jobs")
        assert found is not None
        assert (await talk.held("jobs"), found["data"]["VERSION"]) == ((after[0], {}), after[1])
        assert size == sum(map(len, found["data"].values()))
        assert await wanted.stands(world, talk.scene.github.hub.now()) == (size if after[1] == SHA else None)


async def test_a_file_that_is_not_there() -> None:
    async with Merged("config_updater: {maps: {c/*: {name: jobs}}}", file("c/a")) as talk:
        talk.scene.github.plan("GET", f"/repos/{ORG}/{REPO}/git/trees/{SHA}", Answer(200, {"sha": SHA, "tree": []}))
        await talk.happens("closed")
        assert f"c/a: no such file in {ORG}/{REPO} at {SHA}" in (await talk.receipt()).error
        assert await talk.kube.get(CONFIG_MAP, HERE, "jobs") is None
