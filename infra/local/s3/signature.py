"""Who asks: AWS Signature Version 4, in the header or in the query (a presigned link).

Source of the rules: Amazon S3 API reference, "Authenticating requests (AWS Signature Version 4)". The signatures of the
single chunks of an aws-chunked body are not checked: the request that carries them is.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote

from msgspec import Struct

from infra.local.s3.disk import Refusal

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
_PLAIN = "-_.~"


class Key(Struct, frozen=True, kw_only=True):
    """An access key and the buckets that it opens; None opens all. With `only_reads` nothing can be changed by it."""

    access: str
    secret: str
    buckets: frozenset[str] | None = None
    only_reads: bool = False

    def opens(self, bucket: str) -> bool:
        return self.buckets is None or bucket in self.buckets

    def may(self, method: str) -> bool:
        return not self.only_reads or method in {"GET", "HEAD"}


class Asked(Struct, frozen=True, kw_only=True):
    """The signed parts of a request. `path` is as it was sent; header names are in lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]


class _Claim(Struct, frozen=True, kw_only=True):
    """What the request says of its own signature."""

    access: str
    scope: str
    signed: tuple[str, ...]
    signature: str
    date: str
    payload: str


def identify(asked: Asked, keys: Mapping[str, Key], now: datetime) -> Key:
    """The key that signed the request. Raises Refusal."""
    query = dict(asked.query)
    is_link = "X-Amz-Signature" in query
    claim = _of_link(query, now) if is_link else _of_header(asked.headers)
    key = keys.get(claim.access)
    if key is None:
        words = "The AWS Access Key Id you provided does not exist in our records."
        raise Refusal("InvalidAccessKeyId", words, 403)
    signature = _signature(asked, claim, key.secret)
    if not hmac.compare_digest(signature, claim.signature):
        words = "The request signature we calculated does not match the signature you provided."
        raise Refusal("SignatureDoesNotMatch", words, 403)
    return key


def _of_header(headers: Mapping[str, str]) -> _Claim:
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if scheme != ALGORITHM or not fields.keys() >= {"Credential", "SignedHeaders", "Signature"}:
        raise Refusal("AccessDenied", "Access Denied", 403)
    access, _, scope = fields["Credential"].partition("/")
    return _Claim(
        access=access,
        scope=scope,
        signed=tuple(fields["SignedHeaders"].split(";")),
        signature=fields["Signature"],
        date=headers.get("x-amz-date", ""),
        payload=headers.get("x-amz-content-sha256", UNSIGNED),
    )


def _of_link(query: Mapping[str, str], now: datetime) -> _Claim:
    try:
        signed_at = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        ends = signed_at + timedelta(seconds=int(query["X-Amz-Expires"]))
        access, _, scope = query["X-Amz-Credential"].partition("/")
        signed = tuple(query["X-Amz-SignedHeaders"].split(";"))
    except (KeyError, ValueError) as error:
        raise Refusal("AuthorizationQueryParametersError", "Query-string authentication is incomplete", 400) from error
    if now > ends:
        raise Refusal("AccessDenied", "Request has expired", 403)
    return _Claim(
        access=access,
        scope=scope,
        signed=signed,
        signature=query["X-Amz-Signature"],
        date=query["X-Amz-Date"],
        payload=query.get("X-Amz-Content-Sha256", UNSIGNED),
    )


def _signature(asked: Asked, claim: _Claim, secret: str) -> str:
    pairs = sorted((_quoted(k), _quoted(v)) for k, v in asked.query if k != "X-Amz-Signature")
    canonical = "\n".join(
        [
            asked.method,
            quote(unquote(asked.path), safe="/" + _PLAIN),
            "&".join(f"{name}={value}" for name, value in pairs),
            *(f"{name}:{' '.join(asked.headers.get(name, '').split())}" for name in claim.signed),
            "",
            ";".join(claim.signed),
            claim.payload,
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    signed = f"{ALGORITHM}\n{claim.date}\n{claim.scope}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in claim.scope.split("/"):
        key = _hmac(key, part)
    return _hmac(key, signed).hex()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _quoted(text: str) -> str:
    return quote(text, safe=_PLAIN)
