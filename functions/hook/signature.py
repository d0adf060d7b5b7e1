"""Whether a webhook is GitHub's: its headers, and its signature under the secret of its repository.

The order of the checks, the statuses and the texts are upstream's: the payload is opened before the signature is
checked, since it says whose secret counts. Source: sigs.k8s.io/prow pkg/github (webhooks, hmac).
"""

import functools
import hashlib
import hmac
import re
from collections.abc import Mapping

from msgspec import Struct

from cutwater.config.findings import Source
from cutwater.config.typed import read
from cutwater.errors import Refused
from cutwater.github.webhooks import Webhook, open_webhook

WILDCARD = "*"
_SIGNATURE = re.compile(r"sha256=((?:[0-9a-fA-F]{2})*)")


class Rejected(Exception):
    """The webhook is not taken. `status` and the text are what its sender sees."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Headers(Struct, frozen=True):
    """What a webhook's headers say."""

    event: str
    guid: str
    signature: str


def check_headers(method: str, headers: Mapping[str, str]) -> Headers:
    """The headers, checked in upstream's order. Raises Rejected."""
    if method != "POST":
        raise Rejected(405, "405 Method not allowed")
    event = headers.get("x-github-event", "")
    if not event:
        raise Rejected(400, "400 Bad Request: Missing X-GitHub-Event Header")
    guid = headers.get("x-github-delivery", "")
    if not guid:
        raise Rejected(400, "400 Bad Request: Missing X-GitHub-Delivery Header")
    signature = headers.get("x-hub-signature-256", "")
    if not signature:
        raise Rejected(403, "403 Forbidden: Missing X-Hub-Signature-256")
    if headers.get("content-type", "") != "application/json":
        raise Rejected(
            400,
            "400 Bad Request: Hook only accepts content-type: application/json - "
            "please reconfigure this hook on GitHub",
        )
    return Headers(event, guid, signature)


def check_payload(found: Headers, body: bytes, secret: bytes) -> Webhook:
    """The webhook, if it is signed with a secret of its repository. Raises Rejected. Constant time."""
    try:
        webhook = open_webhook(found.event, found.guid, body)
    except Refused as refused:
        raise _forbidden("invalid payload") from refused
    repository = webhook.envelope.repository
    key = (repository.full_name if repository else "") or webhook.envelope.organization.login
    secrets = secrets_for(secret, key)
    if secrets is None:
        raise _forbidden("failed to get an appropriate hmac secret")
    given = _signature(found.signature)
    signed = [hmac.compare_digest(given, hmac.new(one, body, hashlib.sha256).digest()) for one in secrets]
    if not any(signed):
        raise _forbidden(f"misconfigured webhook secret from organization/repo: {key}")
    return webhook


def secrets_for(content: bytes, key: str) -> list[bytes] | None:
    """The secrets that may sign for `org/repo` or `org`; None where the file names none for it.

    The file is one secret for all, or a map of repository, organisation or `*` to a list of {value, created_at}: the
    first of these that is there counts, and any of its list will do, so that a secret can be changed without a gap. One
    that is empty is none, or else anybody could sign with it.
    """
    by_name = _hierarchy(content)
    if by_name is None:
        return [content.strip()]
    for name in (key, key.partition("/")[0], WILDCARD):
        if name in by_name:
            return [token.value.encode() for token in by_name[name] if token.value]
    return None


class Token(Struct, frozen=True):
    """One secret. When it was made is for people, but must be a time (RFC 3339) where it stands there."""

    value: str = ""
    created_at: str | None = None

    @property
    def is_whole(self) -> bool:
        return self.created_at is None or _TIME.fullmatch(self.created_at) is not None


_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:\d\d)")


@functools.lru_cache(maxsize=2)
def _hierarchy(content: bytes) -> Mapping[str, tuple[Token, ...]] | None:
    """The file as a map; None for one that is none, or none whole: then all of it is one secret.

    Parsed again only when it has changed: it is asked for at every webhook.
    """
    found = read(Source("hmac", content), Mapping[str, tuple[Token, ...]])
    if found.refused or not all(token.is_whole for tokens in found.value.values() for token in tokens):
        return None
    by_name: Mapping[str, tuple[Token, ...]] = found.value
    return by_name


def _signature(header: str) -> bytes:
    found = _SIGNATURE.fullmatch(header)
    if found is None:
        raise _forbidden("invalid signature")
    return bytes.fromhex(found[1])


def _forbidden(reason: str) -> Rejected:
    return Rejected(403, f"403 Forbidden: Invalid X-Hub-Signature-256 - {reason}")
