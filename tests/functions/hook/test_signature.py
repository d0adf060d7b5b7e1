"""Whether a webhook is GitHub's: the secret file, and signatures."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from functions.hook.signature import Headers, Rejected, check_payload, secrets_for

FILE = b"""
'*': [{value: abc, created_at: 2020-10-02T15:00:00Z}, {value: key, created_at: 2018-10-02T15:00:00Z}]
org1: [{value: abc1, created_at: 2020-10-02T15:00:00Z}, {value: key1}]
org2/repo: [{value: abc2}, {value: key2}]
"""
NO_TIME, A_DAY = b"a: [{value: b, created_at: yesterday}]", b"a: [{value: b, created_at: 2020-10-02}]"
ORG1 = {"organization": {"login": "org1"}}
ORG2_REPO = {"repository": {"full_name": "org2/repo"}}


@pytest.mark.parametrize(
    "content, key, secrets",
    [
        pytest.param(b"plain\n", "acme/rocket", [b"plain"], id="one for all"),
        pytest.param(b"acme/rocket: [{value: a}, {value: b}]", "acme/rocket", [b"a", b"b"], id="two in rotation"),
        pytest.param(b"acme: [{value: a}]", "acme/rocket", [b"a"], id="of the organisation"),
        pytest.param(b"'*': [{value: a}]", "acme/rocket", [b"a"], id="of everybody"),
        pytest.param(b"'*': [{value: a}]", "", [b"a"], id="of everybody, for an app's own webhook"),
        pytest.param(b"acme: [{value: a}]\nacme/rocket: []", "acme/rocket", [], id="the first level counts alone"),
        pytest.param(b"other: [{value: a}]", "acme/rocket", None, id="of somebody else"),
        pytest.param(b"12345", "acme", [b"12345"], id="a number is one secret"),
        pytest.param(b"\xff\x00\xfe", "acme", [b"\xff\x00\xfe"], id="bytes are one secret"),
        pytest.param(b"", "acme", None, id="an empty file"),
        pytest.param(b"null", "acme", None, id="null"),
        pytest.param(
            b"a: [{value: 0123}, {value: 1e5}, {value: 0x1F}, {value: yes}]",
            "a",
            [b"83", b"100000", b"31", b"true"],
            id="what is not quoted",
        ),
        pytest.param(b"a: [{value: ''}, {}, null, {value: b}]", "a", [b"b"], id="an empty one is none"),
        pytest.param(NO_TIME, "a", [NO_TIME], id="no time"),
        pytest.param(A_DAY, "a", [A_DAY], id="a day is no time"),
    ],
)
def test_secrets(content: bytes, key: str, secrets: list[bytes] | None) -> None:
    assert secrets_for(content, key) == secrets


def check(payload: Any, secret: str, *, file: bytes = FILE, signature: str = "") -> str:
    """The answer to a webhook: "" where it is taken."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    signed = signature or "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    try:
        check_payload(Headers("ping", "guid", signed), body, file)
    except Rejected as rejected:
        assert rejected.status == 403
        return str(rejected).removeprefix("403 Forbidden: Invalid X-Hub-Signature-256 - ")
    return ""


MISCONFIGURED = "misconfigured webhook secret from organization/repo: "


@pytest.mark.parametrize(
    "payload, secret, answer",
    [
        pytest.param({}, "abc", "", id="everybody's"),
        pytest.param(ORG1, "abc1", "", id="an organisation's event"),
        pytest.param(ORG2_REPO, "abc2", "", id="a repository's event"),
        pytest.param(
            {"repository": {"full_name": "org2/repo"}, "organization": {"login": "org2"}},
            "abc2",
            "",
            id="the repository comes first",
        ),
        pytest.param(ORG2_REPO, "key2", "", id="rotation"),
        pytest.param(ORG2_REPO, "abc", f"{MISCONFIGURED}org2/repo", id="no way down to a level below"),
        pytest.param({"repository": {"full_name": "org1/x"}}, "key1", "", id="the organisation's for its repository"),
        pytest.param({"repository": {"full_name": "org2/other"}}, "abc", "", id="everybody's for the rest"),
        pytest.param({}, "x", MISCONFIGURED, id="another secret"),
        pytest.param(b"{", "abc", "invalid payload", id="bad JSON"),
        pytest.param(b"[]", "abc", "invalid payload", id="a list"),
        pytest.param({"repository": {"visibility": "secret"}}, "abc", "invalid payload", id="bad visibility"),
        pytest.param({"repository": {"visibility": "internal"}}, "abc", "", id="visibility"),
        pytest.param({"sender": {"id": "7"}}, "abc", "invalid payload", id="text for a number"),
        pytest.param({"repository": None, "sender": {"login": None}}, "abc", "", id="nulls"),
    ],
)
def test_signed(payload: Any, secret: str, answer: str) -> None:
    assert check(payload, secret) == answer


def test_no_key_for_it() -> None:
    assert check({}, "x", file=b"somerandom: [{value: x}]") == "failed to get an appropriate hmac secret"


@pytest.mark.parametrize(
    "signature, answer",
    [
        pytest.param("sha256=19092633E5AA9A849DFCC9D2DF4E76DB2DF1FCBA7F38915F2C7833BD8A510F2F", "", id="capitals"),
        pytest.param(
            "19092633e5aa9a849dfcc9d2df4e76db2df1fcba7f38915f2c7833bd8a510f2f", "invalid signature", id="no prefix"
        ),
        pytest.param("sha1=19092633e5aa", "invalid signature", id="sha1"),
        pytest.param("sha256=abc", "invalid signature", id="an odd number of digits"),
        pytest.param("sha256=ab cd", "invalid signature", id="a space between"),
        pytest.param("this doesn't work", "invalid signature", id="garbage"),
        pytest.param("sha256=", MISCONFIGURED, id="no digits"),
    ],
)
def test_signatures(signature: str, answer: str) -> None:
    assert check(b"{}", "abc", signature=signature) == answer


def test_githubs_own_example() -> None:
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    secret, body = b"It's a Secret to Everybody", b"Hello, World!"
    assert signature == "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
