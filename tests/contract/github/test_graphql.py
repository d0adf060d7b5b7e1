"""The GraphQL schema that is served is a part of GitHub's, and the queries that Prow-like systems make are valid in
both and answered."""

import re
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
)

from infra.local.github.graphql import SCHEMA
from infra.local.github.world import World
from tests.contract.github.descriptions import SCHEMAS, validate_query

PULLS = """
query($query: String!, $after: String) {
  rateLimit {cost remaining}
  search(type: ISSUE, first: 37, after: $after, query: $query) {
    pageInfo {hasNextPage endCursor}
    nodes {... on PullRequest {
      number author {login} authorMetadata: author {__typename} baseRef {name prefix} headRefName headRefOid
      mergeable mergeStateStatus canBeRebased repository {name nameWithOwner owner {login}} reviewDecision
      commits(last: 4) {nodes {commit {
        status {contexts {context description state}} oid
        statusCheckRollup {contexts(last: 100) {nodes {... on CheckRun {name conclusion status}}}}
      }}}
      labels(first: 100) {nodes {name}} milestone {title} body title updatedAt
    }}
  }
}"""
BLOCKERS = """
query($query: String!) {
  search(type: ISSUE, first: 100, query: $query) {nodes {... on Issue {
    number title url repository {name owner {login}}
  }}}
}"""
BUSY = "query($user: String!) {user(login: $user) {login status {indicatesLimitedAvailability}}}"
PEOPLE = "query($email: String!) {search(type: USER, query: $email, first: 5) {edges {node {... on User {login}}}}}"
BLAME = """
query($path: String!) {repository(owner: "acme", name: "rocket") {object(expression: "main") {... on Commit {
  blame(path: $path) {ranges {startingLine endingLine commit {author {user {login} date}}}}
}}}}"""
COLLABORATORS = """
{repository(owner: "acme", name: "rocket") {collaborators(affiliation: DIRECT, first: 100) {
  edges {permission node {login}} pageInfo {hasNextPage endCursor}
}}}"""


def _schema(text: str) -> GraphQLSchema:
    return build_schema(text, assume_valid=True, assume_valid_sdl=True)


def _parts(schema: GraphQLSchema, name: str) -> set[str]:
    """What a type consists of, a line a part."""
    kind = schema.type_map[name]
    if isinstance(kind, GraphQLEnumType):
        return set(kind.values)
    if isinstance(kind, GraphQLUnionType):
        return {one.name for one in kind.types}
    if isinstance(kind, GraphQLInputObjectType):
        return {f"{field}: {one.type}" for field, one in kind.fields.items()}
    parts: set[str] = set()
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        for field, shape in kind.fields.items():
            parts.add(f"{field}: {shape.type}")
            parts |= {f"{field}({argument}: {one.type})" for argument, one in shape.args.items()}
    return parts


OURS, THEIRS = _schema(SCHEMA.read_text()), _schema((SCHEMAS / "github.graphql").read_text())


@pytest.mark.parametrize("name", sorted(name for name in OURS.type_map if not name.startswith("__")))
def test_what_is_served_is_a_part_of_githubs_schema(name: str) -> None:
    assert name in THEIRS.type_map
    assert _parts(OURS, name) - _parts(THEIRS, name) == set()


@pytest.mark.parametrize(
    ("query", "variables", "expected"),
    [
        pytest.param(
            PULLS, {"query": "is:pr org:acme label:lgtm"}, r"'number': 1,.*'mergeable': 'MERGEABLE'", id="tide"
        ),
        pytest.param(BLOCKERS, {"query": "is:issue state:open"}, r"'title': 'Blocked', 'url': 'http", id="blockers"),
        pytest.param(BUSY, {"user": "carol"}, r"'indicatesLimitedAvailability': True", id="who is busy"),
        pytest.param(PEOPLE, {"email": "carol@example.com"}, r"\[\{'node': \{'login': 'carol'\}\}\]", id="by e-mail"),
        pytest.param(BLAME, {"path": "README.md"}, r"'startingLine': 1, 'endingLine': 2", id="blame"),
        pytest.param(COLLABORATORS, {}, r"'permission': 'WRITE', 'node': \{'login': 'alice'\}", id="collaborators"),
    ],
)
async def test_queries(world: World, client_of: Any, query: str, variables: dict[str, str], expected: str) -> None:
    rocket = world.repository("acme/rocket", files={"README.md": "one\ntwo\n"}, collaborators=["alice"])
    world.user("carol", email="carol@example.com", is_busy=True)
    change = await world.pull_request(rocket, author="bob", files={"main.py": "print()\n"}, labels=["lgtm"])
    await change.set_status("alice", "unit", "success", "fine")
    await world.issue(rocket, author="bob", title="Blocked")
    assert validate_query(query) == []
    answered = client_of("alice").query(query, **variables)
    assert "errors" not in answered
    assert re.search(expected, str(answered)), answered


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        pytest.param("{moon}", "Cannot query field 'moon'", id="unknown field"),
        pytest.param("{search(type: ISSUE, first: 1) {issueCount}}", "search(query:)' of type", id="missing argument"),
        pytest.param("{viewer {... on Commit {oid}}}", "can never be of type 'Commit'", id="impossible fragment"),
        pytest.param("{viewer {login(x: 1)}}", "Unknown argument 'x'", id="unknown argument"),
    ],
)
def test_the_judge_of_queries_sees_what_is_wrong(query: str, complaint: str) -> None:
    assert complaint in validate_query(query)[0]
