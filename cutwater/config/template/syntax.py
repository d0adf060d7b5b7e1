"""The text of a template, and the tree that is made of it."""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple


class TemplateError(ValueError):
    """A template that cannot be parsed, or that asks for what the value does not have."""


class Text(NamedTuple):
    """What stands between actions."""

    text: str


class Literal(NamedTuple):
    value: Any


class Variable(NamedTuple):
    """`$name`; `$` alone is the value that the template was given."""

    name: str


class Dot(NamedTuple):
    """The value at hand."""


class Fields(NamedTuple):
    """Field after field of a value."""

    of: "Operand"
    names: tuple[str, ...]


class Call(NamedTuple):
    """A function with its arguments, or one operand that stands alone (`function` empty)."""

    function: str
    arguments: "tuple[Operand, ...]"


class Pipeline(NamedTuple):
    """Calls, each handing its result to the next as last argument. `names`: the variables that take the result."""

    calls: tuple[Call, ...]
    names: tuple[str, ...] = ()
    declares: bool = True


class Branch(NamedTuple):
    """if, with or range."""

    kind: str
    pipeline: Pipeline
    then: "tuple[Node, ...]"
    otherwise: "tuple[Node, ...]"


Operand = Literal | Variable | Dot | Fields | Pipeline
Node = Text | Pipeline | Branch


