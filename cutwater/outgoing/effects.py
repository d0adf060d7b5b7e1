"""Messages as effects. The result says whether the receiver has taken the message, or may have.

No secret stands in an effect: it is kept in the ledger. Neither Slack nor a webhook can be asked whether a message is
there, so `stands` knows nothing: whoever sends one claims it beforehand.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Literal, Protocol
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from cutwater.errors import Later, Refused
from cutwater.outgoing.client import Answer, Outgoing, Unknown, expect_word

JSON = "application/json"
SIGNATURE = "X-Cutwater-Signature-256"
"""`sha256=` and the HMAC of the body in hexadecimal, as GitHub signs its webhooks."""
DELIVERY = "X-Cutwater-Delivery"
"""What the message is known by: the same message has the same one."""

_NOT_NOW = frozenset({"ratelimited", "rate_limited", "service_unavailable", "team_added_to_org"})
_PERHAPS = frozenset({"fatal_error", "internal_error", "request_timeout"})


class Sent(Struct, frozen=True):
    """`is_known`: the receiver has taken it; otherwise it may have, and `words` say why that is not known."""

    is_known: bool
    words: str = ""


class HasOutgoing(Protocol):
    """What these effects need of the world."""

    @property
    def outgoing(self) -> Outgoing:
        """The way out."""


class PostToSlack(Struct, frozen=True, kw_only=True, tag=True):
    """Say something in a channel. `host` says whose token is used. Raises Refused in Slack's words, and Later."""

    host: str
    channel: str
    text: str
    why: str
    visible: ClassVar[bool] = True

    async def apply(self, world: HasOutgoing) -> Sent:
        way = world.outgoing
        form = {"username": "prow", "icon_emoji": ":prow:", "token": way.slack_token(self.host)}
        body = urlencode(form | {"channel": self.channel, "text": self.text}).encode()
        try:
            answer = await way.post(way.slack, headers={"Content-Type": "application/x-www-form-urlencoded"}, body=body)
            expect_word(answer, "Slack")
            return self._said(answer)
        except Unknown as unknown:
            return Sent(False, str(unknown))

    def _said(self, answer: Answer) -> Sent:
        try:
            said = msgspec.json.decode(answer.body, type=_SlackSays)
        except msgspec.DecodeError as error:
            if answer.status == 200:
                raise Unknown(f"Slack's answer cannot be read: {answer.shown}") from error
            raise Refused(f"Slack answers {answer.shown}") from error
        if answer.status == 200 and said.ok:
            return Sent(True)
        if said.error in _NOT_NOW:
            raise Later(f"Slack: {said.error}")
        if said.error in _PERHAPS:
            raise Unknown(f"Slack: {said.error}")
        raise Refused(f"Slack does not post to {self.channel}: {said.error or answer.status}")

    async def stands(self, world: HasOutgoing, since: datetime) -> Sent | None:
        return None

    def has_arrived(self, result: object) -> bool:
        return isinstance(result, Sent) and result.is_known


class _SlackSays(Struct):
    ok: bool = False
    error: str = ""


class PostWebhook(Struct, frozen=True, kw_only=True, tag=True):
    """Send JSON, signed with the key that `secret` names. Raises Refused in the receiver's words, and Later."""

    address: str
    secret: str
    delivery: str
    body: str
    why: str
    visible: ClassVar[bool] = True

    async def apply(self, world: HasOutgoing) -> Sent:
        way, body = world.outgoing, self.body.encode()
        headers = {"Content-Type": JSON, DELIVERY: self.delivery}
        if self.secret:
            headers[SIGNATURE] = signature(way.secret(self.secret), body)
        return await _post(way, self.address, headers, body)

    async def stands(self, world: HasOutgoing, since: datetime) -> Sent | None:
        return None

    def has_arrived(self, result: object) -> bool:
        return isinstance(result, Sent) and result.is_known


class PostCloudEvent(Struct, frozen=True, kw_only=True, tag=True):
    """Send a CloudEvent with JSON in it. `attributes`: its context attributes, `mode` how they travel.

    Its receiver knows it by `source` and `id`, so that sent twice it is still one. Raises as PostWebhook does.
    """

    address: str
    mode: Literal["binary", "structured"]
    attributes: Mapping[str, str]
    body: str
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasOutgoing) -> Sent:
        if self.mode == "structured":
            whole = dict(self.attributes) | {"datacontenttype": JSON, "data": msgspec.Raw(self.body.encode())}
            headers = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
            body = msgspec.json.encode(whole)
        else:
            headers = {f"ce-{name}": _header(value) for name, value in self.attributes.items()}
            headers |= {"Content-Type": JSON}
            body = self.body.encode()
        return await _post(world.outgoing, self.address, headers, body)

    async def stands(self, world: HasOutgoing, since: datetime) -> Sent | None:
        return None


def signature(key: bytes, body: bytes) -> str:
    """What stands in the SIGNATURE of a message."""
    return "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()


async def _post(way: Outgoing, address: str, headers: Mapping[str, str], body: bytes) -> Sent:
    """Anything but 2xx is a no; a redirection is one that nobody will lift."""
    try:
        answer = await way.post(address, headers=headers, body=body)
        expect_word(answer, "the receiver")
    except Unknown as unknown:
        return Sent(False, str(unknown))
    if not 200 <= answer.status < 300:
        raise Refused(f"the receiver answers {answer.shown}")
    return Sent(True)


def _header(value: str) -> str:
    """An attribute as a header: what is not printable ASCII, and quotes and per cent signs, as UTF-8 in per cent."""
    return "".join(
        one if "!" <= one <= "~" and one not in '"%' else "".join(f"%{byte:02X}" for byte in one.encode())
        for one in value
    )
