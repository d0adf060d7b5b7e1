"""The values of an INI file: those secrets that a job names as such are censored value by value.

Read as upstream's library reads it (gopkg.in/ini.v1, with its default options), so that the same values are found.
"""

from collections.abc import Iterator

from cutwater.podutils import gotext

DEFAULT = "DEFAULT"
"""The section of what stands before any."""
_BYTE_ORDER_MARKS = (b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf")


def values(raw: bytes) -> list[bytes]:
    """All values, those of a section's subsections (`name.sub`) before its own. Raises ValueError."""
    mark = next((mark for mark in _BYTE_ORDER_MARKS if raw.startswith(mark)), b"")
    text = raw.removeprefix(mark).decode(errors="surrogateescape")
    sections = _sections(iter([line + "\n" for line in text.split("\n")[:-1]] + [text.rpartition("\n")[2]]))
    found = [value for name in sections for value in _with_children(name, sections)]
    return [value.encode(errors="surrogateescape") for value in found]


def _sections(lines: Iterator[str]) -> dict[str, dict[str, str]]:
    sections: dict[str, dict[str, str]] = {DEFAULT: {}}
    section = sections[DEFAULT]
    unnamed = 0
    for whole in lines:
        line = whole.lstrip(gotext.SPACE)
        if not line or line[0] in "#;":
            continue
        if line.startswith("["):
            section, unnamed = sections.setdefault(_section(line), {}), 0
            continue
        key, rest = _key(line)
        if key == "-":
            unnamed += 1
            key = f"#{unnamed}"
        value = _value(rest, lines)
        if not key:
            raise ValueError("error creating new key: empty key name")
        section[key] = value
    return sections


def _with_children(name: str, sections: dict[str, dict[str, str]]) -> list[str]:
    children = [other for other in sections if other.startswith(f"{name}.")]
    return [value for child in children for value in _with_children(child, sections)] + list(sections[name].values())


def _section(line: str) -> str:
    end = line.rfind("]")
    if end < 0:
        raise ValueError(f"unclosed section: {line}")
    if end == 1:
        raise ValueError("empty section name")
    return line[1:end]


def _key(line: str) -> tuple[str, str]:
    """The key, and what stands behind its delimiter."""
    quote = '"""' if line.startswith('"""') and len(line) > 6 else line[0] if line[0] in '"`' else ""
    begin = len(quote)
    end = line.find(quote, begin) if quote else 0
    if end < 0:
        raise ValueError(f"missing closing key quote: {line}")
    delimiter = min((place for mark in "=:" if (place := line.find(mark, end + begin)) >= 0), default=-1)
    if delimiter < 0:
        raise ValueError(f"key-value delimiter not found: {line}")
    if delimiter == 0:
        raise ValueError(f"empty key name: {line}")
    return line[begin : end if quote else delimiter].strip(gotext.SPACE), line[delimiter + 1 :]


def _value(rest: str, lines: Iterator[str]) -> str:
    """The value that begins here; further lines are taken where it goes on."""
    text = rest.lstrip(gotext.SPACE)
    if not text:
        return ""
    quote = '"""' if text.startswith('"""') and len(text) > 3 else "`" if text[0] == "`" else ""
    if quote:
        return _quoted(text, quote, lines)
    text = text.rstrip(gotext.SPACE)
    if text.endswith("\\"):
        return _continued(text[:-1], lines)
    comments = [place for place in (text.find(mark) for mark in "#;") if place >= 0]
    if comments:
        text = text[: min(comments)].strip(gotext.SPACE)
    is_surrounded = len(text) >= 2 and text[0] in "'\"" and text.find(text[0], 1) == len(text) - 1
    return text[1:-1] if is_surrounded else text


def _quoted(text: str, quote: str, lines: Iterator[str]) -> str:
    value = text[len(quote) :]
    if quote in value:
        return value[: value.rindex(quote)]
    line = text
    for line in lines:
        before, found, after = line.rpartition(quote)
        if found and not after.strip(gotext.SPACE).endswith("\\"):
            return value + before
        value += line
    raise ValueError(f"missing closing key quote from {gotext.quoted(text)} to {gotext.quoted(line)}")


def _continued(text: str, lines: Iterator[str]) -> str:
    for whole in lines:
        line = whole.strip(gotext.SPACE)
        if not line:
            break
        text += line
        if not text.endswith("\\"):
            break
        text = text[:-1]
    return text
