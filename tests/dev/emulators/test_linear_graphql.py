"""The emulated GraphQL endpoint: documents against the schema, scopes, ids, pages, limits."""

import os
import uuid

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType

from dev.emulators.linear import schema
from tests.dev.emulators.test_linear_oauth import Browser

TEAM = "{ teams { nodes { id key } } }"


@pytest.fixture
def ask(linear):
    return asker(linear)


def asker(linear, name="ada", *scopes):
    import json

    browser = Browser(linear.url)
    bearer = {"Authorization": f"Bearer {linear.token(name, *scopes).access}"}

    def ask(query, **variables):
        body = {"query": query, "variables": variables}
        status, headers, text = browser("POST", "/graphql", json_body=body, headers=bearer)
        return status, headers, json.loads(text)

    return ask


def code_of(body):
    return body["errors"][0]["extensions"]["code"]


CREATE = "mutation C($input: IssueCreateInput!) { issueCreate(input: $input) { success issue { id identifier } } }"


@pytest.fixture
def team_id(linear):
    return next(team.id for team in linear.desk.world.teams.values() if team.key == "ENG")


def test_the_slice_agrees_with_linears_schema(official_schema):
    own, official = schema.load(schema.SLICE), schema.load(official_schema)
    checked = 0
    for name, kind in own.type_map.items():
        if name.startswith("__") or not isinstance(kind, GraphQLObjectType | GraphQLInputObjectType):
            continue
        for field, mine in kind.fields.items():
            theirs = official.type_map[name].fields[field]
            assert str(theirs.type) == str(mine.type), f"{name}.{field}"
            for argument, value in getattr(mine, "args", {}).items():
                assert str(theirs.args[argument].type) == str(value.type), f"{name}.{field}({argument})"
            checked += 1
    assert checked > 150


def test_the_official_schema_is_used_where_it_is_at_hand(official_schema):
    assert schema.schema_file(os.environ["CONTRACTS_DIR"]) == official_schema
    assert schema.schema_file(None) == schema.SLICE
    assert schema.schema_file("/nowhere") == schema.SLICE


def test_without_a_good_token_there_is_nothing(linear):
    browser = Browser(linear.url)
    token = linear.token()
    for headers in (
        {},
        {"Authorization": token.access},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Basic eA=="},
    ):
        status, _, text = browser("POST", "/graphql", json_body={"query": "{ viewer { id } }"}, headers=headers)
        assert status == 401
        assert "AUTHENTICATION_ERROR" in text
    linear.expire_all_tokens()
    bearer = {"Authorization": f"Bearer {token.access}"}
    assert browser("POST", "/graphql", json_body={"query": "{ viewer { id } }"}, headers=bearer)[0] == 401
    assert linear.stats["unauthenticated"] == 5


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ viewer { id nmae } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer }", "GRAPHQL_VALIDATION_FAILED"),
        ("query Q($after: Int) { teams(after: $after) { nodes { id } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer { id ", "GRAPHQL_PARSE_FAILED"),
        ("query A { viewer { id } } query B { viewer { id } }", "INPUT_ERROR"),
        ("", "GRAPHQL_PARSE_FAILED"),
    ],
)
def test_a_document_that_is_not_valid_is_refused(ask, query, code):
    status, _, body = ask(query)
    assert (status, code_of(body)) == (400, code)


def test_only_json_is_taken(linear):
    browser = Browser(linear.url)
    bearer = {"Authorization": f"Bearer {linear.token().access}"}
    assert browser("POST", "/graphql", {"query": "{ viewer { id } }"}, bearer)[0] == 400
    assert browser("POST", "/graphql", headers={**bearer, "Content-Type": "application/json"})[0] == 400


def test_scopes_are_asked_for(linear, team_id):
    given = {"teamId": team_id, "title": "x"}
    assert asker(linear, "ben", "read", "write")(CREATE, input=given)[0] == 200
    assert asker(linear, "ben", "read", "issues:create")(CREATE, input=given)[0] == 200
    for scopes in (("read",), ("read", "comments:create")):
        status, _, body = asker(linear, "ben", *scopes)(CREATE, input=given)
        assert (status, code_of(body)) == (403, "FORBIDDEN")
    update = 'mutation U($id: String!) { issueUpdate(id: $id, input: {title: "y"}) { success } }'
    assert asker(linear, "ben", "read", "issues:create")(update, id="ENG-1")[0] == 403
    assert asker(linear, "ben", "write")("{ viewer { id } }")[0] == 403


