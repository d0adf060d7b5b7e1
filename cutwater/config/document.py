"""A YAML file as a tree of nodes, each knowing its line.

libyaml parses and composes; what the scalars mean is decided by whoever reads the tree for a type. Only the first
document of a file counts, as in Go. gzip is recognised by its first bytes.
"""

import gzip
from collections.abc import Iterator
from typing import TYPE_CHECKING

from yaml import YAMLError
from yaml.error import MarkedYAMLError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from cutwater.config.findings import Finding, Path, Source

if TYPE_CHECKING:  # libyaml's classes carry no types; PyYAML's parser of the same surface stands in for them
    from yaml.composer import Composer
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class CParser(Reader, Scanner, Parser, Composer):
        """libyaml's parser and composer."""
else:
    from yaml._yaml import CParser

PLAIN = "plain"
"""The tag of a scalar without quotes: it may be a number, a boolean or null. Others that we give are text."""
TEXT = "text"

_GZIP = b"\x1f\x8b"
_MERGE = "<<"


class _Nodes(CParser):
    """The parser that keeps scalars as they were written, with their kind of quoting as the tag."""

    def resolve(self, kind: type[Node], value: str, implicit: tuple[bool, bool]) -> str:
        return PLAIN if kind is ScalarNode and implicit[0] else TEXT

    def descend_resolver(self, parent: Node | None, index: object) -> None:
        """Nothing: no tag depends on the place."""

    def ascend_resolver(self) -> None:
        """Nothing, as above."""


def compose(source: Source) -> Node | Finding | None:
    """The tree of the first document, None where there is none, or what makes the file unreadable."""
    content = source.content
    try:
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
        nodes = _Nodes(content)
        if not nodes.check_node():
            return None
        return nodes.get_node()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = ", ".join(part for part in (error.context, error.problem) if part)
        return Finding(source.name, mark.line + 1 if mark else 0, "", f"not YAML: {reason}")
    except ReaderError as error:
        line = content[: error.position].count(b"\n") + 1
        return Finding(source.name, line, "", f"not YAML: {error.reason}")
    except (YAMLError, OSError, EOFError, RecursionError) as error:
        return Finding(source.name, 0, "", f"not YAML: {error}")


def sections_of(source: Source) -> tuple[Node, dict[str, Node]]:
    """The root of a file that was read before, and the value of each of its keys."""
    root = compose(source)
    assert isinstance(root, MappingNode)
    return root, {str(key.value): value for key, value in entries(root)}


def is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == PLAIN and node.value in ("", "~", "null", "Null", "NULL")


def line_of(node: Node) -> int:
    """From 1."""
    return int(node.start_mark.line) + 1


def entries(mapping: MappingNode) -> list[tuple[Node, Node]]:
    """The entries in the order in which they count, the last of a key winning; `<<` stands for what it names.

    Go's reader lets a `<<` that stands after a key overrule it; so does this. A key that is no scalar becomes one.
    """
    own: list[tuple[Node, Node]] = mapping.value
    if all(key.value != _MERGE and key.__class__ is ScalarNode for key, _ in own):
        return own
    merged: list[tuple[Node, Node]] = []
    for key, value in own:
        if key.value == _MERGE and key.tag == PLAIN:
            bases = reversed(value.value) if isinstance(value, SequenceNode) else (value,)
            for base in bases:
                if isinstance(base, MappingNode):
                    merged.extend(entries(base))
        elif isinstance(key, ScalarNode):
            merged.append((key, value))
        else:
            merged.append((ScalarNode(TEXT, "(a list or a mapping)", key.start_mark, key.end_mark), value))
    return merged


def path_of(root: Node, wanted: Node) -> Path:
    """The way from the root to a node, or to the entry whose key it is; the first where aliases make several."""
    for path, node in _walk(root, (), set()):
        if node is wanted:
            return path
    return ()


def line_at(root: Node, path: Path) -> int:
    """The line of what stands at the path, or of the nearest thing above it."""
    node = root
    line = line_of(root)
    for step in path:
        found = _child(node, step)
        if found is None:
            break
        line, node = found
    return line


def stands_at(root: Node, path: Path) -> bool:
    """Whether the whole path leads to something."""
    node = root
    for step in path:
        found = _child(node, step)
        if found is None:
            return False
        node = found[1]
    return True


def _walk(node: Node, path: Path, seen: set[int]) -> Iterator[tuple[Path, Node]]:
    yield path, node
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, MappingNode):
        for key, value in node.value:
            inside = (*path, str(key.value))
            yield inside, key
            yield from _walk(value, inside, seen)
    elif isinstance(node, SequenceNode):
        for index, value in enumerate(node.value):
            yield from _walk(value, (*path, index), seen)


def _child(node: Node, step: str | int) -> tuple[int, Node] | None:
    """The line on which the entry begins, and its value."""
    if isinstance(node, MappingNode):
        named = [(key, value) for key, value in entries(node) if str(key.value) == str(step)]
        return (line_of(named[-1][0]), named[-1][1]) if named else None
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return line_of(node.value[step]), node.value[step]
    return None
