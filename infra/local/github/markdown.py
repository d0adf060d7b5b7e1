"""Comments as HTML: everything is escaped, and of Markdown just what bots and people use most is shown.

Paragraphs with line breaks, links, `code`, **bold**, fenced blocks, tables, lists, quotes, headings, and the
<details> that Prow puts around its instructions. HTML comments are left out; any other HTML is shown as text.
"""

import re
from collections.abc import Iterator

from markupsafe import Markup, escape

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_INLINE = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|\*\*(?P<bold>[^*]+)\*\*"
    r"|\[(?P<text>[^\]]*)\]\((?P<link>https?://[^\s)]+|/[^\s)]*)\)"
    r"|(?P<bare>https?://[^\s<>()\[\]]+[^\s<>()\[\].,;:!?])"
    r"|(?P<mention>(?<!\w)@[A-Za-z0-9][A-Za-z0-9-]*(?:/[\w-]+)?)"
)
_RULE = re.compile(r"\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)+\|?")
_ITEM = re.compile(r"\s*(?:[-*]|\d+[.)])\s+(?P<text>.*)")
_TAG = re.compile(r"\s*</?(?:details|summary)>\s*", re.IGNORECASE)


def to_html(text: str) -> Markup:
    """The HTML of a comment."""
    lines = _COMMENT.sub("", text).replace("\r\n", "\n").strip("\n").split("\n")
    return Markup("\n").join(_blocks(lines))


def _blocks(lines: list[str]) -> Iterator[Markup]:
    at = 0
    while at < len(lines):
        end = _end(lines, at)
        yield from _block(lines[at:end])
        at = end


def _end(lines: list[str], at: int) -> int:
    """Where the block that begins at `at` ends."""
    if lines[at].startswith("```"):
        closing = (row + 1 for row in range(at + 1, len(lines)) if lines[row].startswith("```"))
        return next(closing, len(lines))
    if _TAG.fullmatch(lines[at]) or not lines[at].strip():
        return at + 1
    kind = _kind(lines[at])
    end = at + 1
    while end < len(lines) and lines[end].strip() and _kind(lines[end]) == kind and not _TAG.fullmatch(lines[end]):
        end += 1
    return end


def _kind(line: str) -> str:
    if line.startswith(">"):
        return "quote"
    if line.startswith("```"):
        return "fence"
    if _ITEM.fullmatch(line):
        return "list"
    if re.match(r"#{1,6} ", line):
        return "heading"
    return "table" if "|" in line else "text"


def _block(lines: list[str]) -> Iterator[Markup]:
    first = lines[0]
    if not first.strip():
        return
    if _TAG.fullmatch(first):
        # The three tags that match hold nothing that could be escaped.
        yield Markup(first.strip().lower())  # noqa: S704
        return
    match _kind(first):
        case "fence":
            body = lines[1:-1] if len(lines) > 1 and lines[-1].startswith("```") else lines[1:]
            yield Markup("<pre>{}</pre>").format("\n".join(body))
        case "quote":
            inner = [line.removeprefix(">").removeprefix(" ") for line in lines]
            yield Markup("<blockquote>{}</blockquote>").format(Markup("\n").join(_blocks(inner)))
        case "list":
            items = [Markup("<li>{}</li>").format(_inline(_ITEM.sub(r"\g<text>", line))) for line in lines]
            yield Markup("<ul>{}</ul>").format(Markup("").join(items))
        case "heading":
            for line in lines:
                yield Markup("<h4>{}</h4>").format(_inline(line.lstrip("#").strip()))
        case "table" if len(lines) > 1 and _RULE.fullmatch(lines[1].strip()):
            yield _table(lines)
        case _:
            yield Markup("<p>{}</p>").format(Markup("<br>\n").join(_inline(line) for line in lines))


def _table(lines: list[str]) -> Markup:
    head, *rows = [_cells(line) for line in (lines[0], *lines[2:])]
    top = Markup("").join(Markup("<th>{}</th>").format(_inline(cell)) for cell in head)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(Markup("").join(Markup("<td>{}</td>").format(_inline(cell)) for cell in row))
        for row in rows
    )
    return Markup('<div class="wide"><table><tr>{}</tr>{}</table></div>').format(top, body)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


def _inline(text: str) -> Markup:
    parts: list[Markup] = []
    at = 0
    for found in _INLINE.finditer(text):
        parts.append(escape(text[at : found.start()]))
        parts.append(_mark(found))
        at = found.end()
    parts.append(escape(text[at:]))
    return Markup("").join(parts)


def _mark(found: re.Match[str]) -> Markup:
    match found.lastgroup:
        case "code":
            return Markup("<code>{}</code>").format(found["code"])
        case "bold":
            return Markup("<strong>{}</strong>").format(_inline(found["bold"]))
        case "link":
            return Markup('<a href="{}">{}</a>').format(found["link"], _inline(found["text"]))
        case "bare":
            return Markup('<a href="{0}">{0}</a>').format(found["bare"])
    return Markup('<span class="mention">{}</span>').format(found["mention"])
