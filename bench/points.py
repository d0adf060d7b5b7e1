"""What GitHub counts of its hourly limit for a GraphQL query.

Each connection is as many requests as the pages around it have items, full pages taken for granted; a hundred requests
are one point, and no query is cheaper than that. Source: docs.github.com, "Rate limits and query limits for the GraphQL
API".
"""

from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    parse,
)

Fragments = Mapping[str, FragmentDefinitionNode]


def points(query: str, variables: Mapping[str, Any]) -> int:
    """The points of one query."""
    document = parse(query)
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    requests = sum(
        _requests(one.selection_set, 1, fragments, variables)
        for one in document.definitions
        if isinstance(one, OperationDefinitionNode)
    )
    return max(1, round(requests / 100))


def _requests(within: SelectionSetNode | None, times: int, fragments: Fragments, variables: Mapping[str, Any]) -> int:
    """The requests that a selection needs which is made so many times."""
    found = 0
    for node in within.selections if within else ():
        match node:
            case FieldNode():
                size = _size(node, variables)
                found += times if size else 0
                found += _requests(node.selection_set, times * (size or 1), fragments, variables)
            case InlineFragmentNode():
                found += _requests(node.selection_set, times, fragments, variables)
            case FragmentSpreadNode():
                found += _requests(fragments[node.name.value].selection_set, times, fragments, variables)
    return found


def _size(field: FieldNode, variables: Mapping[str, Any]) -> int:
    """The items of a connection's page; 0 for a field that is none."""
    sizes = [one.value for one in field.arguments or () if one.name.value in {"first", "last"}]
    return _number(sizes[0], variables) if sizes else 0


def _number(value: ValueNode, variables: Mapping[str, Any]) -> int:
    match value:
        case IntValueNode():
            return int(value.value)
        case VariableNode():
            return int(variables[value.name.value])
    raise ValueError(f"{value} is no size of a page")
