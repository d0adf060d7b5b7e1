"""The words by which GitHub closes an issue when a pull request is merged: `fixes #9`."""

from cutwater.config.patterns import compiled, matches

KEYWORDS = r"((?i)(clos(?:e[sd]?))|(fix(?:(es|ed)?))|(resolv(?:e[sd]?)))[\s:]+(\w+/\w+)?#(\d+)"
"""Source: sigs.k8s.io/prow pkg/plugins/invalidcommitmsg."""
MOST_DIGITS = 9
"""Of an issue's number."""
LINK = "[Keywords](https://help.github.com/articles/closing-issues-using-keywords)"


def closes_issues(text: str) -> bool:
    """Whether GitHub would close an issue for it."""
    return matches(KEYWORDS, text)


def closed_issues(text: str, org: str, repo: str) -> list[int]:
    """The issues of this repository that GitHub would close for it, each once, in order."""
    here = f"{org}/{repo}".lower()
    numbers: dict[int, None] = {}
    for found in compiled(KEYWORDS).finditer(text):
        place, number = found.group(6), found.group(7)
        begin = found.start(0)
        is_word = begin == 0 or not text[begin - 1].isalnum()
        if is_word and (place or here).lower() == here and len(number) <= MOST_DIGITS:
            numbers[int(number)] = None
    return list(numbers)
