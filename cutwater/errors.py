"""The two ways in which the world says no. Every edge raises them, the runner of a role answers for them."""


class Refused(Exception):
    """No, and no again next time: recorded in the refuser's words, and what follows goes on."""


class Later(Exception):
    """Not now: the event is answered with 503 and comes back. `seconds` is how long the refuser asked us to wait."""

    def __init__(self, why: str, *, seconds: float | None = None) -> None:
        super().__init__(why)
        self.seconds = seconds