def test_only_administrators_manage_webhooks(linear):
    create = "mutation W($input: WebhookCreateInput!) { webhookCreate(input: $input) { success webhook { id } } }"
    given = {"url": "https://a.example", "resourceTypes": ["Issue"], "allPublicTeams": True}
    for query, variables in (("{ webhooks { nodes { id } } }", {}), (create, {"input": given})):
        status, _, body = asker(linear, "ben")(query, **variables)
        assert (status, code_of(body)) == (403, "FORBIDDEN")
    assert asker(linear, "ben", "read", "write", "admin")(create, input=given)[0] == 200


@pytest.mark.parametrize(
    "key", ["not-an-id", str(uuid.uuid1()), str(uuid.uuid5(uuid.NAMESPACE_URL, "x")), uuid.uuid4().hex, ""]
)
def test_an_own_id_must_be_a_uuid_of_version_4(linear, ask, team_id, key):
    _, _, body = ask(CREATE, input={"teamId": team_id, "title": "x", "id": key})
    assert code_of(body) == "INPUT_ERROR"
    assert linear.issues == []


def test_an_own_id_works_once(linear, ask, team_id):
    given = {"teamId": team_id, "title": "x", "id": str(uuid.uuid4())}
    assert ask(CREATE, input=given)[2]["data"]["issueCreate"]["issue"]["id"] == given["id"]
    assert "already exists" in ask(CREATE, input=given)[2]["errors"][0]["message"]
    assert linear.stats["duplicates refused"] == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"teamId": "nothing"},
        {"assigneeId": "nothing"},
        {"projectId": "nothing"},
        {"stateId": "nothing"},
        {"dueDate": "soon"},
        {"dueDate": "2026-13-01"},
        {"dueDate": "2026-02-31"},
        {"dueDate": "20261201"},
        {"priority": 5},
        {"priority": -1},
        {"title": ""},
        {"title": "x" * 256},
        {"title": None},
    ],
)
def test_input_that_linear_refuses_is_refused(linear, ask, team_id, wrong):
    _, _, body = ask(CREATE, input={"teamId": team_id, "title": "x", **wrong})
    assert code_of(body) == "INPUT_ERROR"
    assert body["data"] is None
    assert linear.issues == []


def test_somebody_who_left_and_a_foreign_project_cannot_be_chosen(linear, ask, team_id):
    website = next(project.id for project in linear.desk.world.projects.values() if project.name == "Website")
    for wrong in ({"assigneeId": linear.user("fin").id}, {"projectId": website}):
        assert (
            "Entity not found"
            in ask(CREATE, input={"teamId": team_id, "title": "x", **wrong})[2]["errors"][0]["message"]
        )


def test_issues_are_numbered_by_team_and_found_by_either_key(ask, team_id):
    keys = [ask(CREATE, input={"teamId": team_id, "title": "x"})[2]["data"]["issueCreate"]["issue"] for _ in range(2)]
    assert [key["identifier"] for key in keys] == ["ENG-1", "ENG-2"]
    for key in (keys[1]["id"], "ENG-2", "eng-2"):
        assert (
            ask("query I($id: String!) { issue(id: $id) { identifier } }", id=key)[2]["data"]["issue"]["identifier"]
            == "ENG-2"
        )


def test_pages_follow_each_other_and_first_is_honoured(start_linear):
    ask = asker(start_linear(page_limit=2))
    query = """query P($first: Int, $after: String) {
      teams(first: $first, after: $after) { nodes { key } pageInfo { hasNextPage hasPreviousPage endCursor } }
    }"""
    first = ask(query, first=50)[2]["data"]["teams"]
    assert ([node["key"] for node in first["nodes"]], first["pageInfo"]["hasNextPage"]) == (["ENG", "OPS"], True)
    rest = ask(query, after=first["pageInfo"]["endCursor"])[2]["data"]["teams"]
    assert ([node["key"] for node in rest["nodes"]], rest["pageInfo"]["hasNextPage"]) == (["MKT"], False)
    assert rest["pageInfo"]["hasPreviousPage"]
    assert len(ask(query, first=1)[2]["data"]["teams"]["nodes"]) == 1
    for wrong in ({"first": 0}, {"first": 251}, {"after": "nonsense"}):
        assert code_of(ask(query, **wrong)[2]) == "INPUT_ERROR"


