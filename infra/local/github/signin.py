"""Who a request is from: a user's or an installation's token, an App's JWT, or nobody."""

import base64
import binascii
from collections.abc import Mapping

from infra.local.github.access import Actor
from infra.local.github.errors import Refusal
from infra.local.github.hub import Hub

ANONYMOUS = Actor(kind="anonymous", rate_key="anonymous")
LONGEST_JWT = 600
"""Seconds that an App's JWT may live. Source: docs.github.com, "Generating a JSON Web Token for a GitHub App"."""


def actor_of(hub: Hub, headers: Mapping[str, str]) -> Actor:
    """The actor that the Authorization header names; 401 where it names nobody known."""
    header = headers.get("authorization", "")
    if not header:
        return ANONYMOUS
    scheme, _, value = header.partition(" ")
    secret = value.strip()
    if scheme.lower() == "basic":
        secret = _password(secret)
    elif scheme.lower() not in ("bearer", "token"):
        raise Refusal(401, "Bad credentials")
    return _of_jwt(hub, secret) if secret.count(".") == 2 else of_token(hub, secret)


def of_token(hub: Hub, secret: str) -> Actor:
    """The actor of a token; raises 401."""
    token = hub.token(secret)
    account = hub.account(token.login) if token else None
    if token is None or account is None:
        raise Refusal(401, "Bad credentials")
    if token.installation is None:
        return Actor(kind="user", rate_key=f"user/{account.id}", account=account, token=token)
    installation = hub.installations[token.installation]
    return Actor(
        kind="installation",
        rate_key=f"installation/{installation.id}",
        account=account,
        installation=installation,
        token=token,
    )


def _password(encoded: str) -> str:
    """What matters of user and password: the token is in either."""
    try:
        user, _, password = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Refusal(401, "Bad credentials") from error
    return password if password and password != "x-oauth-basic" else user  # noqa: S105


def _of_jwt(hub: Hub, encoded: str) -> Actor:
    import jwt

    try:
        issuer = jwt.decode(encoded, options={"verify_signature": False}).get("iss", "")
        app = hub.apps.get(int(issuer)) if str(issuer).isdecimal() else None
        if app is None:
            raise Refusal(401, "Integration not found")
        # The times are checked below, against the hub's own clock.
        claims = jwt.decode(
            encoded,
            app.public_key,
            algorithms=["RS256"],
            options={"require": ["exp", "iat"], "verify_exp": False, "verify_iat": False},
        )
    except jwt.PyJWTError as error:
        raise Refusal(401, "A JSON web token could not be decoded") from error
    now = hub.now().timestamp()
    if claims["exp"] <= now:
        raise Refusal(
            401,
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the "
            "assertion expires",
        )
    if claims["exp"] - now > LONGEST_JWT:
        raise Refusal(401, "'Expiration time' claim ('exp') is too far in the future")
    if claims["iat"] > now + 60:
        raise Refusal(
            401, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
        )
    return Actor(kind="app", rate_key=f"app/{app.id}", app=app)
