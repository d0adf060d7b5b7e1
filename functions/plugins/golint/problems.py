"""What golint prints, read: its problems by their lines, of what kind each is, and how GitHub could mend it. Pure.

The program does not print a problem's kind and where it is explained: these are known by its words.
Source: golang.org/x/lint (lint.go); sigs.k8s.io/prow pkg/plugins/golint/suggestion.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from cutwater.config.patterns import compiled, matches

_GUIDE = "https://golang.org/wiki/CodeReviewComments"
_EFFECTIVE = "http://golang.org/doc/effective_go.html"
_KINDS = [
    (r"package comment|should have a package comment", "comments", f"{_GUIDE}#package-comments"),
    (r"a blank import should be only in", "imports", ""),
    (r"should not use dot imports", "imports", f"{_GUIDE}#import-dot"),
    (r"don't use an underscore in package name", "naming", f"{_EFFECTIVE}#package-names"),
    (r"don't use MixedCaps in package name", "mixed-caps", f"{_EFFECTIVE}#package-names"),
    (r"don't use (ALL_CAPS|leading k) in Go names", "naming", f"{_GUIDE}#mixed-caps"),
    (r"don't use underscores in Go names", "naming", f"{_EFFECTIVE}#mixed-caps"),
    (r"exported .* should have its own declaration", "comments", ""),
    (r"exported .* should have comment|comment on exported ", "comments", f"{_GUIDE}#doc-comments"),
    (r".* name will be used as .* and that stutters", "naming", f"{_GUIDE}#package-names"),
    (r"should (omit type|drop) .* from declaration of", "type-inference", ""),
    (r"if block ends with a return statement", "indent", f"{_GUIDE}#indent-error-flow"),
    (r"should omit (2nd )?values? from range", "range-loop", ""),
    (r"should replace .*\(fmt\.Sprintf\(\.\.\.\)\) with", "errors", ""),
    (r"error var .* should have name of the form", "naming", ""),
    (r"error strings should not be", "errors", f"{_GUIDE}#error-strings"),
    (r"receiver name ", "naming", f"{_GUIDE}#receiver-names"),
    (r"should replace ", "unary-op", ""),
    (r"error should be the last type", "arg-order", ""),
    (r"exported .* returns unexported type", "unexported-type-in-api", ""),
    (r"var .* is of type .*; don't use unit-specific suffix", "time", ""),
    (r"should not use basic type .* as key", "context", ""),
    (r"context\.Context should be the first parameter", "arg-order", "https://golang.org/pkg/context/"),
    (r".* should be ", "naming", f"{_GUIDE}#initialisms"),
]
"""The first pattern that a problem's words begin with says its kind, and where that is explained."""
_PRINTED = re.compile(r"^(?:\./)?(?P<path>.+?):(?P<line>[0-9]+)(?::[0-9]+)?: (?P<text>.*)$")


class Problem(Struct, frozen=True, kw_only=True):
    """One thing that golint has to say. `source` is the line, without its end."""

    line: int
    text: str
    source: str = ""

    @property
    def words(self) -> str:
        """As it stands in a review: with a suggestion where there is one."""
        kind, link = self._kind
        more = f"[More info]({link}). " if link else ""
        return f"{suggestion(self)}Golint {kind}: {self.text}. {more}"

    @property
    def _kind(self) -> tuple[str, str]:
        found = ((kind, link) for pattern, kind, link in _KINDS if matches(f"^(?:{pattern})", self.text))
        return next(found, ("style", ""))


def printed(output: str, path: str, text: bytes) -> list[Problem]:
    """The problems of a file, in the order in which they are printed."""
    lines = text.decode(errors="replace").split("\n")
    problems = []
    for line in output.split("\n"):
        found = _PRINTED.match(line)
        if found and found["path"] == path:
            number = int(found["line"])
            source = lines[number - 1] if 0 < number <= len(lines) else ""
            problems.append(Problem(line=number, text=found["text"], source=source))
    return problems


# How it could be mended


def suggestion(problem: Problem) -> str:
    """The line as it should be, in the form that GitHub offers to apply; "" where nothing is known."""
    for pattern, mend in _MENDS.items():
        found = compiled(pattern).search(problem.text)
        mended = mend(problem.source, [group or "" for group in found.groups()]) if found else ""
        if mended and mended != problem.source:
            return f"```suggestion\n{mended}\n```\n"
    return ""


def _without_underscores(line: str, groups: Sequence[str]) -> str:
    found = compiled(r"[A-Za-z]+(_[A-Za-z0-9]+)+").search(groups[0])
    return line.replace(found.group(0), groups[1]) if found else ""


def _in_camel_case(line: str, groups: Sequence[str]) -> str:
    def camel(found: re.Match[str]) -> str:
        return "".join(part.capitalize() for part in found[0].split("_"))

    return re.sub(r"[A-Z]+(_[A-Z0-9]+)*", camel, line)


def _renamed(line: str, groups: Sequence[str]) -> str:
    return line.replace(groups[0], groups[1])


def _with_errorf(line: str, groups: Sequence[str]) -> str:
    _, opening, rest = line.partition("errors.New(fmt.Sprintf(")
    depth = 0
    for at, char in enumerate(rest):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth < 0:
            return line.replace(f"{opening}{rest[:at]}))", f"fmt.Errorf({rest[:at]})")
    return ""


def _with_shorter_range(line: str, groups: Sequence[str]) -> str:
    found = compiled(r"for (([ [A-Za-z0-9]+[,]?]?(, _ :?= ))|(_ = )|(_, _ = ))range").search(line)
    return line.replace(found.group(0), groups[0]) if found else ""


def _without_redundancy(line: str, groups: Sequence[str]) -> str:
    return re.sub(rf" {re.escape(groups[0])}(?!\w)", "", line, count=1)


_MENDS: Mapping[str, Callable[[str, Sequence[str]], str]] = {
    r"don't use underscores in Go names; (.*) should be (.*)": _without_underscores,
    r"don't use ALL_CAPS in Go names; use CamelCase": _in_camel_case,
    r"name will be used as [^.]+\.(.*) by other packages, and that stutters; consider calling this (.*)": _renamed,
    r"should replace errors\.New\(fmt\.Sprintf\(\.\.\.\)\) with fmt\.Errorf\(\.\.\.\)": _with_errorf,
    r"should omit (?:2nd )?values? from range; this loop is equivalent to `(for .*) \.\.\.`": _with_shorter_range,
    r"should (?:omit type|drop) (.*) from declaration of .*; it (?:will be inferred from|is the zero)": (
        _without_redundancy
    ),
}
"""What each kind of problem does to its line, by its words."""
