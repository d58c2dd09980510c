"""What a query costs, and how much of the hour is left to a user. Linear: an object is 1 point, a property 0.1, and a
connection costs its nodes times `first` (50 when nothing is said)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from flask import Response
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

if TYPE_CHECKING:
    from dev.emulators.linear.desk import Desk

__all__ = ["HOUR", "allowance", "complexity", "debit", "stamp"]

HOUR: Final = 3_600.0
_DEFAULT_FIRST: Final = 50


def complexity(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> float:
    """Points of a validated operation."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    root = schema.get_root_type(operation.operation)

    def cost(selections: SelectionSetNode, parent: Any) -> float:
        total = 0.0
        for node in selections.selections:
            if isinstance(node, FragmentSpreadNode):
                total += cost(fragments[node.name.value].selection_set, parent)
            elif isinstance(node, InlineFragmentNode):
                total += cost(node.selection_set, parent)
            elif isinstance(node, FieldNode):
                total += field_cost(node, parent)
        return total

    def field_cost(node: FieldNode, parent: Any) -> float:
        if node.selection_set is None or not isinstance(parent, GraphQLObjectType):
            return 0.1
        kind = get_named_type(parent.fields[node.name.value].type)
        inside = cost(node.selection_set, kind)
        return inside * _first(node, variables) if kind.name.endswith("Connection") else 1 + inside

    return round(cost(operation.selection_set, root), 1)


def _first(node: FieldNode, variables: Mapping[str, Any]) -> int:
    for argument in node.arguments or ():
        if argument.name.value == "first":
            if isinstance(argument.value, IntValueNode):
                return int(argument.value.value)
            if isinstance(argument.value, VariableNode):
                return int(variables.get(argument.value.name.value) or _DEFAULT_FIRST)
    return _DEFAULT_FIRST


def allowance(desk: Desk, user_id: str) -> tuple[float, int, float]:
    """(when the hour ends in epoch seconds, requests left, points left)."""
    ends, requests, points = desk.spent.get(user_id, (0.0, 0, 0.0))
    if ends <= time.time():
        return time.time() + HOUR, desk.config.requests_per_hour, desk.config.points_per_hour
    return ends, desk.config.requests_per_hour - requests, desk.config.points_per_hour - points


def debit(desk: Desk, user_id: str, points: float) -> bool:
    """Count a call; False when it is one too many, and then it is not counted."""
    with desk.world.lock:
        ends, requests_left, points_left = allowance(desk, user_id)
        if requests_left < 1 or points_left < points:
            return False
        spent_requests = desk.config.requests_per_hour - requests_left + 1
        desk.spent[user_id] = (ends, spent_requests, desk.config.points_per_hour - points_left + points)
        return True


def stamp(desk: Desk, user_id: str, answer: Response, points: float) -> Response:
    """The limit headers of every answer; resets are epoch milliseconds."""
    ends, requests_left, points_left = allowance(desk, user_id)
    reset = str(round(ends * 1000))
    for name, value in {
        "X-Complexity": f"{points:g}",
        "X-RateLimit-Requests-Limit": str(desk.config.requests_per_hour),
        "X-RateLimit-Requests-Remaining": str(max(requests_left, 0)),
        "X-RateLimit-Requests-Reset": reset,
        "X-RateLimit-Complexity-Limit": f"{desk.config.points_per_hour:g}",
        "X-RateLimit-Complexity-Remaining": f"{max(points_left, 0):g}",
        "X-RateLimit-Complexity-Reset": reset,
    }.items():
        answer.headers.setdefault(name, value)
    return answer
