"""The two ways in which a Jenkins says no, so that nobody takes another's no for its."""

from cutwater.errors import Later, Refused


class Unanswered(Later):
    """It does not answer, or not with what was asked for. Whether it did what it was told to, nobody knows."""


class Denied(Refused):
    """It will not, and did not."""


class NotThere(Denied):
    """404."""
