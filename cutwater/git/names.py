"""What a branch may be called. People type such names; git and GitHub's addresses are given none that is no name."""

import re

LONGEST = 255
"""Bytes of a branch's name."""
_NEVER = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")


def is_branch_name(text: str) -> bool:
    """Whether git would take it for a branch's name. Source: git-check-ref-format(1)."""
    return (
        0 < len(text.encode(errors="surrogatepass")) <= LONGEST
        and text != "@"
        and not text.startswith(("-", "/"))
        and not text.endswith(("/", "."))
        and _NEVER.search(text) is None
        and not any(part.startswith(".") or part.endswith(".lock") for part in text.split("/"))
    )
