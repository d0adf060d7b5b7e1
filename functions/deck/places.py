"""Where deck may read: the buckets and folders that the configuration names. Pure.

Paths come from anybody's browser, and from pointer files that tests can write: each is checked before it is read.
Source of the addresses: sigs.k8s.io/prow cmd/deck (/view/<provider>/<bucket>/<key>) and pkg/spyglass.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from msgspec import Struct

from cutwater.config.configuration import Configuration
from cutwater.config.defaulting import decoration_entries
from cutwater.podutils import paths
from cutwater.podutils.sidecar.pieces import FOLDER as PIECES
from cutwater.prowjob.decoration import StorageConfiguration

PROVIDERS: Mapping[str, str] = {"s3": "s3", "gs": "gs", "gcs": "gs"}
"""What a path may call its storage, and what it is called from there on. The endpoint is the configuration's alone."""

LONGEST_KEY = 1024
_FOLDERS = ("logs", "pr-logs")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f]")


class NotServed(Exception):
    """deck does not read there. `status` is the answer's, the text is for who asked."""

    def __init__(self, why: str, *, status: int = 404) -> None:
        super().__init__(why)
        self.status = status


class Place(Struct, frozen=True, kw_only=True):
    """A file, or a folder without its last slash."""

    provider: str
    bucket: str
    key: str

    @property
    def path(self) -> str:
        """As it stands behind /view/ and its kin."""
        return f"{self.provider}/{self.bucket}/{self.key}"

    @property
    def address(self) -> str:
        """The path, escaped for a link."""
        return quote(self.path, safe="/:@,+=")

    def is_at(self, other: "Place | None") -> bool:
        """Whether it is the same object, whatever its storage is called."""
        return other is not None and (self.bucket, self.key) == (other.bucket, other.key)

    @property
    def name(self) -> str:
        return self.key.rpartition("/")[2]

    @property
    def parent(self) -> "Place":
        return Place(provider=self.provider, bucket=self.bucket, key=self.key.rpartition("/")[0])

    def within(self, name: str) -> "Place":
        """A file of this folder. Raises NotServed for a name that leads out of it."""
        return place(f"{self.path}/{name}")


def place(path: str) -> Place:
    """Read `<provider>/<bucket>/<key>`. Raises NotServed for what no run's file can be called."""
    provider, _, rest = path.strip("/").partition("/")
    bucket, _, key = rest.partition("/")
    if provider not in PROVIDERS:
        raise NotServed(f'"{provider}" is no storage that is known here: the path begins with s3/ or gs/')
    if _BUCKET.fullmatch(bucket) is None:
        raise NotServed("the path names no bucket")
    parts = key.split("/")
    if any(part in {"", ".", ".."} for part in parts) or len(key) > LONGEST_KEY or _UNSEEN.search(key):
        raise NotServed("the path names no file or folder of a run")
    return Place(provider=PROVIDERS[provider], bucket=bucket, key=key)


class Allowed(Struct, frozen=True):
    """The buckets that deck serves, each with the folders in it; no folders stand for the whole bucket.

    `buckets` None: path validation is switched off. `aliases`: other names of buckets.
    """

    buckets: Mapping[str, frozenset[str]] | None
    aliases: Mapping[str, str]

    def check(self, wanted: Place) -> Place:
        """The same place under its bucket's own name. Raises NotServed where it is none of ours."""
        bucket = self.aliases.get(wanted.bucket, wanted.bucket)
        found = Place(provider=wanted.provider, bucket=bucket, key=wanted.key)
        if self.buckets is None:
            return found
        folders = self.buckets.get(bucket)
        if folders is None:
            raise NotServed(f'the bucket "{bucket}" is not served here', status=403)
        if folders and not any(f"{found.key}/".startswith(f"{folder}/") for folder in folders):
            raise NotServed("only the folders of runs are served", status=403)
        return found


def allowed(config: Configuration) -> Allowed:
    """What the configuration opens. Upstream opens every bucket unless told otherwise; here it is the reverse."""
    deck = config.prow.deck
    aliases = deck.spyglass.bucket_aliases
    if deck.skip_storage_path_validation:
        return Allowed(None, aliases)
    buckets: defaultdict[str, set[str]] = defaultdict(set)
    for storage in _storages(config):
        try:
            found = paths.bucket(storage.bucket)
        except ValueError:
            continue  # no run can have written there either
        for folder in _FOLDERS:
            buckets[found.name] |= {folder, paths.join(found.path.strip("/"), storage.path_prefix, folder)}
    whole = {name: frozenset[str]() for name in deck.additional_allowed_buckets}
    return Allowed({name: frozenset(folders) for name, folders in buckets.items()} | whole, aliases)


def _storages(config: Configuration) -> Iterator[StorageConfiguration]:
    decorations = [entry.config for entry in decoration_entries(config.prow)]
    for jobs in (*config.jobs.presubmits.values(), *config.jobs.postsubmits.values(), config.jobs.periodics):
        decorations += [job.decoration_config for job in jobs]
    for decoration in decorations:
        if decoration is not None and decoration.gcs_configuration and decoration.gcs_configuration.bucket:
            yield decoration.gcs_configuration


def pointer_target(content: bytes) -> Place:
    """The run that a pointer file names: `s3://bucket/folder`. Raises NotServed; whoever follows it checks again."""
    if len(content) >= 4096:
        raise NotServed("the pointer to the run is too long")
    provider, separator, rest = content.decode(errors="replace").strip().partition("://")
    if not separator:
        raise NotServed("the pointer to the run is no address")
    return place(f"{provider}/{rest}")


def build_of_pointer(content: bytes) -> str:
    """The build id that latest-build.txt holds. Raises NotServed."""
    text = content[:64].decode(errors="replace").strip()
    if not text.isascii() or not text.isdigit():
        raise NotServed("latest-build.txt holds no build id")
    return text


def is_reserved(key: str) -> bool:
    """Whether it is a part of a log that still grows, which the log's own view shows."""
    return f"/{PIECES}/" in f"/{key}"
