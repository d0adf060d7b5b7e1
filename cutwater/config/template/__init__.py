"""Go's text/template, as far as configuration uses it: job_url_template, report_templates and their like.

Text with actions: fields (`.Spec.Refs.Org`), if, with, range, variables, pipelines, and a dozen functions. `define`,
`template`, `block`, `break`, `continue` and methods are refused when the template is parsed. Fields are found by their
Go names on our Structs; there is no other reflection. Source: Go's text/template.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cutwater.config.template.syntax import (
    Branch,
    Call,
    Dot,
    Literal,
    Node,
    Operand,
    Parser,
    Pipeline,
    TemplateError,
    Text,
    Variable,
    pieces,
)
from cutwater.config.template.values import FUNCTIONS, Function, field_of, items_of, printed, truth

__all__ = ["JENKINS_FUNCTIONS", "Function", "Template", "TemplateError", "parse"]

JENKINS_FUNCTIONS: Mapping[str, Function] = {"replace": lambda old, new, text: text.replace(old, new)}
"""What the templates of a Jenkins operator may call as well."""


class Template(NamedTuple):
    """A parsed template."""

    nodes: tuple[Node, ...]
    functions: Mapping[str, Function]

    def render(self, value: object) -> str:
        """The text for a value: a Struct, or a mapping of Go field names. Raises TemplateError."""
        try:
            return "".join(_Run(self.functions, value).texts(self.nodes, value))
        except RecursionError as error:
            raise TemplateError("is nested too deeply") from error


def parse(text: str, functions: Mapping[str, Function] | None = None) -> Template:
    """Raises TemplateError. `functions`: further ones by name, such as JENKINS_FUNCTIONS."""
    known = {**FUNCTIONS, **(functions or {})}
    try:
        return Template(Parser(list(pieces(text)), known).nodes(until=()), known)
    except RecursionError as error:
        raise TemplateError("is nested too deeply") from error


class _Run:
    """One rendering: the variables, innermost last."""

    def __init__(self, functions: Mapping[str, Function], value: object) -> None:
        self.functions = functions
        self.variables: list[tuple[str, Any]] = [("$", value)]

    def texts(self, nodes: Sequence[Node], dot: object) -> Iterator[str]:
        for node in nodes:
            if isinstance(node, Text):
                yield node.text
            elif isinstance(node, Branch):
                yield from self._branch(node, dot)
            else:
                value = self._value(node, dot)
                if not node.names:
                    yield printed(value)

    def _branch(self, branch: Branch, dot: object) -> Iterator[str]:
        mark = len(self.variables)
        if branch.kind == "range":
            yield from self._range(branch, dot)
        else:
            value = self._value(branch.pipeline, dot)
            inner = value if branch.kind == "with" else dot
            yield from self.texts(branch.then, inner) if truth(value) else self.texts(branch.otherwise, dot)
        del self.variables[mark:]

    def _range(self, branch: Branch, dot: object) -> Iterator[str]:
        value = self._value(branch.pipeline._replace(names=()), dot)
        names = branch.pipeline.names
        items = items_of(value)
        for key, item in items:
            mark = len(self.variables)
            self.variables += zip(names, (key, item) if len(names) == 2 else (item,), strict=False)
            yield from self.texts(branch.then, item)
            del self.variables[mark:]
        if not items:
            yield from self.texts(branch.otherwise, dot)

    def _value(self, pipeline: Pipeline, dot: object) -> Any:
        piped: tuple[Any, ...] = ()
        for call in pipeline.calls:
            piped = (self._call(call, dot, piped),)
        for name in pipeline.names:
            self._assign(name, piped[0], declares=pipeline.declares)
        return piped[0]

    def _assign(self, name: str, value: object, *, declares: bool) -> None:
        if declares:
            self.variables.append((name, value))
            return
        index = max((index for index, (known, _) in enumerate(self.variables) if known == name), default=None)
        if index is None:
            raise TemplateError(f"undefined variable: {name}")
        self.variables[index] = (name, value)

    def _call(self, call: Call, dot: object, piped: tuple[Any, ...]) -> Any:
        if not call.function:
            return self._operand(call.arguments[0], dot)
        if call.function in ("and", "or"):  # what follows the one that decides is not looked at
            return self._until(call.function == "or", call.arguments, dot, piped)
        arguments = [self._operand(argument, dot) for argument in call.arguments]
        try:
            return self.functions[call.function](*arguments, *piped)
        except TypeError as error:
            raise TemplateError(f"wrong arguments for {call.function}: {error}") from error

    def _until(self, decides: bool, arguments: Sequence[Operand], dot: object, piped: tuple[Any, ...]) -> Any:
        value: Any = None
        for argument in arguments:
            value = self._operand(argument, dot)
            if truth(value) is decides:
                return value
        return piped[0] if piped else value

    def _operand(self, operand: Operand, dot: object) -> Any:
        if isinstance(operand, Literal):
            return operand.value
        if isinstance(operand, Dot):
            return dot
        if isinstance(operand, Pipeline):
            return self._value(operand, dot)
        if isinstance(operand, Variable):
            for name, value in reversed(self.variables):
                if name == operand.name:
                    return value
            raise TemplateError(f"undefined variable: {operand.name}")
        value = self._operand(operand.of, dot)
        for name in operand.names:
            value = field_of(value, name)
        return value
