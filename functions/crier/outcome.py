"""What came of a report."""

from enum import Enum


class Outcome(Enum):
    """Whether all was told that there is to tell of a state."""

    TOLD = "told"
    NOT_YET = "not yet"
    """There is more to come, though the state is the same: the ProwJob is to be looked at again."""
    UNKNOWN = "unknown"
    """It may have been told, and must not be told twice."""