_OPEN = re.compile(r"\{\{(?P<trim>-\s)?")
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:\\.|[^"\\])*"|`[^`]*`)|(?P<number>[-+]?\d[\w.]*)|(?P<fields>(?:\.[A-Za-z_]\w*)+)
    |(?P<dot>\.)|(?P<variable>\$\w*)|(?P<word>[A-Za-z_]\w*)|(?P<sign>:=|[=|(),]))""",
    re.X,
)
_REFUSED = ("define", "template", "block", "break", "continue")


class Token(NamedTuple):
    kind: str
    text: str
    glued: bool
    """Whether it follows the one before it without a blank."""


def pieces(text: str) -> Iterator[str | list[Token]]:
    """Texts, and the tokens of each action, in order. Blanks beside a trim marker are gone."""
    position = 0
    trims_next = False
    while found := _OPEN.search(text, position):
        before = text[position : found.start()]
        before = before.lstrip() if trims_next else before
        yield before.rstrip() if found["trim"] else before
        tokens, position, trims_next = _action(text, found.end())
        if tokens is not None:
            yield tokens
    yield text[position:].lstrip() if trims_next else text[position:]


def _action(text: str, position: int) -> tuple[list[Token] | None, int, bool]:
    """The tokens of the action that begins here (None for a comment), where it ends, and whether it trims."""
    if text.startswith("/*", position):
        end = re.compile(r"\*/(\s-)?\}\}").search(text, position)
        if end is None:
            raise TemplateError("unclosed comment")
        return None, end.end(), bool(end[1])
    tokens: list[Token] = []
    closing = re.compile(r"(\s+-)?\s*\}\}")
    while (end := closing.match(text, position)) is None:
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            rest = text[position : position + 20].strip()
            raise TemplateError(f"unexpected {rest!r} in an action" if rest else "unclosed action")
        tokens.append(Token(found.lastgroup, found[found.lastgroup], not text[position].isspace()))
        position = found.end()
    return tokens, end.end(), bool(end[1])


class Parser:
    """Pieces in, nodes out."""

    def __init__(self, pieces: list[str | list[Token]], functions: Collection[str]) -> None:
        self.pieces = pieces
        self.functions = functions
        self.at = 0
        self.tokens: list[Token] = []

    def nodes(self, until: tuple[str, ...]) -> tuple[Node, ...]:
        """Everything up to an action that begins with one of these words, which stays in `tokens`."""
        found: list[Node] = []
        while self.at < len(self.pieces):
            piece = self.pieces[self.at]
            self.at += 1
            if isinstance(piece, str):
                if piece:
                    found.append(Text(piece))
                continue
            self.tokens = piece
            word = piece[0].text if piece and piece[0].kind == "word" else ""
            if word in until:
                return tuple(found)
            found.append(self._action(word))
        if until:
            raise TemplateError("unexpected EOF: an {{end}} is missing")
        return tuple(found)

    def _action(self, word: str) -> Node:
        if word in _REFUSED:
            raise TemplateError(f"{{{{{word}}}}} is not understood here")
        if word in ("end", "else"):
            raise TemplateError(f"unexpected {{{{{word}}}}}")
        if word in ("if", "with", "range"):
            self._take()
            return self._branch(word)
        pipeline = self._pipeline()
        self._expect_end()
        return pipeline

    def _branch(self, kind: str) -> Branch:
        pipeline = self._pipeline()
        self._expect_end()
        then = self.nodes(until=("else", "end"))
        if self._take().text == "end":
            self._expect_end()
            return Branch(kind, pipeline, then, ())
        if self.tokens:  # {{else if …}}: a branch of its own that shares the end
            inner = self._take().text
            if inner not in ("if", "with") or kind == "range":
                raise TemplateError(f"unexpected {inner!r} after else")
            return Branch(kind, pipeline, then, (self._branch(inner),))
        otherwise = self.nodes(until=("end",))
        return Branch(kind, pipeline, then, otherwise)

    def _take(self) -> Token:
        if not self.tokens:
            raise TemplateError("an action ends too early")
        return self.tokens.pop(0)

    def _peek(self) -> str:
        return self.tokens[0].text if self.tokens else ""

    def _expect_end(self) -> None:
        if self.tokens:
            raise TemplateError(f"unexpected {self.tokens[0].text!r} in an action")

    def _pipeline(self) -> Pipeline:
        names, declares = self._assigned()
        calls = [self._call()]
        while self._peek() == "|":
            self._take()
            calls.append(self._call())
            if not calls[-1].function:
                raise TemplateError("only a function can follow | in a pipeline")
        return Pipeline(tuple(calls), names, declares)

    def _assigned(self) -> tuple[tuple[str, ...], bool]:
        """The variables before := or =."""
        for count in (1, 3):
            sign = self.tokens[count].text if len(self.tokens) > count else ""
            if sign in (":=", "=") and all(token.kind == "variable" for token in self.tokens[:count:2]):
                names = tuple(token.text for token in self.tokens[:count:2])
                del self.tokens[: count + 1]
                return names, sign == ":="
        return (), True

    def _call(self) -> Call:
        if self.tokens and self.tokens[0].kind == "word" and self._peek() not in ("true", "false", "nil"):
            function = self._take().text
            if function not in self.functions:
                raise TemplateError(f'function "{function}" not defined')
            return Call(function, self._operands())
        operands = self._operands()
        if len(operands) != 1:
            raise TemplateError("missing value for command" if not operands else "only a function has arguments")
        return Call("", operands)

    def _operands(self) -> tuple[Operand, ...]:
        found: list[Operand] = []
        while self.tokens and self._peek() not in ("|", ")"):
            found.append(self._operand())
        return tuple(found)

    def _operand(self) -> Operand:
        token = self._take()
        operand: Operand
        if token.kind == "fields":
            return Fields(Dot(), tuple(token.text[1:].split(".")))
        if token.kind == "dot":
            return Dot()
        if token.kind in ("text", "number"):
            return Literal(_literal(token))
        if token.kind == "word":
            return self._word(token.text)
        if token.kind == "variable":
            operand = Variable(token.text)
        elif token.text == "(":
            operand = self._pipeline()
            if self._take().text != ")":
                raise TemplateError("unclosed (")
        else:
            raise TemplateError(f"unexpected {token.text!r} in an action")
        if self.tokens and self.tokens[0].kind == "fields" and self.tokens[0].glued:
            return Fields(operand, tuple(self._take().text[1:].split(".")))
        return operand

    def _word(self, word: str) -> Operand:
        constants = {"true": True, "false": False, "nil": None}
        if word in constants:
            return Literal(constants[word])
        if word in self.functions:
            return Pipeline((Call(word, ()),))
        raise TemplateError(f'function "{word}" not defined')


def _literal(token: Token) -> Any:
    try:
        if token.kind == "text":
            return token.text[1:-1] if token.text.startswith("`") else json.loads(token.text)
        return int(token.text, 0) if re.fullmatch(r"[-+]?\w+", token.text) else float(token.text)
    except ValueError as error:
        raise TemplateError(f"bad literal {token.text}") from error
