"""The values of an INI file: those secrets that a job names as such are censored value by value.

Read as upstream's library reads it (gopkg.in/ini.v1), so that the same values are found.
"""

from collections.abc import Iterator

DEFAULT = "DEFAULT"
"""The section of what stands before any."""


def values(raw: bytes) -> list[str]:
    """All values, those of a section's subsections (`name.sub`) before its own. Raises ValueError."""
    sections: dict[str, dict[str, str]] = {DEFAULT: {}}
    section = DEFAULT
    lines = iter(raw.decode("utf-8", "replace").removeprefix("\ufeff").splitlines(keepends=True))
    for whole in lines:
        line = whole.strip()
        if not line or line[0] in "#;":
            continue
        if line.startswith("["):
            section = _section(line)
            sections.setdefault(section, {})
            continue
        key, rest = _key(whole.lstrip())
        sections[section][key] = _value(rest, lines)
    return [value for name in sections for value in _with_children(name, sections)]


def _with_children(name: str, sections: dict[str, dict[str, str]]) -> list[str]:
    children = [other for other in sections if other.startswith(f"{name}.")]
    return [value for child in children for value in _with_children(child, sections)] + list(sections[name].values())


def _section(line: str) -> str:
    end = line.rfind("]")
    if end < 0:
        raise ValueError(f"unclosed section: {line}\n")
    return line[1:end].strip() or DEFAULT


def _key(line: str) -> tuple[str, str]:
    """The key, and what stands behind its delimiter."""
    quote = next((mark for mark in ('"""', '"', "`") if line.startswith(mark)), "")
    begin = len(quote)
    end = line.find(quote, begin) if quote else 0
    if end < 0:
        raise ValueError(f"missing closing key quote: {line}")
    places = [place for place in (line.find(mark, end) for mark in "=:") if place >= 0]
    if not places:
        raise ValueError(f"key-value delimiter not found: {line}")
    delimiter = min(places)
    if delimiter == 0:
        raise ValueError(f"empty key name: {line}")
    return line[begin : end if quote else delimiter].strip(), line[delimiter + 1 :]


def _value(rest: str, lines: Iterator[str]) -> str:
    """The value that begins here; further lines are taken where it goes on."""
    text = rest.lstrip()
    quote = next((mark for mark in ('"""', "`") if text.startswith(mark)), "")
    if quote:
        return _quoted(text[len(quote) :], quote, lines)
    text = text.rstrip()
    if text.endswith("\\"):
        return _continued(text[:-1], lines)
    comments = [place for place in (text.find(mark) for mark in "#;") if place >= 0]
    if comments:
        text = text[: min(comments)].strip()
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text


def _quoted(text: str, quote: str, lines: Iterator[str]) -> str:
    if quote in text:
        return text[: text.rindex(quote)]
    for line in lines:
        if quote in line:
            return text + line[: line.rindex(quote)]
        text += line
    raise ValueError(f"missing closing key quote of {quote}")


def _continued(text: str, lines: Iterator[str]) -> str:
    for line in lines:
        text += line.strip()
        if not line.strip() or not text.endswith("\\"):
            break
        text = text[:-1]
    return text
