"""A local GitHub for each test; whatever it answered or sent against GitHub's own descriptions fails the test."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from infra.local.github.apps import key_pair
from infra.local.github.rest.api import Request
from infra.local.github.world import World
from tests.contract.github.descriptions import CheckedGitHub


class Clock:
    """A clock that stands still until it is put forward; every reading moves it by a second, so that order shows."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def put_forward(self, *, hours: int) -> None:
        self.now += timedelta(hours=hours)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def github(clock: Clock) -> Iterator[CheckedGitHub]:
    with CheckedGitHub(clock=clock) as github:
        yield github
        assert github.violations == []


@pytest.fixture
def world(github: CheckedGitHub) -> World:
    return github.world()


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, decoded."""

    status: int
    body: Any
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody who asks the REST and GraphQL APIs."""

    github: CheckedGitHub
    token: str | None = None

    def __call__(self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> Answered:
        where, _, query = path.partition("?")
        sent = {"authorization": f"Bearer {self.token}"} if self.token else {}
        content = b"" if body is None else json.dumps(body).encode()
        response = self.github.answer(Request(method, where, query, sent | (headers or {}), content))
        found = {name.decode(): value.decode() for name, value in response.headers}
        is_json = response.body and found.get("content-type", "").startswith("application/json")
        return Answered(response.status, json.loads(response.body) if is_json else response.body, found)

    def get(self, path: str) -> Any:
        """The body of a GET that must succeed."""
        answered = self("GET", path)
        assert answered.status == 200, answered
        return answered.body

    def query(self, text: str, **variables: object) -> Any:
        body = json.dumps({"query": text, "variables": variables}).encode()
        request = Request("POST", "", "", {"authorization": f"Bearer {self.token}"}, body)
        return json.loads(self.github.answer_graphql(request).body)


def app_token(github: CheckedGitHub, app: int) -> str:
    """A JWT of the App with this id, good for nine minutes."""
    now = int(github.hub.now().timestamp())
    return jwt.encode({"iss": str(app), "iat": now, "exp": now + 540}, key_pair()[0], algorithm="RS256")


@pytest.fixture
def client_of(github: CheckedGitHub, world: World) -> Any:
    """Gives a client that asks as the user with this login, or as nobody."""
    return lambda login=None: Client(github, world.token(login) if login else None)
