"""Plain values as YAML that reads back as the same values, by YAML 1.1 as Go takes it and by YAML 1.2.

A writer of its own: a whole configuration with its defaults is half a million nodes, which PyYAML needs seven
seconds for. Text that anybody may take for something else is quoted; text of several lines is a block.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from cutwater.config.scalars import resolve

Plain = None | bool | int | float | str | Sequence["Plain"] | Mapping[str, "Plain"]
"""What JSON knows."""

_BARE = re.compile(r"[A-Za-z_/$(^][\w/.$()+^@%=~*-]*(?:[ :][\w/.$()+^@%=~*<>;-]+)*", re.ASCII)
_AMOUNT = re.compile(r"(?:[0-9]+(?:h|ms?|s|[KMGT]i?))+")
"""Durations and quantities, which no reader takes for a number."""
_UNPRINTABLE = re.compile(r"[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def yaml_text(value: Plain, *, sort_keys: bool = False) -> str:
    """The document, in block style, the keys in the order in which they are given, or in that of their names."""
    lines: list[str] = []
    _write(_sorted(value) if sort_keys else value, "", "", lines)
    return "\n".join(lines) + "\n"


def _sorted(value: Plain) -> Plain:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list | tuple) else value


def _write(value: Plain, lead: str, indent: str, lines: list[str]) -> None:
    """`lead` is what stands before the value on its first line, `indent` before each line of what is in it."""
    if isinstance(value, str):
        lines.append(f"{lead}{_block(value, indent)}" if "\n" in value else lead + _inline(value))
    elif isinstance(value, Mapping) and value:
        _write_mapping(value, lead, indent, lines)
    elif isinstance(value, Sequence) and value:
        _write_list(value, lead, indent, lines)
    else:
        lines.append(lead + _bare(value))


def _write_mapping(value: Mapping[str, Plain], lead: str, indent: str, lines: list[str]) -> None:
    before = _opened(lead, indent, lines)
    for key, item in value.items():
        inside = indent if isinstance(item, Sequence) and not isinstance(item, str) else f"{indent}  "
        _write(item, f"{before}{_inline(key)}: ", inside, lines)
        before = indent


def _write_list(value: Sequence[Plain], lead: str, indent: str, lines: list[str]) -> None:
    before = _opened(lead, indent, lines)
    for item in value:
        _write(item, f"{before}- ", f"{indent}  ", lines)
        before = indent


def _opened(lead: str, indent: str, lines: list[str]) -> str:
    """What stands before the first entry of a mapping or a list: behind a dash it begins on the same line."""
    if not lead.endswith(": "):
        return lead
    lines.append(lead[:-1])
    return indent


def _bare(value: Plain) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{}"
    return "[]" if isinstance(value, Sequence) else repr(value)


@lru_cache(maxsize=65_536)
def _inline(text: str) -> str:
    """The text on one line."""
    if (_BARE.fullmatch(text) or _AMOUNT.fullmatch(text)) and isinstance(resolve(text), str):
        return text
    if "\n" not in text and _UNPRINTABLE.search(text) is None:
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(_NAMED.get(letter) or _escaped(letter) for letter in text) + '"'


def _escaped(letter: str) -> str:
    if _UNPRINTABLE.match(letter) is None:
        return letter
    code = ord(letter)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _block(text: str, indent: str) -> str:
    """Text of several lines as it is, where YAML can keep it so."""
    content = text.removesuffix("\n")
    if not content or content[0] in " \n\t" or content.endswith("\n") or _UNPRINTABLE.search(text):
        return _inline(text)
    indent = indent or "  "
    body = "\n".join(indent + line if line else "" for line in content.split("\n"))
    return ("|" if text.endswith("\n") else "|-") + "\n" + body
