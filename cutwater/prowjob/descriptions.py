"""A commit status' description: the text, and behind it the commit of the branch that was tested.

GitHub takes 140 bytes. Tide reads the commit back: it says whether a result still holds for the branch as it is.
Source: sigs.k8s.io/prow pkg/config (ContextDescriptionWithBaseSha, BaseSHAFromContextDescription).
"""

import re

LONGEST = 140
"""Bytes."""
SKIP_RETEST = "[prow:skip-retest]"
"""In a description: the result holds wherever the branch is."""
_GAP = " ... "
_PADDING = "\u2001"  # an em wide space: people see the text, and far behind it the commit
_DELIMITERS = (" BaseSHA:", " Basesha:")
_SHA_LENGTH = 40


def with_base_sha(text: str, sha: str) -> str:
    """The text with the commit behind it, cut in its middle where both are too long."""
    suffix = f"{_DELIMITERS[0]}{sha}" if sha else ""
    room = LONGEST - len((text + suffix).encode())
    if suffix and room > 0:
        suffix = _PADDING * ((room + 3) // 4) + suffix
    return shortened(text, LONGEST - len(suffix.encode())) + suffix


def shortened(text: str, most: int) -> str:
    """The text in `most` bytes: its two ends, if it is longer. What is left of a letter that was cut is U+FFFD."""
    whole = text.encode()
    if len(whole) <= most:
        return text
    half = (most - len(_GAP)) // 2
    cut = whole[:half] + _GAP.encode() + whole[-half:]
    return re.sub("[\udc80-\udcff]", "\ufffd", cut.decode(errors="surrogateescape"))


def base_sha_of(description: str) -> str:
    """The commit in a description, or ""."""
    for delimiter in _DELIMITERS:
        parts = description.split(delimiter)
        if len(parts) == 2 and len(parts[1]) == _SHA_LENGTH:
            return parts[1]
    return ""
