"""Buckets on disk: keys in SQLite, small bodies beside them, large ones as files.

A put is one transaction, so a reader sees the old object or the new one, and a process that is killed leaves no half of
one. Of several that put under a condition one wins, whichever process they are in.
"""

import contextlib
import hashlib
import sqlite3
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from infra.local.s3.body import Incoming

_TABLES = """
create table if not exists buckets (name text primary key, created real not null) without rowid;
create table if not exists objects (
  bucket text not null, key text not null, etag text not null, size integer not null, modified real not null,
  headers blob not null, body blob, file text, primary key (bucket, key));
create table if not exists uploads (
  id text primary key, bucket text not null, key text not null, headers blob not null) without rowid;
create table if not exists parts (
  upload text not null, number integer not null, etag text not null, file text not null,
  primary key (upload, number)) without rowid;
"""


class Refusal(Exception):
    """What S3 says no with: its code, its words, its HTTP status."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class Stored(Struct, frozen=True, kw_only=True):
    """One object. `headers` are those that S3 keeps, in lower case; `body` or `file` holds the bytes."""

    key: str
    etag: str
    size: int
    modified: float
    headers: Mapping[str, str]
    body: bytes | None = None
    file: Path | None = None

    def open(self) -> IO[bytes] | None:
        """The file that holds the body, None where `body` is it. An open one outlives its object."""
        return None if self.file is None else self.file.open("rb")


class Part(Struct, frozen=True, kw_only=True):
    """One part of an upload."""

    number: int
    etag: str
    file: str


class Assembly(Struct, frozen=True, kw_only=True):
    """The files that one object is made of, in order, and its ETag."""

    files: tuple[Path, ...]
    etag: str


class Listing(Struct, frozen=True, kw_only=True):
    """A page of keys. `following` is where the next page begins, empty where there is none."""

    objects: Sequence[Stored]
    folders: Sequence[str]
    following: str


class Condition(Struct, frozen=True):
    """What a put asks of the object in its place: that there is none, or that it is this one."""

    if_none_match: str = ""
    if_match: str = ""

    def check(self, etag: str | None) -> None:
        """Raises Refusal where it does not hold for the object with `etag` (None: there is no object)."""
        if self.if_match and etag is None:
            raise no_such_key()
        if self.if_match and self.if_match not in {etag, etag and etag.strip('"'), "*"}:
            raise precondition_failed("If-Match")
        if self.if_none_match and etag is not None and self.if_none_match in {"*", etag, etag.strip('"')}:
            raise precondition_failed("If-None-Match")


ALWAYS = Condition()


class Disk:
    """The buckets below `root`. Calls are short and synchronous; what they commit is in the database's log."""

    def __init__(self, root: Path) -> None:
        self._bodies = root / "bodies"
        self._bodies.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(root / "keys.sqlite", isolation_level=None, timeout=10, check_same_thread=False)
        self._db.executescript("pragma journal_mode=wal; pragma synchronous=normal;" + _TABLES)
        self._drop_orphans()

    def close(self) -> None:
        self._db.close()

    # -- buckets

    def buckets(self) -> list[tuple[str, float]]:
        """Names and times of creation."""
        return self._db.execute("select name, created from buckets order by name").fetchall()

    def make_bucket(self, name: str, now: float) -> bool:
        """False where it exists."""
        made = self._db.execute("insert or ignore into buckets values (?, ?)", (name, now))
        return made.rowcount == 1

    def delete_bucket(self, name: str) -> None:
        with self._transaction():
            self.check_bucket(name)
            if self._db.execute("select 1 from objects where bucket=? limit 1", (name,)).fetchone():
                raise Refusal("BucketNotEmpty", "The bucket you tried to delete is not empty", 409)
            self._db.execute("delete from buckets where name=?", (name,))

    def check_bucket(self, name: str) -> None:
        """Raises Refusal for a bucket that is not there."""
        if not self._db.execute("select 1 from buckets where name=?", (name,)).fetchone():
            raise Refusal("NoSuchBucket", "The specified bucket does not exist", 404)

    # -- objects

    def get(self, bucket: str, key: str) -> Stored:
        """The object. Raises Refusal where there is none."""
        query = "select key, etag, size, modified, headers, body, file from objects where bucket=? and key=?"
        row = self._db.execute(query, (bucket, key)).fetchone()
        if row is None:
            self.check_bucket(bucket)
            raise no_such_key()
        return self._stored(*row)

    def incoming(self) -> Incoming:
        return Incoming(self._bodies)

    def put(
        self,
        bucket: str,
        key: str,
        body: Incoming,
        headers: Mapping[str, str],
        now: float,
        *,
        condition: Condition = ALWAYS,
        etag: str = "",
    ) -> str:
        """Store the object whole, if the condition holds. Its ETag. Raises Refusal; then the body is thrown away."""
        etag = etag or body.etag
        inline = body.close()
        try:
            with self._transaction():
                self.check_bucket(bucket)
                old = self._db.execute(
                    "select etag, file from objects where bucket=? and key=?", (bucket, key)
                ).fetchone()
                condition.check(old and old[0])
                file = body.path and body.path.name
                row = (bucket, key, etag, body.size, now, msgspec.json.encode(headers), inline, file)
                self._db.execute("insert or replace into objects values (?, ?, ?, ?, ?, ?, ?, ?)", row)
        except BaseException:
            body.throw_away()
            raise
        if old and old[1]:
            (self._bodies / old[1]).unlink(missing_ok=True)
        return etag

    def delete(self, bucket: str, key: str, *, condition: Condition = ALWAYS) -> None:
        """Remove the object; that there is none is no error."""
        with self._transaction():
            self.check_bucket(bucket)
            row = self._db.execute("select etag, file from objects where bucket=? and key=?", (bucket, key)).fetchone()
            condition.check(row and row[0])
            self._db.execute("delete from objects where bucket=? and key=?", (bucket, key))
        if row and row[1]:
            (self._bodies / row[1]).unlink(missing_ok=True)

    def page(self, bucket: str, prefix: str, delimiter: str, start: str, limit: int) -> Listing:
        """The next `limit` keys and folders from the key `start` on."""
        self.check_bucket(bucket)
        objects: list[Stored] = []
        folders: list[str] = []
        position = max(prefix, start)
        while True:
            wanted = limit - len(objects) - len(folders)
            step = next_folder = None
            for step in self._walk(bucket, prefix, position, wanted + 1):
                if len(objects) + len(folders) == limit:
                    return Listing(objects=objects, folders=folders, following=step.key)
                rest = step.key[len(prefix) :]
                if delimiter and delimiter in rest:
                    next_folder = prefix + rest[: rest.index(delimiter) + len(delimiter)]
                    break
                objects.append(step)
            if next_folder is None:
                return Listing(objects=objects, folders=folders, following="")
            folders.append(next_folder)
            position = after(next_folder)

    def _walk(self, bucket: str, prefix: str, start: str, limit: int) -> Iterator[Stored]:
        query = """select key, etag, size, modified, headers, null, null from objects
                   where bucket=? and key>=? and (?='' or key<?) order by key limit ?"""
        end = after(prefix) if prefix else ""
        for row in self._db.execute(query, (bucket, start, end, end, limit)):
            yield self._stored(*row)

    # -- uploads in parts

    def begin(self, bucket: str, key: str, headers: Mapping[str, str]) -> str:
        """The new upload's id."""
        self.check_bucket(bucket)
        upload = uuid.uuid4().hex
        self._db.execute("insert into uploads values (?, ?, ?, ?)", (upload, bucket, key, msgspec.json.encode(headers)))
        return upload

    def add_part(self, bucket: str, key: str, upload: str, number: int, body: Incoming) -> str:
        """Keep one part; one with its number is replaced. Its ETag."""
        file = body.spill()
        body.close()
        try:
            with self._transaction():
                self._headers(bucket, key, upload)
                old = self._db.execute(
                    "select file from parts where upload=? and number=?", (upload, number)
                ).fetchone()
                row = (upload, number, body.etag, file.name)
                self._db.execute("insert or replace into parts values (?, ?, ?, ?)", row)
        except BaseException:
            body.throw_away()
            raise
        if old:
            (self._bodies / old[0]).unlink(missing_ok=True)
        return body.etag

    def parts(self, bucket: str, key: str, upload: str) -> list[Part]:
        """What has come so far, in order."""
        self._headers(bucket, key, upload)
        query = "select number, etag, file from parts where upload=? order by number"
        return [Part(number=number, etag=etag, file=file) for number, etag, file in self._db.execute(query, (upload,))]

    def chosen(
        self, bucket: str, key: str, upload: str, parts: Sequence[tuple[int, str]]
    ) -> tuple[Assembly, Mapping[str, str]]:
        """What the object made of these parts (number, ETag) consists of, and its headers. Raises Refusal."""
        headers = self._headers(bucket, key, upload)
        have = {part.number: part for part in self.parts(bucket, key, upload)}
        if [number for number, _ in parts] != sorted({number for number, _ in parts}):
            raise Refusal("InvalidPartOrder", "The list of parts was not in ascending order.", 400)
        if not parts or any(n not in have or have[n].etag.strip('"') != etag.strip('"') for n, etag in parts):
            raise Refusal("InvalidPart", "One or more of the specified parts could not be found.", 400)
        picked = [have[number] for number, _ in parts]
        digest = hashlib.md5(b"".join(bytes.fromhex(part.etag.strip('"')) for part in picked), usedforsecurity=False)
        etag = f'"{digest.hexdigest()}-{len(picked)}"'
        return Assembly(files=tuple(self._bodies / part.file for part in picked), etag=etag), headers

    def abort(self, bucket: str, key: str, upload: str) -> None:
        """Forget the upload and its parts."""
        files = [part.file for part in self.parts(bucket, key, upload)]
        with self._transaction():
            self._db.execute("delete from parts where upload=?", (upload,))
            self._db.execute("delete from uploads where id=?", (upload,))
        for file in files:
            (self._bodies / file).unlink(missing_ok=True)

    def _headers(self, bucket: str, key: str, upload: str) -> dict[str, str]:
        query = "select headers from uploads where id=? and bucket=? and key=?"
        row = self._db.execute(query, (upload, bucket, key)).fetchone()
        if row is None:
            raise Refusal("NoSuchUpload", "The specified upload does not exist.", 404)
        return msgspec.json.decode(row[0], type=dict[str, str])

    def _stored(
        self, key: str, etag: str, size: int, modified: float, headers: bytes, body: bytes | None, file: str | None
    ) -> Stored:
        return Stored(
            key=key,
            etag=etag,
            size=size,
            modified=modified,
            headers=msgspec.json.decode(headers, type=dict[str, str]),
            body=body,
            file=None if file is None else self._bodies / file,
        )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def _drop_orphans(self) -> None:
        """Remove bodies that no key names: of a put that was cut off, of an object that was just replaced."""
        query = "select file from objects where file is not null union all select file from parts"
        named = {row[0] for row in self._db.execute(query)}
        for body in self._bodies.iterdir():
            if body.name not in named:
                body.unlink()


def after(prefix: str) -> str:
    """The first string behind all that begin with `prefix`."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def no_such_key() -> Refusal:
    return Refusal("NoSuchKey", "The specified key does not exist.", 404)


def precondition_failed(name: str) -> Refusal:
    words = "At least one of the pre-conditions you specified did not hold"
    return Refusal("PreconditionFailed", f"{words} ({name})", 412)
