"""The words by which GitHub closes an issue when a pull request is merged: `fixes #9`."""

from cutwater.config.patterns import matches

KEYWORDS = r"((?i)(clos(?:e[sd]?))|(fix(?:(es|ed)?))|(resolv(?:e[sd]?)))[\s:]+(\w+/\w+)?#(\d+)"
"""Source: sigs.k8s.io/prow pkg/plugins/invalidcommitmsg."""
LINK = "[Keywords](https://help.github.com/articles/closing-issues-using-keywords)"


def closes_issues(text: str) -> bool:
    """Whether GitHub would close an issue for it."""
    return matches(KEYWORDS, text)
