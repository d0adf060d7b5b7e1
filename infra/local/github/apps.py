"""GitHub Apps as things: made with a key pair, installed in accounts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from infra.local.github import records as r
from infra.local.github.hub import Hub

PERMISSIONS = {
    "actions": "write",
    "administration": "write",
    "checks": "write",
    "contents": "write",
    "issues": "write",
    "members": "write",
    "metadata": "read",
    "organization_hooks": "write",
    "pull_requests": "write",
    "repository_hooks": "write",
    "statuses": "write",
}
"""What an App is granted unless a world says otherwise."""


@dataclass(frozen=True, slots=True)
class App:
    """An App with what its owner keeps: the private key in PEM."""

    id: int
    slug: str
    private_key: str
    installations: Mapping[str, int]


@cache
def key_pair() -> tuple[str, str]:
    """A private and a public RSA key in PEM; one pair a process, since making one takes a tenth of a second."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def new_app(
    hub: Hub,
    slug: str,
    *,
    owner: str,
    accounts: Iterable[str],
    hook: tuple[str, str] | None = None,
    permissions: Mapping[str, str] | None = None,
) -> App:
    """An App, installed in the accounts with access to all their repositories."""
    private, public = key_pair()
    now = hub.now()
    granted = dict(permissions or PERMISSIONS)
    app = hub.apps.put(
        r.App(
            id=hub.apps.next_id(),
            slug=slug,
            name=slug,
            owner=owner,
            public_key=public,
            permissions=granted,
            created_at=now,
        )
    )
    installed = {}
    for account in accounts:
        id_ = hub.installations.next_id()
        hub.installations.put(r.Installation(id=id_, app=app.id, account=account, permissions=granted, created_at=now))
        installed[account] = id_
    if hook is not None:
        url, secret = hook
        id_ = hub.hooks.next_id()
        hub.hooks.put(r.Hook(id=id_, app=app.id, url=url, secret=secret, created_at=now, updated_at=now))
    return App(app.id, slug, private, installed)
