"""The people of a world: accounts made when they are first named, their tokens, their places in organisations."""

from infra.local.github import records as r
from infra.local.github.hub import NO_REPLY, Hub


def account_of(hub: Hub, login: str) -> r.Account:
    """The account with this login, made if need be; a name ending in [bot] is a bot."""
    found = hub.account(login)
    if found is not None:
        return found
    return make_account(hub, login, "Bot" if login.endswith("[bot]") else "User")


def make_account(hub: Hub, login: str, kind: r.AccountKind) -> r.Account:
    return hub.accounts.put(r.Account(id=hub.accounts.next_id(), login=login, kind=kind, created_at=hub.now()))


def token_of(hub: Hub, login: str) -> str:
    """The user's token, made when first asked for: `ghp_<login>`, so that it is easy to type."""
    secret = f"ghp_{login}"
    if hub.token(secret) is None:
        hub.tokens.put(r.Token(id=hub.tokens.next_id(), secret=secret, login=account_of(hub, login).login))
    return secret


def join(hub: Hub, organisation: str, login: str, role: r.MemberRole) -> None:
    """Let an account be in an organisation, in this role from now on."""
    known = hub.membership(organisation, login)
    hub.memberships.put(
        r.Membership(
            id=known.id if known else hub.memberships.next_id(),
            organisation=organisation,
            login=account_of(hub, login).login,
            role=role,
        )
    )


def person_of(hub: Hub, account: r.Account) -> r.Person:
    """How an account signs commits."""
    email = account.email or f"{account.id}+{account.login}{NO_REPLY}"
    return r.Person(account.name or account.login, email, hub.now())
