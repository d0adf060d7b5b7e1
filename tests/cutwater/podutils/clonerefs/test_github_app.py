"""Tokens of a GitHub App."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from cutwater.podutils.clonerefs.github_app import GitHubApp

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
).decode()


class Api(BaseHTTPRequestHandler):
    """The two answers that are needed, for whoever signs as the App."""

    def do_GET(self) -> None:
        self._answer([{"id": 7, "account": {"login": "Acme"}}])

    def do_POST(self) -> None:
        self._answer({"token": f"token of {self.path.split('/')[3]}"})

    def _answer(self, value: object) -> None:
        claims = jwt.decode(self.headers["Authorization"].split()[1], KEY.public_key(), algorithms=["RS256"])
        body = json.dumps(value if claims["iss"] == "42" else {}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_installation_of_the_organisation_gives_the_token(endpoint: str) -> None:
    assert GitHubApp("42", PRIVATE, [endpoint]).token("acme") == "token of 7"


def test_the_next_endpoint_is_asked_where_one_does_not_answer(endpoint: str) -> None:
    assert GitHubApp("42", PRIVATE, ["http://127.0.0.1:1", endpoint]).token("acme") == "token of 7"


def test_why_there_is_none(endpoint: str) -> None:
    with pytest.raises(RuntimeError, match=r"no installation token for other: .* the App is not installed in other"):
        GitHubApp("42", PRIVATE, [endpoint]).token("other")


def test_a_key_that_is_none(endpoint: str) -> None:
    with pytest.raises(RuntimeError, match=r"no installation token for acme: .* private key cannot be used"):
        GitHubApp("42", "no key", [endpoint]).token("acme")
