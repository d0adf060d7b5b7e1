"""Dead letters: what was given up is kept in the ledger, as `deadletters/<day>/<id of the event>`."""

import base64
import binascii

from msgspec import Struct

from cutwater.events.event import Event

DEAD = "deadletters/"


class DeadLetter(Struct, frozen=True, kw_only=True):
    """An event that was given up, with the word on why of whoever gave it up."""

    event: Event
    code: str
    reason: str

    @property
    def words(self) -> str:
        """Why, to be read: a Broker hands on the function's answer in base64."""
        if not self.code:
            return self.reason
        try:
            said = base64.b64decode(self.reason, validate=True).decode(errors="replace")
        except (binascii.Error, ValueError):
            said = self.reason
        return f"the last answer was {self.code}: {said}" if said else f"the last answer was {self.code}"
