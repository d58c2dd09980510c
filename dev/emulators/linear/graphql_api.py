"""POST /graphql: token, limits, the document against the schema, scopes, then the resolvers. In this order."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, jsonify, request
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    execute_sync,
    get_operation_ast,
    parse,
    validate,
)

from dev.emulators.linear import limits
from dev.emulators.linear.faults import answer_with, error, limited, unauthenticated
from dev.emulators.linear.mutations import Mutations
from dev.emulators.linear.nodes import Nodes
from dev.emulators.linear.oauth import bearer
from dev.emulators.linear.queries import Queries
from dev.emulators.linear.records import Token, User

if TYPE_CHECKING:
    from dev.emulators.linear.desk import Desk

__all__ = ["routes"]

# Which scopes allow a mutation; `write` allows all but these of administrators.
_NARROW: Final = {"issueCreate": "issues:create"}
_OF_ADMINISTRATORS: Final = {"webhooks", "webhookCreate", "webhookDelete", "webhookRotateSecret"}


@dataclass(frozen=True)
class _Call:
    document: DocumentNode
    operation: OperationDefinitionNode
    variables: dict[str, Any]
    fields: frozenset[str]


class _Bad(Exception):
    """The request is answered with errors before anything runs."""

    def __init__(self, status: int, *errors: Mapping[str, Any]) -> None:
        super().__init__(status)
        self.status = status
        self.errors = [dict(entry) for entry in errors]


def routes(desk: Desk) -> Blueprint:
    """The one endpoint."""
    blueprint = Blueprint("graphql", __name__)

    @blueprint.post("/graphql")
    def graphql() -> Response:
        try:
            return _answer(desk)
        except _Bad as bad:
            answer = jsonify(errors=bad.errors)
            answer.status_code = bad.status
            return answer

    return blueprint


def _answer(desk: Desk) -> Response:
    call = _read()
    desk.stats.update(call.fields)
    token = _token(desk)
    if token is None:
        desk.stats["unauthenticated"] += 1
        return unauthenticated()
    fault = desk.faults.take(call.fields)
    if fault:
        return answer_with(desk, fault, lambda: _run(desk, call, token))
    return _run(desk, call, token)


def _read() -> _Call:
    body = request.get_json(silent=True) if request.is_json else None
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        raise _Bad(400, error("POST JSON with a query.", "INPUT_ERROR", 400))
    variables = body.get("variables") or {}
    try:
        document = parse(body["query"])
    except GraphQLError as fault:
        raise _Bad(400, error(fault.message, "GRAPHQL_PARSE_FAILED", 400)) from None
    operation = get_operation_ast(document, body.get("operationName"))
    if operation is None or not isinstance(variables, dict):
        raise _Bad(400, error("There is not exactly one operation to run.", "INPUT_ERROR", 400))
    names = (node.name.value for node in operation.selection_set.selections if isinstance(node, FieldNode))
    return _Call(document, operation, variables, frozenset(names))


def _token(desk: Desk) -> Token | None:
    given = bearer()
    for token in list(desk.world.tokens.values()):
        if given == token.access and not token.revoked and token.expires_at > time.time():
            return token
    return None


def _run(desk: Desk, call: _Call, token: Token) -> Response:
    schema = desk.schema
    faults = validate(schema, call.document)
    if faults:
        desk.stats["invalid documents"] += 1
        raise _Bad(400, *(error(fault.message, "GRAPHQL_VALIDATION_FAILED", 400) for fault in faults))
    user = desk.world.users[token.user_id]
    _check_scopes(call, token, user)
    points = limits.complexity(schema, call.document, call.operation, call.variables)
    if points > desk.config.points_per_query:
        raise _Bad(400, error(f"The query is too complex: {points} points.", "INPUT_ERROR", 400))
    if not limits.debit(desk, user.id, points):
        desk.stats["limited"] += 1
        ends, *_ = limits.allowance(desk, user.id)
        return limits.stamp(desk, user.id, limited(ends - time.time()), points)
    return limits.stamp(desk, user.id, _execute(desk, call, user), points)


def _check_scopes(call: _Call, token: Token, user: User) -> None:
    allowed = set(token.scopes)
    if "read" not in allowed:
        raise _Bad(403, error("The scope read is missing.", "FORBIDDEN", 403))
    if call.operation.operation is OperationType.MUTATION:
        for name in call.fields:
            if not allowed & {"write", "admin", _NARROW.get(name, "write")}:
                raise _Bad(403, error(f"{name} needs the scope write.", "FORBIDDEN", 403))
    if call.fields & _OF_ADMINISTRATORS and not (user.admin or "admin" in allowed):
        raise _Bad(403, error("Only administrators manage webhooks.", "FORBIDDEN", 403))


def _execute(desk: Desk, call: _Call, user: User) -> Response:
    nodes = Nodes(desk, user)
    part = Mutations if call.operation.operation is OperationType.MUTATION else Queries
    root = part(desk, user, nodes).fields()
    result = execute_sync(
        desk.schema,
        call.document,
        root,
        variable_values=call.variables,
        operation_name=call.operation.name.value if call.operation.name else None,
    )
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [_shown(fault) for fault in result.errors]
    return jsonify(body)


def _shown(fault: GraphQLError) -> dict[str, Any]:
    own = fault.extensions or error("", "INTERNAL_SERVER_ERROR", 500)["extensions"]
    return {"message": fault.message, "path": fault.path, "extensions": own}