def test_archived_issues_are_hidden_unless_asked_for(linear, ask, team_id):
    for title in ("stays", "goes"):
        ask(CREATE, input={"teamId": team_id, "title": title})
    linear.remove("ENG-2")
    query = "query I($all: Boolean) { issues(includeArchived: $all) { nodes { title trashed } } }"
    assert [node["title"] for node in ask(query)[2]["data"]["issues"]["nodes"]] == ["stays"]
    assert len(ask(query, all=True)[2]["data"]["issues"]["nodes"]) == 2


def test_issues_can_be_updated_and_deleted(linear, ask, team_id):
    ask(CREATE, input={"teamId": team_id, "title": "x"})
    done = next(state.id for state in linear.desk.world.states_of(team_id) if state.name == "Done")
    update = """mutation U($input: IssueUpdateInput!) {
      issueUpdate(id: "ENG-1", input: $input) { issue { state { name } completedAt } }
    }"""
    issue = ask(update, input={"stateId": done})[2]["data"]["issueUpdate"]["issue"]
    assert issue["state"]["name"] == "Done"
    assert issue["completedAt"]
    assert ask('mutation { issueDelete(id: "ENG-1") { success } }')[2]["data"]["issueDelete"]["success"]
    assert linear.issue("ENG-1").trashed
    assert ask('mutation { issueDelete(id: "ENG-1", permanentlyDelete: true) { success } }')[0] == 200
    assert linear.issues == []
    assert "Entity not found" in ask('{ issue(id: "ENG-1") { id } }')[2]["errors"][0]["message"]


def test_links_are_found_by_their_address(linear, ask, team_id):
    ask(CREATE, input={"teamId": team_id, "title": "x"})
    link = "mutation L($input: AttachmentCreateInput!) { attachmentCreate(input: $input) { attachment { id } } }"
    for title in ("first", "second"):
        ask(link, input={"issueId": "ENG-1", "url": "https://a.example", "title": title})
    found = ask('{ attachmentsForURL(url: "https://a.example") { nodes { title issue { identifier } } } }')[2]
    assert found["data"]["attachmentsForURL"]["nodes"] == [{"title": "second", "issue": {"identifier": "ENG-1"}}]
    for wrong in ({"url": "javascript:alert(1)"}, {"title": ""}, {"issueId": "ENG-9"}):
        given = {"issueId": "ENG-1", "url": "https://a.example", "title": "t", **wrong}
        assert code_of(ask(link, input=given)[2]) == "INPUT_ERROR"


def test_what_is_not_emulated_is_an_error_and_not_ignored(ask, team_id, official_schema):
    assert "does not know" in ask('{ issues(filter: {title: {eq: "x"}}) { nodes { id } } }')[2]["errors"][0]["message"]
    assert (
        "does not know"
        in ask(CREATE, input={"teamId": team_id, "title": "x", "estimate": 3})[2]["errors"][0]["message"]
    )
    assert ask("{ cycles { nodes { id } } }")[2]["errors"]


def test_each_answer_says_what_it_cost_and_what_is_left(start_linear):
    ask = asker(start_linear(requests_per_hour=3))
    _, headers, _ = ask("{ viewer { id name } }")
    assert headers["X-Complexity"] == "1.2"
    assert (headers["X-RateLimit-Requests-Limit"], headers["X-RateLimit-Requests-Remaining"]) == ("3", "2")
    assert int(headers["X-RateLimit-Requests-Reset"]) > 1_700_000_000_000
    limits = ask("{ rateLimitStatus { kind limits { type remainingAmount } } }")[2]["data"]["rateLimitStatus"]["limits"]
    assert [entry["type"] for entry in limits] == ["requests", "complexity"]
    ask(TEAM)
    status, headers, body = ask(TEAM)
    assert (status, code_of(body), headers["X-RateLimit-Requests-Remaining"]) == (400, "RATELIMITED", "0")


def test_a_query_can_be_too_complex(ask):
    nested = "{ teams(first: 250) { nodes { states(first: 250) { nodes { id } } } } }"
    status, _, body = ask(nested)
    assert (status, code_of(body)) == (400, "INPUT_ERROR")
    assert "complex" in body["errors"][0]["message"]
