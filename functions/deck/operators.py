"""Who may see what GitHub sends, private repositories' included: nobody, unless this deck is one for operators.

| variable | what it says |
| --- | --- |
| CUTWATER_DECK_EVENTS | `on`: this deck shows the ledger |
| CUTWATER_DECK_PASSWORD_FILE | to who knows this password, under any name; without it, to everybody |
"""

import base64
import binascii
import hmac
import os

from starlette.requests import Request

from cutwater.events.environment import secret

VARIABLE = "CUTWATER_DECK_EVENTS"
PASSWORD = "CUTWATER_DECK_PASSWORD_FILE"  # noqa: S105 - where it is, not what it is


def are_events_shown() -> bool:
    """Whether there is anything to see here."""
    return os.environ.get(VARIABLE, "") == "on"


def is_known(request: Request) -> bool:
    """Whether who asks has said the password (HTTP's Basic scheme). Raises Refused."""
    if not os.environ.get(PASSWORD, ""):
        return True
    wanted = secret(PASSWORD)
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        said = base64.b64decode(given, validate=True).partition(b":")[2] if scheme.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        said = b""
    return bool(wanted) and hmac.compare_digest(said, wanted.encode())
