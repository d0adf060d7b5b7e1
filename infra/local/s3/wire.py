"""S3's wire forms: XML answers, byte ranges, chunked bodies. Pure."""

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import formatdate
from urllib.parse import quote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from infra.local.s3.disk import Listing, Refusal, Stored

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
KEPT_HEADERS = (
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
)
OWNER = "<Owner><ID>cutwater</ID><DisplayName>cutwater</DisplayName></Owner>"


def document(name: str, *parts: str) -> bytes:
    """A whole answer."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="{NAMESPACE}">{"".join(parts)}</{name}>'.encode()


def element(name: str, value: object) -> str:
    return f"<{name}>{escape(str(value))}</{name}>"


def error(refusal: Refusal, resource: str) -> bytes:
    parts = element("Code", refusal.code), element("Message", refusal.message), element("Resource", resource)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{"".join(parts)}</Error>'.encode()


def iso(moment: float) -> str:
    """A time in a listing."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def http_date(moment: float) -> str:
    """A time in a header."""
    return formatdate(moment, usegmt=True)


def buckets(found: Iterable[tuple[str, float]]) -> bytes:
    each = (f"<Bucket>{element('Name', n)}{element('CreationDate', iso(made))}</Bucket>" for n, made in found)
    return document("ListAllMyBucketsResult", OWNER, "<Buckets>", *each, "</Buckets>")


def listing(bucket: str, query: Mapping[str, str], page: Listing, *, limit: int, token: str) -> bytes:
    """A page of keys in the form of ListObjectsV2, or of ListObjects where the query does not ask for it.

    `token` is where the next page begins, as the client gets it.
    """
    encode = quote if query.get("encoding-type") == "url" else str
    is_v2 = query.get("list-type") == "2"
    head = [
        element("Name", bucket),
        element("Prefix", encode(query.get("prefix", ""))),
        element("MaxKeys", limit),
        element("IsTruncated", "true" if page.following else "false"),
    ]
    head += [element("Delimiter", encode(query["delimiter"]))] if query.get("delimiter") else []
    head += [element("EncodingType", "url")] if "encoding-type" in query else []
    if is_v2:
        head.append(element("KeyCount", len(page.objects) + len(page.folders)))
        head += [element(tag, query[name]) for tag, name in _ECHOED if name in query]
        head += [element("NextContinuationToken", token)] if page.following else []
    else:
        head.append(element("Marker", encode(query.get("marker", ""))))
        head += [element("NextMarker", encode(token))] if page.following else []
    contents = (_content(found, encode(found.key)) for found in page.objects)
    folders = (f"<CommonPrefixes>{element('Prefix', encode(folder))}</CommonPrefixes>" for folder in page.folders)
    return document("ListBucketResult", *head, *contents, *folders)


_ECHOED = (("StartAfter", "start-after"), ("ContinuationToken", "continuation-token"))


def _content(found: Stored, key: str) -> str:
    fields = ("Key", key), ("LastModified", iso(found.modified)), ("ETag", found.etag), ("Size", found.size)
    return f"<Contents>{''.join(element(*field) for field in fields)}<StorageClass>STANDARD</StorageClass></Contents>"


def texts(body: bytes, item: str, *names: str) -> list[tuple[str, ...]]:
    """What the elements `names` of each `item` say, in a request's XML. Raises Refusal."""
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - from who holds a key; expat limits what entities expand to
    except ElementTree.ParseError as wrong:
        message = "The XML you provided was not well-formed or did not validate against our published schema"
        raise Refusal("MalformedXML", message, 400) from wrong
    found = (e for e in root.iter() if e.tag.rpartition("}")[2] == item)
    fields = ({child.tag.rpartition("}")[2]: child.text or "" for child in e} for e in found)
    return [tuple(each.get(name, "") for name in names) for each in fields]


_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


def span(header: str, size: int) -> tuple[int, int] | None:
    """The first byte and the one behind the last, None for the whole. Raises Refusal for a range behind the end.

    What is no single range of bytes is not heeded, as HTTP has it.
    """
    asked = _RANGE.match(header.strip())
    if asked is None or not (asked[1] or asked[2]):
        return None
    first, last = asked[1], asked[2]
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= size:
        raise Refusal("InvalidRange", "The requested range is not satisfiable", 416)
    return start, end


async def unchunked(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The body inside an aws-chunked one: `size;chunk-signature=…`, the bytes, and so on to size 0 and its trailers."""
    buffer, left = b"", -1
    async for chunk in chunks:
        buffer += chunk
        while left != 0:
            if left < 0:
                line, found, rest = buffer.lstrip(b"\r\n").partition(b"\r\n")
                if not found:
                    break
                buffer, left = rest, _chunk_size(line)
                continue
            piece, buffer = buffer[:left], buffer[left:]
            if not piece:
                break
            yield piece
            left = left - len(piece) or -1
    if left != 0:
        raise Refusal("IncompleteBody", "The request body terminated unexpectedly", 400)


def _chunk_size(line: bytes) -> int:
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError:
        raise Refusal("InvalidRequest", "The body is not aws-chunked", 400) from None
